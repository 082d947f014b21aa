"""Heartbeats of servers that freeze and go on, and what they leave behind (protocol P3.2)."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from typing import Any

import psycopg2
import pytest
import webtest

from cliquet.drivers.pool import pool_usage
from cliquet.scripts.cliquet import init_schema
from cliquet.testing.servers import memcached_server, postgresql_server, redis_server
from cliquet.testing.servers.fixtures import available
from tests.support import make_config

RUN: dict[str, Callable[[], AbstractContextManager[Any]]] = {
    "postgresql": postgresql_server,
    "redis": redis_server,
    "memcached": memcached_server,
}
FAMILIES = ("storage", "permission", "cache")
TIMEOUT_SECONDS = 0.2


@pytest.fixture(scope="module", params=RUN)
def server(request: pytest.FixtureRequest) -> Iterator[Any]:
    """Return a server of these tests alone, of each kind."""
    with available(RUN[request.param]()) as server:
        yield server


@pytest.fixture
def on_server(server: Any) -> list[str]:
    """Return the families that have a backend for the server."""
    return ["cache"] if server.url.startswith("memcached") else list(FAMILIES)


@pytest.fixture
def app(server: Any, on_server: list[str]) -> webtest.TestApp:
    """Return an application with its backends on the server, as many as can be."""
    name = server.url.partition(":")[0]
    settings: dict[str, Any] = {"heartbeat_timeout_seconds": TIMEOUT_SECONDS}
    for family in on_server:
        settings |= {f"{family}_backend": f"cliquet.{family}.{name}", f"{family}_url": server.url}
    config = make_config(settings)
    init_schema({"registry": config.registry})
    return webtest.TestApp(config.make_wsgi_app())


def checks() -> list[threading.Thread]:
    """Return the threads of checks that have not ended."""
    return [one for one in threading.enumerate() if one.name.startswith("heartbeat ")]


def end_checks() -> None:
    """Wait until the checks that were begun have ended."""
    for thread in checks():
        thread.join(10)
    assert checks() == []


def test_a_frozen_server_is_named_in_time_and_used_again(server, on_server, app):
    app.get("/v1/__heartbeat__", status=200)
    server.pause()
    for _ in range(5):
        start = time.monotonic()
        status = app.get("/v1/__heartbeat__", status=503).json
        assert time.monotonic() - start < 5
        assert {name for name, is_alive in status.items() if not is_alive} == set(on_server)
    assert len(checks()) == len(on_server)
    server.resume()
    end_checks()
    app.get("/v1/__heartbeat__", status=200)
    usage = [pool_usage(getattr(app.app.registry, family)) for family in on_server]
    assert {one.get("checked_out", 0) for one in usage} == {0}


def traces(url: str) -> list[Any]:
    """Return the keys of all rows of a database, and the transactions that are open."""
    with psycopg2.connect(url) as connection, connection.cursor() as cursor:
        cursor.execute(
            "SELECT 'record', parent_id, id FROM records"
            " UNION ALL SELECT 'timestamp', parent_id, collection_id FROM timestamps"
            " UNION ALL SELECT 'principal', user_id, principal FROM user_principals"
            " UNION ALL SELECT 'ACE', object_id, principal FROM access_control_entries"
            " UNION ALL SELECT 'key', key, '' FROM cache"
            " UNION ALL SELECT 'transaction', state, query FROM pg_stat_activity"
            " WHERE state LIKE 'idle in%' ORDER BY 1"
        )
        return cursor.fetchall()


@pytest.mark.parametrize("server", ["postgresql"], indirect=True)
def test_however_many_heartbeats_leave_one_record_and_one_key_that_expires(server, app):
    for _ in range(3):
        app.get("/v1/__heartbeat__", status=200)
    name = "__heartbeat__"
    assert traces(server.url) == [
        ("key", name, ""),
        ("record", name, name),
        ("timestamp", name, name),
    ]
