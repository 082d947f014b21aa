"""Versions of the schema: which one a database has, and whether it can be used or migrated."""

from __future__ import annotations

from typing import Any

from cliquet.exceptions import CliquetError
from cliquet.storage.schemas import MIGRATE
from cliquet.storage.sql.tables import NOT_OURS, SCHEMA_VERSION, TABLES, lost_tables

#: Version that cliquet 3.1 left behind: the only older one that is migrated.
OLD_VERSION = 11

# By what it does, not by its name: UTC has many. Twelve looks a year see every summer time.
_IS_UTC = """
    SELECT bool_and(extract(timezone FROM day) = 0)
      FROM generate_series(timestamptz '2010-01-01', now(), interval '1 month') AS day
"""


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
        raise UnknownSchema(NOT_OURS)
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
        raise UnknownSchema(f"The database has no schema: {MIGRATE}")
    if version > SCHEMA_VERSION:
        raise UnknownSchema(
            f"Schema {version} of the database is newer than {SCHEMA_VERSION}, the one known here:"
            " upgrade cliquet"
        )
    raise UnknownSchema(f"Schema {version} of the database should be {SCHEMA_VERSION}: {MIGRATE}")


def missing_tables(cursor: Any) -> list[str]:
    """Return the tables that a database with a schema has lost."""
    query = "SELECT name FROM unnest(%s) AS name WHERE to_regclass(name) IS NULL"
    cursor.execute(query, (list(TABLES),))
    return [name for (name,) in cursor.fetchall()]


def check_tables(cursor: Any) -> None:
    """
    Check that the tables can be used as they are: their version, and that all are there.

    Raises:
        UnknownSchema: They cannot; the message says what to do.
    """
    check_version(schema_version(cursor))
    missing = missing_tables(cursor)
    if missing:
        raise UnknownSchema(lost_tables(missing))


def migrated_version(cursor: Any) -> int | None:
    """
    Return the version that is to be migrated, or is the present one; ``None`` for no schema.

    Raises:
        UnknownSchema: The version is another; or the database, which is to be migrated, has
            another encoding or time zone than it should.
    """
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
