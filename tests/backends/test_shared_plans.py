"""What a list of the shared part makes a database read: what is shared, and no more (P7.6)."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any, NamedTuple

import psycopg2
import pytest

from cliquet.drivers.statements import Step
from cliquet.permission import Share
from cliquet.permission import postgresql as postgresql_permission
from cliquet.permission import sqlite as sqlite_permission
from cliquet.query import COMPARISON, Filter, Sort, page_after
from cliquet.storage import postgresql, sqlite
from cliquet.storage.postgresql.indexes import indexes_of
from cliquet.storage.schemas import BY_ID
from cliquet.storage.shared import accessible_records

SIZE, SHARED, PAGE, MIXED = 20_000, 200, 20, 600
NEWEST = [Sort("last_modified", -1), Sort("id", -1)]
QUERIES: dict[str, dict[str, Any]] = {
    "first page": {"sorting": NEWEST},
    "later page": {
        "sorting": NEWEST,
        "pagination_rules": page_after(
            NEWEST, {"last_modified": SIZE // 2, "id": "x"}, ("id", "last_modified")
        ),
    },
    "other order": {"sorting": [Sort("n", 1), *NEWEST]},
    "filter": {"sorting": NEWEST, "filters": [Filter("n", 5, COMPARISON.GT)]},
    "poll of many": {
        "sorting": NEWEST,
        "filters": [Filter("last_modified", SIZE - 1000, COMPARISON.GT)],
        "include_deleted": True,
    },
}
CHANGES, FEW = 10, 256
POLL: dict[str, Any] = {
    "sorting": NEWEST,
    "filters": [Filter("last_modified", SIZE - CHANGES, COMPARISON.GT)],
    "include_deleted": True,
}
#: Principals of Bob, and how much is shared with each.
WAYS = {"bob": SHARED, "group:friends": SHARED // 2, "everyone": 10}
ENTRIES = sum(WAYS.values())
BOB = Share(frozenset(WAYS), frozenset(["read", "write"]), "/a/")
#: Each of which once made a planner with a choice walk through the collection.
WORKERS = {
    "no workers": "SET max_parallel_workers_per_gather = 0",
    "workers": "SET parallel_setup_cost = 0; SET min_parallel_table_scan_size = 0",
}

_NUMBERS = f"WITH RECURSIVE t(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM t WHERE n < {SIZE})"
_FILL = (
    f"{_NUMBERS} INSERT INTO records SELECT '', 'a', CAST(n AS TEXT), n, false, '{{}}' FROM t",
    f"INSERT INTO timestamps VALUES ('', 'a', {SIZE}, {SIZE})",
    f"{_NUMBERS} INSERT INTO access_control_entries SELECT '/a/' || n, 'write', 'owner' FROM t",
    # Records and tombstones in turn, every third of them shared.
    f"{_NUMBERS} INSERT INTO records"
    f" SELECT '', 'b', CAST(n AS TEXT), n, n % 2 = 0, '{{}}' FROM t WHERE n <= {MIXED}",
    f"INSERT INTO timestamps VALUES ('', 'b', {MIXED}, {MIXED // 2})",
    f"{_NUMBERS} INSERT INTO access_control_entries"
    f" SELECT '/b/' || (n * 3), 'read', 'bob' FROM t WHERE n <= {MIXED // 3}",
    # A part of it in three ways.
    *(
        f"{_NUMBERS} INSERT INTO access_control_entries"
        f" SELECT '/a/' || (n * {SIZE // SHARED}), 'read', '{who}' FROM t WHERE n <= {count}"
        for who, count in WAYS.items()
    ),
)


def backends(storages: Any, permissions: Any, url: str) -> tuple[Any, Any]:
    """Return a storage and a permission backend on one database, with their tables."""
    given = {"storage_url": url, "permission_url": url}
    permission = permissions.load_from_config(SimpleNamespace(get_settings=lambda: given))
    storage = storages.Storage(storages.database_from(given, "storage"), storages.statements())
    storage.initialize_schema()
    permission.initialize_schema()
    return storage, permission


def step_of(found: tuple[Any, Any], query: dict[str, Any], monkeypatch: Any) -> Step:
    """Return the one statement that a page of what is shared with Bob is made by."""
    storage, permission = found
    database, sent = storage._database, []
    read = database.read
    monkeypatch.setattr(database, "read", lambda step: sent.append(step) or read(step))
    place = {"collection_id": "a", "parent_id": ""}
    page = storage.get_accessible_page(permission, BOB, limit=PAGE - 1, **place, **query)
    assert page.timestamp == SIZE
    (step,) = sent
    return step


def plan_of(step: Step, url: str, setting: str) -> list[Scan]:
    """Return what a statement reads, run by a connection on which something is set."""
    # What is set, and the statistics, end with the connection.
    with closing(psycopg2.connect(url)) as connection, connection.cursor() as cursor:
        cursor.execute(setting)
        text = cursor.mogrify(step.statement.pyformat, step.arguments)
        cursor.execute(b"EXPLAIN (ANALYZE, TIMING OFF, FORMAT JSON) " + text)
        return list(scans_of(cursor.fetchone()[0][0]["Plan"]))


@pytest.fixture(scope="module")
def on_postgresql(cliquet_postgresql: str) -> Iterator[tuple[Any, Any, str]]:
    """Return backends on a database of the module's own, and its URL."""
    with closing(psycopg2.connect(cliquet_postgresql)) as server:
        server.autocommit = True
        server.cursor().execute("CREATE DATABASE shared_plans")
        url = cliquet_postgresql.rpartition("/")[0] + "/shared_plans"
        found = backends(postgresql, postgresql_permission, url)
        with (
            closing(psycopg2.connect(url)) as connection,
            connection,
            connection.cursor() as cursor,
        ):
            for table in ("records", "access_control_entries"):
                cursor.execute(f"ALTER TABLE {table} SET (autovacuum_enabled = off)")
            for statement in _FILL:
                cursor.execute(statement)
        yield *found, url
        server.cursor().execute("DROP DATABASE shared_plans WITH (FORCE)")


