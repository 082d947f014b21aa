"""Caches on servers: what each of them does of its own, beside the contract."""

from __future__ import annotations

import importlib
import os
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import psycopg2
import pytest
import webtest
from pyramid.exceptions import ConfigurationError

from cliquet.cache import memcached, postgresql, redis, sqlite
from cliquet.cache.sql import SQLCache
from cliquet.drivers import databases
from cliquet.drivers.databases import Database
from cliquet.exceptions import BackendError
from cliquet.scripts.cliquet import init_schema
from cliquet.testing.cache.times import DAY, until_gone
from cliquet.testing.servers import MemcachedServer, memcached_server
from cliquet.testing.servers.fixtures import available
from tests.support import make_config

MODULES = {"postgresql": postgresql, "redis": redis, "sqlite": sqlite, "memcached": memcached}


def made(url: str, **settings: Any) -> Any:
    """Return the cache at a URL, empty."""
    given = {"cache_url": url, **settings}
    module = MODULES[url.partition(":")[0]]
    cache = module.load_from_config(SimpleNamespace(get_settings=lambda: given))
    cache.initialize_schema()
    cache.flush()
    return cache


# -- Databases


@pytest.fixture(params=["postgresql", "sqlite"])
def cache(request: pytest.FixtureRequest, tmp_path: Path) -> SQLCache:
    if request.param == "sqlite":
        return made(f"sqlite:///{tmp_path}/cache.sqlite")
    return made(request.getfixturevalue("cliquet_postgresql"))


def rows(cache: SQLCache) -> int:
    """Count the rows of a cache, those that have expired too."""
    connection = cache.database.checked_out()
    cursor = connection.cursor()
    cursor.execute("SELECT count(*) FROM cache")
    (count,) = cursor.fetchone()
    cursor.close()
    connection.close()
    return int(count)


@pytest.fixture
def sent(monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, ...]]:
    """Names of the statements that each round trip carries."""
    trips: list[tuple[str, ...]] = []
    plain = Database.send

    def counting(self: Any, connection: Any, steps: Any, *rest: Any) -> Any:
        trips.append(tuple(step.statement.name for step in steps))
        return plain(self, connection, steps, *rest)

    monkeypatch.setattr(databases.Database, "send", counting)
    return trips


def test_reads_are_one_statement_and_write_nothing(cache, sent):
    cache.set("key", 1, 0.01)
    until_gone(cache, "key")
    sent.clear()
    assert (cache.get("key"), cache.ttl("key")) == (None, -1)
    assert sent == [("cache_get",), ("cache_ttl",)]
    assert rows(cache) == 1


def test_a_write_is_one_round_trip(cache, sent):
    cache.set("key", 1, 60)
    cache.delete("key")
    assert sent == [("cache_set", "cache_purge"), ("cache_delete", "cache_purge")]


def test_writes_delete_a_few_of_those_that_expired(cache):
    for number in range(12):
        cache.set(f"old {number}", 1, 0.2)
    until_gone(cache, "old 11")
    counts = []
    for _ in range(4):
        cache.set("live", 1, 60)
        counts.append(rows(cache))
    assert counts == [8, 3, 1, 1]


def test_a_value_that_failed_to_be_written_leaves_what_was_there(cache):
    cache.set("key", 1)
    with pytest.raises(TypeError):
        cache.set("key", object())
    assert cache.get("key") == 1


def test_the_cache_of_a_read_only_database_is_read(cliquet_postgresql):
    made(cliquet_postgresql).set("key", 1)
    url = f"{cliquet_postgresql}{'&' if '?' in cliquet_postgresql else '?'}"
    given = {"cache_url": f"{url}options=-c%20default_transaction_read_only%3Don"}
    cache = postgresql.load_from_config(SimpleNamespace(get_settings=lambda: given))
    assert cache.get("key") == 1
    with pytest.raises(BackendError):
        cache.set("key", 2)


@pytest.fixture
def cursor(cliquet_postgresql: str) -> Iterator[Any]:
    """Lend a cursor of somebody else."""
    connection = psycopg2.connect(cliquet_postgresql)
    connection.autocommit = True
    yield connection.cursor()
    connection.close()


def test_the_table_survives_no_crash_and_costs_no_log(cliquet_postgresql, cursor):
    made(cliquet_postgresql)
    cursor.execute("SELECT relpersistence FROM pg_class WHERE oid = 'cache'::regclass")
    assert cursor.fetchone() == ("u",)


