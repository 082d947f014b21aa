"""Sharing: caches of the same settings have the same content, those of other prefixes nothing."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from cliquet.testing.cache.base import CacheTests, load_cache
from cliquet.testing.cache.capabilities import SHARED
from cliquet.testing.kit import needs

#: Pairs of prefixes that a flush could take for one another: each begins alike, or is a pattern.
PREFIXES = [
    ("", "a"),
    ("a", "ab"),
    ("a", "a:"),
    ("a*", "ab"),
    ("a?", "ab"),
    ("[a]", "a"),
    ("a%", "ab"),
    ("a_", "ab"),
    ("a", "A"),
    ("a\\", "a\\*"),
    ("a:b", "a%3Ab"),
    ("é", "e\u0301"),
    ("p" * 300, "p" * 301),
    ("a b\n", "a b\r"),
]


class SharingTests(CacheTests):
    """Several caches on one server."""

    @needs(SHARED)
    def test_another_cache_of_the_same_settings_has_the_same(
        self, cache: Any, cache_settings: Mapping[str, Any]
    ) -> None:
        """What it deletes and flushes is gone for all."""
        another = load_cache(cache_settings)
        cache.set("key", 1, 60)
        assert (another.get("key"), another.ttl("key") > 50) == (1, True)
        another.delete("key")
        assert cache.get("key") is None
        cache.set("key", 2)
        another.flush()
        assert cache.get("key") is None
        cache.set("key", 3)
        assert another.get("key") == 3

    @needs(SHARED)
    def test_caches_of_two_prefixes_share_nothing(self, other: Callable[[str], Any]) -> None:
        """No method of one reaches the other, flush neither."""
        for pair in PREFIXES:
            caches = other(pair[0]), other(pair[1])
            for first, second in (caches, caches[::-1]):
                first.set("key", 1)
                second.set("key", 2)
                first.expire("key", 60)
                assert (first.get("key"), second.get("key"), second.ttl("key")) == (1, 2, -1)
                first.delete("key")
                assert second.get("key") == 2
                first.set("key", 1)
                first.flush()
                assert (first.get("key"), second.get("key")) == (None, 2), pair
                second.flush()

    @needs(SHARED)
    def test_where_a_prefix_ends_is_not_guessed(self, other: Callable[[str], Any]) -> None:
        """Keys that read alike with their prefixes are two."""
        first, second = other("a"), other("a:b")
        first.set(":b:c", 1)
        first.set("b:c", 1)
        second.set("c", 2)
        second.set(":c", 2)
        assert (first.get(":b:c"), first.get("b:c")) == (1, 1)
        first.flush()
        assert (second.get("c"), second.get(":c")) == (2, 2)
        second.flush()
