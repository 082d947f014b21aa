"""
PostgreSQL by psycopg2: engines from settings, and statements on the wire.

Several statements travel as one script, which costs one round trip. Those that pay are prepared,
once a connection, with the script that first needs them.
"""

from __future__ import annotations

import math
import threading
from collections.abc import Mapping
from typing import Any

from sqlalchemy import create_engine, event
from sqlalchemy.engine.url import URL

from cliquet.drivers.databases import Database
from cliquet.drivers.deadlines import Deadlines
from cliquet.drivers.pool import pool_options, pool_prefix
from cliquet.drivers.statements import Statement, Step
from cliquet.drivers.urls import parsed_url
from cliquet.drivers.writers import Row

try:
    import psycopg2
    import psycopg2.extensions
except ImportError as error:  # pragma: no cover - tested in an environment of its own
    raise ImportError(
        'PostgreSQL backends need: pip install "cliquet[postgresql]"', name="psycopg2"
    ) from error

_DEADLINES = Deadlines((psycopg2.Error,))

_LOCK = threading.Lock()
_DATABASES: dict[tuple[Any, ...], Database] = {}

#: Seconds to wait for a connection to be made.
CONNECT_TIMEOUT_SECONDS = 5

_IS_SPOILT = "cliquet_is_spoilt"
# Invalid statement name, duplicate prepared statement, feature not supported ("cached plan must
# not change result type").
_PREPARED_OTHERWISE = frozenset({"26000", "42P05", "0A000"})

#: Statements that a connection keeps prepared: clients choose what lists they ask for.
MOST_PREPARED = 256

# Statements are short and many. The plans of those that are prepared depend on no value; parallel
# workers and compiled code cost more to start than a page costs to read.
_OF_CONNECTIONS = {
    "plan_cache_mode": "force_generic_plan",
    "max_parallel_workers_per_gather": 0,
    "jit": "off",
    # Literals in statements have no escapes.
    "standard_conforming_strings": "on",
}


class PostgreSQLWire:
    """
    Sends steps as scripts.

    Args:
        is_preparing: Whether statements are prepared; off behind a pooler that lends a
            connection for a transaction, where the next one has prepared others.
        session: Settings of PostgreSQL for each transaction, where connections cannot have them.
        patience_seconds: After which a server that does not answer at all is given up.
    """

    errors: tuple[type[Exception], ...] = (psycopg2.Error,)

    def __init__(
        self,
        *,
        is_preparing: bool,
        session: Mapping[str, int],
        patience_seconds: float = math.inf,
    ) -> None:
        self._is_preparing = is_preparing
        self._patience_seconds = patience_seconds
        settings = (f"SET LOCAL {name} = {value}" for name, value in session.items())
        self._session = "; ".join(settings).encode()

    def send(self, connection: Any, steps: tuple[Step, ...], before: str, after: str) -> list[Row]:
        """See :class:`~cliquet.drivers.databases.Wire`."""
        driver_connection = connection.driver_connection
        _DEADLINES.begin(driver_connection, self._patience_seconds)
        try:
            return self._send(connection, steps, before, after)
        finally:
            _DEADLINES.end(driver_connection)

    def _send(self, connection: Any, steps: tuple[Step, ...], before: str, after: str) -> list[Row]:
        cursor = connection.cursor()
        prepared = self._prepared(connection.info, cursor, steps)
        parts = self._opening(connection, before)
        parts += [_text(cursor, step, is_prepared=step.statement in prepared) for step in steps]
        if after:
            parts.append(after.encode())
        cursor.execute(b"; ".join(parts))
        rows = cursor.fetchall() if cursor.description else []
        cursor.close()
        return rows

    def _opening(self, connection: Any, before: str) -> list[bytes]:
        if before == "BEGIN":
            # Whatever the default of the database is: writers look after they have waited.
            before = "BEGIN ISOLATION LEVEL READ COMMITTED"
            is_first = True
        else:
            is_first = not (before or _is_in_transaction(connection))
        parts = [before.encode()] if before else []
        # A script is a transaction even where it does not say so: reads have the settings too.
        return [*parts, self._session] if self._session and is_first else parts

    def _prepared(
        self, info: dict[str, Any], cursor: Any, steps: tuple[Step, ...]
    ) -> set[Statement]:
        """Return the statements that the connection has prepared; those of *steps* are by now."""
        if not self._is_preparing:
            return set()
        # In a round trip of their own, once a connection: a script that fails later does not
        # undo them, and could not tell which of them it came to.
        prepared: set[Statement] = info.setdefault("cliquet_prepared", set())
        wanted = {step.statement for step in steps if step.statement.is_prepared} - prepared
        if wanted and len(prepared) < MOST_PREPARED:
            texts = (f"PREPARE {one.name} AS {one.numbered}" for one in wanted)
            # Of a script that fails, nobody knows which statements it has prepared.
            info[_IS_SPOILT] = True
            cursor.execute("; ".join(texts))
            info[_IS_SPOILT] = False
            prepared |= wanted
        return prepared

    def is_disconnect(self, error: Exception, connection: Any) -> bool:
        """See :class:`~cliquet.drivers.databases.Wire`."""
        driver_connection = connection.driver_connection
        if driver_connection is None or driver_connection.closed:
            return True
        code = str(getattr(error, "pgcode", "") or "")
        # The server is going down, or coming up (class 57P); or what was prepared is there no
        # more, is there already, or has become another since the tables were changed.
        return code.startswith("57P") or code in _PREPARED_OTHERWISE

    def is_spoilt(self, connection: Any) -> bool:
        """See :class:`~cliquet.drivers.databases.Wire`."""
        return bool(connection.info.get(_IS_SPOILT))


