"""The storage in PostgreSQL keeps the contract, and keeps it under load."""

from __future__ import annotations

import os
from collections.abc import Iterator
from typing import Any

import psycopg2
import pytest

from cliquet.testing.storage import PollTests, RaceTests, StorageSuite

BACKEND = "cliquet.storage.postgresql"


class PostgreSQL:
    """How the storage is made: in a database of its own, which other tests do not flush."""

    @pytest.fixture(scope="class")
    @classmethod
    def storage_settings(cls, cliquet_postgresql: str) -> Iterator[dict[str, Any]]:
        # Workers of pytest-xdist may share the server.
        name = f"conformance_{os.getpid()}"
        connection = psycopg2.connect(cliquet_postgresql)
        connection.autocommit = True
        with connection.cursor() as cursor:
            cursor.execute(f"CREATE DATABASE {name}")
            url = f"{cliquet_postgresql.rpartition('/')[0]}/{name}"
            yield {"storage_backend": BACKEND, "storage_url": url}
            cursor.execute(f"DROP DATABASE {name} WITH (FORCE)")
        connection.close()


class TestPostgreSQL(PostgreSQL, StorageSuite):
    unreachable_settings = {
        "storage_backend": BACKEND,
        "storage_url": "postgresql://nobody@127.0.0.1:1/nothing",
    }


@pytest.mark.slow
class TestPostgreSQLUnderLoad(PostgreSQL, RaceTests, PollTests):
    threads = 0
    processes = 8
    increments = 200
    rounds = 100
    poll_seconds = 4
