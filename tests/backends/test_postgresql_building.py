"""The indexes of a database in PostgreSQL: of several applications, and those that always are."""

from __future__ import annotations

from collections.abc import Iterator

import psycopg2
import pytest

from cliquet.storage.postgresql import Storage, UnknownSchema
from cliquet.storage.postgresql.guards import Guard
from cliquet.storage.postgresql.indexes import indexes_of
from cliquet.storage.postgresql.standing import standing_indexes
from tests.backends.version11 import VERSION_11, database_of_its_own, execute, older_transaction
from tests.backends.writers import open_storage

GUARD = Guard("article", "url")
OTHERS = Guard("book", "isbn")
PRESENT = "The schema is at version 12 already."


@pytest.fixture
def url(cliquet_postgresql: str) -> Iterator[str]:
    with database_of_its_own(cliquet_postgresql) as url:
        yield url


@pytest.fixture
def storage(url: str) -> Storage:
    return open_storage(url)


def names(url: str) -> set[str]:
    query = "SELECT indexname FROM pg_indexes WHERE tablename IN ('records', 'timestamps')"
    return {name for (name,) in execute(url, query)}


def told(action, *arguments, **keywords) -> list[str]:
    lines: list[str] = []
    action(*arguments, tell=lines.append, **keywords)
    return lines[1:]


def broken_off(url: str, creation: str) -> None:
    """Leave the invalid index behind of a building that was broken off."""
    connection = psycopg2.connect(url, options="-c lock_timeout=100")
    connection.autocommit = True
    with older_transaction(url), pytest.raises(psycopg2.errors.LockNotAvailable):
        connection.cursor().execute(creation)
    connection.close()


# -- Several applications on one database


def test_an_application_leaves_the_indexes_of_another_alone_and_says_so(url, storage):
    indexes = [OTHERS, *indexes_of("note", "title")]
    storage.initialize_schema([OTHERS], [("note", "title")])
    line = "Left alone, for no resource here has their collections: "
    line += f"{', '.join(sorted(index.name for index in indexes))}."
    assert told(storage.preview_schema, [GUARD])[1:] == [line]
    assert told(storage.initialize_schema, [GUARD])[1:] == [line]
    assert {index.name for index in [GUARD, *indexes]} <= names(url)
    storage.check_schema([OTHERS], [("note", "title")])


def test_an_invalid_index_of_another_application_is_left_alone(url, storage):
    storage.initialize_schema()
    broken_off(url, OTHERS.creation())
    storage.initialize_schema([GUARD])
    assert OTHERS.name in names(url)


@pytest.mark.parametrize("collection", ["article", "it's", "übung"])
def test_a_collection_without_declared_fields_loses_its_indexes(url, storage, collection):
    guard = Guard(collection, "(collection_id = 'book'::text)")
    storage.initialize_schema([guard], [(collection, "title")])
    assert all("Left alone" in line for line in told(storage.preview_schema, collections=["book"]))
    told(storage.initialize_schema, collections=[collection])
    assert not [name for name in names(url) if name.startswith("cliquet_")]


# -- Those that always are


def test_a_missing_index_of_time_is_told_at_the_start_and_built(url, storage, caplog):
    storage.initialize_schema()
    execute(url, "DROP INDEX idx_records_time")
    storage.check_schema()
    assert "The order by time of records has no index" in caplog.text
    assert "would be built, for the order by time of records." in told(storage.preview_schema)[0]
    assert "Building" in told(storage.initialize_schema)[0]
    caplog.clear()
    storage.check_schema()
    assert not caplog.text
    assert told(storage.preview_schema) == told(storage.initialize_schema) == []


@pytest.mark.parametrize(
    ("table", "referred"), [("records", "the key of records"), ("timestamps", "the key of timest")]
)
def test_a_missing_key_keeps_an_application_from_starting_and_is_built(
    url, storage, table, referred
):
    storage.initialize_schema()
    execute(url, f"ALTER TABLE {table} DROP CONSTRAINT {table}_pkey")
    with pytest.raises(UnknownSchema, match=referred):
        storage.check_schema()
    storage.initialize_schema()
    storage.check_schema()
    assert storage.create("article", "alice", {"id": "a"})["id"] == "a"


@pytest.mark.parametrize("before", ["", VERSION_11], ids=["new", "of 3.1"])
def test_an_index_of_another_table_may_have_the_name(url, storage, before, caplog):
    execute(url, before + "CREATE TABLE other (x int); CREATE INDEX idx_records_time ON other (x)")
    storage.initialize_schema()
    storage.check_schema()
    assert "has no index" not in caplog.text
    assert [name for name in names(url) if name.startswith("cliquet_time_")]


def test_an_index_of_time_that_was_rebuilt_under_another_name_serves(url, storage):
    storage.initialize_schema()
    definition = "records (parent_id, collection_id, deleted, last_modified, id)"
    execute(url, "DROP INDEX idx_records_time")
    execute(url, f"CREATE INDEX mine ON {definition} WITH (fillfactor = 70)")
    assert told(storage.initialize_schema) == []


@pytest.mark.parametrize(
    "definition",
    [
        "(parent_id, collection_id, deleted, last_modified, id) WHERE NOT deleted",
        "(parent_id, collection_id, deleted, last_modified DESC, id)",
        "(parent_id, collection_id, deleted, id, last_modified)",
    ],
)
def test_another_index_that_has_its_name_does_not_serve(url, storage, definition):
    storage.initialize_schema()
    execute(url, "DROP INDEX idx_records_time")
    execute(url, f"CREATE INDEX idx_records_time ON records {definition}")
    assert len(told(storage.initialize_schema)) == 1


def test_an_index_of_time_whose_building_was_broken_off_is_built_again(url, storage):
    storage.initialize_schema()
    execute(url, "DROP INDEX idx_records_time")
    [time] = [index for index in standing_indexes() if not index.is_needed]
    broken_off(url, time.creation())
    assert [line.split()[0] for line in told(storage.initialize_schema)] == ["Dropping", "Building"]
    assert told(storage.initialize_schema) == []


# -- Statistics


def test_expressions_of_new_indexes_have_statistics(url, storage):
    storage.initialize_schema()
    for number in range(3):
        storage.create("note", "alice", {"title": f"t{number}"})
    execute(url, "ALTER TABLE records SET (autovacuum_enabled = off)")
    storage.initialize_schema([], [("note", "title")])
    found = execute(url, "SELECT 1 FROM pg_stats WHERE tablename LIKE 'cliquet_field_%'")
    assert found
