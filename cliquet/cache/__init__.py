"""
The contract of caches.

A cache keeps JSON values by key, each for a time or until it is deleted. It may forget a value
earlier, when it runs out of room; what must not be lost belongs in a storage.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any, Final

from cliquet.settings import DEFAULT_SETTINGS

#: Longer times to live are this one: a hundred years.
LONGEST_TTL_SECONDS: Final = 100 * 365 * 24 * 3600

_HEARTBEAT: Final = "__heartbeat__"
_HEARTBEAT_TTL_SECONDS: Final = 10


class CacheBase:
    """
    Base of caches; every method here is to be implemented.

    Keys are any text. Times to live are seconds as :func:`seconds_of` reads them. Values are what
    JSON can say, and come back as JSON has them: a tuple as a list. Those returned are the
    caller's own, and arguments are never changed. Every failure of a driver is raised as
    :class:`~cliquet.storage.exceptions.BackendError`.

    A cache never takes part in the transaction of a request: what was set stays set when the
    request is rolled back.

    Args:
        cache_prefix: Put before every key, so that applications can share a server.

    Attributes:
        prefix: That text.
    """

    def __init__(self, cache_prefix: str = "") -> None:
        self.prefix = cache_prefix

    def initialize_schema(self) -> None:
        """Create what the cache needs before it is used; running it again does no harm."""
        raise NotImplementedError

    def flush(self) -> None:
        """Delete every key of this cache, and nothing else."""
        raise NotImplementedError

    def ttl(self, key: str) -> float:
        """
        Return how long a key will live, in seconds with their fraction.

        Returns:
            -1 when there is no such key, or when it lives until it is deleted.
        """
        raise NotImplementedError

    def expire(self, key: str, ttl: float) -> None:
        """
        Let a key live for *ttl* seconds from now; without such a key, this is a no-op.

        A *ttl* of 0 or less deletes it.
        """
        raise NotImplementedError

    def set(self, key: str, value: Any, ttl: float | None = None) -> None:
        """
        Store a value under *key*, in the place of what was there and of its time to live.

        Args:
            key: Any text.
            value: What JSON can say. ``None`` is read as an absent key is.
            ttl: Seconds until it is forgotten; ``None``: it lives until it is deleted. With 0 or
                less nothing is stored, and what was there is gone.

        Raises:
            TypeError: JSON cannot say *value*, or *ttl* is no number; nothing is changed.
            ValueError: Likewise, of a text that is no Unicode, or NaN seconds.
        """
        raise NotImplementedError

    def get(self, key: str) -> Any:
        """Return the value under *key*; ``None`` when there is none, or none any more."""
        raise NotImplementedError

    def delete(self, key: str) -> None:
        """Delete a key; without such a key, this is a no-op."""
        raise NotImplementedError


def seconds_of(ttl: float) -> float:
    """
    Return a time to live as caches keep it: from 0, which is none, to the longest.

    Args:
        ttl: Seconds, integer or float, infinity too.

    Raises:
        TypeError: It is no number; True and False are none.
        ValueError: It is NaN.
    """
    if isinstance(ttl, bool) or not isinstance(ttl, int | float):
        raise TypeError(f"ttl = {ttl!r} should be a number of seconds")
    if isinstance(ttl, float) and math.isnan(ttl):
        raise ValueError("ttl = nan should be a number of seconds")
    return float(min(max(ttl, 0), LONGEST_TTL_SECONDS))


def heartbeat(backend: CacheBase) -> Callable[[Any], bool]:
    """
    Return a check of *backend* for ``registry.heartbeats``: it sets a key and gets it again.

    That key is the same each time and expires by itself: were it deleted, checks at one time would
    take it from each other. In read-only mode the backend is only read. A cache that does not
    give the value back makes the check false; a failure is raised, and the heartbeat view makes
    it false and logs it.

    Source: protocol P3.2.
    """

    def check(request: Any) -> bool:
        settings = request.registry.settings
        if settings.get("readonly", DEFAULT_SETTINGS["readonly"]):
            backend.get(_HEARTBEAT)
            return True
        backend.set(_HEARTBEAT, True, _HEARTBEAT_TTL_SECONDS)
        return backend.get(_HEARTBEAT) is True

    return check
