"""The cache in memory, and the heartbeat of caches."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor, wait
from types import SimpleNamespace
from typing import Any

import pytest

from cliquet.cache import CacheBase, heartbeat
from cliquet.cache.memory import Cache, load_from_config


class Clock:
    """A clock that stands still until it is told to move."""

    def __init__(self) -> None:
        self.seconds = 1000.0

    def __call__(self) -> float:
        return self.seconds


@pytest.fixture
def clock() -> Clock:
    """Return the clock of the cache."""
    return Clock()


@pytest.fixture
def cache(clock: Clock) -> Cache:
    """Return a cache with room for three entries."""
    return Cache(max_entries=3, clock=clock)


def request(readonly: bool = False) -> Any:
    """Return a request of an application."""
    return SimpleNamespace(registry=SimpleNamespace(settings={"readonly": readonly}))


# Values.


@pytest.mark.parametrize("value", [0, "", False, [], {}, 2**70, 1.5, {"a": [{"b": None}]}])
def test_a_value_comes_back_as_it_was(cache: Cache, value: object) -> None:
    cache.set("key", value)
    assert cache.get("key") == value


def test_an_absent_key_is_none(cache: Cache) -> None:
    assert cache.get("key") is None


def test_a_cache_needs_no_arguments() -> None:
    cache = Cache()
    assert cache.prefix == Cache(cache_prefix="").prefix
    cache.initialize_schema()
    cache.set("key", 1, 60)
    assert cache.get("key") == 1


def test_changing_what_was_set_leaves_the_cache_alone(cache: Cache) -> None:
    value = {"list": [1]}
    cache.set("key", value)
    value["list"].append(2)
    assert cache.get("key") == {"list": [1]}


def test_changing_what_was_got_leaves_the_cache_alone(cache: Cache) -> None:
    cache.set("key", {"list": [1]})
    cache.get("key")["list"].append(2)
    assert cache.get("key") == {"list": [1]}


def test_a_deleted_key_is_gone(cache: Cache) -> None:
    cache.set("key", 1)
    cache.delete("key")
    assert cache.get("key") is None


def test_deleting_an_absent_key_does_nothing(cache: Cache) -> None:
    cache.set("key", 1)
    cache.delete("other")
    assert cache.get("key") == 1


def test_flush_deletes_every_key(cache: Cache) -> None:
    cache.set("a", 1)
    cache.set("b", 1, 60)
    cache.flush()
    assert (cache.get("a"), cache.get("b"), cache.ttl("b")) == (None, None, -1)


def test_a_deadline_from_before_a_flush_does_not_concern_the_key_set_after_it(
    cache: Cache, clock: Clock
) -> None:
    cache.set("key", 1, 5)
    cache.flush()
    cache.set("key", 2)
    clock.seconds += 6
    cache.set("other", 1)
    assert cache.get("key") == 2


def test_keys_under_another_prefix_are_other_keys(cache: Cache) -> None:
    cache.set("key", 1)
    cache.prefix = "app:"
    assert cache.get("key") is None


# Times to live.


def test_a_value_is_served_until_its_time_is_over(cache: Cache, clock: Clock) -> None:
    cache.set("key", 1, 0.5)
    clock.seconds += 0.25
    assert cache.get("key") == 1
    clock.seconds += 0.25
    assert cache.get("key") is None


def test_ttl_is_what_is_left_in_seconds_with_their_fraction(cache: Cache, clock: Clock) -> None:
    cache.set("key", 1, 3600)
    clock.seconds += 0.25
    assert cache.ttl("key") == 3599.75


def test_ttl_is_minus_one_for_keys_that_never_expire_or_are_not_there(
    cache: Cache, clock: Clock
) -> None:
    cache.set("for ever", 1)
    cache.set("expired", 1, 1)
    clock.seconds += 1
    assert [cache.ttl(key) for key in ("for ever", "expired", "absent")] == [-1, -1, -1]


def test_expire_gives_a_key_another_time_to_live(cache: Cache, clock: Clock) -> None:
    cache.set("key", 1, 5)
    cache.expire("key", 10)
    clock.seconds += 6
    assert (cache.get("key"), cache.ttl("key")) == (1, 4)


def test_expire_does_not_bring_back_what_has_expired(cache: Cache, clock: Clock) -> None:
    cache.set("key", 1, 5)
    clock.seconds += 5
    cache.expire("key", 10)
    assert cache.get("key") is None


def test_expire_of_an_absent_key_makes_none(cache: Cache) -> None:
    cache.expire("key", 10)
    assert (cache.get("key"), cache.ttl("key")) == (None, -1)


@pytest.mark.parametrize("ttl", [0, -1])
def test_a_value_without_time_to_live_is_not_kept_nor_what_was_there(
    cache: Cache, ttl: int
) -> None:
    cache.set("key", 1)
    cache.set("key", 2, ttl)
    assert cache.get("key") is None


@pytest.mark.parametrize("ttl", [0, -1])
def test_expire_at_once_deletes(cache: Cache, ttl: int) -> None:
    cache.set("key", 1)
    cache.expire("key", ttl)
    assert cache.get("key") is None


def test_setting_again_forgets_the_time_to_live_of_before(cache: Cache, clock: Clock) -> None:
    cache.set("key", 1, 5)
    cache.set("key", 2)
    clock.seconds += 6
    cache.set("other", 1)
    assert (cache.get("key"), cache.ttl("key")) == (2, -1)


# Room. (lesson 38)


def test_beyond_max_entries_the_entry_set_longest_ago_goes(cache: Cache) -> None:
    for key in "abcd":
        cache.set(key, 1)
    assert [cache.get(key) for key in "abcd"] == [None, 1, 1, 1]


def test_an_entry_that_was_read_stays_before_those_that_were_not(cache: Cache) -> None:
    for key in "abc":
        cache.set(key, 1)
    cache.get("a")
    cache.set("d", 1)
    assert [cache.get(key) for key in "abcd"] == [1, None, 1, 1]


def test_setting_a_key_again_takes_no_room(cache: Cache) -> None:
    for key in "abcccc":
        cache.set(key, 1, 60)
    assert [cache.get(key) for key in "abc"] == [1, 1, 1]


def test_expired_entries_make_room_before_live_ones(cache: Cache, clock: Clock) -> None:
    cache.set("live", 1)
    cache.set("x", 1, 1)
    cache.set("y", 1, 2)
    clock.seconds += 2
    cache.set("z", 1)
    cache.set("new", 1)
    assert cache.get("live") == 1


def test_an_entry_pushed_out_takes_its_deadline_with_it(cache: Cache, clock: Clock) -> None:
    cache.set("a", 1, 5)
    for key in "bcd":
        cache.set(key, 1)
    cache.set("a", 2)
    clock.seconds += 6
    cache.set("b", 1)
    assert cache.get("a") == 2


def test_an_entry_that_expires_at_once_takes_no_room(cache: Cache) -> None:
    for key in "abc":
        cache.set(key, 1)
    cache.set("d", 1, 0)
    assert [cache.get(key) for key in "abc"] == [1, 1, 1]


@pytest.mark.parametrize(
    ("method", "arguments"),
    [("get", ("key",)), ("ttl", ("key",)), ("set", ("key", 1, 5)), ("expire", ("key", 5))],
)
@pytest.mark.parametrize("intruder", [lambda cache: cache.delete("key"), Cache.flush])
def test_no_other_thread_comes_between_the_steps_of_an_operation(
    method: str, arguments: tuple[Any, ...], intruder: Callable[[Cache], None]
) -> None:
    early: set[Future[None]] = set()

    def clock() -> float:
        # Asked for in the middle of an operation; nothing is done before it ends.
        early.update(wait([pool.submit(intruder, cache)], timeout=0.05).done)
        return 1000.0

    cache = Cache(clock=clock)
    with ThreadPoolExecutor() as pool:
        getattr(cache, method)(*arguments)
    assert early == set()


# Settings.


def test_load_from_config_reads_the_prefix_and_the_room() -> None:
    settings = {"cache_prefix": "app:", "cache_max_entries": 1}
    cache = load_from_config(SimpleNamespace(get_settings=lambda: settings))
    cache.set("a", 1)
    cache.set("b", 1)
    assert (cache.prefix, cache.get("a"), cache.get("b")) == ("app:", None, 1)


def test_load_from_config_does_without_settings() -> None:
    cache = load_from_config(SimpleNamespace(get_settings=dict))
    cache.set("a", 1)
    assert (cache.prefix, cache.get("a")) == ("", 1)


# Heartbeat. (protocol P3.2)


class Forgetful(Cache):
    """A cache that keeps nothing."""

    def set(self, key: str, value: Any, ttl: float | None = None) -> None:
        """Keep nothing."""


class ReadOnly(Cache):
    """A cache on a server that takes no writes."""

    def set(self, key: str, value: Any, ttl: float | None = None) -> None:
        """Refuse."""
        raise OSError("read-only")


def test_the_heartbeat_is_true_when_the_cache_gives_back_what_was_set(cache: Cache) -> None:
    assert heartbeat(cache)(request()) is True


def test_the_heartbeat_is_false_when_the_cache_loses_what_was_set() -> None:
    assert heartbeat(Forgetful())(request()) is False


def test_the_heartbeat_leaves_one_key_at_most_and_that_expires(cache: Cache, clock: Clock) -> None:
    check = heartbeat(cache)
    cache.set("a", 1)
    cache.set("b", 1)
    assert [check(request()) for _ in range(3)] == [True] * 3
    assert (cache.get("a"), cache.get("b")) == (1, 1)
    clock.seconds += 60
    assert cache.get("__heartbeat__") is None


def test_the_heartbeat_only_reads_in_read_only_mode() -> None:
    assert heartbeat(ReadOnly())(request(readonly=True)) is True


def test_the_heartbeat_raises_what_the_cache_raises() -> None:
    with pytest.raises(OSError, match="read-only"):
        heartbeat(ReadOnly())(request())


@pytest.mark.parametrize(
    ("method", "arguments"),
    [
        ("initialize_schema", ()),
        ("flush", ()),
        ("ttl", ("key",)),
        ("expire", ("key", 1)),
        ("set", ("key", 1)),
        ("get", ("key",)),
        ("delete", ("key",)),
    ],
)
def test_the_base_leaves_every_method_to_backends(method: str, arguments: tuple[Any, ...]) -> None:
    with pytest.raises(NotImplementedError):
        getattr(CacheBase(), method)(*arguments)
