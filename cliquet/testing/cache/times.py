"""Times to live: hours and fractions of seconds, kept to the moment."""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from typing import Any

import pytest

from cliquet.testing.cache.base import CacheTests

#: How exact clocks are, and how far a client's may be from its server's within a test.
PRECISION_SECONDS = 0.05
MINUTE, HOUR, DAY = 60, 3600, 24 * 3600


def until_gone(cache: Any, key: str) -> None:
    """Wait until a key that was given a moment has expired, by what the cache says of it."""
    late = time.monotonic() + 1
    asked = 0.0
    while cache.ttl(key) != -1:
        assert asked < late, f"{key!r} does not expire"
        time.sleep(0.001)
        asked = time.monotonic()


def check_ttl(cache: Any, key: str, ttl: float, act: Callable[[], None]) -> None:
    """Check that a key has *ttl* seconds to live once *act* was done."""
    begin = time.monotonic()
    act()
    found = cache.ttl(key)
    passed = time.monotonic() - begin
    assert ttl - passed - PRECISION_SECONDS <= found <= ttl + PRECISION_SECONDS


class TimeTests(CacheTests):
    """When a key is there no more."""

    @pytest.mark.parametrize(
        "ttl", [0.7, 2, MINUTE + 0.5, HOUR, 29 * DAY, 31 * DAY, 400 * DAY, 30_000 * DAY]
    )
    def test_ttl_is_what_is_left_in_seconds_with_their_fraction(
        self, cache: Any, ttl: float
    ) -> None:
        """Neither minutes nor months are lost."""
        check_ttl(cache, "key", ttl, lambda: cache.set("key", 1, ttl))
        assert cache.get("key") == 1

    def test_ttl_is_minus_one_for_keys_that_never_expire_or_are_not_there(self, cache: Any) -> None:
        """Those that expired among them."""
        cache.set("for ever", 1)
        cache.set("expired", 1, 0.01)
        until_gone(cache, "expired")
        assert [cache.ttl(key) for key in ("for ever", "absent")] == [-1, -1]
        assert (cache.get("for ever"), cache.get("expired")) == (1, None)

    @pytest.mark.parametrize("is_set_by", ["set", "expire"])
    def test_a_value_is_served_until_its_time_is_over(self, cache: Any, is_set_by: str) -> None:
        """Not before, and not after; reading prolongs nothing."""
        begin = time.monotonic()
        if is_set_by == "set":
            cache.set("key", 1, 0.3)
        else:
            cache.set("key", 1)
            cache.expire("key", 0.3)
        end = time.monotonic()
        asked = begin
        while cache.get("key") == 1:
            assert asked <= end + 0.3 + PRECISION_SECONDS
            time.sleep(0.001)
            asked = time.monotonic()
        assert time.monotonic() >= begin + 0.3 - PRECISION_SECONDS

    @pytest.mark.parametrize("before", [None, 5, 2 * HOUR])
    def test_expire_gives_a_key_another_time_to_live(self, cache: Any, before: float) -> None:
        """From now on, and whatever it had; the value stays."""
        cache.set("key", {"a": 2**70}, before)
        check_ttl(cache, "key", HOUR, lambda: cache.expire("key", HOUR))
        assert cache.get("key") == {"a": 2**70}

    def test_expire_makes_no_key(self, cache: Any) -> None:
        """Neither of one that was never there, nor of one that has expired."""
        cache.set("expired", 1, 0.01)
        until_gone(cache, "expired")
        for key in ("absent", "expired"):
            cache.expire(key, HOUR)
            assert (cache.get(key), cache.ttl(key)) == (None, -1)

    @pytest.mark.parametrize("ttl", [0, -1, -0.5])
    def test_expire_at_once_deletes(self, cache: Any, ttl: float) -> None:
        """With 0 or less."""
        cache.set("key", 1, HOUR)
        cache.expire("key", ttl)
        assert (cache.get("key"), cache.ttl("key")) == (None, -1)

    @pytest.mark.parametrize("ttl", [0, -1, -0.5])
    def test_a_value_without_time_to_live_is_not_kept_nor_what_was_there(
        self, cache: Any, ttl: float
    ) -> None:
        """With 0 or less."""
        cache.set("key", 1)
        cache.set("key", 2, ttl)
        assert (cache.get("key"), cache.ttl("key")) == (None, -1)

    @pytest.mark.parametrize(
        "ttl", [1e16, 1e300, 10**400, math.inf], ids=["1e16", "1e300", "10**400", "inf"]
    )
    def test_a_time_beyond_all_others_is_the_longest(self, cache: Any, ttl: float) -> None:
        """A hundred years, or what a cache of your own can keep."""
        cache.set("key", 1, ttl)
        cache.set("other", 1)
        cache.expire("other", ttl)
        assert (cache.get("key"), cache.get("other")) == (1, 1)
        assert 30_000 * DAY < min(cache.ttl("key"), cache.ttl("other")) < math.inf

    @pytest.mark.parametrize("ttl", [True, False, math.nan, "5"])
    def test_what_is_no_number_of_seconds_is_refused_and_changes_nothing(
        self, cache: Any, ttl: Any
    ) -> None:
        """By ``TypeError``; NaN by ``ValueError``."""
        cache.set("key", 1, HOUR)
        with pytest.raises((TypeError, ValueError)):
            cache.set("key", 2, ttl)
        with pytest.raises((TypeError, ValueError)):
            cache.expire("key", ttl)
        assert (cache.get("key"), cache.ttl("key") > MINUTE) == (1, True)

    def test_setting_again_forgets_the_time_to_live_of_before(self, cache: Any) -> None:
        """It lives until it is deleted."""
        cache.set("key", 1, 0.05)
        cache.set("beside", 1, 0.05)
        cache.set("key", 2)
        assert cache.ttl("key") == -1
        until_gone(cache, "beside")
        # Writes may purge.
        cache.set("other", 1)
        assert cache.get("key") == 2

    def test_a_key_that_expired_can_be_set_again(self, cache: Any) -> None:
        """As if it had never been."""
        cache.set("key", 1, 0.01)
        until_gone(cache, "key")
        cache.set("key", 2)
        assert (cache.get("key"), cache.ttl("key")) == (2, -1)
