"""Servers as processes: started together, asked what they cost, and stopped."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterable, Iterator
from contextlib import ExitStack, contextmanager
from functools import cached_property
from pathlib import Path

from benchmarks.server import Setup

ROOT = Path(__file__).resolve().parent.parent
_STOP_SECONDS = 10


class Server:
    """
    A server that runs in a process of its own.

    Args:
        name: One of :data:`benchmarks.server.NAMES`.
        setup: What it has in common with the others.
    """

    def __init__(self, name: str, setup: Setup) -> None:
        self.name = name
        self._process = subprocess.Popen(
            [sys.executable, "-m", "benchmarks.server", name, *setup.arguments()],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            cwd=ROOT,
        )

    @cached_property
    def port(self) -> int:
        """The port where it listens; waits until it does."""
        return int(self._read())

    def cpu_seconds(self) -> float:
        """Return how many seconds of CPU it has used since its start, in all of its threads."""
        assert self._process.stdin is not None
        self._process.stdin.write("\n")
        self._process.stdin.flush()
        return float(self._read())

    def _read(self) -> str:
        assert self._process.stdout is not None
        line = self._process.stdout.readline()
        if not line:
            raise RuntimeError(f"the server {self.name} has ended, see its errors above")
        return line

    def stop(self) -> None:
        """End it."""
        try:
            # It ends by itself where its input does.
            self._process.communicate(timeout=_STOP_SECONDS)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.communicate()


@contextmanager
def running(names: Iterable[str], setup: Setup) -> Iterator[list[Server]]:
    """Run the servers of those names while the block does."""
    with ExitStack() as stack:
        servers = [Server(name, setup) for name in names]
        for server in servers:
            stack.callback(server.stop)
        for server in servers:
            assert server.port
        yield servers
