"""
A server's process: started, killed, stopped, frozen; and gone when the tests are.

A keeper, one small process, holds the other end of a pipe: when the tests end in whatever way,
killed ones too, the pipe closes, and the keeper ends what they left running.
"""

from __future__ import annotations

import atexit
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from functools import cache
from pathlib import Path
from typing import IO

#: Seconds that a server has to answer, and to stop.
TIMEOUT_SECONDS = 30

# A line is "+ PROCESS SIGNAL FOLDER" for a server that began, "-" and the same for one that ended.
_KEEPER = """
import os, shutil, signal, sys, time

running = {}
for line in sys.stdin:
    sign, process, ending, folder = line.rstrip("\\n").split(" ", 3)
    if sign == "+":
        running[int(process)] = int(ending), folder
    else:
        running.pop(int(process), None)
for process, (ending, _) in running.items():
    for number in (ending, signal.SIGCONT):
        try:
            os.kill(process, number)
        except ProcessLookupError:
            pass
if running:
    time.sleep(1)
for _, folder in running.values():
    shutil.rmtree(folder, ignore_errors=True)
"""


class ServerProcess:
    """
    The process of a server, and its children.

    Args:
        command: What runs it, in the foreground.
        folder: Where it runs, and where its output goes, into the file ``log``.
        ending: The signal that stops it at once, without care for its data.
        account: Who runs it; ``None`` for whoever runs the tests.
    """

    def __init__(
        self, command: Sequence[str], folder: Path, *, ending: int, account: str | None = None
    ) -> None:
        self._command = command
        self._folder = folder
        self._ending = ending
        self._account = account
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def is_running(self) -> bool:
        """Whether it was started and has not ended."""
        return self._process is not None and self._process.poll() is None

    def start(self, is_ready: Callable[[], bool]) -> None:
        """
        Start it, and wait until *is_ready*.

        Raises:
            RuntimeError: It ended, or is not ready in time; the message has the end of its log.
        """
        with (self._folder / "log").open("ab") as log:
            self._process = subprocess.Popen(
                self._command,
                user=self._account,
                cwd=self._folder,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )
        self._tell_keeper("+")
        wait_for(lambda: not self.is_running or is_ready(), self._failure)
        if not self.is_running:
            raise RuntimeError(self._failure())

    def kill(self) -> None:
        """Kill it and its children at once, as a crash does."""
        self._signal(signal.SIGKILL)
        self._wait()

    def pause(self) -> None:
        """Freeze it: its connections stay open, and nothing answers."""
        self._signal(signal.SIGSTOP)

    def resume(self) -> None:
        """Let it go on after :meth:`pause`."""
        self._signal(signal.SIGCONT)

    def stop(self) -> None:
        """Stop it at once, without care for its data; nothing if it has ended."""
        if self._process is None or not self.is_running:
            return
        self.resume()
        self._process.send_signal(self._ending)
        self._wait()

    def _signal(self, number: int) -> None:
        assert self._process is not None
        # Stopped first, it makes no more children while they are looked for.
        self._process.send_signal(signal.SIGSTOP)
        for process in (*_children(self._process.pid), self._process.pid):
            with suppress(ProcessLookupError):
                os.kill(process, number)

    def _wait(self) -> None:
        assert self._process is not None
        self._process.wait(TIMEOUT_SECONDS)
        self._tell_keeper("-")

    def _tell_keeper(self, sign: str) -> None:
        assert self._process is not None
        line = f"{sign} {self._process.pid} {int(self._ending)} {self._folder}\n"
        _keeper(os.getpid()).write(line)

    def _failure(self) -> str:
        log = (self._folder / "log").read_text(errors="replace")
        return f"{self._command[0]} does not answer; its log ends with:\n{log[-2000:]}"


class Server:
    """
    What can be done to a server of a test's own, whatever it serves.

    Args:
        process: It.
    """

    def __init__(self, process: ServerProcess) -> None:
        self._process = process

    def kill(self) -> None:
        """Kill it and its children at once, as a crash does."""
        self._process.kill()

    def pause(self) -> None:
        """Freeze it: its connections stay open, and nothing answers."""
        self._process.pause()

    def resume(self) -> None:
        """Let it go on after :meth:`pause`."""
        self._process.resume()

    def stop(self) -> None:
        """Stop it at once, without care for its data."""
        self._process.stop()


def wait_for(is_ready: Callable[[], bool], failure: Callable[[], str]) -> None:
    """
    Wait until a server is ready.

    Raises:
        RuntimeError: It is not in :data:`TIMEOUT_SECONDS`; the message is that of *failure*.
    """
    deadline = time.monotonic() + TIMEOUT_SECONDS
    while not is_ready():
        if time.monotonic() > deadline:
            raise RuntimeError(failure())
        time.sleep(0.02)


def free_port() -> int:
    """Return a port of the loopback interface that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextmanager
def temporary_folder(name: str, parent: Path | None = None) -> Iterator[Path]:
    """Lend a folder for a server's data, in *parent* or where temporary files go."""
    folder = Path(tempfile.mkdtemp(prefix=f"cliquet-{name}-", dir=parent))
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _children(number: int) -> list[int]:
    if Path(f"/proc/self/task/{os.getpid()}/children").exists():
        listed = Path(f"/proc/{number}/task/{number}/children")
        with suppress(FileNotFoundError, ProcessLookupError):
            return [int(word) for word in listed.read_text().split()]
        return []
    command = ["pgrep", "-P", str(number)]
    text = subprocess.run(command, check=False, capture_output=True, text=True).stdout
    return [int(word) for word in text.split()]


@cache
def _keeper(process: int) -> IO[str]:
    """Return where the keeper of a process of tests is told; each has one of its own."""
    keeper = subprocess.Popen(
        [sys.executable, "-I", "-S", "-c", _KEEPER],
        stdin=subprocess.PIPE,
        text=True,
        bufsize=1,
        start_new_session=True,
    )
    assert keeper.stdin is not None
    atexit.register(keeper.communicate)
    return keeper.stdin
