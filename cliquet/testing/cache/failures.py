"""Failures: what a driver raises is the error of the contract, and comes in time."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

import pytest

from cliquet.exceptions import BackendError
from cliquet.testing.cache.base import CacheTests, load_cache
from cliquet.testing.cache.capabilities import FAILURES
from cliquet.testing.kit import needs

CALLS: dict[str, Callable[[Any], Any]] = {
    "flush": lambda cache: cache.flush(),
    "ttl": lambda cache: cache.ttl("key"),
    "expire": lambda cache: cache.expire("key", 60),
    "set": lambda cache: cache.set("key", 1),
    "set, for a time": lambda cache: cache.set("key", 1, 60),
    "get": lambda cache: cache.get("key"),
    "delete": lambda cache: cache.delete("key"),
}


class FailureTests(CacheTests):
    """A server that is away."""

    @needs(FAILURES)
    def test_a_server_that_is_away_is_a_backend_error_in_time(self) -> None:
        """With the driver's own error in it, for the log (P2.7)."""
        assert self.unreachable_settings, "unreachable_settings are needed, or lacks = {'failures'}"
        for name, call in CALLS.items():
            begin = time.monotonic()
            with pytest.raises(BackendError) as caught:
                # A cache that looks for its server at once may fail at once.
                call(load_cache(self.unreachable_settings))
            assert time.monotonic() - begin < self.failure_seconds, name
            assert isinstance(caught.value.original, Exception)
