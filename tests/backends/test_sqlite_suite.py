"""The storage in a file of SQLite keeps the contract, and keeps it under load."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest

from cliquet.testing.storage import PollTests, RaceTests, StorageSuite

BACKEND = "cliquet.storage.sqlite"


class SQLite:
    """How the storage is made: in a file of its own."""

    @pytest.fixture(scope="class")
    @classmethod
    def storage_settings(cls, tmp_path_factory: pytest.TempPathFactory) -> Mapping[str, Any]:
        path = tmp_path_factory.mktemp("storage") / "records.sqlite"
        return {"storage_backend": BACKEND, "storage_url": f"sqlite:///{path}"}


class TestSQLite(SQLite, StorageSuite):
    unreachable_settings = {
        "storage_backend": BACKEND,
        "storage_url": "sqlite:////nowhere/at/all.sqlite",
    }


@pytest.mark.slow
class TestSQLiteUnderLoad(SQLite, RaceTests, PollTests):
    threads = 0
    processes = 8
    increments = 200
    rounds = 100
    poll_seconds = 4
