"""Redis as a server: connections, crashes, memory, and what is in the database."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import redis

from cliquet.drivers.formats import UnknownFormat
from cliquet.drivers.redis import Server, server_from
from cliquet.permission.redis import Permission
from cliquet.query import COMPARISON, Filter
from cliquet.storage.exceptions import BackendError
from cliquet.storage.redis import Storage
from cliquet.storage.redis.keys import FORMAT_KEY
from cliquet.testing.servers import RedisServer, redis_server
from tests.backends.conftest import Notes
from tests.backends.redisstorage import crashed, storage_at
from tests.support import make_config


@pytest.fixture
def storage(cliquet_redis: str) -> Storage:
    storage = storage_at(cliquet_redis)
    storage.flush()
    return storage


@pytest.fixture
def own() -> Iterator[RedisServer]:
    """Server of the test's own, with its data on disk."""
    with redis_server(is_persistent=True) as server:
        yield server


# Connections.


def test_connections_that_died_are_replaced(own):
    notes = Notes(storage_at(own.url))
    record = notes.add(n=1)
    own.run("CLIENT KILL", "TYPE", "normal")
    assert notes.put(record["id"], n=2)["n"] == 2


def test_a_write_whose_answer_is_lost_is_not_sent_again(own):
    notes = Notes(storage_at(own.url, socket_timeout_seconds=0.2))
    notes.add()
    own.pause()
    with pytest.raises(BackendError):
        notes.add()
    own.resume()
    assert notes.count() == 2


class Broken:
    """A client whose connection breaks, so many times."""

    def __init__(self, times: int) -> None:
        self.times, self.count = times, 0

    def execute(self, *command: Any) -> bytes:
        self.count += 1
        if self.count <= self.times:
            raise redis.ConnectionError("gone")
        return b"done"


@pytest.mark.parametrize(("times", "count"), [(1, 2), (9, 2)])
def test_a_read_is_sent_again_once(times, count):
    client = Broken(times)
    server = Server(lambda: client)
    if times < count:
        assert server.read("GET", "x") == b"done"
    else:
        with pytest.raises(BackendError):
            server.read("GET", "x")
    assert client.count == count


def test_a_write_is_sent_once():
    client = Broken(1)
    with pytest.raises(BackendError):
        Server(lambda: client).write("SET", "x", "y")
    assert client.count == 1


@pytest.mark.parametrize("limits", [{"pool_timeout": 0.05}, {"max_backlog": 0}])
def test_when_all_connections_are_taken_a_request_fails(cliquet_redis, limits):
    storage = storage_at(cliquet_redis, pool_size=1, **limits)
    Notes(storage).add()
    pool = storage._server._client._pool
    held = pool.get_connection()
    with pytest.raises(BackendError, match="connection"):
        Notes(storage).add()
    pool.release(held)
    Notes(storage).add()


def test_connections_that_cannot_be_made_are_given_back(own):
    notes = Notes(storage_at(own.url, pool_size=1, pool_timeout=0.05))
    own.kill()
    for _ in range(3):
        with pytest.raises(BackendError, match="refused"):
            notes.add()
    own.start()
    assert notes.add()["id"]


def test_a_child_process_has_connections_of_its_own(storage):
    notes = Notes(storage)
    notes.add(id="parent", n=1)
    child = os.fork()
    if not child:
        is_right = all(notes.put("child", n=n)["n"] == n for n in range(200))
        os._exit(0 if is_right else 1)
    for number in range(200):
        assert notes.put("parent", n=number)["n"] == number
    assert os.waitpid(child, 0)[1] == 0


def test_families_of_one_url_share_their_connections(cliquet_redis):
    settings = {"storage_url": cliquet_redis, "cache_url": cliquet_redis}
    assert server_from(settings, "storage") is server_from(settings, "cache")
    settings["cache_pool_size"] = 3
    assert server_from(settings, "storage") is not server_from(settings, "cache")


@pytest.mark.parametrize(
    ("url", "words"),
    [
        ("postgresql://localhost/x", "should be redis://"),
        ("localhost:6379", "should be redis://"),
        ("redis+sentinel://localhost", "lacks the name"),
    ],
)
def test_urls_of_others_are_refused(url, words):
    with pytest.raises(ValueError, match=words):
        storage_at(url)


