"""A Redis that writes each command to disk at once ends when the disk is full."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from cliquet.testing.servers import redis_server
from cliquet.testing.servers.fixtures import available
from tests.faults.clients import Client, wait_until
from tests.faults.disks import filled, small_disk
from tests.faults.notes import Notes
from tests.faults.storages import OnRedis

pytestmark = pytest.mark.slow


@pytest.fixture
def disk() -> Iterator[Path]:
    with small_disk() as disk:
        yield disk


@pytest.fixture
def storage(disk: Path) -> Iterator[OnRedis]:
    with available(redis_server(is_persistent=True, parent=disk)) as server:
        yield OnRedis(server)


def test_what_was_acknowledged_is_there_when_redis_is_back(storage, disk, start_worker):
    with Client(start_worker().port) as client:
        notes = Notes(client)
        assert notes.post()
        with filled(disk):
            wait_until(lambda: not notes.post(0))
            wait_until(lambda: not storage.server.is_running)
            assert not notes.is_alive()
        storage.server.start()
        assert notes.post()
        notes.check()
    storage.check()
