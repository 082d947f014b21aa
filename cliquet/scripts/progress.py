"""Progress of long work: a line on a terminal, kept up to date; nothing anywhere else."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from threading import Event, Lock, Thread
from typing import TextIO

#: Between two looks at work that goes on elsewhere.
PERIOD_SECONDS = 0.5
_WIDTH = 30
_ERASE = "\r\x1b[K"


class Meter:
    """
    A line below all others, for people who watch.

    Args:
        stream: The standard error stream, unless it is another; it has to be a terminal.
    """

    def __init__(self, stream: TextIO | None = None) -> None:
        self._stream = sys.stderr if stream is None else stream
        self._guard = Lock()
        #: Whether anybody watches.
        self.is_watched = self._stream.isatty()

    def show(self, text: str) -> None:
        """Replace the line."""
        self._write(f"{_ERASE}{text}")

    def tell(self, line: str) -> None:
        """Print a line that stays, on the standard output."""
        with self._guard:
            if self.is_watched:
                print(_ERASE, end="", file=self._stream, flush=True)
            # Flushed, for long work takes its time and the output may be a pipe.
            print(line, flush=True)

    def clear(self) -> None:
        """Take the line away."""
        self._write(_ERASE)

    def _write(self, text: str) -> None:
        if self.is_watched:
            with self._guard:
                print(text, end="", file=self._stream, flush=True)


@contextmanager
def watching(meter: Meter, look: Callable[[], str | None]) -> Iterator[None]:
    """
    Show how far the work within the block is, as *look* tells it, now and then.

    Args:
        meter: Where it is shown; where nobody watches, nobody looks.
        look: Called in a thread of its own; ``None`` when there is nothing to tell.
    """
    ended = Event()

    def watch() -> None:
        while not ended.wait(PERIOD_SECONDS):
            text = look()
            if text is not None:
                meter.show(text)

    thread = Thread(target=watch, name="cliquet progress", daemon=True)
    if meter.is_watched:
        thread.start()
    try:
        yield
    finally:
        ended.set()
        if meter.is_watched:
            thread.join()
            meter.clear()


def bar(share: float) -> str:
    """Return a bar of which a share, from 0 to 1, is full."""
    share = min(max(share, 0.0), 1.0)
    full = round(share * _WIDTH)
    return f"[{'#' * full}{' ' * (_WIDTH - full)}] {share:4.0%}"
