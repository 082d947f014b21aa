"""Failures: what a driver raises is the error of the contract, and comes in time."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

import pytest

from cliquet.storage.exceptions import BackendError, RecordNotFoundError, UnicityError
from cliquet.testing.kit import needs
from cliquet.testing.storage.base import StorageTests, load_storage
from cliquet.testing.storage.capabilities import FAILURES
from cliquet.testing.storage.places import Place

CALLS: dict[str, Callable[[Place], Any]] = {
    "flush": lambda place: place.storage.flush(),
    "collection_timestamp": lambda place: place.timestamp,
    "create": lambda place: place.add(),
    "create, unique": lambda place: place.create(record={"u": 1}, unique_fields=["u"]),
    "get": lambda place: place.get(object_id="abc"),
    "update": lambda place: place.put("abc"),
    "delete": lambda place: place.delete(object_id="abc"),
    "delete_all": lambda place: place.delete_all(),
    "purge_deleted": lambda place: place.purge_deleted(),
    "get_all": lambda place: place.all(),
    "get_page": lambda place: place.get_page(limit=1),
}


class FailureTests(StorageTests):
    """A server that is away."""

    @pytest.mark.parametrize("call", CALLS.values(), ids=CALLS)
    @needs(FAILURES)
    def test_a_server_that_is_away_is_a_backend_error_in_time(
        self, call: Callable[[Place], Any]
    ) -> None:
        """With the driver's own error in it, for the log (P2.7)."""
        assert self.unreachable_settings, "unreachable_settings are needed, or lacks = {'failures'}"
        place = Place(load_storage(self.unreachable_settings))
        begin = time.monotonic()
        with pytest.raises(BackendError) as caught:
            call(place)
        assert time.monotonic() - begin < self.failure_seconds
        assert isinstance(caught.value.original, Exception)
        assert not isinstance(caught.value, (RecordNotFoundError, UnicityError))
