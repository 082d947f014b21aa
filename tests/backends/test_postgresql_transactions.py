"""Transactions on PostgreSQL that something goes wrong with."""

from __future__ import annotations

import contextvars
import logging
import time
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from typing import Any

import psycopg2
import pytest
import webtest

from cliquet.drivers.databases import Database, RequestScope, request_scope
from cliquet.drivers.postgresql import database_from
from cliquet.drivers.statements import Statement, Step
from cliquet.events import ResourceChanged
from cliquet.storage.exceptions import BackendError
from cliquet.storage.postgresql import Storage, statements
from cliquet.testing.storage.base import load_storage
from tests.support import ALICE, make_config

BACKEND = "cliquet.storage.postgresql"
WRITERS, PARENTS = 6, 150


def step(text: str) -> Step:
    return Step(Statement("", text, is_prepared=False), {})


@pytest.fixture
def url(cliquet_postgresql: str) -> str:
    storage = Storage(database_from({"storage_url": cliquet_postgresql}, "storage"), statements())
    storage.initialize_schema([("article", "url")])
    storage.flush()
    return cliquet_postgresql


@pytest.fixture
def other(url: str) -> Any:
    """A connection of somebody else, in a transaction."""
    connection = psycopg2.connect(url)
    yield connection.cursor()
    connection.close()


def database(url: str, **settings: Any) -> Database:
    return database_from({"storage_url": url, **settings}, "storage")


def make_app(url: str, subscriber: Any = None, **settings: Any) -> webtest.TestApp:
    given = {"storage_backend": BACKEND, "storage_url": url, **settings}
    config = make_config(given)
    if subscriber is not None:
        config.add_subscriber(subscriber, ResourceChanged)
    app = webtest.TestApp(config.make_wsgi_app())
    app.extra_environ["HTTP_AUTHORIZATION"] = ALICE["Authorization"]
    return app


def test_a_failure_that_a_subscriber_hides_is_a_503_and_nothing_is_kept(url, other):  # P9.1
    def audit(event: Any) -> None:
        try:
            event.request.registry.storage.create("audit", "", {"what": "changed"})
            event.request.registry.storage.get_all("audit", "")
        except BackendError:
            logging.getLogger(__name__).info("no audit")

    app = make_app(url, audit, storage_lock_timeout_ms=100)
    app.app.registry.storage.collection_timestamp("audit", "")
    other.execute("SELECT * FROM timestamps WHERE collection_id = 'audit' FOR UPDATE")
    app.post_json("/v1/articles", {"data": {"title": "x"}}, status=503)
    other.connection.rollback()
    assert app.get("/v1/articles").json["data"] == []


def test_a_connection_that_died_in_a_transaction_is_a_503_even_when_it_is_hidden(url, other):
    def audit(event: Any) -> None:
        storage = event.request.registry.storage
        storage.collection_timestamp("audit", "")
        other.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
            " WHERE state = 'idle in transaction' AND pid <> pg_backend_pid()"
        )
        for _ in range(2):
            with pytest.raises(BackendError):
                storage.collection_timestamp("audit", "")

    app = make_app(url, audit, storage_max_overflow=3)
    app.post_json("/v1/articles", {"data": {"title": "x"}}, status=503)


def test_a_connection_that_could_not_prepare_is_replaced(url, other):
    storage = Storage(database(url, storage_lock_timeout_ms=100), statements())
    other.execute("LOCK TABLE records IN ACCESS EXCLUSIVE MODE")
    with pytest.raises(BackendError, match="lock timeout"):
        storage.create("note", "u", {})
    other.connection.rollback()
    assert storage.create("note", "u", {})["id"]


@pytest.mark.parametrize(
    "spoiling",
    [
        "DISCARD ALL",
        "ALTER TABLE timestamps ALTER last_modified TYPE numeric",
        "",
    ],
)
def test_statements_that_are_not_what_was_prepared_are_prepared_anew(url, spoiling):
    storage = Storage(database(url, storage_pool_size=1, storage_max_overflow=0), statements())
    made = storage.create("note", "u", {})
    storage.get("note", "u", made["id"])
    connection = storage._database.checked_out()
    if spoiling:
        connection.cursor().execute(spoiling)
    else:
        connection.info["cliquet_prepared"].clear()
    connection.close()
    try:
        assert storage.get("note", "u", made["id"]) == made
        assert storage.update("note", "u", made["id"], {"a": 1})["a"] == 1
    finally:
        back = "ALTER TABLE timestamps ALTER last_modified TYPE bigint"
        database(url).read(step(back))


