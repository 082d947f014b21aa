"""The storages under test: how an application uses each, and a look past it at what is stored."""

from __future__ import annotations

import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager
from pathlib import Path
from typing import Any, ClassVar

import psycopg2

from cliquet.storage.redis.keys import EVERY_STATE, Place
from cliquet.testing.servers import PostgreSQLServer, RedisCluster, RedisServer
from cliquet.testing.servers.redisserver import client

#: Connections that a server has to give; its own and those that look at it are among them.
MOST_CONNECTIONS = 20

#: Milliseconds that locks and statements are waited for.
TIMEOUT_MS = 2000


class OnPostgreSQL:
    """Records in a PostgreSQL of the test's own."""

    #: Seconds after which a request is answered, whatever happens to the storage.
    patience_seconds = 15
    settings: ClassVar = {
        "storage_backend": "cliquet.storage.postgresql",
        "storage_statement_timeout_ms": 1000,
        "storage_lock_timeout_ms": 1000,
    }

    def __init__(self, server: PostgreSQLServer) -> None:
        self.server = server
        self.url = f"{server.url}?connect_timeout=2"

    def url_at(self, port: int) -> str:
        """Return the URL that leads to the server by another port."""
        return self.url.replace(str(self.server.port), str(port))

    def check(self) -> None:
        """Check that each collection's count is the number of its records."""
        rows = self.rows(
            "SELECT collection_id, live, (SELECT count(*) FROM records WHERE NOT deleted"
            " AND collection_id = timestamps.collection_id) FROM timestamps"
        )
        assert {name for name, _, _ in rows} >= {"note"}
        assert [live for _, live, _ in rows] == [count for _, _, count in rows]

    def taken_connections(self) -> list[Any]:
        """Take all connections that the server still has to give."""
        taken: list[Any] = []
        try:
            taken.extend(psycopg2.connect(self.url) for _ in range(2 * MOST_CONNECTIONS))
        except psycopg2.OperationalError as error:
            assert "too many clients" in str(error)  # noqa: PT017 - those before are kept.
            return taken
        raise AssertionError("There is no end of connections")

    @contextmanager
    def stalled(self) -> Iterator[None]:
        """Keep writes waiting within the block."""
        with closing(psycopg2.connect(self.url)) as connection:
            connection.cursor().execute("LOCK TABLE timestamps IN ACCESS EXCLUSIVE MODE")
            yield

    def keep_records_in(self, folder: Path) -> None:
        """Put the tables that are made from now on into a folder."""
        [(data,)] = self.rows("SHOW data_directory")
        shutil.chown(folder, Path(data).owner())
        with closing(psycopg2.connect(self.url)) as connection:
            connection.autocommit = True
            cursor = connection.cursor()
            cursor.execute(f"CREATE TABLESPACE small LOCATION '{folder}'")
            cursor.execute("ALTER DATABASE postgres SET default_tablespace = small")

    def is_being_written(self) -> bool:
        """Tell whether a client has begun a transaction, and pauses in it."""
        query = "SELECT count(*) FROM pg_stat_activity WHERE state = 'idle in transaction'"
        return bool(self.rows(query)[0][0])

    def rows(self, query: str) -> list[Any]:
        """Return the rows of a query."""
        with closing(psycopg2.connect(self.url)) as connection:
            cursor = connection.cursor()
            cursor.execute(query)
            return cursor.fetchall()


