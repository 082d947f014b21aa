"""
Caches with one fault each, for the conformance suite to find.

Each is the cache in memory, right but for one thing; those of one fault share what they hold, as
those on one server do. ``caught_by`` names the tests of the suite that must fail on it. Many of
the faults are those that caches of servers of this protocol really had.
"""

from __future__ import annotations

from typing import Any, ClassVar
from urllib.parse import quote

from cliquet.cache import memory

#: The faults, by the names of their classes.
FAULTS: dict[str, type[Broken]] = {}

_STORES: dict[str, memory.Cache] = {}


class Broken(memory.Cache):
    """Base of the faults: a cache without any, whose parts a fault replaces."""

    caught_by: ClassVar[tuple[str, ...]] = ()
    claims: ClassVar[frozenset[str]] = frozenset({"shared"})

    def __init_subclass__(cls) -> None:
        if cls.caught_by:
            FAULTS[cls.__name__] = cls

    def __init__(self, settings: dict[str, Any]) -> None:
        super().__init__(self.head(settings["cache_prefix"]))
        self.settings = settings
        store = _STORES.setdefault(type(self).__name__, memory.Cache())
        self._entries, self._deadlines, self._lock = (
            store._entries,
            store._deadlines,
            store._lock,
        )

    def head(self, prefix):
        return f"{quote(prefix, safe='')}:"

    def is_mine(self, name):
        return name.startswith(self.prefix)

    def flush(self):
        with self._lock:
            for name in filter(self.is_mine, list(self._entries)):
                self._remove(name)