class Scan(NamedTuple):
    """A step of a plan that reads a table, and how many rows it met there."""

    kind: str
    table: str
    rows: int


def scans_of(plan: dict[str, Any]) -> Iterator[Scan]:
    """Return the steps of a plan that read tables."""
    if "Relation Name" in plan:
        met = plan["Actual Rows"] + plan.get("Rows Removed by Filter", 0)
        yield Scan(plan["Node Type"], plan["Relation Name"], met * plan["Actual Loops"])
    for part in plan.get("Plans", []):
        yield from scans_of(part)


def read_from(scans: list[Scan], table: str) -> int:
    """Return how many rows of a table were met, by its indexes."""
    found = [scan for scan in scans if scan.table == table]
    assert "Seq Scan" not in {scan.kind for scan in found}
    return sum(scan.rows for scan in found)


@pytest.fixture(params=WORKERS, ids=list(WORKERS))
def workers(request: Any) -> str:
    return WORKERS[request.param]


@pytest.mark.parametrize("query", QUERIES.values(), ids=QUERIES)
@pytest.mark.parametrize("statistics", ["", "ANALYZE"], ids=["no statistics", "statistics"])
def test_postgresql_looks_up_what_is_shared(  # P7.6
    on_postgresql, query, workers, statistics, monkeypatch
):
    *found, url = on_postgresql
    step = step_of(tuple(found), query, monkeypatch)
    scans = plan_of(step, url, f"{workers}; {statistics}")
    # To know that many have changed, some of them are met.
    assert SHARED <= read_from(scans, "records") <= SHARED + PAGE + FEW
    assert read_from(scans, "access_control_entries") <= ENTRIES


@pytest.mark.parametrize("statistics", ["", "ANALYZE"], ids=["no statistics", "statistics"])
def test_postgresql_asks_whether_a_few_changes_are_shared(  # P7.6
    on_postgresql, workers, statistics, monkeypatch
):
    *found, url = on_postgresql
    scans = plan_of(step_of(tuple(found), POLL, monkeypatch), url, f"{workers}; {statistics}")
    assert CHANGES <= read_from(scans, "records") <= 2 * CHANGES
    assert read_from(scans, "access_control_entries") <= CHANGES


