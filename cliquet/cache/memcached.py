"""
A cache in memcached, by pymemcache.

An item is ``<generation> <deadline> <JSON>``. The generation is that of all items of a prefix: a
flush makes another one, since memcached can name no keys and would only delete those of everybody.
The deadline is exact where the server's own clock has seconds only; the server makes room by it.
"""

from __future__ import annotations

import math
import time
from typing import Any, Final, NamedTuple
from uuid import uuid4

from cliquet import jsonlib
from cliquet.cache import CacheBase, seconds_of
from cliquet.cache.names import name_of
from cliquet.drivers.memcached import Server, server_from

# With the rest of the name they are below the 250 bytes of a key.
_LONGEST_PREFIX: Final = 80
_LONGEST_KEY: Final = 150
#: Longer times are dates for memcached.
_MONTH_SECONDS: Final = 30 * 24 * 3600
#: The last date that memcached knows.
_LAST_DATE: Final = 2**31 - 1


class _Item(NamedTuple):
    """What is under a key: JSON, and when it expires, in seconds since the epoch."""

    document: bytes
    deadline: float

    @classmethod
    def read(cls, stored: bytes | None, generation: bytes | None) -> _Item | None:
        """Return what was stored; ``None`` if it is of another generation, or has expired."""
        if stored is None:
            return None
        own, deadline, document = stored.split(b" ", 2)
        item = cls(document, float(deadline))
        return item if own == generation and item.deadline > time.time() else None

    def written(self, generation: bytes) -> bytes:
        """Return what is stored."""
        return b"%b %b %b" % (generation, repr(self.deadline).encode(), self.document)

    @property
    def expiry(self) -> int:
        """When the server may forget it, in its terms: never before the deadline."""
        if self.deadline == math.inf:
            return 0
        # Its clock ticks once a second.
        seconds = math.ceil(self.deadline - time.time()) + 1
        return seconds if seconds < _MONTH_SECONDS else min(int(self.deadline) + 2, _LAST_DATE)


class Cache(CacheBase):
    """
    A cache in memcached.

    Machines that share it should agree on the time: deadlines are those of their clocks.

    Args:
        server: Where the values are.
        cache_prefix: Caches of other prefixes share the server, and nothing else.
    """

    def __init__(self, server: Server, cache_prefix: str = "") -> None:
        super().__init__(cache_prefix)
        self._server = server
        self._generation_name = f"cliquet:{name_of(cache_prefix, _LONGEST_PREFIX)}"

    def initialize_schema(self) -> None:
        """Do nothing: there is no schema."""

    def flush(self) -> None:
        """See :meth:`CacheBase.flush`; memcached itself forgets the items when it needs room."""
        self._server.set(self._generation_name, _new_generation())

    def ttl(self, key: str) -> float:
        """See :meth:`CacheBase.ttl`."""
        item = self._read(key)
        return -1 if item is None or item.deadline == math.inf else item.deadline - time.time()

    def expire(self, key: str, ttl: float) -> None:
        """See :meth:`CacheBase.expire`."""
        seconds = seconds_of(ttl)
        if seconds == 0:
            self.delete(key)
            return
        name = self._name(key)
        found = self._server.get_versions(self._generation_name, name)
        generation, _ = found.get(self._generation_name, (None, None))
        stored, version = found.get(name, (None, b""))
        item = _Item.read(stored, generation)
        if item is not None and generation is not None:
            # Where another writer comes in between, it is as if this one had come before.
            item = item._replace(deadline=time.time() + seconds)
            self._server.replace(name, item.written(generation), item.expiry, version)

    def set(self, key: str, value: Any, ttl: float | None = None) -> None:
        """See :meth:`CacheBase.set`."""
        document = jsonlib.dumps(value)
        seconds = math.inf if ttl is None else seconds_of(ttl)
        if seconds == 0:
            self.delete(key)
            return
        item = _Item(document, time.time() + seconds)
        self._server.set(self._name(key), item.written(self._generation()), item.expiry)

    def get(self, key: str) -> Any:
        """See :meth:`CacheBase.get`."""
        item = self._read(key)
        return None if item is None else jsonlib.loads_stored(item.document)

    def delete(self, key: str) -> None:
        """See :meth:`CacheBase.delete`."""
        self._server.delete(self._name(key))

    def _read(self, key: str) -> _Item | None:
        name = self._name(key)
        found = self._server.get(self._generation_name, name)
        return _Item.read(found.get(name), found.get(self._generation_name))

    def _generation(self) -> bytes:
        """Return the generation that the server knows; it may have forgotten it, as any item."""
        name = self._generation_name
        while (found := self._server.get(name).get(name)) is None:
            self._server.add(name, _new_generation())
        return found

    def _name(self, key: str) -> str:
        return f"{self._generation_name}:{name_of(key, _LONGEST_KEY)}"


def _new_generation() -> bytes:
    # Never one that there was: what was flushed must not come back.
    return uuid4().hex.encode()


def load_from_config(config: Any) -> Cache:
    """
    Return the cache of an application, from its settings ``cache_*``.

    Raises:
        ValueError: ``cache_url`` is no URL of memcached.
    """
    settings = config.get_settings()
    return Cache(server_from(settings, "cache"), cache_prefix=settings.get("cache_prefix", ""))
