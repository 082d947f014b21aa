"""SQLite: the file, its schema, its failures, its plans and the processes that share it."""

from __future__ import annotations

import os
import resource
import signal
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import pytest
import webtest

from cliquet.drivers.sqlite import database_from, session
from cliquet.query import COMPARISON, page_after
from cliquet.storage import Filter, Sort
from cliquet.storage.exceptions import BackendError
from cliquet.storage.sqlite import DuplicateValues, Storage, UnknownSchema, statements
from tests.support import ALICE, make_config

UNIQUE = [("note", "url")]
INDEXED = [("note", "title"), ("note", "unread")]
NEWEST = (Sort("last_modified", -1), Sort("id", -1))

#: Creates records for ever, and prints the id of each once it is told that it is stored.
WRITER = """
import sys
from tests.backends.test_sqlite import open_storage
storage = open_storage(sys.argv[1])
storage.check_schema()
while True:
    print(storage.create("note", "u", {"n": 1})["id"], flush=True)
"""


def open_storage(path: Path | str, **settings: Any) -> Storage:
    """Return the storage in a file."""
    readonly = settings.pop("readonly", False)
    settings = {"storage_url": f"sqlite:///{path}", **settings}
    return Storage(database_from(settings, "storage"), statements(), readonly=readonly)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "records.sqlite"


@pytest.fixture
def storage(path: Path) -> Storage:
    storage = open_storage(path)
    storage.initialize_schema(UNIQUE, INDEXED)
    return storage


@contextmanager
def opened(path: Path) -> Iterator[sqlite3.Connection]:
    """Lend a connection of somebody else."""
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        yield connection


def make_app(path: Path, **settings: Any) -> webtest.TestApp:
    given = {"storage_backend": "cliquet.storage.sqlite", "storage_url": f"sqlite:///{path}"}
    app = webtest.TestApp(make_config({**given, **settings}).make_wsgi_app())
    app.extra_environ["HTTP_AUTHORIZATION"] = ALICE["Authorization"]
    return app


# -- The file


def test_an_application_starts_on_a_new_file_and_finds_its_records_again(path):
    made = make_app(path).post_json("/v1/articles", {"data": {"title": "x"}}).json["data"]
    assert make_app(path).get("/v1/articles").json["data"] == [made]


def test_the_file_is_told_when_the_application_starts(path, caplog):
    caplog.set_level("INFO", "cliquet")
    make_app(path)
    assert str(path) in caplog.text


@pytest.mark.parametrize(
    "url", ["sqlite://", "sqlite:///:memory:", "sqlite:///x?mode=ro", "postgresql://localhost/x"]
)
def test_a_url_that_names_no_file_is_refused(url):
    with pytest.raises(ValueError, match=r"sqlite:///|names no file"):
        database_from({"storage_url": url}, "storage")


@pytest.mark.parametrize(("name", "level"), [("OFF", 0), ("normal", 1), ("FULL", 2)])
def test_how_the_disk_is_written_is_a_setting(path, name, level):
    database = open_storage(path, storage_synchronous=name)._database
    with session(database) as connection:
        assert connection.execute("PRAGMA synchronous").fetchone() == (level,)
        assert connection.execute("PRAGMA journal_mode").fetchone() == ("wal",)


# -- The schema


def test_indexes_are_made_at_once_while_there_are_no_records(path):
    storage = open_storage(path)
    storage.check_schema()
    storage.check_schema(UNIQUE, INDEXED)
    storage.create("note", "u", {"url": "x"})
    storage.check_schema(UNIQUE, INDEXED)


def test_an_index_of_records_is_built_by_the_command_alone(path):
    storage = open_storage(path)
    storage.check_schema()
    storage.create("note", "u", {"url": "x"})
    with pytest.raises(UnknownSchema, match=r"unique field url of note.* migrate"):
        storage.check_schema(UNIQUE)
    told: list[str] = []
    storage.preview_schema(UNIQUE, tell=told.append)
    assert "would be built, for the unique field url of note" in told[-1]
    storage.initialize_schema(UNIQUE, tell=told.append)
    storage.check_schema(UNIQUE)
    storage.initialize_schema([], tell=told.append)
    assert "Dropping index" in told[-1]


