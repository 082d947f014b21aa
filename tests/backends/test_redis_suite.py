"""The storage in Redis keeps the contract: on one node, in a cluster, and under load."""

from __future__ import annotations

from typing import Any

import pytest

from cliquet.testing.storage import PollTests, RaceTests, StorageSuite

BACKEND = "cliquet.storage.redis"


class Redis:
    """How the storage is made."""

    @pytest.fixture(scope="class")
    @classmethod
    def storage_settings(cls, cliquet_redis: str) -> dict[str, Any]:
        return {"storage_backend": BACKEND, "storage_url": cliquet_redis}


class TestRedis(Redis, StorageSuite):
    lacks = frozenset({"transactions"})
    unreachable_settings = {"storage_backend": BACKEND, "storage_url": "redis://127.0.0.1:1/0"}


@pytest.mark.slow
class TestRedisCluster(StorageSuite):
    lacks = frozenset({"transactions"})
    unreachable_settings = {
        "storage_backend": BACKEND,
        "storage_url": "redis://127.0.0.1:1,127.0.0.1:2/?cluster=true",
    }
    examples = 20

    @pytest.fixture(scope="class")
    @classmethod
    def storage_settings(cls, cliquet_redis_cluster: str) -> dict[str, Any]:
        return {"storage_backend": BACKEND, "storage_url": cliquet_redis_cluster}


@pytest.mark.slow
class TestRedisUnderLoad(Redis, RaceTests, PollTests):
    threads = 0
    processes = 8
    increments = 200
    rounds = 100
    poll_seconds = 4
