"""memcached for tests: where the machine has it, since no wheel has."""

from __future__ import annotations

import os
import pwd
import shutil
import signal
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlsplit

from cliquet.testing.servers.process import Server, ServerProcess, free_port, temporary_folder
from cliquet.testing.servers.programs import ServerUnavailable

MEMCACHED_VARIABLE = "CLIQUET_TEST_MEMCACHED_URL"


@contextmanager
def memcached() -> Iterator[str]:
    """
    Run memcached, or use the one that ``CLIQUET_TEST_MEMCACHED_URL`` names.

    Yields:
        The URL of an empty server. That of the environment is used as it is.

    Raises:
        ServerUnavailable: There is none, or the one that is named does not answer.
    """
    url = os.environ.get(MEMCACHED_VARIABLE)
    if not url:
        with memcached_server() as server:
            yield server.url
        return
    if not _answers(url):
        raise ServerUnavailable(f"No memcached answers at {MEMCACHED_VARIABLE}={url}")
    yield url


@contextmanager
def memcached_server(*options: str) -> Iterator[MemcachedServer]:
    """
    Run a memcached of the caller's own, which may be killed and started again.

    Args:
        options: Of the program, as ``"-I", "2m"``.

    Raises:
        ServerUnavailable: There is no program of it.
    """
    program = shutil.which("memcached")
    if program is None:
        raise ServerUnavailable(
            "NO MEMCACHED: cliquet.cache.memcached is not tested. Install memcached, or set"
            f" {MEMCACHED_VARIABLE}"
        )
    with temporary_folder("memcached") as folder:
        server = MemcachedServer(program, folder, free_port(), options)
        server.start()
        try:
            yield server
        finally:
            server.stop()


class MemcachedServer(Server):
    """
    A memcached of a test's own.

    Args:
        program: Path of the server's program.
        folder: Where it runs.
        port: Where it listens.
        options: Of the program.
    """

    def __init__(self, program: str, folder: Path, port: int, options: tuple[str, ...]) -> None:
        self.port = port
        # As root it wants to be told that this is meant.
        account = pwd.getpwuid(os.getuid()).pw_name
        command = (program, "-l", "127.0.0.1", "-p", str(port), "-u", account, *options)
        super().__init__(ServerProcess(command, folder, ending=signal.SIGKILL))

    @property
    def url(self) -> str:
        """URL of it."""
        return f"memcached://127.0.0.1:{self.port}"

    def start(self) -> None:
        """Start, and wait until it answers."""
        self._process.start(lambda: _answers(self.url))


def _answers(url: str) -> bool:
    parts = urlsplit(url)
    try:
        with socket.create_connection((parts.hostname, parts.port or 11211), 5) as connection:
            connection.sendall(b"version\r\n")
            return connection.recv(100).startswith(b"VERSION")
    except OSError:
        return False
