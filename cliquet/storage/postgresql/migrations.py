"""
The schema of PostgreSQL, made from nothing or from a database of cliquet 3.1.

Schema and data move in one transaction: a migration that fails, or whose process dies, leaves
everything as it was.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from sqlalchemy.engine import Dialect
from sqlalchemy.schema import CreateIndex, CreateTable

from cliquet.exceptions import CliquetError
from cliquet.storage.sql.tables import METADATA, SCHEMA_VERSION

#: Version that cliquet 3.1 left behind: the only older one that is migrated.
OLD_VERSION = 11

_SET_VERSION = f"""
    INSERT INTO metadata (name, value) VALUES ('storage_schema_version', '{SCHEMA_VERSION}')
    ON CONFLICT (name) DO UPDATE SET value = excluded.value
"""  # noqa: S608 - a constant of ours

# By what it does, not by its name: UTC has many. Twelve looks a year see every summer time.
_IS_UTC = """
    SELECT bool_and(extract(timezone FROM day) = 0)
      FROM generate_series(timestamptz '2010-01-01', now(), interval '1 month') AS day
"""

# 3.1 kept microseconds, and showed them rounded to milliseconds. They are rounded alike, so that
# ETags stay right, and only those that collide move up: by the millisecond that the one before
# them has taken, in the order that they were made.
_MIGRATE_RECORDS = """
    WITH changes AS (
        SELECT parent_id, collection_id, id, last_modified AS at, FALSE AS deleted, data
          FROM records_11
         UNION ALL
        SELECT parent_id, collection_id, id, last_modified, TRUE, '{}'::jsonb
          FROM deleted_11
         WHERE NOT EXISTS (SELECT 1 FROM records_11 AS live
                            WHERE live.parent_id = deleted_11.parent_id
                              AND live.collection_id = deleted_11.collection_id
                              AND live.id = deleted_11.id)
    ), rounded AS (
        SELECT *, round(extract(epoch FROM at) * 1000)::bigint AS ms,
               row_number() OVER (PARTITION BY parent_id, collection_id ORDER BY at, id) AS place
          FROM changes
    )
    INSERT INTO records (parent_id, collection_id, id, last_modified, deleted, data)
    SELECT parent_id, collection_id, id,
           place + max(ms - place) OVER (PARTITION BY parent_id, collection_id ORDER BY place),
           deleted, data
      FROM rounded
"""
_MIGRATE_TIMESTAMPS = """
    INSERT INTO timestamps (parent_id, collection_id, last_modified, live)
    SELECT parent_id, collection_id, max(last_modified), sum(live)
      FROM (SELECT parent_id, collection_id,
                   round(extract(epoch FROM last_modified) * 1000)::bigint AS last_modified,
                   0 AS live
              FROM timestamps_11
             UNION ALL
            SELECT parent_id, collection_id, last_modified, (NOT deleted)::int FROM records
           ) AS known
     GROUP BY parent_id, collection_id
"""
_SET_ASIDE = """
    DROP TRIGGER IF EXISTS tgr_records_last_modified ON records;
    DROP TRIGGER IF EXISTS tgr_deleted_last_modified ON deleted;
    ALTER TABLE records RENAME TO records_11;
    ALTER TABLE deleted RENAME TO deleted_11;
    ALTER TABLE timestamps RENAME TO timestamps_11;
"""
_FORGET_OLD = """
    DROP TABLE records_11, deleted_11, timestamps_11;
    DROP FUNCTION IF EXISTS collection_timestamp(varchar, varchar);
    DROP FUNCTION IF EXISTS bump_timestamp();
    DROP FUNCTION IF EXISTS as_epoch(timestamp);
    DROP FUNCTION IF EXISTS from_epoch(bigint);
    ANALYZE records, timestamps;
"""
_MOVING = """
    SELECT (SELECT count(*) FROM records), (SELECT count(*) FROM deleted),
           (SELECT count(*) FROM timestamps)
