"""
A cache in the memory of the process, of bounded size.

Nothing outlives the process, and processes share nothing.
"""

from __future__ import annotations

import math
import time
from collections import OrderedDict
from collections.abc import Callable
from threading import Lock
from typing import Any, NamedTuple

from sortedcontainers import SortedSet

from cliquet import jsonlib
from cliquet.cache import CacheBase, seconds_of
from cliquet.settings import DEFAULT_SETTINGS


class _Entry(NamedTuple):
    """A value, and when it expires by the clock of the cache; never: infinity."""

    value: Any
    deadline: float


class Cache(CacheBase):
    """
    A cache in memory, safe under threads.

    Expired entries are never served. They are dropped when they are asked for, and all of them
    at the next write, in the order of their deadlines, so that nothing is ever scanned.

    Args:
        cache_prefix: Put before every key, as in caches that applications share.
        max_entries: Above it, the entry that was set or read longest ago is dropped.
        clock: Returns seconds, and never goes back.
    """

    def __init__(
        self,
        cache_prefix: str = "",
        max_entries: int = 10000,
        *,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        super().__init__(cache_prefix)
        self._max_entries = max_entries
        self._clock = clock
        self._lock = Lock()
        # Least recently used first.
        self._entries: OrderedDict[str, _Entry] = OrderedDict()
        # The pair (deadline, key) of each entry that expires.
        self._deadlines = SortedSet()

    def initialize_schema(self) -> None:
        """Do nothing: there is no schema."""

    def flush(self) -> None:
        """See :meth:`CacheBase.flush`."""
        with self._lock:
            self._entries.clear()
            self._deadlines.clear()

    def ttl(self, key: str) -> float:
        """See :meth:`CacheBase.ttl`."""
        with self._lock:
            now = self._clock()
            entry = self._live(self.prefix + key, now)
        return -1 if entry is None or entry.deadline == math.inf else entry.deadline - now

    def expire(self, key: str, ttl: float) -> None:
        """See :meth:`CacheBase.expire`."""
        name, seconds = self.prefix + key, seconds_of(ttl)
        with self._lock:
            now = self._clock()
            entry = self._live(name, now)
            if entry is not None:
                self._put(name, entry.value, seconds, now)

    def set(self, key: str, value: Any, ttl: float | None = None) -> None:
        """See :meth:`CacheBase.set`."""
        # What JSON makes of it, as on every other backend.
        stored = jsonlib.loads_stored(jsonlib.dumps(value))
        seconds = math.inf if ttl is None else seconds_of(ttl)
        with self._lock:
            self._put(self.prefix + key, stored, seconds, self._clock())

    def get(self, key: str) -> Any:
        """See :meth:`CacheBase.get`."""
        name = self.prefix + key
        with self._lock:
            entry = self._live(name, self._clock())
            if entry is None:
                return None
            self._entries.move_to_end(name)
        # Entries are replaced and never changed, so that the copy needs no lock.
        return jsonlib.copied(entry.value)

    def delete(self, key: str) -> None:
        """See :meth:`CacheBase.delete`."""
        with self._lock:
            self._remove(self.prefix + key)

    def _live(self, name: str, now: float) -> _Entry | None:
        entry = self._entries.get(name)
        if entry is not None and entry.deadline <= now:
            self._remove(name)
            return None
        return entry

    def _put(self, name: str, value: Any, ttl: float, now: float) -> None:
        self._remove(name)
        self._purge(now)
        if ttl <= 0:
            return
        entry = self._entries[name] = _Entry(value, now + ttl)
        if entry.deadline < math.inf:
            self._deadlines.add((entry.deadline, name))
        while len(self._entries) > self._max_entries:
            self._remove(next(iter(self._entries)))

    def _purge(self, now: float) -> None:
        while self._deadlines and self._deadlines[0][0] <= now:
            _, name = self._deadlines.pop(0)
            self._entries.pop(name, None)

    def _remove(self, name: str) -> None:
        entry = self._entries.pop(name, None)
        if entry is not None:
            self._deadlines.discard((entry.deadline, name))


def load_from_config(config: Any) -> Cache:
    """Return the cache of an application: settings ``cache_prefix``, ``cache_max_entries``."""
    settings = {**DEFAULT_SETTINGS, **config.get_settings()}
    return Cache(cache_prefix=settings["cache_prefix"], max_entries=settings["cache_max_entries"])