def test_values_that_are_shared_stop_the_migration_and_are_named(storage):
    storage.initialize_schema()
    ids = {storage.create("note", "u", {"url": value})["id"] for value in (12, 12.0)}
    with pytest.raises(DuplicateValues) as caught:
        storage.initialize_schema(UNIQUE)
    assert all(one in str(caught.value) for one in ids)


def test_the_file_itself_refuses_a_value_that_is_taken(storage):
    values = {"a": {"x": 1, "y": [1e25]}, "b": {"y": [10000000000000000905969664], "x": 1.0}}
    storage.create("note", "u", {"url": values["a"]})
    with pytest.raises(BackendError, match="UNIQUE"):
        storage.create("note", "u", {"url": values["b"]})


@pytest.mark.parametrize("version", [11, 13])
def test_another_schema_is_refused(storage, path, version):
    with opened(path) as connection:
        connection.execute("UPDATE metadata SET value = ?", (version,))
    for call in (storage.check_schema, storage.initialize_schema, storage.preview_schema):
        with pytest.raises(UnknownSchema, match=str(version)):
            call()


def test_tables_of_somebody_else_are_left_alone(path):
    with opened(path) as connection:
        connection.execute("CREATE TABLE records (x)")
    with pytest.raises(UnknownSchema, match="name another database"):
        open_storage(path).check_schema()


def test_in_read_only_mode_nothing_is_made(path):
    with pytest.raises(UnknownSchema, match="migrate"):
        open_storage(path, readonly=True).check_schema()


# -- Failures


def test_a_writer_waits_for_another_no_longer_than_it_is_told_to(storage, path):
    app = make_app(path, storage_busy_timeout_ms=50)
    app.get("/v1/articles")
    with opened(path) as connection:
        connection.execute("BEGIN IMMEDIATE")
        response = app.post_json("/v1/articles", {"data": {"title": "x"}}, status=503)
        assert "Retry-After" in response.headers
        assert app.get("/v1/articles").json["data"] == []
    app.post_json("/v1/articles", {"data": {"title": "x"}}, status=201)


def test_a_disk_that_takes_no_more_is_a_backend_error_that_names_the_file(storage, path):
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (256 * 1024, limits[1]))
    try:
        with pytest.raises(BackendError, match=str(path)):
            storage.create("note", "u", {"text": "x" * 1_000_000})
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
    assert storage.get_all("note", "u") == ([], 0)
    storage.create("note", "u", {"text": "x" * 1_000_000})
    with opened(path) as connection:
        assert connection.execute("PRAGMA quick_check").fetchone() == ("ok",)


def test_clients_are_not_told_where_the_file_is(path):
    app = make_app(path)
    with opened(path) as connection:
        connection.execute("DROP TABLE records")
    assert path.name not in app.get("/v1/articles", status=503).text


# -- Processes


@pytest.mark.slow
def test_what_was_acknowledged_survives_the_death_of_its_writer(path):
    stored: list[str] = []
    for _ in range(3):
        command = [sys.executable, "-c", WRITER, str(path)]
        with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
            assert process.stdout is not None
            stored += [process.stdout.readline().strip() for _ in range(50)]
            process.send_signal(signal.SIGKILL)
            stored += [line.strip() for line in process.stdout if line.endswith("\n")]
        found = {record["id"] for record in open_storage(path).get_all("note", "u")[0]}
        assert found >= set(stored)
        with session(open_storage(path)._database) as connection:
            assert connection.execute("PRAGMA integrity_check").fetchone() == ("ok",)


@pytest.mark.slow
def test_processes_may_start_at_once_on_a_new_file(path):
    command = [sys.executable, "-c", WRITER, str(path)]
    processes = [subprocess.Popen(command, stdout=subprocess.PIPE, text=True) for _ in range(6)]
    try:
        assert all(process.stdout.readline().strip() for process in processes)
    finally:
        for process in processes:
            process.kill()
            process.communicate()


