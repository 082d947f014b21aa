"""PostgreSQL through a crash of the server."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator

import pytest

from cliquet.storage.exceptions import BackendError
from cliquet.testing import servers
from tests.backends.writers import open_storage


@pytest.fixture
def server() -> Iterator[servers.PostgreSQLServer]:
    with servers.postgresql_server() as server:
        yield server


@pytest.mark.slow
def test_what_was_acknowledged_survives_a_crash_of_the_server(server):
    storage = open_storage(server.url)
    storage.initialize_schema()
    acknowledged: list[str] = []
    failures: list[float] = []
    stop = threading.Event()

    def write() -> None:
        while not stop.is_set():
            try:
                acknowledged.append(storage.create("log", "u", {})["id"])
            except BackendError:
                failures.append(time.monotonic())

    threads = [threading.Thread(target=write) for _ in range(4)]
    for thread in threads:
        thread.start()
    while len(acknowledged) < 100:
        time.sleep(0.01)
    server.kill()
    server.start()
    returned = time.monotonic()
    before = len(acknowledged)
    while len(acknowledged) < before + 100:
        time.sleep(0.01)
    resumed = time.monotonic() - returned
    stop.set()
    for thread in threads:
        thread.join(10)
    stored, _ = storage.get_all("log", "u")
    assert set(acknowledged) <= {record["id"] for record in stored}
    assert failures
    assert resumed < 5
