"""A pool of connections that refuses at once what it could only keep waiting."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Mapping
from pkgutil import resolve_name
from threading import Lock
from typing import Any

from sqlalchemy.exc import TimeoutError as PoolTimeout
from sqlalchemy.pool import Pool, QueuePool

_OF_QUEUES = ("pool_size", "max_overflow", "pool_timeout", "max_backlog")
_OPTIONS = (*_OF_QUEUES, "pool_recycle", "poolclass")


class QueuePoolWithMaxBacklog(QueuePool):
    """
    A queue pool, of which at most *max_backlog* threads wait for a connection.

    Args:
        max_backlog: Threads that may wait while all connections are taken; -1 for any number.

    Raises:
        sqlalchemy.exc.TimeoutError: On checkout, when as many are waiting already.
    """

    def __init__(
        self,
        creator: Any,
        pool_size: int = 5,
        max_overflow: int = 10,
        timeout: float = 30.0,
        max_backlog: int = -1,
        **kwargs: Any,
    ) -> None:
        super().__init__(
            creator, pool_size=pool_size, max_overflow=max_overflow, timeout=timeout, **kwargs
        )
        self._max_backlog = max_backlog
        self._waiting = 0
        self._guard = Lock()

    def recreate(self) -> QueuePoolWithMaxBacklog:
        """Return a new pool with the same settings, as the engine does after a failure."""
        pool: QueuePoolWithMaxBacklog = super().recreate()  # type: ignore[assignment]
        pool._max_backlog = self._max_backlog
        return pool

    def backlog(self) -> int:
        """Return how many threads wait for a connection."""
        return self._waiting

    @property
    def _is_limited(self) -> bool:
        return self.size() > 0 and self._max_overflow >= 0

    def _do_get(self) -> Any:
        with self._guard:
            is_waiting = self._is_limited and self.checkedout() >= self.size() + self._max_overflow
            if is_waiting and 0 <= self._max_backlog <= self._waiting:
                raise PoolTimeout(f"{self._waiting} threads are waiting for a connection already")
            self._waiting += is_waiting
        try:
            return super()._do_get()
        finally:
            with self._guard:
                self._waiting -= is_waiting


def pool_prefix(
    settings: Mapping[str, Any], prefix: str, place_of: Callable[[str], Hashable]
) -> str:
    """
    Return the family whose settings say of the pool: the storage's, for permissions beside it.

    Args:
        settings: Of the application.
        prefix: ``storage``, ``cache`` or ``permission``.
        place_of: Returns the database that a URL means, or raises ``ValueError``.
    """
    if prefix != "permission":
        return prefix
    try:
        is_shared = place_of(str(settings.get("storage_url"))) == place_of(
            str(settings["permission_url"])
        )
    except ValueError:
        # The storage is in another kind of place.
        return prefix
    return "storage" if is_shared else prefix


def pool_options(settings: Mapping[str, Any], prefix: str) -> dict[str, Any]:
    """
    Return what settings say about a pool, as ``create_engine`` takes it.

    Args:
        settings: Of the application.
        prefix: ``storage``, ``cache`` or ``permission``.
    """
    given = {option: settings.get(f"{prefix}_{option}") for option in _OPTIONS}
    options = {option: value for option, value in given.items() if value not in (None, "")}
    pool = options["poolclass"] = _pool_class(options.get("poolclass"))
    # Not every pool counts its connections, and who waits for one.
    unknown: tuple[str, ...] = ("max_backlog",) if issubclass(pool, QueuePool) else _OF_QUEUES
    if not issubclass(pool, QueuePoolWithMaxBacklog):
        options = {option: value for option, value in options.items() if option not in unknown}
    return options


def pool_usage(backend: Any) -> dict[str, int]:
    """
    Return the connections of the pool of *backend*, by state; nothing where none are counted.

    The states are ``size`` (kept open at most), ``checked_out``, and ``backlog`` (threads that
    wait for one).
    """
    database = getattr(backend, "_database", None)
    pool = getattr(getattr(database, "engine", None), "pool", None)
    if not isinstance(pool, QueuePool):
        return {}
    usage = {"size": pool.size(), "checked_out": pool.checkedout()}
    if isinstance(pool, QueuePoolWithMaxBacklog):
        usage["backlog"] = pool.backlog()
    return usage


def _pool_class(dotted: Any) -> type[Pool]:
    if dotted is None:
        return QueuePoolWithMaxBacklog
    pool: type[Pool] = resolve_name(dotted) if isinstance(dotted, str) else dotted
    return pool
