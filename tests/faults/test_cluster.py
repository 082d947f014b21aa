"""A cluster of Redis loses a node, or moves records from one to another, amid writes."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from cliquet.testing.servers import redis_cluster
from cliquet.testing.servers.fixtures import available
from tests.faults.checks import check_nothing_is_lost, check_refusals
from tests.faults.clients import Load
from tests.faults.storages import OnCluster

pytestmark = pytest.mark.slow


@pytest.fixture
def storage() -> Iterator[OnCluster]:
    with available(redis_cluster(3, "--appendfsync", "always")) as cluster:
        yield OnCluster(cluster)


def test_what_was_acknowledged_survives_the_loss_of_a_node(storage, start_worker):
    worker = start_worker()
    with Load([worker.port]) as load:
        load.wait_acknowledged(200)
        _, node = storage.owner("note")
        node.kill()
        load.wait_refused(8)
        node.start()
        storage.cluster.wait()
        assert load.wait_acknowledged(50) < 5
    check_refusals(load.refusals)
    assert max(load.seconds) < storage.patience_seconds
    check_nothing_is_lost(load, worker.port)
    storage.check()


def test_what_was_acknowledged_survives_a_move_to_other_nodes(storage, start_worker):
    worker = start_worker()
    with Load([worker.port]) as load:
        load.wait_acknowledged(100)
        for collection_id in ("note", "counter"):
            slot, _ = storage.owner(collection_id)
            for node in storage.cluster.nodes:
                storage.cluster.move_slot(slot, node)
                load.wait_acknowledged(20)
    check_refusals(load.refusals)
    check_nothing_is_lost(load, worker.port)
    storage.check()