def test_purges_go_round_the_rows_that_others_have(cliquet_postgresql, cursor):
    cache = made(cliquet_postgresql)
    for number in range(4):
        cache.set(f"old {number}", 1, 0.1)
    until_gone(cache, "old 3")
    cursor.execute("BEGIN; SELECT 1 FROM cache WHERE key = 'old%200' FOR UPDATE")
    begin = time.monotonic()
    cache.set("live", 1)
    assert time.monotonic() - begin < 1
    cursor.execute("COMMIT")
    assert rows(cache) == 2


def test_purges_use_the_index_of_deadlines(cliquet_postgresql, cursor):
    cache = made(cliquet_postgresql)
    cursor.execute(f"SET enable_seqscan = off; EXPLAIN {cache._statements.purge.text}")
    plan = "\n".join(line for (line,) in cursor.fetchall())
    assert "idx_cache_deadline" in plan
    assert "Tid Scan" in plan


def test_the_table_of_an_earlier_version_is_replaced(cliquet_postgresql, cursor):
    cursor.execute("DROP TABLE IF EXISTS cache")
    cursor.execute("CREATE TABLE cache (key VARCHAR(256) PRIMARY KEY, value TEXT, ttl TIMESTAMP)")
    cache = made(cliquet_postgresql)
    cache.set("key", 1)
    assert cache.get("key") == 1


def test_the_table_of_somebody_else_is_left_alone(cliquet_postgresql, cursor):
    cursor.execute("DROP TABLE IF EXISTS cache; CREATE TABLE cache (size INTEGER)")
    try:
        with pytest.raises(BackendError):
            made(cliquet_postgresql)
        cursor.execute("SELECT size FROM cache")
    finally:
        cursor.execute("DROP TABLE cache")


def test_migrate_makes_the_table(cliquet_postgresql, cursor):
    cursor.execute("DROP TABLE IF EXISTS cache")
    app = make_app(cache_backend="cliquet.cache.postgresql", cache_url=cliquet_postgresql)
    assert app.get("/v1/__heartbeat__", status=503).json["cache"] is False
    init_schema({"registry": app.app.registry})
    assert app.get("/v1/__heartbeat__").json["cache"] is True


# -- Files


def test_the_file_is_beside_that_of_the_storage(tmp_path):
    url = f"sqlite:///{tmp_path}/records.sqlite"
    make_app(storage_backend="cliquet.storage.sqlite", storage_url=url, cache_url="")
    assert (tmp_path / "records.sqlite.cache").exists()


@pytest.mark.parametrize("family", ["storage", "permission"])
def test_the_file_of_another_family_is_refused(tmp_path, family):
    (tmp_path / "link").symlink_to(tmp_path / "records.sqlite")
    given = {
        f"{family}_backend": f"cliquet.{family}.sqlite",
        f"{family}_url": f"sqlite:///{tmp_path}/records.sqlite",
    }
    with pytest.raises(ConfigurationError, match=f"the file of {family}_url"):
        make_app(**given, cache_url=f"sqlite:///{tmp_path}/link")


def test_without_a_url_and_a_file_of_the_storage_there_is_none():
    with pytest.raises(ConfigurationError, match="cache_url should be sqlite:///"):
        make_app(cache_url="")


def make_app(**settings: Any) -> webtest.TestApp:
    """Return an application with a cache in a file, unless settings say otherwise."""
    config = make_config({"cache_backend": "cliquet.cache.sqlite", **settings})
    return webtest.TestApp(config.make_wsgi_app())


# -- Redis


def test_redis_forgets_by_itself_and_other_keys_are_left_alone(cliquet_redis):
    cache = made(cliquet_redis, cache_prefix="x*")
    cache.set("key", 1, 60)
    assert cache._server.read("PTTL", "cliquet:cache:x%2A:key") > 50_000
    cache._server.write("SET", "cliquet:cache:xy:key", "1")
    cache.flush()
    assert [*cache._server.scan("cliquet:cache:x*")] == [b"cliquet:cache:xy:key"]
    cache._server.unlink(b"cliquet:cache:xy:key")


