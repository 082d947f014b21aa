"""Redis as a cluster, and behind Sentinels: keys spread, servers that go, masters that change."""

from __future__ import annotations

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
import redis

from cliquet.storage.exceptions import BackendError
from cliquet.storage.redis.keys import Place
from cliquet.testing.servers import RedisCluster, RedisServer, redis_cluster, redis_server
from cliquet.testing.servers.process import ServerProcess, free_port, temporary_folder, wait_for
from cliquet.testing.servers.redisserver import client, redis_program
from tests.backends.conftest import Notes
from tests.backends.redisstorage import crashed, storage_at
from tests.support import run_together

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def cluster() -> Iterator[RedisCluster]:
    with redis_cluster(3, "--appendfsync", "always") as cluster:
        yield cluster


@pytest.fixture
def places(cluster: RedisCluster) -> list[Notes]:
    """Collections of twenty parents, on all nodes."""
    storage = storage_at(cluster.url)
    storage.flush()
    return [Notes(storage, parent_id=f"u{number}") for number in range(20)]


def test_collections_are_spread_over_the_nodes(cluster, places):
    for notes in places:
        notes.add()
    sizes = [node.run("DBSIZE") for node in cluster.nodes]
    assert all(sizes)
    places[0].storage.flush()
    assert [node.run("KEYS", "cliquet:storage:{*") for node in cluster.nodes] == [[]] * 3


def test_tombstones_are_purged_on_all_nodes(places):  # P4.11
    for notes in places:
        notes.bury()
    assert sum(places[0].storage.purge_tombstones(2**53)) == len(places)


def test_scripts_that_one_node_forgot_are_sent_again(cluster, places):
    for notes in places:
        notes.add(id="x")
    for node in cluster.nodes:
        node.run("SCRIPT FLUSH")
    assert [notes.put("x", n=1)["n"] for notes in places] == [1] * len(places)


def test_several_nodes_may_be_named(cluster):
    last = cluster.nodes[-1]
    url = f"redis://127.0.0.1:1,127.0.0.1:{last.port}/?cluster=true"
    assert Notes(storage_at(url)).add()["id"]


def test_a_slot_that_moves_loses_nothing(cluster, places):
    notes = places[0]
    notes.add(id="x", n=0)
    slot = cluster.nodes[0].run("CLUSTER KEYSLOT", Place("note", "u0").keys[0])
    has_moved = threading.Event()

    def work(number: int) -> int:
        if not number:
            for node in cluster.nodes:
                cluster.move_slot(slot, node)
            has_moved.set()
            return 0
        done = 0
        while not has_moved.is_set():
            try:
                done = notes.put("x", n=done + 1)["n"]
            except BackendError:
                # Amid the move, a key here and the others there.
                continue
        return done

    done = max(run_together(work, 2))
    assert notes.get(object_id="x")["n"] == done


def test_what_was_acknowledged_survives_a_crash_of_the_cluster(cluster, places):
    crashed(cluster.nodes, places, cluster.wait)
    assert all(notes.add()["id"] for notes in places)


@contextmanager
def sentinel(master: RedisServer) -> Iterator[int]:
    """Run a Sentinel that watches *master* under the name ``records``, and give its port."""
    port = free_port()
    with temporary_folder("sentinel") as folder:
        path = folder / "sentinel.conf"
        path.write_text(
            f"port {port}\nbind 127.0.0.1\n"
            f"sentinel monitor records 127.0.0.1 {master.port} 1\n"
            "sentinel down-after-milliseconds records 300\n"
            "sentinel failover-timeout records 3000\n"
        )
        command = (str(redis_program()), str(path), "--sentinel")
        process = ServerProcess(command, folder, ending=signal.SIGKILL)
        process.start(lambda: _knows_a_replica(port))
        try:
            yield port
        finally:
            process.stop()


def _knows_a_replica(port: int) -> bool:
    try:
        with client(f"redis://127.0.0.1:{port}") as connection:
            return bool(connection.execute_command("SENTINEL REPLICAS", "records"))
    except redis.RedisError:
        return False


def test_the_master_that_sentinels_name_is_written_to():
    with redis_server() as master, redis_server() as replica:
        replica.run("REPLICAOF", "127.0.0.1", master.port)
        with sentinel(master) as port:
            url = f"redis+sentinel://127.0.0.1:1,127.0.0.1:{port}/records/2"
            notes = Notes(storage_at(url, socket_timeout_seconds=1))
            notes.add(id="x")
            wait_for(lambda: _has_keys(replica), lambda: "nothing is replicated")
            master.kill()
            wait_for(lambda: _is_written(notes), lambda: "no write came through")
            assert replica.run("ROLE")[0] == "master"
            assert {record["id"] for record in notes.all()} >= {"x", "y"}


def _has_keys(replica: RedisServer) -> bool:
    with client(f"redis://127.0.0.1:{replica.port}/2") as connection:
        return connection.dbsize() > 0


def _is_written(notes: Any) -> bool:
    try:
        return bool(notes.put("y"))
    except BackendError:
        return False
