"""The fixtures: one server a run of tests, or a test that says why there is none."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager
from typing import TypeVar

import pytest

from cliquet.testing.servers.cluster import redis_cluster
from cliquet.testing.servers.memcachedserver import MEMCACHED_VARIABLE, memcached
from cliquet.testing.servers.postgres import POSTGRESQL_VARIABLE, postgresql
from cliquet.testing.servers.programs import ServerUnavailable
from cliquet.testing.servers.redisserver import REDIS_VARIABLE, redis

T = TypeVar("T")


@pytest.fixture(scope="session")
def cliquet_postgresql() -> Iterator[str]:
    """URL of a PostgreSQL for the run of tests."""
    with available(postgresql(), POSTGRESQL_VARIABLE) as url:
        yield url


@pytest.fixture(scope="session")
def cliquet_redis() -> Iterator[str]:
    """URL of a Redis for the run of tests."""
    with available(redis(), REDIS_VARIABLE) as url:
        yield url


@pytest.fixture(scope="session")
def cliquet_redis_cluster() -> Iterator[str]:
    """URL of a cluster of Redis, of three nodes, for the run of tests."""
    with available(redis_cluster()) as cluster:
        yield cluster.url


@pytest.fixture(scope="session")
def cliquet_memcached() -> Iterator[str]:
    """URL of a memcached for the run of tests."""
    with available(memcached(), MEMCACHED_VARIABLE, in_wheels=False) as url:
        yield url


@contextmanager
def available(
    server: AbstractContextManager[T], variable: str = "CI", *, in_wheels: bool = True
) -> Iterator[T]:
    """
    Run a server; where there is none the test is skipped, or fails if one was promised.

    Args:
        server: Runs it.
        variable: That of the environment which names one; ``CI`` promises any that is in wheels.
        in_wheels: Whether this one is.
    """
    with ExitStack() as stack:
        try:
            running = stack.enter_context(server)
        except ServerUnavailable as error:
            if os.environ.get(variable) or (in_wheels and os.environ.get("CI")):
                pytest.fail(str(error))
            pytest.skip(str(error))
        yield running