@pytest.mark.slow
def test_a_cluster_of_redis_is_flushed_on_every_node(cliquet_redis_cluster):
    cache = made(cliquet_redis_cluster)
    for number in range(30):
        cache.set(str(number), number, 60)
    assert [cache.get(str(number)) for number in range(30)] == list(range(30))
    cache.flush()
    assert [cache.get(str(number)) for number in range(30)] == [None] * 30


# -- memcached


@pytest.fixture
def server() -> Iterator[MemcachedServer]:
    """A memcached of the test's own."""
    with available(memcached_server(), in_wheels=False) as server:
        yield server


def test_connections_to_a_server_that_was_started_again_are_replaced(server):
    cache = made(server.url)
    cache.set("key", 1)
    server.kill()
    server.start()
    assert cache.get("key") is None
    cache.set("key", 2)
    assert cache.get("key") == 2


def test_a_server_that_is_frozen_is_given_up(server):
    cache = made(server.url, cache_socket_timeout_seconds=0.2)
    cache.set("key", 1)
    server.pause()
    with pytest.raises(BackendError):  # noqa: PT012 - the signal reaches each thread in its turn
        for _ in range(1000):
            cache.get("key")
    server.resume()
    assert cache.get("key") == 1


def test_a_generation_that_the_server_forgot_brings_nothing_back(server):
    cache = made(server.url)
    cache.set("key", 1)
    cache._server.delete("cliquet:")
    assert cache.get("key") is None
    cache.set("other", 2)
    assert (cache.get("key"), cache.get("other")) == (None, 2)


@pytest.mark.parametrize("ttl", [0.5, 60, 29.9 * DAY, 31 * DAY])
def test_the_server_makes_room_when_the_time_of_a_value_is_over_and_not_before(server, ttl):
    cache = made(server.url)
    cache.set("key", 1, ttl)
    left = cache._server._done(lambda client: client.raw_command("mg cliquet::key t"))
    assert ttl <= int(left.removeprefix(b"HD t")) <= ttl + 3


def test_a_date_that_the_server_cannot_know_is_the_last_that_it_can(server):
    cache = made(server.url)
    cache.set("key", 1, 30_000 * DAY)
    left = cache._server._done(lambda client: client.raw_command("mg cliquet::key t"))
    assert int(left.removeprefix(b"HD t")) > 1000 * DAY


def test_a_value_above_the_limit_of_the_server_is_a_failure(server):
    cache = made(server.url)
    with pytest.raises(BackendError, match="too large"):
        cache.set("key", "x" * 2_000_000)
    cache.set("key", 1)
    assert cache.get("key") == 1


def test_who_waits_too_long_for_a_connection_to_memcached_is_told(server):
    cache = made(server.url, cache_pool_size=1, cache_max_overflow=0, cache_pool_timeout=0.1)
    lent = cache._server._pool.connect()
    with pytest.raises(BackendError):
        cache.get("key")
    lent.close()
    assert cache.get("key") is None


def test_a_child_has_connections_of_its_own(server):
    cache = made(server.url)
    cache.set("key", 1)
    child = os.fork()
    if child == 0:
        is_right = all(cache.get("key") == 1 for _ in range(200))
        os._exit(0 if is_right else 1)
    results = {cache.ttl("key") for _ in range(200)}
    assert os.waitpid(child, 0)[1] == 0
    assert results == {-1}


@pytest.mark.parametrize("url", ["", "localhost:11211", "memcached://", "memcached://a/b"])
def test_urls_that_are_none_of_memcached_are_refused(url):
    with pytest.raises(ConfigurationError, match="should be memcached://host:port"):
        make_app(cache_backend="cliquet.cache.memcached", cache_url=url)


def test_a_driver_that_is_missing_is_named_with_the_remedy(monkeypatch):
    monkeypatch.delitem(sys.modules, "cliquet.drivers.memcached")
    monkeypatch.setitem(sys.modules, "pymemcache.client.base", None)
    with pytest.raises(ImportError, match=r'needs: pip install "cliquet\[memcached\]"'):
        importlib.import_module("cliquet.drivers.memcached")


# -- Applications


def test_the_heartbeat_tells_of_a_cache_that_is_away(server):
    app = make_app(cache_backend="cliquet.cache.memcached", cache_url=server.url)
    assert app.get("/v1/__heartbeat__").json["cache"] is True
    server.kill()
    assert app.get("/v1/__heartbeat__", status=503).json["cache"] is False
