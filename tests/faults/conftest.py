"""A storage of a test's own, and workers that serve it."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from functools import cached_property
from pathlib import Path
from typing import Any

import pytest

from cliquet.testing.servers import postgresql_server, redis_server
from cliquet.testing.servers.fixtures import available
from tests.faults.storages import MOST_CONNECTIONS, OnPostgreSQL, OnRedis, OnSQLite, Storage

ROOT = Path(__file__).parent.parent.parent


class Worker:
    """A process that serves the application; what it logs goes to the file *log*."""

    def __init__(self, settings: dict[str, Any], log: Path) -> None:
        command = [sys.executable, "-m", "tests.faults", json.dumps(settings)]
        self._log = log
        with log.open("wb") as errors:
            self._process = subprocess.Popen(
                command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=errors
            )

    @cached_property
    def port(self) -> int:
        """Where it listens; waits until it does."""
        assert self._process.stdout is not None
        line = self._process.stdout.readline()
        assert line, f"The worker did not start:\n{self.logged()}"
        return int(line)

    @property
    def number(self) -> int:
        """Number of the process."""
        return self._process.pid

    def logged(self) -> str:
        """Return what it has logged so far."""
        return self._log.read_text()

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


@contextmanager
def on_postgresql(folder: Path) -> Iterator[OnPostgreSQL]:
    """Run a PostgreSQL."""
    with available(postgresql_server(f"max_connections={MOST_CONNECTIONS}")) as server:
        yield OnPostgreSQL(server)


@contextmanager
def on_redis(folder: Path) -> Iterator[OnRedis]:
    """Run a Redis that forgets nothing."""
    most = ("--maxclients", str(MOST_CONNECTIONS))
    with available(redis_server(*most, is_persistent=True)) as server:
        yield OnRedis(server)


@contextmanager
def on_sqlite(folder: Path) -> Iterator[OnSQLite]:
    """Name a file."""
    yield OnSQLite(folder / "records.sqlite")


STORAGES: dict[str, Callable[[Path], Any]] = {
    "postgresql": on_postgresql,
    "redis": on_redis,
    "sqlite": on_sqlite,
}

#: Marks a test of those storages alone that are servers.
servers_only = pytest.mark.parametrize("storage", ["postgresql", "redis"], indirect=True)


@pytest.fixture(params=list(STORAGES))
def storage(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Storage]:
    """Return an empty storage, each in turn."""
    with STORAGES[request.param](tmp_path) as storage:
        yield storage


@pytest.fixture
def start_worker(storage: Storage, tmp_path: Path) -> Iterator[Callable[..., Worker]]:
    """Return what starts a worker, given more settings."""
    with ExitStack() as stack:
        numbers = iter(range(1000))

        def start(**settings: Any) -> Worker:
            own = {**storage.settings, "storage_url": storage.url, **settings}
            worker = Worker(own, tmp_path / f"worker-{next(numbers)}.log")
            stack.callback(worker.kill)
            return worker

        yield start
