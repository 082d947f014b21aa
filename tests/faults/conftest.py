"""A database of a test's own, and workers that serve it."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest

from cliquet.testing.servers import PostgreSQLServer, postgresql_server
from cliquet.testing.servers.fixtures import available

ROOT = Path(__file__).parent.parent.parent


class Worker:
    """A process that serves the application; its settings are those of *settings*."""

    def __init__(self, settings: dict[str, Any]) -> None:
        command = [sys.executable, "-m", "tests.faults", json.dumps(settings)]
        self._process = subprocess.Popen(
            command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )
        assert self._process.stdout is not None
        # Printed once the socket listens.
        self.port = int(self._process.stdout.readline())

    def kill(self) -> None:
        """Kill it at once."""
        self._process.kill()
        self._process.communicate()

    def pause(self) -> None:
        """Freeze it."""
        self._process.send_signal(signal.SIGSTOP)

    def resume(self) -> None:
        """Let it go on."""
        self._process.send_signal(signal.SIGCONT)


@pytest.fixture
def server() -> Iterator[PostgreSQLServer]:
    with available(postgresql_server("max_connections=20")) as server:
        yield server


@pytest.fixture
def start_worker(server: PostgreSQLServer) -> Iterator[Callable[..., Worker]]:
    """Return what starts a worker, given more settings."""
    with ExitStack() as stack:

        def start(**settings: Any) -> Worker:
            worker = Worker({"storage_url": server.url, **settings})
            stack.callback(worker.kill)
            return worker

        yield start
