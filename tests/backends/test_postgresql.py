"""PostgreSQL: round trips, transactions, failures, schemas. Needs a real server."""

from __future__ import annotations

import threading
from typing import Any

import psycopg2
import pytest
import webtest

from cliquet.drivers.postgresql import PostgreSQLWire, database_from
from cliquet.query import COMPARISON
from cliquet.storage import ABSENT, Filter
from cliquet.storage.exceptions import BackendError, ModifiedError, UnicityError
from cliquet.storage.postgresql import Storage, UnknownSchema, statements
from cliquet.storage.postgresql.guards import DuplicateValues
from cliquet.storage.schemas import unchecked
from tests.support import ALICE, make_config

GUARDED = [("article", "url")]


@pytest.fixture(scope="session")
def url(cliquet_postgresql: str) -> str:
    Storage(
        database_from({"storage_url": cliquet_postgresql}, "storage"), statements()
    ).initialize_schema(GUARDED)
    return cliquet_postgresql


@pytest.fixture
def storage(url: str) -> Storage:
    storage = Storage(database_from({"storage_url": url}, "storage"), statements())
    storage.flush()
    return storage


@pytest.fixture
def sent(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """What travels to the server: a text a round trip."""
    trips: list[str] = []
    send = PostgreSQLWire.send

    def counting(self: Any, connection: Any, steps: Any, before: str, after: str) -> Any:
        trips.append(" ".join([before, *(step.statement.name for step in steps), after]).strip())
        return send(self, connection, steps, before, after)

    monkeypatch.setattr(PostgreSQLWire, "send", counting)
    return trips


@pytest.fixture
def app(url: str, storage: Storage) -> webtest.TestApp:
    settings = {"storage_backend": "cliquet.storage.postgresql", "storage_url": url}
    app = webtest.TestApp(make_config(settings).make_wsgi_app())
    app.extra_environ["HTTP_AUTHORIZATION"] = ALICE["Authorization"]
    return app


def post(app: webtest.TestApp, **fields: Any) -> str:
    record = app.post_json("/v1/articles", {"data": {"title": "x", **fields}}).json["data"]
    return f"/v1/articles/{record['id']}"


def test_a_write_costs_three_round_trips_with_its_read(app, sent):
    path = post(app)
    for method, body in (("PUT", {"title": "y"}), ("PATCH", {"title": "z"}), ("DELETE", None)):
        sent.clear()
        app.request(
            path,
            method=method,
            **({"body": b'{"data": {"title": "%s"}}' % body["title"].encode()} if body else {}),
            **({"content_type": "application/json"} if body else {}),
        )
        assert len(sent) == 3, (method, sent)


def test_a_creation_costs_two_round_trips(app, sent):
    post(app, url="http://one.example/")
    sent.clear()
    post(app, url="http://two.example/")
    assert len(sent) == 2


def test_reads_cost_one_round_trip_and_open_no_transaction(app, sent):
    path = post(app)
    etag = app.get("/v1/articles").headers["ETag"]
    for url, headers in (
        (path, {}),
        ("/v1/articles", {}),
        ("/v1/articles", {"If-None-Match": etag}),
    ):
        sent.clear()
        app.get(url, headers=headers)
        assert len(sent) == 1
        assert "BEGIN" not in sent[0]


def test_an_error_of_a_subscriber_undoes_the_write(url, storage):  # P9.1
    from cliquet.events import ResourceChanged

    config = make_config({"storage_backend": "cliquet.storage.postgresql", "storage_url": url})

    def refuse(event: Any) -> None:
        raise ValueError("refused")

    config.add_subscriber(refuse, ResourceChanged)
    app = webtest.TestApp(config.make_wsgi_app())
    body = {"data": {"title": "x"}}
    app.post_json("/v1/articles", body, headers=ALICE, status=500)
    assert app.get("/v1/articles", headers=ALICE).json["data"] == []


def test_without_transactions_per_request_each_write_commits_itself(url, storage, sent):
    settings = {
        "storage_backend": "cliquet.storage.postgresql",
        "storage_url": url,
        "transaction_per_request": False,
    }
    app = webtest.TestApp(make_config(settings).make_wsgi_app())
    app.extra_environ["HTTP_AUTHORIZATION"] = ALICE["Authorization"]
    post(app)
    assert len(app.get("/v1/articles").json["data"]) == 1


def test_a_writer_that_waits_for_the_lock_uses_no_stale_snapshot(storage, url):  # P5.6, P5.7
    first = storage.create("article", "u", {"n": 0})
    other = psycopg2.connect(url)
    cursor = other.cursor()
    cursor.execute("SELECT 1 FROM timestamps WHERE parent_id = 'u' FOR UPDATE")
    outcome: list[Any] = []

    def write() -> None:
        try:
            outcome.append(
                storage.update(
                    "article", "u", first["id"], {"n": 2}, expected=first["last_modified"]
                )
            )
        except ModifiedError as error:
            outcome.append(error)

    thread = threading.Thread(target=write)
    thread.start()
    _wait_for_a_waiting_lock(url)
    later = first["last_modified"] + 1000
    cursor.execute(
        "UPDATE records SET last_modified = %s, data = '{\"n\": 1}' WHERE parent_id = 'u'", (later,)
    )
    cursor.execute("UPDATE timestamps SET last_modified = %s WHERE parent_id = 'u'", (later,))
    other.commit()
    thread.join(10)
    other.close()
    assert isinstance(outcome[0], ModifiedError)
    assert outcome[0].existing["n"] == 1


def _wait_for_a_waiting_lock(url: str) -> None:
    watcher = psycopg2.connect(url)
    watcher.autocommit = True
    cursor = watcher.cursor()
    waiting = 0
    while not waiting:
        cursor.execute("SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock'")
        waiting = cursor.fetchone()[0]
    watcher.close()


def test_what_holds_the_lock_too_long_is_a_backend_error(url, storage):
    settings = {"storage_url": url, "storage_lock_timeout_ms": 50}
    impatient = Storage(database_from(settings, "storage"), statements())
    storage.create("article", "u", {})
    other = psycopg2.connect(url)
    other.cursor().execute("SELECT 1 FROM timestamps WHERE parent_id = 'u' FOR UPDATE")
    with pytest.raises(BackendError):
        impatient.create("article", "u", {})
    other.close()


def test_who_holds_a_collection_can_write_to_it(url, storage):
    settings = {"storage_url": url, "storage_lock_timeout_ms": 200}
    impatient = Storage(database_from(settings, "storage"), statements())
    with impatient.locked("article", "u"):
        record = impatient.create("article", "u", {"n": 1})
    assert storage.get("article", "u", record["id"])["n"] == 1


def test_connections_that_died_are_replaced(storage, url):
    record = storage.create("article", "u", {"n": 1})
    _terminate_all(url)
    assert storage.get("article", "u", record["id"])["n"] == 1
    _terminate_all(url)
    assert storage.create("article", "u", {"n": 2})["n"] == 2


def _terminate_all(url: str) -> None:
    connection = psycopg2.connect(url)
    connection.cursor().execute(
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
        " WHERE pid <> pg_backend_pid() AND backend_type = 'client backend'"
    )
    connection.close()


def test_a_pool_with_a_full_backlog_refuses_at_once(url):
    settings = {
        "storage_url": url,
        "storage_pool_size": 1,
        "storage_max_overflow": 0,
        "storage_max_backlog": 0,
    }
    database = database_from(settings, "storage")
    held = database.checked_out()
    with pytest.raises(BackendError):
        database.checked_out()
    held.close()


def test_behind_a_pooler_nothing_is_prepared(url, storage):
    settings = {"storage_url": url, "storage_prepared_statements": False}
    unprepared = Storage(database_from(settings, "storage"), statements())
    record = unprepared.create("article", "u", {"url": "%s %(x)s"}, unique_fields=["url"])
    assert unprepared.get("article", "u", record["id"]) == record


def test_values_of_any_length_are_unique(storage):  # P4.10
    storage.create("article", "u", {"url": "x" * 100_000}, unique_fields=["url"])
    with pytest.raises(UnicityError):
        storage.create("article", "u", {"url": "x" * 100_000}, unique_fields=["url"])


def test_the_database_refuses_what_no_writer_looked_up(storage, url):  # P4.10
    storage.create("article", "u", {"url": "a"})
    with pytest.raises(BackendError):
        storage.create("article", "u", {"url": "a"})


def test_an_update_where_there_must_be_nothing_creates(storage):
    record = storage.update("article", "u", "one", {"n": 1}, expected=ABSENT)
    assert storage.get("article", "u", "one") == record


def test_text_that_looks_like_sql_is_text(storage):  # lessons: SQL injection
    text = "'; DROP TABLE records; -- %s :x"
    storage.create(text, text, {"id": "one", text: text})
    found, _ = storage.get_all(text, text, filters=[Filter(text, text, COMPARISON.EQ)])
    assert [record["id"] for record in found] == ["one"]


def test_the_guard_reaches_into_objects(storage, url):  # P4.10
    storage.initialize_schema([*GUARDED, ("place", "address.city")])
    make = {"record": {"address": {"city": "Paris"}}}
    first = storage.create("place", "u", **make)
    with pytest.raises(BackendError, match="duplicate key"):
        storage.create("place", "u", **make)
    assert storage.get_all("place", "u")[0] == [first]
    storage.initialize_schema(GUARDED, collections=["place"])


def test_an_application_refuses_to_start_without_its_guards(url, storage):
    settings = {"storage_backend": "cliquet.storage.postgresql", "storage_url": url}
    storage.initialize_schema(collections=["article"])
    with pytest.raises(UnknownSchema, match="url of article: run"):
        make_config(settings).make_wsgi_app()
    with unchecked():
        make_config(settings).make_wsgi_app()
    storage.initialize_schema(GUARDED)
    make_config(settings).make_wsgi_app()


def test_duplicates_stop_the_migration_and_are_named(storage):
    storage.initialize_schema(collections=["article"])
    ids = sorted(storage.create("article", "u", {"url": "same"})["id"] for _ in range(2))
    with pytest.raises(DuplicateValues) as raised:
        storage.initialize_schema(GUARDED)
    assert all(record_id in str(raised.value) for record_id in ids)
    storage.flush()
    storage.initialize_schema(GUARDED)


def test_flushing_keeps_the_version_of_the_schema(storage):
    storage.flush()
    storage.check_schema(GUARDED)
