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

from cliquet.storage.postgresql import version11
from cliquet.storage.postgresql.versions import migrated_version, missing_tables
from cliquet.storage.sql.counting import RECOUNT
from cliquet.storage.sql.tables import METADATA, SCHEMA_VERSION

_SET_VERSION = f"""
    INSERT INTO metadata (name, value) VALUES ('storage_schema_version', '{SCHEMA_VERSION}')
    ON CONFLICT (name) DO UPDATE SET value = excluded.value
"""  # noqa: S608 - a constant of ours
_NO_RECORDS = """WITH records AS (SELECT NULL::text AS parent_id, NULL::text AS collection_id,
    NULL::text AS id, FALSE AS deleted, NULL::jsonb AS data WHERE FALSE)"""


def migrate(cursor: Any, dialect: Dialect, tell: Callable[[str], None]) -> None:
    """
    Bring the schema to the present version, in the transaction of *cursor*.

    Args:
        cursor: Of the driver, within a transaction that the caller commits, and that keeps
            other migrations out.
        dialect: Compiles the tables.
        tell: Is told what is done, a line at a time.

    Raises:
        UnknownSchema: The schema is too old, or newer than what is known here; the database has
            another encoding or time zone than it should; or there is what cannot be migrated.
    """
    version = migrated_version(cursor)
    if version == SCHEMA_VERSION:
        tell(f"The schema is at version {version} already.")
        _complete(cursor, dialect, tell)
        return
    if version is None:
        tell(f"Making schema {SCHEMA_VERSION}.")
        _create(cursor, dialect)
    else:
        tell(f"Migrating schema {version} to {SCHEMA_VERSION}.")
        version11.set_aside(cursor, tell)
        _create(cursor, dialect)
        version11.move(cursor, tell)
    cursor.execute(_SET_VERSION)


def preview(cursor: Any, tell: Callable[[str], None]) -> str:
    """
    Tell what :func:`migrate` would do.

    Args:
        cursor: As there; nothing is written.
        tell: Is told what would be done, a line at a time.

    Returns:
        The clause ``WITH`` that makes ``records`` look as they will, for more to be told; empty
        when they look so already.

    Raises:
        UnknownSchema: As there.
    """
    version = migrated_version(cursor)
    if version == SCHEMA_VERSION:
        tell(f"The schema is at version {version} already.")
        missing = missing_tables(cursor)
        for name in missing:
            tell(f"The table {name} is missing, and would be made.")
        return _NO_RECORDS if "records" in missing else ""
    if version is None:
        tell(f"Schema {SCHEMA_VERSION} would be made.")
        return _NO_RECORDS
    tell(f"Schema {version} would be migrated to {SCHEMA_VERSION}.")
    version11.preview(cursor, tell)
    return version11.AS_PRESENT


def _complete(cursor: Any, dialect: Dialect, tell: Callable[[str], None]) -> None:
    """Make tables that were lost, and count the records that are left."""
    missing = missing_tables(cursor)
    for name in missing:
        tell(f"Making the table {name}, which is missing.")
    if missing:
        _create(cursor, dialect)
        cursor.execute(RECOUNT)


def _create(cursor: Any, dialect: Dialect) -> None:
    for table in METADATA.sorted_tables:
        cursor.execute(str(CreateTable(table, if_not_exists=True).compile(dialect=dialect)))
        for index in table.indexes:
            # Where its name is taken by an index of another table, it is built later, as any
            # that is missing.
            cursor.execute(str(CreateIndex(index, if_not_exists=True).compile(dialect=dialect)))