"""
# How records of a schema look in the present one, to statements that only read them.
_AS_PRESENT = {
    None: """WITH records AS (SELECT NULL::text AS parent_id, NULL::text AS collection_id,
                NULL::text AS id, FALSE AS deleted, NULL::jsonb AS data WHERE FALSE)""",
    OLD_VERSION: """WITH records AS (
        SELECT parent_id, collection_id, id, FALSE AS deleted, data FROM records)""",
    SCHEMA_VERSION: "",
}


class UnknownSchema(CliquetError):
    """The database has a schema that this version can neither use nor migrate."""


def schema_version(cursor: Any) -> int | None:
    """Return the version of the schema; ``None`` for a database without records."""
    cursor.execute("SELECT to_regclass('metadata'), to_regclass('records')")
    has_metadata, has_records = cursor.fetchone()
    if has_metadata:
        cursor.execute("SELECT value FROM metadata WHERE name = 'storage_schema_version'")
        row = cursor.fetchone()
        if row:
            return int(row[0])
    if has_records:
        raise UnknownSchema(
            "There is a table records, but no storage_schema_version in a table metadata:"
            " is it cliquet's?"
        )
    return None


def check_version(version: int | None) -> None:
    """
    Check that a schema can be used as it is.

    Raises:
        UnknownSchema: It is missing, older or newer; the message says what to do.
    """
    if version == SCHEMA_VERSION:
        return
    if version is None:
        raise UnknownSchema('The database has no schema: run "cliquet --ini FILE migrate"')
    if version > SCHEMA_VERSION:
        raise UnknownSchema(
            f"Schema {version} of the database is newer than {SCHEMA_VERSION}, the one known here:"
            " upgrade cliquet"
        )
    raise UnknownSchema(
        f"Schema {version} of the database should be {SCHEMA_VERSION}: "
        'run "cliquet --ini FILE migrate"'
    )


def migrate(cursor: Any, dialect: Dialect, tell: Callable[[str], None]) -> None:
    """
    Bring the schema to the present version, in the transaction of *cursor*.

    Args:
        cursor: Of the driver, within a transaction that the caller commits, and that keeps
            other migrations out.
        dialect: Compiles the tables.
        tell: Is told what is done, a line at a time.

    Raises:
        UnknownSchema: The schema is too old, or newer than what is known here; or the database
            has another encoding or time zone than it should.
    """
    version = _migrated_version(cursor)
    if version == SCHEMA_VERSION:
        tell(f"The schema is at version {version} already.")
        return
    if version is None:
        tell(f"Making schema {SCHEMA_VERSION}.")
        _create(cursor, dialect)
    else:
        tell(f"Migrating schema {version} to {SCHEMA_VERSION}.")
        _migrate_old(cursor, dialect, tell)
    cursor.execute(_SET_VERSION)


def preview(cursor: Any, tell: Callable[[str], None]) -> str:
    """
    Tell what :func:`migrate` would do.

    Args:
        cursor: As there; nothing is written.
        tell: Is told what would be done, a line at a time.

    Returns:
        The clause ``WITH`` that makes ``records`` look as they will, for more to be told.

    Raises:
        UnknownSchema: As there.
    """
    version = _migrated_version(cursor)
    if version == SCHEMA_VERSION:
        tell(f"The schema is at version {version} already.")
    elif version is None:
        tell(f"Schema {SCHEMA_VERSION} would be made.")
    else:
        cursor.execute(_MOVING)
        records, tombstones, collections = cursor.fetchone()
        tell(f"Schema {version} would be migrated to {SCHEMA_VERSION}.")
        tell(
            f"{records} records, {tombstones} tombstones and {collections} timestamps of"
            " collections would move."
        )
    return _AS_PRESENT[version]


def _migrated_version(cursor: Any) -> int | None:
    """Return the version that is to be migrated, or is the present one; others are refused."""
    version = schema_version(cursor)
    if version is not None and version < OLD_VERSION:
        raise UnknownSchema(
            f"Schema {version} is too old: migrate it to {OLD_VERSION} by cliquet 3.1 first"
        )
    if version in (None, OLD_VERSION):
        _check_database(cursor)
    else:
        check_version(version)
    return version


def _check_database(cursor: Any) -> None:
    cursor.execute("SELECT current_database(), current_setting('server_encoding')")
    name, encoding = cursor.fetchone()
    if encoding != "UTF8":
        raise UnknownSchema(f"The encoding of the database {name} should be UTF8, it is {encoding}")
    cursor.execute(f"SELECT current_setting('TimeZone'), ({_IS_UTC})")
    zone, is_utc = cursor.fetchone()
    if not is_utc:
        raise UnknownSchema(
            f"The time zone of the database {name} should be UTC, it is {zone}: run"
            f" ALTER DATABASE \"{name}\" SET TimeZone TO 'UTC'"
        )


def _create(cursor: Any, dialect: Dialect) -> None:
    for table in METADATA.sorted_tables:
        cursor.execute(str(CreateTable(table, if_not_exists=True).compile(dialect=dialect)))
        for index in table.indexes:
            cursor.execute(str(CreateIndex(index, if_not_exists=True).compile(dialect=dialect)))


def _migrate_old(cursor: Any, dialect: Dialect, tell: Callable[[str], None]) -> None:
    cursor.execute(_SET_ASIDE)
    # Names of constraints and indexes stay with the tables that were set aside.
    cursor.execute(
        "SELECT tablename, indexname FROM pg_indexes"
        " WHERE tablename IN ('records_11', 'deleted_11', 'timestamps_11')"
        " AND schemaname = current_schema()"
    )
    for number, (_, index) in enumerate(cursor.fetchall()):
        cursor.execute(f'ALTER INDEX "{index}" RENAME TO cliquet_old_{number}')
    _create(cursor, dialect)
    cursor.execute(_MIGRATE_RECORDS)
    tell(f"{cursor.rowcount} records and tombstones moved.")
    cursor.execute(_MIGRATE_TIMESTAMPS)
    tell(f"{cursor.rowcount} timestamps of collections moved.")
    cursor.execute(_FORGET_OLD)
