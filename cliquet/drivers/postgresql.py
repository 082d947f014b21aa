"""
PostgreSQL by psycopg2: engines from settings, and statements on the wire.

Several statements travel as one script, which costs one round trip. Those that pay are prepared,
once a connection, with the script that first needs them.
"""

from __future__ import annotations

import threading
from collections.abc import Mapping
from pkgutil import resolve_name
from typing import Any

from sqlalchemy import create_engine, event
from sqlalchemy.engine import make_url
from sqlalchemy.engine.url import URL
from sqlalchemy.pool import Pool

from cliquet.drivers.databases import Database, Row
from cliquet.drivers.pool import QueuePoolWithMaxBacklog
from cliquet.drivers.statements import Statement, Step

try:
    import psycopg2
except ImportError as error:  # pragma: no cover - tested in an environment of its own
    raise ImportError(
        'PostgreSQL backends need "pip install cliquet[postgresql]"', name="psycopg2"
    ) from error

_LOCK = threading.Lock()
_DATABASES: dict[tuple[Any, ...], Database] = {}

#: Seconds to wait for a connection to be made.
CONNECT_TIMEOUT_SECONDS = 5

#: Statements that a connection keeps prepared: clients choose what lists they ask for.
MOST_PREPARED = 256

# Statements are short and many. The plans of those that are prepared depend on no value; parallel
# workers and compiled code cost more to start than a page costs to read.
_PLANNING = {
    "plan_cache_mode": "force_generic_plan",
    "max_parallel_workers_per_gather": 0,
    "jit": "off",
}

_POOL_SETTINGS = {
    "pool_size": "pool_size",
    "max_overflow": "max_overflow",
    "pool_recycle": "pool_recycle",
    "pool_timeout": "pool_timeout",
}


class PostgreSQLWire:
    """
    Sends steps as scripts.

    Args:
        is_preparing: Whether statements are prepared; off behind a pooler that lends a
            connection for a transaction, where the next one has prepared others.
        session: Settings of PostgreSQL for each transaction, where connections cannot have them.
    """

    errors: tuple[type[Exception], ...] = (psycopg2.Error,)

    def __init__(self, *, is_preparing: bool, session: Mapping[str, int]) -> None:
        self._is_preparing = is_preparing
        self._session = "; ".join(f"SET LOCAL {name} = {value}" for name, value in session.items())

    def send(self, connection: Any, steps: tuple[Step, ...], before: str, after: str) -> list[Row]:
        """See :class:`~cliquet.drivers.databases.Wire`."""
        cursor = connection.cursor()
        prepared = self._prepared(connection.info, cursor, steps)
        if before == "BEGIN" and self._session:
            before = f"BEGIN; {self._session}"
        parts = [before.encode()] if before else []
        parts += [_text(cursor, step, is_prepared=step.statement in prepared) for step in steps]
        if after:
            parts.append(after.encode())
        cursor.execute(b"; ".join(parts))
        rows = cursor.fetchall() if cursor.description else []
        cursor.close()
        return rows

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
            cursor.execute("; ".join(texts))
            prepared |= wanted
        return prepared

    def is_disconnect(self, error: Exception, connection: Any) -> bool:
        """See :class:`~cliquet.drivers.databases.Wire`."""
        driver_connection = connection.driver_connection
        if driver_connection is None or driver_connection.closed:
            return True
        # The server is going down, or coming up (class 57P).
        return str(getattr(error, "pgcode", "") or "").startswith("57P")


def _text(cursor: Any, step: Step, *, is_prepared: bool) -> bytes:
    statement, values = step.statement, step.arguments
    if not is_prepared:
        return cursor.mogrify(statement.pyformat, values)
    if not statement.parameters:
        return f"EXECUTE {statement.name}".encode()
    places = ",".join(["%s"] * len(statement.parameters))
    arguments = [values[name] for name in statement.parameters]
    return cursor.mogrify(f"EXECUTE {statement.name}({places})", arguments)


def database_url(text: str) -> URL:
    """
    Return the URL of a database, with the driver named; ``postgres://`` is accepted.

    Raises:
        ValueError: It is no URL of PostgreSQL.
    """
    url = make_url(text.replace("postgres://", "postgresql://", 1))
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
    options = _options(settings, prefix)
    key = (url, *sorted(options.items(), key=str))
    with _LOCK:
        if key not in _DATABASES:
            is_preparing = bool(settings.get(f"{prefix}_prepared_statements", True))
            _DATABASES[key] = _make(url, options, settings, is_preparing)
        return _DATABASES[key]


def _options(settings: Mapping[str, Any], prefix: str) -> dict[str, Any]:
    given = {
        option: settings.get(f"{prefix}_{option}")
        for option in (*_POOL_SETTINGS, "max_backlog", "poolclass")
    }
    options = {option: value for option, value in given.items() if value not in (None, "")}
    options["timeouts"] = tuple(_timeouts(settings).items())
    return options


def _timeouts(settings: Mapping[str, Any]) -> dict[str, int]:
    return {
        "statement_timeout": int(settings.get("storage_statement_timeout_ms", 30000)),
        "lock_timeout": int(settings.get("storage_lock_timeout_ms", 5000)),
    }


def _make(
    url: URL, options: Mapping[str, Any], settings: Mapping[str, Any], is_preparing: bool
) -> Database:
    timeouts = _timeouts(settings)
    # A pooler refuses settings at connection, and shares connections: there each transaction
    # sets its own.
    session = {} if is_preparing else timeouts
    engine = create_engine(
        url,
        poolclass=_pool_class(options.get("poolclass")),
        pool_reset_on_return=None,
        connect_args={
            "connect_timeout": CONNECT_TIMEOUT_SECONDS,
            "client_encoding": "utf8",
            **({"options": _startup_options(timeouts)} if is_preparing else {}),
        },
        **{_POOL_SETTINGS[name]: options[name] for name in _POOL_SETTINGS if name in options},
        **({"max_backlog": options["max_backlog"]} if "max_backlog" in options else {}),
    )
    event.listen(engine, "connect", _set_autocommit)
    return Database(engine, PostgreSQLWire(is_preparing=is_preparing, session=session))


def _startup_options(timeouts: Mapping[str, int]) -> str:
    values = {**timeouts, **_PLANNING}
    return " ".join(f"-c {name}={value}" for name, value in values.items())


def _set_autocommit(driver_connection: Any, record: Any) -> None:
    # Transactions are begun by the scripts themselves, in the round trip of the first statement.
    driver_connection.autocommit = True


def _pool_class(dotted: Any) -> type[Pool]:
    if dotted is None:
        return QueuePoolWithMaxBacklog
    pool: type[Pool] = resolve_name(dotted) if isinstance(dotted, str) else dotted
    return pool