def _is_in_transaction(connection: Any) -> bool:
    status = connection.driver_connection.info.transaction_status
    return status != psycopg2.extensions.TRANSACTION_STATUS_IDLE


def _text(cursor: Any, step: Step, *, is_prepared: bool) -> bytes:
    statement = step.statement
    text: bytes = cursor.mogrify(
        statement.execution if is_prepared else statement.pyformat, step.arguments
    )
    return text


def database_url(text: str) -> URL:
    """
    Return the URL of a database, with the driver named; ``postgres://`` is accepted.

    Raises:
        ValueError: It is no URL of PostgreSQL.
    """
    url = parsed_url(text.replace("postgres://", "postgresql://", 1))
    if url.get_backend_name() != "postgresql":
        raise ValueError(f"{url.get_backend_name()}://… should be postgresql://…")
    return url.set(drivername="postgresql+psycopg2")


def database_from(settings: Mapping[str, Any], prefix: str) -> Database:
    """
    Return the database that ``<prefix>_url`` names, one a process for families that share it.

    Args:
        settings: Of the application.
        prefix: ``storage``, ``cache`` or ``permission``.
    """
    url = database_url(str(settings[f"{prefix}_url"]))
    options = pool_options(settings, pool_prefix(settings, prefix, database_url))
    timeouts = _timeouts(settings)
    # One setting for all families, as for time-outs: they share a database and its pooler.
    is_preparing = bool(settings.get("storage_prepared_statements", True))
    # A cache never takes part in the transaction of a request.
    key = (url, prefix == "cache", is_preparing, *options.items(), *timeouts.items())
    with _LOCK:
        if key not in _DATABASES:
            _DATABASES[key] = _make(url, options, timeouts, is_preparing)
        return _DATABASES[key]


def _timeouts(settings: Mapping[str, Any]) -> dict[str, int]:
    statement_timeout = int(settings.get("storage_statement_timeout_ms", 30000))
    return {
        "statement_timeout": statement_timeout,
        "lock_timeout": int(settings.get("storage_lock_timeout_ms", 5000)),
        # A process that froze, or that the network lost, must not keep its locks for ever.
        "idle_in_transaction_session_timeout": statement_timeout,
    }


def _make(
    url: URL, options: Mapping[str, Any], timeouts: Mapping[str, int], is_preparing: bool
) -> Database:
    # A pooler refuses settings at connection, and shares connections: there each transaction
    # sets its own.
    session = {} if is_preparing else timeouts
    engine = create_engine(
        url,
        pool_reset_on_return=None,
        connect_args=_connection_arguments(url, timeouts, is_preparing),
        **options,
    )
    event.listen(engine, "connect", _set_autocommit)
    wire = PostgreSQLWire(
        is_preparing=is_preparing, session=session, patience_seconds=_patience_seconds(timeouts)
    )
    return Database(engine, wire)


def _patience_seconds(timeouts: Mapping[str, int]) -> float:
    # What the server gives up by itself it has told by then.
    seconds = timeouts["statement_timeout"] / 1000
    return seconds + CONNECT_TIMEOUT_SECONDS if seconds else math.inf


def _connection_arguments(
    url: URL, timeouts: Mapping[str, int], is_preparing: bool
) -> dict[str, Any]:
    """Return arguments of the driver; what the URL itself says has the last word."""
    arguments = {"connect_timeout": CONNECT_TIMEOUT_SECONDS, "client_encoding": "utf8"}
    given = {name: value for name, value in url.query.items() if name in arguments}
    if not is_preparing:
        return {**arguments, **given}
    options = f"{_startup_options(timeouts)} {url.query.get('options', '')}".rstrip()
    return {**arguments, **given, "options": options}


def _startup_options(timeouts: Mapping[str, int]) -> str:
    values = {**timeouts, **_OF_CONNECTIONS}
    return " ".join(f"-c {name}={value}" for name, value in values.items())


def _set_autocommit(driver_connection: Any, record: Any) -> None:
    # Transactions are begun by the scripts themselves, in the round trip of the first statement.
    driver_connection.autocommit = True
