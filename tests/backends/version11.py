"""A database as version 3.1 leaves it, and databases of a test's own."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import count
from typing import Any

import psycopg2

# Each has a name of its own: pools of connections outlive the tests.
_numbers = count()

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


@contextmanager
def database_of_its_own(url: str) -> Iterator[str]:
    """Make an empty database on the server at *url*, and give the URL of it."""
    name = f"migrations_{os.getpid()}_{next(_numbers)}"
    connection = psycopg2.connect(url)
    connection.autocommit = True
    with connection.cursor() as cursor:
        cursor.execute(f"CREATE DATABASE {name}")
        try:
            yield f"{url.rpartition('/')[0]}/{name}"
        finally:
            cursor.execute(f"DROP DATABASE {name} WITH (FORCE)")
            connection.close()


def execute(url: str, sql: str) -> list[Any]:
    """Run statements in a transaction, and return the rows of the last one."""
    connection = psycopg2.connect(url)
    with connection, connection.cursor() as cursor:
        cursor.execute(sql)
        rows = cursor.fetchall() if cursor.description else []
    connection.close()
    return rows


@contextmanager
def older_transaction(url: str) -> Iterator[Any]:
    """Have a transaction with a snapshot in the block, which indexes being built wait for."""
    connection = psycopg2.connect(url)
    connection.set_session(isolation_level="REPEATABLE READ")
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1")
    yield connection
    connection.close()
