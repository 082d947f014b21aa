"""A cluster of Redis for tests, formed by its own protocol."""

from __future__ import annotations

import secrets
import socket
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from typing import Any

from cliquet.testing.servers.process import temporary_folder, wait_for
from cliquet.testing.servers.redisserver import RedisServer, redis_program

SLOTS = 16384

#: Milliseconds after which a node that does not answer is held to be gone.
NODE_TIMEOUT_MS = 2000

#: Nodes talk to each other on this many ports above that of the clients.
_BUS = 10_000


@contextmanager
def redis_cluster(
    nodes: int = 3, *options: str, replicas: int = 0, is_persistent: bool = True
) -> Iterator[RedisCluster]:
    """
    Run a cluster of Redis of the caller's own.

    Args:
        nodes: Masters, which share the slots; 3 at least.
        options: Of the program, for each node.
        replicas: Of each master.
        is_persistent: Whether a node that is killed has its data when it is started again.

    Raises:
        ServerUnavailable: There is no program of it.
    """
    program = redis_program()
    persistence = ("--save", "", "--appendonly", "yes" if is_persistent else "no")
    own = ("--cluster-enabled", "yes", "--cluster-node-timeout", str(NODE_TIMEOUT_MS))
    with ExitStack() as stack:
        servers = []
        for _ in range(nodes * (1 + replicas)):
            folder = stack.enter_context(temporary_folder("redis"))
            server = RedisServer(program, folder, _free_ports(), (*persistence, *own, *options))
            stack.callback(server.stop)
            server.start()
            servers.append(server)
        cluster = RedisCluster(servers)
        cluster.form(nodes)
        yield cluster


class RedisCluster:
    """
    A cluster of Redis of a test's own.

    Args:
        nodes: The servers, masters first.
    """

    def __init__(self, nodes: list[RedisServer]) -> None:
        self.nodes = nodes

    @property
    def url(self) -> str:
        """URL of the cluster, by its first node."""
        return f"{self.nodes[0].url}?cluster=true"

    def form(self, masters: int) -> None:
        """Make the nodes a cluster, the first *masters* sharing the slots; wait until it is."""
        first, *others = self.nodes
        for node in others:
            first.run("CLUSTER MEET", "127.0.0.1", node.port)
        wait_for(self._is_acquainted, lambda: "The nodes do not meet")
        for place, master in enumerate(self.nodes[:masters]):
            start, end = (SLOTS * number // masters for number in (place, place + 1))
            master.run("CLUSTER ADDSLOTS", *range(start, end))
        for place, replica in enumerate(self.nodes[masters:]):
            replica.run("CLUSTER REPLICATE", self.identity(self.nodes[place % masters]))
        self.wait()

    def wait(self) -> None:
        """Wait until every node that is running says that the cluster is well."""
        wait_for(self._is_well, lambda: f"The cluster is not well: {self._states()}")

    def identity(self, node: RedisServer) -> str:
        """Return the name that a node has in the cluster."""
        return str(node.run("CLUSTER MYID"))

    def owner(self, slot: int) -> RedisServer:
        """Return the node that serves a slot, as the first one running has it."""
        for address, known in self._running()[0].run("CLUSTER NODES").items():
            ranges = ((int(part[0]), int(part[-1])) for part in known["slots"])
            if any(start <= slot <= end for start, end in ranges):
                port = int(address.partition("@")[0].rpartition(":")[2])
                return next(node for node in self.nodes if node.port == port)
        raise LookupError(f"No node serves slot {slot}")

    def move_slot(self, slot: int, target: RedisServer) -> None:
        """Move a slot and its keys to another master, while clients use them."""
        source = self.owner(slot)
        if source is target:
            return
        target.run("CLUSTER SETSLOT", slot, "IMPORTING", self.identity(source))
        source.run("CLUSTER SETSLOT", slot, "MIGRATING", self.identity(target))
        while keys := source.run("CLUSTER GETKEYSINSLOT", slot, 100):
            source.run("MIGRATE", "127.0.0.1", target.port, "", 0, 5000, "KEYS", *keys)
        for node in (target, source):
            node.run("CLUSTER SETSLOT", slot, "NODE", self.identity(target))

    def _running(self) -> list[RedisServer]:
        return [node for node in self.nodes if node.is_running]

    def _is_acquainted(self) -> bool:
        count = len(self.nodes)
        return all(int(state["cluster_known_nodes"]) == count for state in self._states())

    def _is_well(self) -> bool:
        return all(state["cluster_state"] == "ok" for state in self._states()) and all(
            node.run("INFO", "replication").get("master_link_status", "up") == "up"
            for node in self._running()
        )

    def _states(self) -> list[dict[str, Any]]:
        return [node.run("CLUSTER INFO") for node in self._running()]


def _free_ports() -> int:
    """Return a port that is free together with that of the cluster's bus."""
    while True:
        # Below those that systems give to clients: one of them may hold a port without listening.
        port = 11_000 + secrets.randbelow(10_000)
        if _is_free(port) and _is_free(port + _BUS):
            return port


def _is_free(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) != 0
