"""What the parts of the suite share: caches made from settings, and what they lack."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, ClassVar

import pytest

from cliquet.testing.cache.capabilities import CAPABILITIES
from cliquet.testing.kit import KitTests, load_backend


class CacheTests(KitTests):
    """
    Base of the parts of the suite.

    Attributes:
        settings: Those of an application, with ``cache_backend`` and what it reads besides. With
            a ``storage_backend``, the requests of the suite write to that storage.
        unreachable_settings: Likewise, of a cache whose server is not there.
        threads: How many race; without any, such races are left out.
        processes: Likewise.
        rounds: How much each of them does.

    The others are those of :class:`~cliquet.testing.kit.KitTests`.
    """

    subject = "cache"
    capabilities = CAPABILITIES
    examples = 30

    settings: ClassVar[Mapping[str, Any]] = {}
    unreachable_settings: ClassVar[Mapping[str, Any] | None] = None
    threads: ClassVar[int] = 8
    processes: ClassVar[int] = 2
    rounds: ClassVar[int] = 50

    @pytest.fixture(scope="class")
    @classmethod
    def cache_settings(cls) -> Mapping[str, Any]:
        """Settings of the cache; override it where a URL comes from another fixture."""
        return cls.settings

    @pytest.fixture(scope="class")
    @classmethod
    def initialized_cache(cls, cache_settings: Mapping[str, Any]) -> Any:
        """Cache that serves the whole class."""
        cache = load_cache(cache_settings)
        cache.initialize_schema()
        return cache

    @pytest.fixture
    def cache(self, initialized_cache: Any) -> Any:
        """Initialized, empty cache."""
        initialized_cache.flush()
        return initialized_cache

    @pytest.fixture
    def other(self, cache_settings: Mapping[str, Any]) -> Callable[[str], Any]:
        """Return a function that makes a cache of the same settings, but for its prefix."""

        def make(prefix: str) -> Any:
            made = load_cache({**cache_settings, "cache_prefix": prefix})
            made.initialize_schema()
            return made

        return make


def load_cache(given: Mapping[str, Any]) -> Any:
    """Return the cache that an application with these settings would have."""
    return load_backend("cache", given)


def shown(value: Any) -> str:
    """Return what tells a JSON value from all others: 1 from 1.0 and True, to the last digit."""
    return repr(value)