def test_a_password_a_database_and_a_socket_may_be_named(tmp_path):
    path = tmp_path / "redis.sock"
    with redis_server("--unixsocket", str(path)) as server:
        server.run("CONFIG", "SET", "requirepass", "p@ss")
        Notes(storage_at(f"redis://:p%40ss@127.0.0.1:{server.port}/3")).add(id="abc")
        notes = Notes(storage_at(f"unix://:p%40ss@{path}?db=3"))
        assert notes.get(object_id="abc")["id"] == "abc"


# Memory and crashes.


def test_without_memory_nothing_is_half_written_and_deleting_helps():
    with redis_server("--maxmemory", "3mb", "--maxmemory-policy", "noeviction") as server:
        notes = Notes(storage_at(server.url))
        written: list[dict[str, Any]] = []
        with pytest.raises(BackendError):
            written.extend(notes.add(n=number, text="x" * 9999) for number in range(2000))
        assert notes.get_all(limit=0) == ([], len(written))
        assert notes.timestamp == written[-1]["last_modified"]
        with notes.locked():
            notes.delete(object_id=written[0]["id"])
        for record in written[1:20]:
            notes.delete(object_id=record["id"])
        notes.add()


@pytest.mark.slow
def test_what_was_acknowledged_survives_a_crash_of_the_server(own):
    notes = Notes(storage_at(own.url))
    crashed([own], [notes])
    assert notes.add()["id"]


# What is in the database.


def configured(url: str) -> Any:
    settings = {"storage_backend": "cliquet.storage.redis", "storage_url": url}
    return make_config(settings).make_wsgi_app()


@pytest.mark.parametrize(
    "key", ["article.basicauth:alice.records", "bucket..timestamp", "a.b@c.d.1.deleted"]
)
def test_records_of_version_3_1_are_refused_aloud(own, key):
    own.run("SADD", key, "x")
    with pytest.raises(UnknownFormat, match=key.replace(".", r"\.")):
        configured(own.url)
    own.run("SET", FORMAT_KEY, "1")
    configured(own.url)


def test_keys_of_others_are_let_be_and_looked_at_once(own):
    own.run("SET", "a.b.c", "x")
    own.run("SET", "cliquet:cache:a.b.records", "x")
    storage_at(own.url).initialize_schema()
    storage_at(own.url).check_schema()
    assert own.run("INFO", "commandstats")["cmdstat_scan"]["calls"] == 1


def test_records_of_a_later_version_are_refused(own):
    own.run("SET", FORMAT_KEY, "2")
    with pytest.raises(UnknownFormat, match="upgrade cliquet"):
        configured(own.url)


def test_the_first_check_writes_nothing_in_read_only_mode(own):
    Storage(server_from({"storage_url": own.url}, "storage"), readonly=True).check_schema()
    assert own.run("DBSIZE") == 0


@pytest.mark.parametrize(("policy", "is_told"), [("allkeys-lru", True), ("volatile-lru", False)])
def test_a_server_that_forgets_records_is_warned_of(own, caplog, policy, is_told):
    own.run("CONFIG", "SET", "maxmemory-policy", policy)
    storage_at(own.url).check_schema()
    assert (policy in caplog.text) is is_told


def test_a_user_with_the_rights_of_the_documentation_can_do_everything(own):
    page = (Path(__file__).parents[2] / "docs" / "redis.rst").read_text()
    command = re.search(r"ACL SETUSER cliquet .*", page)
    own.run(*command[0].split())
    storage = storage_at(f"redis://cliquet:password@127.0.0.1:{own.port}/1")
    storage.initialize_schema()
    notes = Notes(storage)
    notes.create(record={"id": "a", "u": 1}, unique_fields=["u"])
    with notes.locked():
        assert notes.delete_all(filters=[Filter("u", 1, COMPARISON.EQ)])[0]["id"] == "a"
    assert notes.purge_deleted() == 1
    storage.flush()
    permission = Permission(storage._server)
    permission.replace_object_permissions("/a/1", {"read": ["bob"]})
    assert permission.object_permissions("/a/1") == {"read": {"bob"}}
    permission.flush()
