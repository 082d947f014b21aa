"""
A cache in Redis: one node, a master that Sentinels know, or a cluster.

Redis itself forgets what has expired. The keys are ``cliquet:cache:<prefix>:<key>``, the prefix
percent-encoded, so that no text in it is taken for a colon or a pattern.
"""

from __future__ import annotations

import math
from itertools import islice
from typing import Any, Final
from urllib.parse import quote

from cliquet import jsonlib
from cliquet.cache import CacheBase, seconds_of
from cliquet.drivers.redis import Server, server_from

#: Keys deleted by one command of a flush.
_BATCH: Final = 1000


class Cache(CacheBase):
    """
    A cache in Redis.

    Args:
        server: Where the values are.
        cache_prefix: Caches of other prefixes share the server, and nothing else.
    """

    def __init__(self, server: Server, cache_prefix: str = "") -> None:
        super().__init__(cache_prefix)
        self._server = server
        self._head = f"cliquet:cache:{quote(cache_prefix, safe='')}:".encode()

    def initialize_schema(self) -> None:
        """Do nothing: there is no schema."""

    def flush(self) -> None:
        """See :meth:`CacheBase.flush`; every key of the server is looked at."""
        keys = self._server.scan(f"{self._head.decode()}*")
        while batch := list(islice(keys, _BATCH)):
            self._server.unlink(*batch)

    def ttl(self, key: str) -> float:
        """See :meth:`CacheBase.ttl`."""
        milliseconds: int = self._server.read("PTTL", self._name(key))
        return milliseconds / 1000 if milliseconds >= 0 else -1

    def expire(self, key: str, ttl: float) -> None:
        """See :meth:`CacheBase.expire`."""
        milliseconds = _milliseconds(ttl)
        if milliseconds == 0:
            self.delete(key)
        else:
            self._server.write("PEXPIRE", self._name(key), milliseconds)

    def set(self, key: str, value: Any, ttl: float | None = None) -> None:
        """See :meth:`CacheBase.set`."""
        document = jsonlib.dumps(value)
        milliseconds = None if ttl is None else _milliseconds(ttl)
        if milliseconds is None:
            self._server.write("SET", self._name(key), document)
        elif milliseconds == 0:
            self.delete(key)
        else:
            self._server.write("SET", self._name(key), document, "PX", milliseconds)

    def get(self, key: str) -> Any:
        """See :meth:`CacheBase.get`."""
        document = self._server.read("GET", self._name(key))
        return None if document is None else jsonlib.loads_stored(document)

    def delete(self, key: str) -> None:
        """See :meth:`CacheBase.delete`."""
        self._server.write("UNLINK", self._name(key))

    def _name(self, key: str) -> bytes:
        return self._head + key.encode("utf-8", "surrogatepass")


def _milliseconds(ttl: float) -> int:
    return math.ceil(seconds_of(ttl) * 1000)


def load_from_config(config: Any) -> Cache:
    """
    Return the cache of an application, from its settings ``cache_*``.

    Raises:
        ValueError: ``cache_url`` is no URL of Redis.
    """
    settings = config.get_settings()
    return Cache(server_from(settings, "cache"), cache_prefix=settings.get("cache_prefix", ""))
