"""The schema of a file: made where there is none, and checked where there is one."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any, NamedTuple

from sqlalchemy.dialects import sqlite
from sqlalchemy.schema import CreateIndex, CreateTable

from cliquet.exceptions import CliquetError
from cliquet.storage.schemas import MIGRATE
from cliquet.storage.sql.counting import RECOUNT
from cliquet.storage.sql.tables import METADATA, NOT_OURS, SCHEMA_VERSION, TABLES, lost_tables
from cliquet.storage.sqlite.indexes import Index

Tell = Callable[[str], None]
Indexes = Mapping[str, Index]

_DIALECT: Any = sqlite.dialect()

_SET_VERSION = f"""
    INSERT INTO metadata (name, value) VALUES ('storage_schema_version', '{SCHEMA_VERSION}')
"""  # noqa: S608 - a constant of ours
# Plans do not depend on what happens to be in the file, and when somebody had a look: SQLite
# reads these figures in place of those that ANALYZE would write. Collections are large, and a few
# records share a value of a declared field.
_STATISTICS = {
    "sqlite_autoindex_records_1": "1000000 100000 100000 1",
    "idx_records_time": "1000000 100000 100000 100000 1 1",
}
_SET_STATISTICS = "INSERT INTO sqlite_stat1 (tbl, idx, stat) VALUES ('records', ?, ?)"
_TABLES = "SELECT name FROM sqlite_schema WHERE type = 'table'"
# What administrators call their own indexes is none of our business.
_INDEXES = """
    SELECT name FROM sqlite_schema
     WHERE type = 'index' AND tbl_name = 'records'
       AND (name GLOB 'cliquet_unique_*' OR name GLOB 'cliquet_field_*')
