"""There is no room: on the disk of the storage, or in its memory."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import NamedTuple

import pytest

from cliquet.testing.servers import redis_server
from cliquet.testing.servers.fixtures import available
from tests.faults.checks import check_refusals
from tests.faults.clients import Client, wait_until
from tests.faults.conftest import Worker, on_postgresql, on_redis, on_sqlite
from tests.faults.disks import filled, limited_files, small_disk
from tests.faults.notes import Notes
from tests.faults.storages import OnRedis, OnSQLite, Storage

pytestmark = pytest.mark.slow


class Full(NamedTuple):
    """A storage, and what takes its room for as long as a block."""

    storage: Storage
    without_room: Callable[[Worker], AbstractContextManager[None]]


@contextmanager
def sqlite_on_a_full_disk(folder: Path) -> Iterator[Full]:
    with small_disk() as disk, on_sqlite(disk) as storage:
        yield Full(storage, lambda worker: filled(disk))


@contextmanager
def sqlite_with_a_limit_of_files(folder: Path) -> Iterator[Full]:
    with on_sqlite(folder) as storage:
        yield Full(storage, lambda worker: limited_files(worker.number))


@contextmanager
def postgresql_on_a_full_disk(folder: Path) -> Iterator[Full]:
    with small_disk() as disk, on_postgresql(folder) as storage:
        storage.keep_records_in(disk)
        yield Full(storage, lambda worker: filled(disk))


@contextmanager
def redis_on_a_full_disk(folder: Path) -> Iterator[Full]:
    with small_disk() as disk:
        # With "always" it would end, see below.
        options = ("--appendonly", "yes", "--appendfsync", "everysec")
        with available(redis_server(*options, parent=disk)) as server:
            yield Full(OnRedis(server), lambda worker: filled(disk))


@contextmanager
def redis_without_memory(folder: Path) -> Iterator[Full]:
    with on_redis(folder) as storage:
        yield Full(storage, lambda worker: storage.without_memory())


CASES = {
    case.__name__: case
    for case in (
        sqlite_on_a_full_disk,
        sqlite_with_a_limit_of_files,
        postgresql_on_a_full_disk,
        redis_on_a_full_disk,
        redis_without_memory,
    )
}


@pytest.fixture(params=list(CASES))
def full(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Full]:
    with CASES[request.param](tmp_path) as full:
        yield full


@pytest.fixture
def storage(full: Full) -> Storage:
    return full.storage


def test_without_room_writes_are_refused_and_reads_go_on(full, storage, start_worker):
    worker = start_worker()
    with Client(worker.port) as client:
        notes = Notes(client)
        assert all(notes.post(10_000) for _ in range(5))
        with full.without_room(worker):
            wait_until(lambda: not notes.post(10_000))
            # What little room is freed meanwhile is taken again, until not even that of the
            # heartbeat is left.
            wait_until(lambda: not notes.post() and not notes.is_alive())
            check_refusals([client.send("POST", "/several")])
            notes.check()
        wait_until(notes.post)
        assert notes.is_alive()
        notes.check()
    storage.check()
    if isinstance(storage, OnSQLite):
        assert str(storage.path) in worker.logged()