def test_a_pool_keeps_its_limit_when_a_connection_dies(url, other):
    few = database(url, storage_pool_size=2, storage_max_overflow=0, storage_pool_timeout=1)
    held = few.checked_out()
    few.read(step("SELECT 1"))
    lost = few.checked_out()
    other.execute("SELECT pg_terminate_backend(%s)", (lost.driver_connection.info.backend_pid,))
    lost.close()
    assert few.read(step("SELECT 1")) == [(1,)]
    third = few.checked_out()
    with pytest.raises(BackendError, match="QueuePool limit"):
        few.checked_out()
    third.close()
    held.close()


def test_writes_take_turns_whatever_isolation_the_database_asks_for(url):
    repeatable = f"{url}?options=-c%20default_transaction_isolation%3Drepeatable%5C%20read"
    storage = Storage(database(repeatable), statements())
    storage.collection_timestamp("note", "u")
    with ThreadPoolExecutor(8) as pool:
        made = [pool.submit(storage.create, "note", "u", {}) for _ in range(80)]
    assert len({future.result()["last_modified"] for future in made}) == 80


def test_permissions_on_the_url_of_the_storage_share_its_transactions(url):
    settings = {"storage_url": url, "permission_url": url, "storage_pool_size": 3}
    assert database_from(settings, "permission") is database_from(settings, "storage")
    settings["cache_url"] = url
    assert database_from(settings, "cache") is not database_from(settings, "storage")


def test_the_storage_votes_after_all_others(url):
    class Refusing:
        transaction_manager = None

        def sortKey(self) -> str:  # noqa: N802
            return "~sqlalchemy:1"

        def tpc_vote(self, transaction: Any) -> None:
            raise ValueError("refused")

        def _nothing(self, transaction: Any) -> None: ...

        abort = tpc_begin = commit = tpc_finish = tpc_abort = _nothing

    def join(event: Any) -> None:
        event.request.tm.get().join(Refusing())

    app = make_app(url, join)
    app.post_json("/v1/articles", {"data": {"title": "x"}}, status=500)
    assert app.get("/v1/articles").json["data"] == []


def test_what_outlives_a_request_writes_in_transactions_of_its_own(url):
    storage = Storage(database(url), statements())
    with request_scope(RequestScope(join=lambda writer: None)):
        context = contextvars.copy_context()
    made = context.run(storage.create, "note", "u", {})
    assert storage.get("note", "u", made["id"]) == made


@pytest.mark.parametrize("pool", ["NullPool", "StaticPool", "QueuePool"])
def test_other_pools_serve_too(url, pool):
    settings = {"storage_poolclass": f"sqlalchemy.pool.{pool}", "storage_max_backlog": 5}
    assert database(url, storage_pool_size=3, **settings).read(step("SELECT 1")) == [(1,)]


def test_a_pool_without_limit_refuses_nobody(url):
    unlimited = database(url, storage_pool_size=1, storage_max_overflow=-1, storage_max_backlog=0)
    held = [unlimited.checked_out() for _ in range(4)]
    for connection in held:
        connection.close()


def test_the_first_writers_of_a_collection_take_turns_too(url):  # P5.1, P5.6
    storage = load_storage({"storage_backend": BACKEND, "storage_url": url})
    storage.initialize_schema()
    barrier = Barrier(WRITERS)

    def write(number: int) -> list[int]:
        stamps = []
        for parent in map(str, range(PARENTS)):
            barrier.wait()
            # Each a little later, so that some look just when another one commits.
            time.sleep(number * 0.0004)
            stamps.append(storage.create("note", parent, {})["last_modified"])
        return stamps

    with ThreadPoolExecutor(WRITERS) as pool:
        by_writer = list(pool.map(write, range(WRITERS)))
    assert [len(set(stamps)) for stamps in zip(*by_writer, strict=True)] == [WRITERS] * PARENTS