"""


class UnknownSchema(CliquetError):
    """The file has a schema that this version cannot use."""


class DuplicateValues(CliquetError):
    """Records share a value that is declared unique: the index cannot be built."""


class Plan(NamedTuple):
    """
    What makes the indexes of a file those that are wanted.

    Attributes:
        to_drop: Names of those that nobody wants.
        to_build: Those that are missing.
    """

    to_drop: list[str]
    to_build: list[Index]


def schema_version(connection: Any) -> int | None:
    """
    Return the version of the schema; ``None`` for a file without one.

    Raises:
        UnknownSchema: The file has tables of somebody else.
    """
    tables = {name for (name,) in connection.execute(_TABLES)}
    if "metadata" in tables:
        query = "SELECT value FROM metadata WHERE name = 'storage_schema_version'"
        row = connection.execute(query).fetchone()
        if row:
            return int(row[0])
    if "records" in tables:
        raise UnknownSchema(NOT_OURS)
    return None


def check_version(version: int | None) -> None:
    """
    Check that a schema can be used as it is.

    Raises:
        UnknownSchema: It is missing, older or newer; the message says what to do.
    """
    if version is None:
        raise UnknownSchema(f"The file has no schema: {MIGRATE}")
    if version > SCHEMA_VERSION:
        raise UnknownSchema(
            f"Schema {version} of the file is newer than {SCHEMA_VERSION}, the one known here:"
            " upgrade cliquet"
        )
    if version < SCHEMA_VERSION:
        raise UnknownSchema(
            f"Schema {version} of the file is older than {SCHEMA_VERSION}, the first there is:"
            " name another file in storage_url"
        )


def missing_tables(connection: Any) -> list[str]:
    """Return the tables that a file with a schema has lost."""
    present = {name for (name,) in connection.execute(_TABLES)}
    return [name for name in TABLES if name not in present]


def check_tables(connection: Any) -> None:
    """
    Check that the tables can be used as they are: their version, and that all are there.

    Raises:
        UnknownSchema: They cannot; the message says what to do.
    """
    check_version(schema_version(connection))
    missing = missing_tables(connection)
    if missing:
        raise UnknownSchema(lost_tables(missing))


def migrate(connection: Any, wanted: Indexes, tell: Tell) -> None:
    """
    Make the tables where there are none, and the indexes those that are wanted.

    Args:
        connection: In a transaction that writes; the caller commits it.
        wanted: All that are to be there, by name.
        tell: Is told what is done, a line at a time.

    Raises:
        UnknownSchema: The schema is none that is known here.
        DuplicateValues: Records share a value that is declared unique.
    """
    _make_tables(connection, tell)
    to_drop, to_build = plan(connection, wanted)
    for name in to_drop:
        tell(f"Dropping index {name}.")
        connection.execute(f"DROP INDEX {name}")
    _build(connection, to_build, tell)


def preview(connection: Any, wanted: Indexes, tell: Tell) -> None:
    """Tell what :func:`migrate` would do, and what would stop it; arguments as there."""
    version = schema_version(connection)
    if version is None:
        tell(f"Schema {SCHEMA_VERSION} would be made.")
        to_drop, to_build = Plan([], list(wanted.values()))
    else:
        check_version(version)
        tell(f"The schema is at version {version} already.")
        to_drop, to_build = plan(connection, wanted)
    missing = missing_tables(connection) if version else []
    for name in missing:
        tell(f"The table {name} is missing, and would be made.")
    for name in to_drop:
        tell(f"Index {name} would be dropped.")
    for index in to_build:
        tell(f"Index {index.name} would be built, for {index}.")
        has_records = version and "records" not in missing
        shared = shared_values(connection, index) if has_records else ""
        if shared:
            tell(f"{shared}. The migration would stop there.")


def is_new(connection: Any, wanted: Indexes) -> bool:
    """Tell whether a file lacks something that is made at once, for want of records."""
    if schema_version(connection) is None:
        return True
    if missing_tables(connection):
        return False
    return bool(plan(connection, wanted).to_build) and _is_empty(connection)


def make_ready(connection: Any, wanted: Indexes, tell: Tell) -> None:
    """Make the tables and indexes of a new file; arguments as of :func:`migrate`."""
    _make_tables(connection, tell)
    # By now another process may have made it ready, and filled it.
    if _is_empty(connection):
        _build(connection, plan(connection, wanted).to_build, tell)


def check(connection: Any, wanted: Indexes) -> None:
    """
    Check that a file can be served from as it is.

    Raises:
        UnknownSchema: It cannot; the message says which command mends it.
    """
    check_tables(connection)
    lacking = plan(connection, wanted).to_build
    if lacking:
        purposes = ", ".join(dict.fromkeys(map(str, lacking)))
        raise UnknownSchema(f"Indexes are missing, for {purposes}: {MIGRATE}")


def plan(connection: Any, wanted: Indexes) -> Plan:
    """Compare the indexes of a file with all that it is to have, by name."""
    present = {name for (name,) in connection.execute(_INDEXES)}
    return Plan(
        sorted(present - wanted.keys()),
        [index for name, index in wanted.items() if name not in present],
    )


def shared_values(connection: Any, index: Index) -> str:
    """Say which records keep a unique index from being built; nothing if none do."""
    if not hasattr(index, "duplicates"):
        return ""
    rows = connection.execute(index.duplicates()).fetchall()
    pairs = "; ".join(f"{count} records, {one} and {other}" for one, other, count in rows)
    return f"Values of {index} are shared: {pairs}" if rows else ""


def _is_empty(connection: Any) -> bool:
    return connection.execute("SELECT 1 FROM records LIMIT 1").fetchone() is None


def _make_tables(connection: Any, tell: Tell) -> None:
    version = schema_version(connection)
    if version is None:
        tell(f"Making schema {SCHEMA_VERSION}.")
        _create(connection, TABLES)
        connection.execute(_SET_VERSION)
        return
    check_version(version)
    tell(f"The schema is at version {version} already.")
    missing = missing_tables(connection)
    for name in missing:
        tell(f"Making the table {name}, which is missing.")
    if missing:
        _create(connection, missing)
        # Not by executescript(), which would commit.
        for statement in RECOUNT.split(";"):
            connection.execute(statement)


def _create(connection: Any, names: Iterable[str]) -> None:
    for table in (METADATA.tables[name] for name in names):
        connection.execute(str(CreateTable(table, if_not_exists=True).compile(dialect=_DIALECT)))
        for index in table.indexes:
            connection.execute(str(CreateIndex(index).compile(dialect=_DIALECT)))
    connection.execute("ANALYZE sqlite_schema")
    if "records" in names:
        connection.executemany(_SET_STATISTICS, _STATISTICS.items())


def _build(connection: Any, indexes: Iterable[Index], tell: Tell) -> None:
    for index in indexes:
        shared = shared_values(connection, index)
        if shared:
            raise DuplicateValues(f"{shared}. Change or delete them, then migrate again.")
        tell(f"Building index {index.name}, for {index}.")
        connection.execute(index.creation())
        connection.execute(_SET_STATISTICS, (index.name, index.statistics))
    # They are read again, as they are by every connection that finds the schema changed.
    connection.execute("ANALYZE sqlite_schema")