def test_a_child_process_has_connections_of_its_own(storage):
    storage.create("note", "u", {"id": "parent"})
    child = os.fork()
    if child == 0:
        storage.create("note", "u", {"id": "child"})
        os._exit(0)
    assert os.waitpid(child, 0)[1] == 0
    storage.create("note", "u", {"id": "later"})
    found = {record["id"] for record in storage.get_all("note", "u")[0]}
    assert found == {"parent", "child", "later"}


# -- Plans: what a page, a poll or a look-up reads does not depend on what else is there

LAST = {"title": "b", "unread": True, "last_modified": 5, "id": "x"}
SINCE = [Filter("last_modified", 5, COMPARISON.GT)]
SORTS = {
    "time": (NEWEST, "idx_records_time"),
    "title": ((Sort("title", 1), *NEWEST), "cliquet_field_"),
    "-title": ((Sort("title", -1), *NEWEST), "cliquet_field_"),
    "unread": ((Sort("unread", -1), *NEWEST), "cliquet_field_"),
}


def plan_of(storage: Storage, call: Any) -> list[str]:
    """Return what SQLite does to answer *call*, a line a step."""
    sent: list[Any] = []
    send = storage._database.wire.send

    def listening(connection: Any, steps: Any, before: str, after: str) -> Any:
        sent.extend(steps)
        return send(connection, steps, before, after)

    storage._database.wire.send = listening
    call()
    storage._database.wire.send = send
    with session(storage._database) as connection:
        return [
            row[3]
            for step in sent
            for row in connection.execute(
                f"EXPLAIN QUERY PLAN {step.statement.text}", step.arguments
            )
        ]


@pytest.mark.parametrize(("sorting", "index"), SORTS.values(), ids=SORTS)
@pytest.mark.parametrize("is_first", [True, False], ids=["first", "middle"])
def test_a_page_is_read_off_one_index_in_its_order(storage, sorting, index, is_first):
    rules = None if is_first else page_after(sorting, LAST, ("id", "last_modified"))
    storage.collection_timestamp("note", "u")
    plan = plan_of(
        storage,
        lambda: storage.get_page("note", "u", 10, sorting=sorting, pagination_rules=rules),
    )
    reads = [place for place, step in enumerate(plan) if " records " in step]
    assert reads
    for place in reads:
        assert plan[place].startswith(f"SEARCH records USING INDEX {index}")
        # What is next is another part of the statement, or what sorts this one.
        assert "TEMP B-TREE" not in plan[place + 1]


def test_a_poll_reads_what_changed(storage):
    storage.collection_timestamp("note", "u")
    plan = plan_of(
        storage,
        lambda: storage.get_page(
            "note", "u", 10, sorting=NEWEST, filters=SINCE, include_deleted=True
        ),
    )
    reads = [step for step in plan if " records " in step]
    assert len(reads) == 3
    assert all("idx_records_time" in step and "last_modified>?" in step for step in reads)


def test_a_unique_value_is_looked_up(storage):
    plan = plan_of(
        storage, lambda: storage.create("note", "u", {"url": "x"}, unique_fields=["url"])
    )
    look_ups = [step for step in plan if "SEARCH records_1" in step]
    assert look_ups
    assert all("USING INDEX cliquet_unique_" in step for step in look_ups)


def test_a_list_that_is_known_costs_the_same_in_any_collection(storage):  # P5.2
    storage.create("note", "u", {})
    connection = storage._database.checked_out()
    connection.driver_connection.execute(
        "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 5000)"
        " INSERT INTO records SELECT 'u', 'note', 'x' || i, i, 0, '{}' FROM n"
    )
    steps: list[int] = []
    connection.driver_connection.set_progress_handler(lambda: steps.append(1), 100)
    connection.close()
    known = storage.collection_timestamp("note", "u")
    page = storage.get_page("note", "u", 10, known=known, sorting=NEWEST)
    assert page.records == []
    assert len(steps) < 20
