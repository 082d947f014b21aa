"""PostgreSQL under several processes, and through a crash of the server."""

from __future__ import annotations

import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from typing import Any

import pytest

from cliquet.query import COMPARISON
from cliquet.storage import Filter, Sort
from cliquet.storage.exceptions import BackendError
from cliquet.storage.postgresql import Storage
from cliquet.testing import servers
from tests.backends.writers import open_storage

PROCESSES, TIMES = 8, 200
WRITERS, SECONDS = 6, 5


@pytest.fixture
def storage(cliquet_postgresql: str) -> Storage:
    storage = open_storage(cliquet_postgresql)
    storage.initialize_schema()
    storage.flush()
    return storage


def started(*arguments: Any) -> subprocess.Popen[str]:
    command = [sys.executable, "-m", "tests.backends.writers", *map(str, arguments)]
    return subprocess.Popen(command, stdout=subprocess.PIPE, text=True)


@pytest.mark.slow
def test_processes_that_increment_lose_no_update(storage, cliquet_postgresql):  # P5.6
    storage.create("counter", "u", {"id": "one", "n": 0})
    processes = [started("increment", cliquet_postgresql, TIMES) for _ in range(PROCESSES)]
    assert [process.communicate(timeout=120)[0] for process in processes] == [""] * PROCESSES
    assert storage.get("counter", "u", "one")["n"] == PROCESSES * TIMES


@pytest.mark.slow
def test_a_poller_misses_no_change_and_sees_no_equal_timestamps(  # P5.7
    storage, cliquet_postgresql
):
    since = storage.collection_timestamp("log", "u")
    processes = [started("create", cliquet_postgresql, SECONDS) for _ in range(WRITERS)]
    seen: list[int] = []
    is_running = True
    while is_running:
        is_running = any(process.poll() is None for process in processes)
        page = storage.get_page(
            "log",
            "u",
            10_000,
            filters=[Filter("last_modified", since, COMPARISON.GT)],
            sorting=[Sort("last_modified", 1), Sort("id", 1)],
        )
        seen += [record["last_modified"] for record in page.records]
        since = page.timestamp
    written = sum(int(process.communicate()[0]) for process in processes)
    assert len(seen) == written > 0
    assert len(set(seen)) == written


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
