"""The end of a command whose output nobody takes: a full disk, or a reader that has gone."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager, redirect_stdout
from typing import Any

#: As shells say that a command was ended by SIGPIPE.
READER_GONE = 141
UNWRITTEN = 1


class _OutputLost(Exception):
    """The output cannot be written; its cause says why."""


class _Output:
    """A stream that tells errors of its own from those of anything else."""

    def __init__(self, stream: Any) -> None:
        self._stream = stream

    def write(self, text: str) -> int:
        with _lost():
            written: int = self._stream.write(text)
            return written

    def flush(self) -> None:
        with _lost():
            self._stream.flush()

    def __getattr__(self, name: str) -> Any:
        return getattr(self._stream, name)


@contextmanager
def _lost() -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise _OutputLost from error


def written(run: Callable[[], int]) -> int:
    """
    Run a command, see to it that its output is written, and return its exit status.

    Returns:
        That of *run*; 141 when the reader of the output has gone, as of ``| head``, which is no
        failure to tell of; 1 when it cannot be written.
    """
    stream = sys.stdout
    if stream is None:
        # It was closed by whoever started the command.
        return run()
    output: Any = _Output(stream)
    try:
        with redirect_stdout(output):
            try:
                return run()
            finally:
                # Not when the interpreter ends: there nobody could say what failed.
                output.flush()
    except _OutputLost as lost:
        _forget(stream)
        if isinstance(lost.__cause__, BrokenPipeError):
            return READER_GONE
        reason = getattr(lost.__cause__, "strerror", None)
        print(f"cliquet: the output cannot be written: {reason}", file=sys.stderr)
        return UNWRITTEN


def _forget(stream: Any) -> None:
    """Let what is left in the buffers go nowhere."""
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, stream.fileno())
    os.close(nowhere)
