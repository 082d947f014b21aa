"""
The conformance suite of caches: one test for each clause of the contract.

Whoever writes a cache subclasses :class:`CacheSuite` in a test module, says how the cache is made,
and what it lacks::

    from cliquet.testing.cache import CacheSuite


    class TestAcme(CacheSuite):
        settings = {"cache_backend": "acme.cache", "cache_url": "acme://localhost/test"}
        unreachable_settings = {"cache_backend": "acme.cache", "cache_url": "acme://nowhere/"}

The cache is flushed before each test: it should hold nothing that is missed.
"""
# ruff: noqa: E402  (imports follow what has to come before them)

from __future__ import annotations

import pkgutil

import pytest

# So that every failure shows what was compared: pytest rewrites what is imported later.
pytest.register_assert_rewrite(
    *(f"{__name__}.{one.name}" for one in pkgutil.iter_modules(__path__))
)

from cliquet.testing.cache.base import CacheTests
from cliquet.testing.cache.races import RaceTests
from cliquet.testing.cache.suite import CacheSuite

__all__ = ["CacheSuite", "CacheTests", "RaceTests"]
