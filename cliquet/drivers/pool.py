"""A pool of connections that refuses at once what it could only keep waiting."""

from __future__ import annotations

from threading import Lock
from typing import Any

from sqlalchemy.exc import TimeoutError as PoolTimeout
from sqlalchemy.pool import QueuePool


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

    def _do_get(self) -> Any:
        with self._guard:
            is_waiting = self.checkedout() >= self.size() + self._max_overflow >= 0
            if is_waiting and 0 <= self._max_backlog <= self._waiting:
                raise PoolTimeout(f"{self._waiting} threads are waiting for a connection already")
            self._waiting += is_waiting
        try:
            return super()._do_get()
        finally:
            with self._guard:
                self._waiting -= is_waiting
