"""
SQLite by the standard library: files from settings, and statements on connections to them.

One process may have many connections to a file, several processes may share it, and one of all
writes at a time. Connections are never carried into a child process.
"""

from __future__ import annotations

import os
import sqlite3
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

from sqlalchemy import create_engine

from cliquet import jsonlib
from cliquet.drivers import functions
from cliquet.drivers.databases import Database, backend_errors
from cliquet.drivers.pool import pool_options, pool_prefix
from cliquet.drivers.statements import Step
from cliquet.drivers.urls import parsed_url
from cliquet.drivers.writers import Row

#: Statements that a connection keeps prepared: clients choose what lists they ask for.
MOST_PREPARED = 512

_SYNCHRONOUS = ("OFF", "NORMAL", "FULL", "EXTRA")
#: Between two attempts to take a lock. SQLite itself waits longer each time, up to 100 ms, and
#: under load would leave some writers out for seconds.
_RETRY_SECONDS = 0.001

_LOCK = threading.Lock()
_DATABASES: dict[tuple[Any, ...], Database] = {}

# After these, a connection may be of no use when the file is right again.
_OF_THE_FILE = frozenset(
    {
        sqlite3.SQLITE_CANTOPEN,
        sqlite3.SQLITE_CORRUPT,
        sqlite3.SQLITE_IOERR,
        sqlite3.SQLITE_NOTADB,
        sqlite3.SQLITE_READONLY,
    }
)


class SQLiteWire:
    """
    Runs steps one by one: there are no round trips to save.

    Args:
        path: The file, which errors name.
        timeout_seconds: Longest wait for other writers.
    """

    errors: tuple[type[Exception], ...] = (sqlite3.Error,)

    def __init__(self, path: Path, timeout_seconds: float) -> None:
        self.path = path
        self.timeout_seconds = timeout_seconds

    def send(self, connection: Any, steps: tuple[Step, ...], before: str, after: str) -> list[Row]:
        """See :class:`~cliquet.drivers.databases.Wire`."""
        driver_connection = connection.driver_connection
        rows: list[Row] = []
        try:
            if before == "BEGIN":
                _begin_writing(driver_connection, self.timeout_seconds)
            elif before and driver_connection.in_transaction:
                # A transaction that failed on the file may be rolled back already.
                driver_connection.execute(before)
            for step in steps:
                cursor = _run(driver_connection, step)
                if cursor.description:
                    rows = cursor.fetchall()
            if after:
                driver_connection.execute(after)
        except sqlite3.Error as error:
            raise _named(error, self.path) from error
        return rows

    def is_disconnect(self, error: Exception, connection: Any) -> bool:
        """See :class:`~cliquet.drivers.databases.Wire`."""
        if connection.driver_connection is None:
            return True
        code = getattr(error, "sqlite_errorcode", None) or 0
        return code & 0xFF in _OF_THE_FILE

    def is_spoilt(self, connection: Any) -> bool:
        """See :class:`~cliquet.drivers.databases.Wire`."""
        return False


def _begin_writing(connection: sqlite3.Connection, timeout_seconds: float) -> None:
    # The lock of writers comes first: a transaction that reads, then writes, would fail if
    # another had written in between.
    deadline = time.monotonic() + timeout_seconds
    connection.execute("PRAGMA busy_timeout = 0")
    try:
        while True:
            try:
                connection.execute("BEGIN IMMEDIATE")
                return
            except sqlite3.OperationalError as error:
                _wait(error, deadline)
    finally:
        connection.execute(f"PRAGMA busy_timeout = {round(timeout_seconds * 1000)}")


def _wait(error: sqlite3.OperationalError, deadline: float) -> None:
    """Wait before the next attempt, if others had the lock and there is time left; else raise."""
    # The lower bits are the kind; others say what the lock was for.
    if error.sqlite_errorcode & 0xFF != sqlite3.SQLITE_BUSY or time.monotonic() > deadline:
        raise error
    time.sleep(_RETRY_SECONDS)


def _run(connection: sqlite3.Connection, step: Step) -> sqlite3.Cursor:
    text, values = step.statement.text, step.arguments
    try:
        return connection.execute(text, values)
    except (OverflowError, sqlite3.InterfaceError, sqlite3.ProgrammingError):
        bindable = {name: _bindable(value) for name, value in values.items()}
        return connection.execute(text, bindable)


def _bindable(value: Any) -> Any:
    if isinstance(value, list):
        return jsonlib.dumps(value).decode()
    if isinstance(value, int) and not -(2**63) <= value < 2**63:
        # As text: columns of numbers compare it as a number, and functions read it exactly.
        return str(value)
    return value


