"""Transactions: the writes of one request are kept together, or not at all."""

from __future__ import annotations

from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from pyramid.httpexceptions import HTTPConflict

from cliquet.testing.kit import needs
from cliquet.testing.storage.application import Application
from cliquet.testing.storage.base import StorageTests
from cliquet.testing.storage.capabilities import TRANSACTIONS
from cliquet.testing.storage.places import Place

FAILURES = {"an error": (ValueError, 500), "an answer that is raised": (HTTPConflict, 409)}


class TransactionTests(StorageTests):
    """Requests that write several records."""

    @pytest.fixture
    def log(self, storage: Any) -> Place:
        """Where a subscriber writes."""
        return Place(storage, collection_id="log")

    @needs(TRANSACTIONS)
    def test_the_writes_of_a_request_are_kept_together(
        self, storage: Any, storage_settings: Mapping[str, Any], log: Place
    ) -> None:
        """All of them, when it succeeds (P8.4)."""
        app = Application(storage_settings, storage, lambda event: [log.add(), log.add()])
        app.post(title="a")
        assert (len(app.entries()), log.count()) == (1, 2)

    @pytest.mark.parametrize(("error", "status"), FAILURES.values(), ids=FAILURES)
    @needs(TRANSACTIONS)
    def test_a_failure_undoes_all_writes_of_the_request(
        self,
        storage: Any,
        storage_settings: Mapping[str, Any],
        log: Place,
        error: type[Exception],
        status: int,
    ) -> None:
        """Its own, and those of subscribers; records, tombstones, timestamps (P8.4, P9.1)."""
        log.add(id="abc", n=1)
        before = log.everything()

        def write_and_fail(event: Any) -> None:
            log.put("abc", n=2)
            log.delete(object_id="abc")
            log.add()
            raise error

        app = Application(storage_settings, storage, write_and_fail)
        app.post(status=status, title="a")
        assert app.entries() == []
        assert log.everything() == before
        assert log.count() == 1

    @needs(TRANSACTIONS)
    def test_a_request_sees_its_own_writes(
        self, storage: Any, storage_settings: Mapping[str, Any], log: Place
    ) -> None:
        """Whatever it reads is read in its transaction (P8.4)."""
        found: list[Any] = []

        def write_and_read(event: Any) -> None:
            record = log.add(id="abc")
            found.extend([log.get(object_id="abc") == record, log.all() == [record]])
            found.append(log.get_page(limit=5).timestamp == record["last_modified"])

        Application(storage_settings, storage, write_and_read).post()
        assert found == [True, True, True]

    @needs(TRANSACTIONS)
    def test_others_see_nothing_before_the_request_is_over(
        self, storage: Any, storage_settings: Mapping[str, Any], log: Place
    ) -> None:
        """Neither records nor the timestamp that they will have (P5.7, P8.4)."""
        before = log.timestamp
        found: list[Any] = []

        def write_and_let_another_read(event: Any) -> None:
            log.add()
            with ThreadPoolExecutor(1) as pool:
                found.append(pool.submit(log.everything).result())

        Application(storage_settings, storage, write_and_let_another_read).post()
        assert found == [(before, [])]
        assert log.count() == 1

    @needs(TRANSACTIONS)
    def test_requests_after_a_failure_are_served(
        self, storage: Any, storage_settings: Mapping[str, Any], log: Place
    ) -> None:
        """Nothing is left of a transaction that was rolled back (P8.4)."""

        def fail(event: Any) -> None:
            log.add()
            raise ValueError

        failing = Application(storage_settings, storage, fail)
        for _ in range(3):
            failing.post(status=500)
        app = Application(storage_settings, storage, lambda event: log.add())
        app.post()
        assert (len(app.entries()), log.count()) == (1, 1)
