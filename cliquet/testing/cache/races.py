"""Races: threads and processes that use a few keys at one time."""

from __future__ import annotations

import multiprocessing
from collections.abc import Callable, Iterable, Iterator, Mapping
from concurrent.futures import Executor, Future, ProcessPoolExecutor, ThreadPoolExecutor
from random import Random
from typing import Any

import pytest

from cliquet.testing.cache.base import CacheTests, load_cache
from cliquet.testing.cache.capabilities import SHARED

KEYS = ["a", "b", "c"]

#: Seconds that the workers have, who may have to be started first.
TIMEOUT_SECONDS = 60

Task = Callable[[Any, int, int], Any]


def value_of(number: int) -> dict[str, Any]:
    """Return a value that tells when it is mixed with another."""
    return {"number": number, "same": [number] * 500}


def is_whole(value: Any) -> bool:
    """Tell whether a value is one of :func:`value_of`, or none."""
    return value is None or value == value_of(value["number"])


def replace(cache: Any, number: int, rounds: int) -> bool:
    """Set each key again and again; return whether all that was read was whole."""
    results = []
    for place in range(rounds):
        cache.set(KEYS[place % len(KEYS)], value_of(number), None if place % 2 else 60)
        results += [is_whole(cache.get(key)) for key in KEYS]
    return all(results)


def churn(cache: Any, number: int, rounds: int) -> bool:
    """Do everything, in an order of chance; return whether all that was read was whole."""
    random, results = Random(number), []
    for _ in range(rounds):
        key, ttl = random.choice(KEYS), random.choice([0.001, 0.01, 60, None, 0])
        act = random.choice(
            [
                lambda key=key, ttl=ttl: cache.set(key, value_of(number), ttl),
                lambda key=key, ttl=ttl: cache.expire(key, ttl or 0),
                lambda key=key: cache.delete(key),
                lambda key=key: cache.ttl(key),
                cache.flush,
            ]
        )
        act()
        results.append(is_whole(cache.get(key)))
    return all(results)


def in_process(task: Task, settings: Mapping[str, Any], number: int, rounds: int) -> Any:
    """Do a task with a cache of this process."""
    return task(load_cache(settings), number, rounds)


def _results(futures: Iterable[Future[Any]]) -> list[Any]:
    return [future.result(timeout=TIMEOUT_SECONDS) for future in list(futures)]


class RaceTests(CacheTests):
    """Nothing fails, nobody waits for ever, and no value is half another's."""

    @pytest.fixture(scope="class")
    @classmethod
    def process_pool(cls) -> Iterator[Executor]:
        """Processes that serve the whole class, once they are needed."""
        context = multiprocessing.get_context("spawn")
        with ProcessPoolExecutor(max(1, cls.processes), context) as pool:
            yield pool

    @pytest.fixture(params=["threads", "processes"])
    def run(
        self, request: pytest.FixtureRequest, cache: Any, cache_settings: Mapping[str, Any]
    ) -> Iterator[Callable[[Task], list[Any]]]:
        """Return a function that lets all workers do a task, and returns what each returned."""
        count, rounds = getattr(self, request.param), self.rounds
        if not count:
            pytest.skip(f"{request.param} are left out")
        if request.param == "threads":
            with ThreadPoolExecutor(count) as threads:
                yield lambda task: _results(
                    threads.submit(task, cache, number, rounds) for number in range(count)
                )
            return
        self.skip_without(SHARED)
        pool = request.getfixturevalue("process_pool")
        yield lambda task: _results(
            pool.submit(in_process, task, cache_settings, number, rounds) for number in range(count)
        )

    def test_of_racing_sets_one_whole_value_is_left(
        self, cache: Any, run: Callable[[Task], list[Any]]
    ) -> None:
        """None fails for a key that another has just made."""
        assert all(run(replace))
        assert all(cache.get(key)["same"] and is_whole(cache.get(key)) for key in KEYS)

    def test_whatever_others_do_no_operation_fails(
        self, cache: Any, run: Callable[[Task], list[Any]]
    ) -> None:
        """Values expire, are deleted and flushed meanwhile, and purges are done."""
        assert all(run(churn))
        cache.set("a", 1)
        assert cache.get("a") == 1
