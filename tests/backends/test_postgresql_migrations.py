"""The schema of PostgreSQL: from nothing, from a database of version 3.1, and refused."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import psycopg2
import pytest

from cliquet.query import COMPARISON
from cliquet.storage import Filter, Sort
from cliquet.storage.postgresql import Storage, UnknownSchema
from cliquet.storage.postgresql.guards import DuplicateValues, Guard
from tests.backends.version11 import (
    RECORDS,
    TOMBSTONES,
    VERSION_11,
    database_of_its_own,
    execute,
    older_transaction,
)
from tests.backends.writers import open_storage

GUARD = Guard("article", "n")


@pytest.fixture
def url(cliquet_postgresql: str) -> Iterator[str]:
    with database_of_its_own(cliquet_postgresql) as url:
        yield url


@pytest.fixture
def storage(url: str) -> Storage:
    return open_storage(url)


def poll(storage: Storage, since: int) -> list[dict[str, Any]]:
    """Return all that changed after *since*, by pages of a thousand."""
    found: list[dict[str, Any]] = []
    while True:
        records, _ = storage.get_all(
            "article",
            "alice",
            filters=[Filter("last_modified", since, COMPARISON.GT)],
            sorting=[Sort("last_modified", 1)],
            limit=1000,
            include_deleted=True,
        )
        if not records:
            return found
        found += records
        since = records[-1]["last_modified"]


def test_a_database_of_3_1_migrates_and_a_poll_over_it_misses_nothing(url, storage):
    execute(url, VERSION_11)
    storage.initialize_schema()
    found = poll(storage, 0)
    assert len(found) == len({record["last_modified"] for record in found}) == 11_000
    assert sum("deleted" in record for record in found) == TOMBSTONES
    in_order = [record["n"] for record in found if "n" in record]
    assert in_order == sorted(in_order)


def test_etags_of_clients_stay_right_where_nothing_collides(url, storage):
    execute(url, VERSION_11)
    [(shown,)] = execute(url, "SELECT as_epoch(last_modified) FROM records WHERE id = 'alone'")
    storage.initialize_schema()
    assert storage.get("article", "bob", "alone")["last_modified"] == shown
    assert storage.get_page("article", "bob", 1).total == 1


def test_permissions_and_the_counter_survive_the_migration(url, storage):
    execute(url, VERSION_11)
    storage.initialize_schema()
    assert execute(url, "SELECT principal FROM access_control_entries") == [("system.Everyone",)]
    assert storage.get_page("article", "alice", 1).total == RECORDS
    after = storage.create("article", "alice", {})["last_modified"]
    assert after > max(record["last_modified"] for record in poll(storage, 0)[:-1])


def test_a_migration_that_fails_leaves_everything_as_it_was(url, storage):
    execute(url, VERSION_11)
    execute(url, "CREATE TABLE timestamps_11 ()")
    with pytest.raises(Exception, match="timestamps_11"):
        storage.initialize_schema()
    assert execute(url, "SELECT count(*) FROM deleted") == [(TOMBSTONES,)]
    execute(url, "DROP TABLE timestamps_11")
    storage.initialize_schema()
    assert len(poll(storage, 0)) == RECORDS + TOMBSTONES


@pytest.mark.parametrize(
    ("version", "words"), [("10", "too old.*3.1"), ("13", "newer.*upgrade"), ("11", "migrate")]
)
def test_other_schemas_are_refused_with_the_way_out(url, storage, version, words):
    execute(url, VERSION_11)
    execute(url, f"UPDATE metadata SET value = '{version}'")
    with pytest.raises(UnknownSchema, match=words):
        storage.check_schema() if version == "11" else storage.initialize_schema()


def in_time_zone(url: str, zone: str) -> str:
    return f"ALTER DATABASE {url.rpartition('/')[2]} SET TimeZone TO '{zone}'"


@pytest.mark.parametrize("before", ["", VERSION_11])
def test_a_database_whose_time_zone_is_not_utc_is_refused_with_the_way_out(url, storage, before):
    execute(url, before + in_time_zone(url, "Europe/London"))
    with pytest.raises(UnknownSchema, match="Europe/London: run") as caught:
        storage.initialize_schema()
    execute(url, str(caught.value).partition(": run ")[2])
    storage.initialize_schema()
    storage.check_schema()


def test_other_names_of_utc_are_accepted(url, storage):
    execute(url, in_time_zone(url, "Etc/Zulu"))
    storage.initialize_schema()
    storage.check_schema()


def test_tables_without_a_version_are_left_alone(url, storage):
    execute(url, VERSION_11)
    execute(url, "DELETE FROM metadata")
    with pytest.raises(UnknownSchema, match="storage_schema_version"):
        storage.initialize_schema()
    assert execute(url, "SELECT count(*) FROM deleted") == [(TOMBSTONES,)]


def test_a_flush_keeps_the_version_of_the_schema(url, storage):
    storage.initialize_schema()
    storage.flush()
    storage.check_schema()


# -- Indexes


def test_a_dry_run_tells_of_everything_and_changes_nothing(url, storage):
    execute(url, VERSION_11)
    lines: list[str] = []
    storage.preview_schema([GUARD], tell=lines.append)
    assert lines == [
        "Schema 11 would be migrated to 12.",
        "10001 records, 1000 tombstones and 1 timestamps of collections would move.",
        f"Index {GUARD.name} would be built, for the unique field n of article.",
    ]
    assert execute(url, "SELECT value FROM metadata") == [("11",)]
    assert execute(url, "SELECT count(*) FROM deleted") == [(TOMBSTONES,)]


def test_a_dry_run_tells_of_the_duplicates_that_would_stop_the_migration(url, storage):
    execute(url, VERSION_11)
    execute(url, "UPDATE records SET data = '{\"n\": 0}' WHERE id IN ('r1', 'r2')")
    lines: list[str] = []
    storage.preview_schema([GUARD], tell=lines.append)
    assert "Values of the unique field n of article are shared: 2 records, r1 and r2." in lines[-1]
    for _ in range(2):  # the second time from schema 12, which the first one has left
        with pytest.raises(DuplicateValues, match="2 records, r1 and r2"):
            storage.initialize_schema([GUARD])
    storage.preview_schema([GUARD], tell=lines.append)
    assert "shared: 2 records, r1 and r2." in lines[-1]


def test_a_dry_run_on_an_empty_database_and_on_the_present_schema(storage):
    lines: list[str] = []
    storage.preview_schema([GUARD], tell=lines.append)
    storage.initialize_schema([GUARD])
    storage.preview_schema([GUARD], tell=lines.append)
    storage.preview_schema([], tell=lines.append, collections=["article"])
    assert lines[0] == "Schema 12 would be made."
    assert lines[2:] == [
        "The schema is at version 12 already.",
        "The schema is at version 12 already.",
        f"Index {GUARD.name} would be dropped.",
    ]


@pytest.mark.parametrize("action", ["initialize_schema", "preview_schema"])
def test_a_schema_that_is_too_old_is_refused_by_a_dry_run_alike(url, storage, action):
    execute(url, VERSION_11)
    execute(url, "UPDATE metadata SET value = '9'")
    with pytest.raises(UnknownSchema, match="too old"):
        getattr(storage, action)()


def test_an_index_whose_building_was_broken_off_is_built_again(url, storage):
    storage.initialize_schema()
    connection = psycopg2.connect(url, options="-c lock_timeout=100")
    connection.autocommit = True
    with older_transaction(url), pytest.raises(psycopg2.errors.LockNotAvailable):
        connection.cursor().execute(GUARD.creation())
    connection.close()
    with pytest.raises(UnknownSchema, match="unique field n of article"):
        storage.check_schema([GUARD])
    lines: list[str] = []
    storage.initialize_schema([GUARD], tell=lines.append)
    assert [line.split()[0] for line in lines] == ["The", "Dropping", "Building"]
    storage.check_schema([GUARD])


def test_indexes_of_administrators_are_left_alone(url, storage):
    storage.initialize_schema([GUARD])
    execute(url, "CREATE INDEX cliquet_unique_reports ON records (last_modified)")
    storage.initialize_schema(collections=["article"])
    names = execute(url, "SELECT indexname FROM pg_indexes WHERE indexname LIKE 'cliquet%'")
    assert names == [("cliquet_unique_reports",)]