class OnRedis:
    """Records in a Redis of the test's own."""

    patience_seconds = 8
    settings: ClassVar = {
        "storage_backend": "cliquet.storage.redis",
        "storage_socket_timeout_seconds": 2,
        "storage_lock_timeout_ms": TIMEOUT_MS,
    }

    def __init__(self, server: RedisServer) -> None:
        self.server = server
        self.servers = [server]
        self.url = server.url

    def url_at(self, port: int) -> str:
        """Return the URL that leads to the server by another port."""
        return self.url.replace(str(self.server.port), str(port))

    def check(self) -> None:
        """Check that all that is kept of a collection is kept of the same records."""
        places = self.places()
        assert {place.collection_id for place in places} >= {"note"}
        for place, server in places.items():
            _, records, live, tombstones, *_ = place.keys
            with client(server.url) as connection:
                ids = set(connection.hkeys(records))
                assert ids == set(connection.zrange(live, 0, -1))
                assert not ids & set(connection.zrange(tombstones, 0, -1))

    def places(self) -> dict[Place, RedisServer]:
        """Return the server that has each collection of each parent."""
        places = {}
        for server in self.servers:
            with client(server.url) as connection:
                for key in connection.scan_iter(EVERY_STATE):
                    places[Place.of_key(key.encode())] = server
        return places

    def taken_connections(self) -> list[Any]:
        """Take all connections that the server still has to give."""
        from redis.exceptions import ConnectionError as RedisConnectionError

        taken: list[Any] = []
        for _ in range(2 * MOST_CONNECTIONS):
            taken.append(client(self.url))
            try:
                taken[-1].ping()
            except RedisConnectionError as error:
                assert "max number of clients" in str(error)  # noqa: PT017
                return taken
        raise AssertionError("There is no end of connections")

    @contextmanager
    def stalled(self) -> Iterator[None]:
        """Keep writes waiting within the block."""
        self.server.run("CLIENT PAUSE", 60_000, "WRITE")
        yield
        self.server.run("CLIENT UNPAUSE")

    @contextmanager
    def without_memory(self) -> Iterator[None]:
        """Leave the server little memory within the block."""
        used = self.server.run("INFO", "memory")["used_memory"]
        self.server.run("CONFIG SET", "maxmemory", used + 65536)
        yield
        self.server.run("CONFIG SET", "maxmemory", 0)


class OnCluster(OnRedis):
    """Records in a cluster of Redis of the test's own."""

    patience_seconds = 15

    def __init__(self, cluster: RedisCluster) -> None:
        super().__init__(cluster.nodes[0])
        self.cluster = cluster
        self.servers = cluster.nodes
        self.url = cluster.url

    def owner(self, collection_id: str) -> tuple[int, RedisServer]:
        """Return the slot of a collection of one parent, and the node that serves it."""
        [place] = [place for place in self.places() if place.collection_id == collection_id]
        slot = self.server.run("CLUSTER KEYSLOT", place.keys[0])
        return slot, self.cluster.owner(slot)


class OnSQLite:
    """Records in a file."""

    patience_seconds = 8
    settings: ClassVar = {
        "storage_backend": "cliquet.storage.sqlite",
        "storage_busy_timeout_ms": TIMEOUT_MS,
        "storage_synchronous": "FULL",
    }

    def __init__(self, path: Path) -> None:
        self.path = path
        self.url = f"sqlite:///{path}"

    def check(self) -> None:
        """Check that the file is in order, and each collection's count right."""
        with self._opened() as connection:
            assert connection.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
            rows = connection.execute(
                "SELECT collection_id, live, (SELECT count(*) FROM records AS r WHERE NOT deleted"
                " AND r.collection_id = t.collection_id AND r.parent_id = t.parent_id)"
                " FROM timestamps AS t"
            ).fetchall()
        assert {name for name, _, _ in rows} >= {"note"}
        assert [live for _, live, _ in rows] == [count for _, _, count in rows]

    @contextmanager
    def stalled(self) -> Iterator[None]:
        """Keep writes waiting within the block."""
        with self._opened() as connection:
            connection.execute("BEGIN IMMEDIATE")
            yield

    def is_being_written(self) -> bool:
        """Tell whether somebody has the lock of writers."""
        try:
            with self.stalled():
                return False
        except sqlite3.OperationalError:
            return True

    @contextmanager
    def _opened(self) -> Iterator[sqlite3.Connection]:
        with ExitStack() as stack:
            connection = sqlite3.connect(self.path, timeout=0, isolation_level=None)
            yield stack.enter_context(closing(connection))


Storage = OnPostgreSQL | OnRedis | OnSQLite
