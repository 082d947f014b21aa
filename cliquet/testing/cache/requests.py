"""Requests: a cache is outside of their transactions, and tells heartbeats how it is."""

from __future__ import annotations

import time
from collections.abc import Mapping
from types import SimpleNamespace
from typing import Any

import pytest

from cliquet.cache import heartbeat
from cliquet.logs import logger
from cliquet.storage import schemas
from cliquet.testing.cache.base import CacheTests
from cliquet.testing.storage.application import Application
from cliquet.testing.storage.base import load_storage

_STORAGE = {"storage_backend": "cliquet.storage.memory"}


class RequestTests(CacheTests):
    """Requests that write to the storage of the settings, and to the cache."""

    @pytest.fixture(scope="class")
    @classmethod
    def storage(cls, cache_settings: Mapping[str, Any]) -> Any:
        """Storage of the settings, ready to be used."""
        storage = load_storage({**_STORAGE, **cache_settings})
        schemas.initialize(storage, schemas.Declared(), tell=logger.info)
        storage.flush()
        return storage

    def test_what_was_set_stays_when_the_request_is_rolled_back(
        self, cache: Any, cache_settings: Mapping[str, Any], storage: Any
    ) -> None:
        """And it is there for others before (P8.4)."""

        def set_and_fail(event: Any) -> None:
            cache.set("key", 1, 60)
            raise ValueError

        app = Application({**_STORAGE, **cache_settings}, storage, set_and_fail)
        app.post(status=500)
        assert cache.get("key") == 1

    def test_a_request_that_has_written_does_not_wait_for_itself(
        self, cache: Any, cache_settings: Mapping[str, Any], storage: Any
    ) -> None:
        """The cache has locks of its own."""
        seconds: list[float] = []

        def use_all(event: Any) -> None:
            begin = time.monotonic()
            cache.set("key", 1)
            cache.expire("key", 60)
            assert cache.get("key") == 1
            assert cache.ttl("key") > 0
            cache.delete("key")
            cache.flush()
            seconds.append(time.monotonic() - begin)

        Application({**_STORAGE, **cache_settings}, storage, use_all).post()
        assert seconds[0] < 2

    @pytest.mark.parametrize("readonly", [False, True])
    def test_the_heartbeat_of_a_sound_cache_is_true(self, cache: Any, readonly: bool) -> None:
        """And it leaves no key for ever (P3.2)."""
        settings = {"readonly": readonly}
        request = SimpleNamespace(registry=SimpleNamespace(settings=settings))
        assert heartbeat(cache)(request) is True
        assert (cache.ttl("__heartbeat__") > 0) is not readonly