def database_path(text: str) -> Path:
    """
    Return the file of a URL: ``sqlite:///relative.sqlite`` or ``sqlite:////absolute.sqlite``.

    Raises:
        ValueError: It is no URL of SQLite, or names no file.
    """
    url = parsed_url(text)
    if url.get_backend_name() != "sqlite":
        raise ValueError(f"{url.get_backend_name()}://… should be sqlite:///…")
    if url.host or url.query:
        raise ValueError(f"{text} should be sqlite:///file or sqlite:////path/to/file")
    if not url.database or url.database == ":memory:":
        raise ValueError(
            f"{text} names no file, and each connection would have a database of its own:"
            " records in memory are the matter of cliquet.storage.memory"
        )
    return Path(url.database).resolve()


def database_from(settings: Mapping[str, Any], prefix: str) -> Database:
    """
    Return the database in the file that ``<prefix>_url`` names, one a process.

    Args:
        settings: Of the application.
        prefix: ``storage``, ``cache`` or ``permission``.

    Raises:
        ValueError: The URL or ``storage_synchronous`` is none that SQLite knows.
    """
    path = database_path(str(settings[f"{prefix}_url"]))
    # What a cache loses when the power goes is no loss, and the file stays sound.
    synchronous = "NORMAL" if prefix == "cache" else _synchronous(settings)
    timeout_seconds = int(settings.get("storage_busy_timeout_ms", 5000)) / 1000
    options = pool_options(settings, pool_prefix(settings, prefix, database_path))
    key = (path, synchronous, timeout_seconds, *sorted(options.items(), key=str))
    with _LOCK:
        if key not in _DATABASES:
            engine = create_engine(
                "sqlite://",
                creator=lambda: _connect(path, synchronous, timeout_seconds),
                pool_reset_on_return=None,
                **options,
            )
            _DATABASES[key] = Database(engine, SQLiteWire(path, timeout_seconds))
        return _DATABASES[key]


def _synchronous(settings: Mapping[str, Any]) -> str:
    given = str(settings.get("storage_synchronous", "FULL")).upper()
    if given not in _SYNCHRONOUS:
        raise ValueError(f"storage_synchronous should be one of {_SYNCHRONOUS}, not {given!r}")
    return given


def _connect(path: Path, synchronous: str, timeout_seconds: float) -> sqlite3.Connection:
    with _naming(path):
        connection = sqlite3.connect(
            path,
            timeout=timeout_seconds,
            isolation_level=None,
            check_same_thread=False,
            cached_statements=MOST_PREPARED,
        )
        try:
            _write_ahead(connection, time.monotonic() + timeout_seconds)
            connection.execute(f"PRAGMA synchronous = {synchronous}")
            functions.register(connection)
        except BaseException:
            connection.close()
            raise
    return connection


def _write_ahead(connection: sqlite3.Connection, deadline: float) -> None:
    # The mode is the file's, and stays. Who changes it does not wait for others that do.
    while True:
        try:
            if connection.execute("PRAGMA journal_mode").fetchone()[0] != "wal":
                connection.execute("PRAGMA journal_mode = WAL")
            return
        except sqlite3.OperationalError as error:
            _wait(error, deadline)


def path_of(database: Database) -> Path:
    """Return the file of a database."""
    path: Path = database.wire.path  # type: ignore[attr-defined]
    return path


@contextmanager
def session(database: Database, begin: str = "BEGIN") -> Iterator[sqlite3.Connection]:
    """
    Lend a connection for a transaction, outside of requests.

    Args:
        database: One of :func:`database_from`.
        begin: ``BEGIN IMMEDIATE`` to write.

    Raises:
        BackendError: The database failed; nothing is half-written.
    """
    with closing(database.checked_out()) as lent, backend_errors((sqlite3.Error,)):
        connection: sqlite3.Connection = lent.driver_connection
        with _naming(path_of(database)), _rolling_back(connection):
            connection.execute(begin)
            yield connection
            connection.execute("COMMIT")


@contextmanager
def _rolling_back(connection: sqlite3.Connection) -> Iterator[None]:
    try:
        yield
    finally:
        if connection.in_transaction:
            connection.execute("ROLLBACK")


@contextmanager
def _naming(path: Path) -> Iterator[None]:
    try:
        yield
    except sqlite3.Error as error:
        raise _named(error, path) from error


def _named(error: sqlite3.Error, path: Path) -> sqlite3.Error:
    """Return the like of *error* that names the file."""
    copy = type(error)(f"{error} ({path})")
    for attribute in ("sqlite_errorcode", "sqlite_errorname"):
        if hasattr(error, attribute):
            setattr(copy, attribute, getattr(error, attribute))
    return copy


def _close_connections() -> None:
    # What SQLite knows of its locks would be copied into the child, the locks would not.
    for database in list(_DATABASES.values()):
        database.engine.dispose()


os.register_at_fork(before=_close_connections)
