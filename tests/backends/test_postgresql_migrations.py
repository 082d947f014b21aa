"""The schema of PostgreSQL: from nothing, from a database of version 3.1, and refused."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import psycopg2
import pytest

from cliquet.query import COMPARISON
from cliquet.scripts.cliquet import main
from cliquet.storage import Filter, Sort
from cliquet.storage.postgresql import Storage, UnknownSchema
from tests.backends.writers import open_storage

RECORDS, TOMBSTONES = 10_000, 1_000

# What version 3.1 leaves behind; timestamps in microseconds collide in milliseconds.
VERSION_11 = f"""
    CREATE FUNCTION as_epoch(ts TIMESTAMP) RETURNS BIGINT AS $$
    BEGIN RETURN (EXTRACT(EPOCH FROM ts) * 1000)::BIGINT; END;
    $$ LANGUAGE plpgsql IMMUTABLE;
    CREATE FUNCTION from_epoch(ts BIGINT) RETURNS TIMESTAMP AS $$
    BEGIN RETURN TIMESTAMP WITH TIME ZONE 'epoch' + ts * INTERVAL '1 millisecond'; END;
    $$ LANGUAGE plpgsql IMMUTABLE;
    CREATE FUNCTION bump_timestamp() RETURNS TRIGGER AS $$
    BEGIN RETURN NEW; END; $$ LANGUAGE plpgsql;
    CREATE TABLE records (
        id TEXT NOT NULL, parent_id TEXT NOT NULL, collection_id TEXT NOT NULL,
        last_modified TIMESTAMP NOT NULL, data JSONB NOT NULL DEFAULT '{{}}'::JSONB,
        PRIMARY KEY (id, parent_id, collection_id));
    CREATE UNIQUE INDEX idx_records_parent_id_collection_id_last_modified
        ON records(parent_id, collection_id, last_modified DESC);
    CREATE INDEX idx_records_last_modified_epoch ON records(as_epoch(last_modified));
    CREATE TABLE deleted (
        id TEXT NOT NULL, parent_id TEXT NOT NULL, collection_id TEXT NOT NULL,
        last_modified TIMESTAMP NOT NULL, PRIMARY KEY (id, parent_id, collection_id));
    CREATE TABLE timestamps (
        parent_id TEXT NOT NULL, collection_id TEXT NOT NULL, last_modified TIMESTAMP NOT NULL,
        PRIMARY KEY (parent_id, collection_id));
    CREATE TRIGGER tgr_records_last_modified BEFORE INSERT OR UPDATE ON records
        FOR EACH ROW EXECUTE PROCEDURE bump_timestamp();
    CREATE TRIGGER tgr_deleted_last_modified BEFORE INSERT OR UPDATE ON deleted
        FOR EACH ROW EXECUTE PROCEDURE bump_timestamp();
    CREATE TABLE metadata (
        name VARCHAR(128) NOT NULL PRIMARY KEY, value VARCHAR(512) NOT NULL);
    INSERT INTO metadata VALUES ('storage_schema_version', '11');
    CREATE TABLE access_control_entries (object_id TEXT, permission TEXT, principal TEXT);
    INSERT INTO access_control_entries VALUES ('/articles/r1', 'read', 'system.Everyone');
    INSERT INTO records SELECT 'r' || n, 'alice', 'article',
        TIMESTAMP '2016-01-01' + n * INTERVAL '300 microseconds', jsonb_build_object('n', n)
        FROM generate_series(1, {RECORDS}) AS n;
    INSERT INTO deleted SELECT 'd' || n, 'alice', 'article',
        TIMESTAMP '2016-01-01' + n * INTERVAL '700 microseconds' + INTERVAL '1 microsecond'
        FROM generate_series(1, {TOMBSTONES}) AS n;
    INSERT INTO records VALUES ('alone', 'bob', 'article', '2016-01-01 00:00:00.0015', '{{}}');
    INSERT INTO timestamps VALUES ('bob', 'article', '2016-01-02 00:00:00.0005');
"""


@pytest.fixture
def url(cliquet_postgresql: str) -> Iterator[str]:
    """URL of an empty schema of its own in the database of the run."""
    connection = psycopg2.connect(cliquet_postgresql)
    connection.autocommit = True
    with connection.cursor() as cursor:
        cursor.execute("CREATE DATABASE migrations")
    yield cliquet_postgresql.rpartition("/")[0] + "/migrations"
    with connection.cursor() as cursor:
        cursor.execute("DROP DATABASE migrations WITH (FORCE)")
    connection.close()


@pytest.fixture
def storage(url: str) -> Storage:
    return open_storage(url)


def execute(url: str, sql: str) -> list[Any]:
    connection = psycopg2.connect(url)
    with connection, connection.cursor() as cursor:
        cursor.execute(sql)
        rows = cursor.fetchall() if cursor.description else []
    connection.close()
    return rows


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


def test_the_command_makes_a_schema_and_can_be_run_again(url, storage, tmp_path):
    ini = tmp_path / "application.ini"
    ini.write_text(
        "[app:main]\nuse = call:readinglist:main\n"
        "storage_backend = cliquet.storage.postgresql\n"
        f"storage_url = {url}\nuserid_hmac_secret = x\n"
        "[loggers]\nkeys = root\n[handlers]\nkeys =\n[formatters]\nkeys =\n"
        "[logger_root]\nhandlers =\nlevel = WARNING\n"
    )
    assert main(["--ini", str(ini), "migrate"]) == 0
    assert main(["--ini", str(ini), "migrate"]) == 0
    storage.check_schema([("article", "url")])
