"""What servers say of themselves: their clocks, how many connections they take, what they keep."""

from __future__ import annotations

import re
import time
from collections.abc import Hashable, Mapping
from typing import Any, Protocol

from cliquet.drivers.statements import Statement, Step
from cliquet.exceptions import BackendError

_POSTGRESQL = re.compile(r"postgres(ql)?(\+\w+)?://")
_REDIS = re.compile(r"(rediss?(\+sentinel)?|unix)://")
# Any key will do: its node is asked, where there are several.
_KEY = "cliquet"


class Server(Protocol):
    """A server that a family of backends uses, with the settings of that family."""

    @property
    def place(self) -> Hashable:
        """Where its connections count: alike for families on one server."""

    @property
    def pool(self) -> Hashable:
        """Which pool of connections is used: alike for families that share one."""

    @property
    def pool_limit(self) -> int | None:
        """Most connections that a process makes to it; ``None`` for any number."""

    def connection_limit(self) -> int | None:
        """Return the most connections that it takes; ``None`` where nobody knows."""

    def clock_ms(self) -> int:
        """Return what time it is there."""


def server_of(settings: Mapping[str, Any], family: str) -> Server | None:
    """
    Return the server that ``<family>_url`` names; ``None`` where there is none that is known.

    Args:
        settings: Of the application.
        family: ``storage``, ``cache`` or ``permission``.
    """
    backend, url = (str(settings.get(f"{family}_{one}") or "") for one in ("backend", "url"))
    if not backend or backend.endswith(".memory"):
        return None
    if _POSTGRESQL.match(url):
        return PostgreSQLServer(settings, family)
    return RedisServer(settings, family) if _REDIS.match(url) else None


def clock_ms() -> int:
    """Return what time it is here."""
    return round(time.time() * 1000)


def skew_ms(server: Server) -> int:
    """Return by how much the clock of a server is ahead, as well as can be told from here."""
    before = clock_ms()
    there = server.clock_ms()
    after = clock_ms()
    # Its answer is from some moment between the question and the answer.
    return there - min(max(there, before), after)


class PostgreSQLServer:
    """See :class:`Server`."""

    def __init__(self, settings: Mapping[str, Any], family: str) -> None:
        from cliquet.drivers.postgresql import database_from

        self._database = self.pool = database_from(settings, family)

    @property
    def place(self) -> Hashable:
        """See :class:`Server`."""
        url = self._database.engine.url
        return url.host, url.port

    @property
    def pool_limit(self) -> int | None:
        """See :class:`Server`."""
        pool: Any = self._database.engine.pool
        if not hasattr(pool, "size"):
            # It makes connections as they are asked for, and keeps none.
            return 0
        is_limited = pool.size() > 0 and pool._max_overflow >= 0
        return pool.size() + pool._max_overflow if is_limited else None

    def connection_limit(self) -> int | None:
        """See :class:`Server`; those that are kept for administrators do not count."""
        # Databases that only speak like PostgreSQL have neither, or a limit that is none.
        kept = "coalesce(current_setting('superuser_reserved_connections', true)::int, 0)"
        limit = f"coalesce(current_setting('max_connections', true)::int, 0) - {kept}"
        number = self._number("limit", limit)
        return number if number > 0 else None

    def clock_ms(self) -> int:
        """See :class:`Server`."""
        return self._number("clock", "(extract(epoch FROM clock_timestamp()) * 1000)::bigint")

    def _number(self, name: str, expression: str) -> int:
        statement = Statement(f"cliquet_{name}", f"SELECT {expression}", is_prepared=False)
        return int(self._database.read(Step(statement, {}))[0][0])


class RedisServer:
    """See :class:`Server`; of a cluster, a node."""

    def __init__(self, settings: Mapping[str, Any], family: str) -> None:
        from cliquet.drivers.redis import Script, limits_of, server_from

        self._server = self.pool = server_from(settings, family)
        self._info = Script("return redis.call('INFO', ARGV[1])")
        self._time = Script("return redis.call('TIME')")
        self.pool_limit: int | None = limits_of(settings, family)["most"]

    @property
    def place(self) -> Hashable:
        """See :class:`Server`: what it called itself when it was started."""
        return self.info("server", "run_id") or id(self._server)

    @property
    def database(self) -> Hashable:
        """Which database it is: alike for families that see each other's keys."""
        found = re.search(r"\bdb=(\d+)", self._text("CLIENT INFO"))
        return self.place, found and found[1]

    def connection_limit(self) -> int | None:
        """See :class:`Server`."""
        limit = self.info("clients", "maxclients")
        return int(limit) if limit else None

    def clock_ms(self) -> int:
        """See :class:`Server`."""
        seconds, microseconds = self._server.ask(self._time, (_KEY,))
        return int(seconds) * 1000 + int(microseconds) // 1000

    def info(self, section: str, name: str) -> str | None:
        """Return a line of ``INFO``; ``None`` where it is not told, or this user may not ask."""
        try:
            text = self._server.ask(self._info, (_KEY,), section).decode()
        except BackendError as error:
            _raise_unless_refused(error)
            return None
        found = re.search(rf"^{name}:(.*?)\r?$", text, re.MULTILINE)
        return found[1] if found else None

    def snapshots(self) -> str | None:
        """Return when it writes snapshots, ``''`` for never; ``None`` where nobody may ask."""
        answer = self._read("CONFIG GET", "save")
        if isinstance(answer, Mapping):
            answer = list(answer.values())
        return _decoded(answer[-1]) if answer else None

    def _text(self, *command: str) -> str:
        return _decoded(self._read(*command) or "")

    def _read(self, *command: str) -> Any:
        try:
            return self._server.read(*command)
        except BackendError as error:
            _raise_unless_refused(error)
            return None


def _raise_unless_refused(error: BackendError) -> None:
    """Go on where a server answers, though not to this question of this user."""
    from redis import ResponseError

    if not isinstance(error.original, ResponseError):
        raise error


def _decoded(value: Any) -> str:
    return value.decode() if isinstance(value, bytes) else str(value)