@pytest.mark.parametrize("kind", ["first page", "later page", "poll of many"])
@pytest.mark.parametrize("statistics", ["", "ANALYZE"], ids=["no statistics", "statistics"])
def test_the_index_of_ids_has_all_but_documents(  # P7.6
    on_postgresql, kind, statistics, monkeypatch
):
    *found, url = on_postgresql
    step = step_of(tuple(found), QUERIES[kind], monkeypatch)
    (index,) = indexes_of("a", BY_ID)
    # The index ends with the connection as well.
    with closing(psycopg2.connect(url)) as connection, connection.cursor() as cursor:
        cursor.execute(f"{index.creation().replace('CONCURRENTLY', '')}; {statistics}")
        cursor.execute(b"EXPLAIN " + cursor.mogrify(step.statement.pyformat, step.arguments))
        plan = [line for (line,) in cursor.fetchall()]
    assert any(f"Index Only Scan using {index.name} on records" in line for line in plan)


@pytest.fixture(scope="module")
def on_sqlite(tmp_path_factory: Any) -> tuple[Any, Any]:
    """Return backends on a file."""
    path: Path = tmp_path_factory.mktemp("shared") / "plans.sqlite"
    found = backends(sqlite, sqlite_permission, f"sqlite:///{path}")
    with sqlite.session(found[0]._database, "BEGIN IMMEDIATE") as connection:
        for statement in _FILL:
            connection.execute(statement)
    return found


@pytest.mark.parametrize("query", QUERIES.values(), ids=QUERIES)
def test_sqlite_looks_up_what_is_shared(on_sqlite, query, monkeypatch):  # P7.6
    step = step_of(on_sqlite, query, monkeypatch)
    explained = replace(step.statement, text=f"EXPLAIN QUERY PLAN {step.statement.text}")
    plan = [row[3] for row in on_sqlite[0]._database.read(Step(explained, step.values))]
    read = [line for line in plan if line.split()[1] == "records"]
    assert all(line.startswith("SEARCH ") for line in read)
    *changes, _, _ = read
    assert all("AND id=?" in line for line in read[-2:])
    assert all("AND last_modified>?" in line for line in changes)
    entries = [line for line in plan if line.split()[1] == "access_control_entries"]
    assert entries[-1].endswith("(principal=? AND permission=? AND object_id>? AND object_id<?)")
    assert all("AND object_id=?" in line for line in entries[:-1])


def instructions(found: tuple[Any, Any], step: Step) -> int:
    """Return how many instructions of its machine SQLite needs for a statement, in tens."""
    count = 0

    def counted() -> None:
        nonlocal count
        count += 1

    with sqlite.session(found[0]._database, "BEGIN") as connection:
        connection.set_progress_handler(counted, 10)
        values = {
            name: json.dumps(one) if isinstance(one, list) else one
            for name, one in step.arguments.items()
        }
        connection.execute(step.statement.text, values).fetchall()
        connection.set_progress_handler(None, 0)
    return count


def test_sqlite_asks_whether_a_few_changes_are_shared(on_sqlite, monkeypatch):  # P7.6
    step = step_of(on_sqlite, POLL, monkeypatch)
    assert instructions(on_sqlite, step) < SHARED


@pytest.mark.parametrize("place", ["on_sqlite", "on_postgresql"])
@pytest.mark.parametrize("changed", [0, 1, FEW, FEW + 1, 2 * FEW, 2 * FEW + 2, MIXED])
def test_few_changes_and_many_are_listed_alike(place, changed, request):  # P7.6
    storage, permission, *_ = request.getfixturevalue(place)
    share = BOB._replace(uri_prefix="/b/")
    since = Filter("last_modified", MIXED - changed, COMPARISON.GT)
    query = {"sorting": NEWEST, "filters": [since], "include_deleted": True}
    collection = {"collection_id": "b", "parent_id": ""}
    page = storage.get_accessible_page(permission, share, limit=MIXED, **collection, **query)
    assert (page.records, page.total) == accessible_records(
        storage, permission, share, **collection, **query
    )
    assert len(page.records) == MIXED // 3 - (MIXED - changed) // 3


def test_nothing_new_is_said_by_a_prepared_statement(on_sqlite, monkeypatch):  # P7.6
    step = step_of(on_sqlite, {"known": SIZE}, monkeypatch)
    assert step.statement.name == "cliquet_timestamp"


def test_news_are_a_page_with_the_present_timestamp(on_sqlite):  # P7.6
    storage, permission = on_sqlite
    page = storage.get_accessible_page(
        permission, BOB, limit=5, known=1, collection_id="a", parent_id="", sorting=NEWEST
    )
    assert (page.timestamp, page.total, len(page.records)) == (SIZE, SHARED, 5)
