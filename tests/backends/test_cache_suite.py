"""Every cache keeps the contract."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest

from cliquet.testing.cache import CacheSuite


class TestMemory(CacheSuite):
    settings = {"cache_backend": "cliquet.cache.memory"}
    lacks = {"failures", "shared"}


class TestRedis(CacheSuite):
    unreachable_settings = {
        "cache_backend": "cliquet.cache.redis",
        "cache_url": "redis://127.0.0.1:1/0",
    }

    @pytest.fixture(scope="class")
    @classmethod
    def cache_settings(cls, cliquet_redis: str) -> Mapping[str, Any]:
        return {"cache_backend": "cliquet.cache.redis", "cache_url": cliquet_redis}


class TestPostgreSQL(CacheSuite):
    unreachable_settings = {
        "cache_backend": "cliquet.cache.postgresql",
        "cache_url": "postgresql://127.0.0.1:1/nowhere",
    }

    @pytest.fixture(scope="class")
    @classmethod
    def cache_settings(cls, cliquet_postgresql: str) -> Mapping[str, Any]:
        return {
            "storage_backend": "cliquet.storage.postgresql",
            "storage_url": cliquet_postgresql,
            "cache_backend": "cliquet.cache.postgresql",
            "cache_url": cliquet_postgresql,
        }


class TestSQLite(CacheSuite):
    unreachable_settings = {
        "cache_backend": "cliquet.cache.sqlite",
        "cache_url": "sqlite:////nowhere/at/all.sqlite",
    }

    @pytest.fixture(scope="class")
    @classmethod
    def cache_settings(cls, tmp_path_factory: pytest.TempPathFactory) -> Mapping[str, Any]:
        path = tmp_path_factory.mktemp("cache") / "records.sqlite"
        return {
            "storage_backend": "cliquet.storage.sqlite",
            "storage_url": f"sqlite:///{path}",
            "cache_backend": "cliquet.cache.sqlite",
        }


class TestMemcached(CacheSuite):
    unreachable_settings = {
        "cache_backend": "cliquet.cache.memcached",
        "cache_url": "memcached://127.0.0.1:1",
    }

    @pytest.fixture(scope="class")
    @classmethod
    def cache_settings(cls, cliquet_memcached: str) -> Mapping[str, Any]:
        return {"cache_backend": "cliquet.cache.memcached", "cache_url": cliquet_memcached}
