"""
The tables of records, alike on every database: all keyed by ``parent_id`` first.

Tombstones are rows among the records. The row of ``timestamps`` is what each write of a collection
locks first; it holds the timestamp, and the number of live records.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

from sqlalchemy import BigInteger, Boolean, Column, Index, MetaData, PrimaryKeyConstraint, Table
from sqlalchemy import Text as SQLText
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.types import UserDefinedType

from cliquet.drivers.elements import Key
from cliquet.storage.schemas import MIGRATE

#: Version of the schema; 11 was that of cliquet 3.1.
SCHEMA_VERSION: Final = 12

METADATA = MetaData()


class Document(UserDefinedType[str]):
    """A JSON document, given and taken as text."""

    cache_ok = True


@compiles(Document, "postgresql")
def _document_on_postgresql(element: Document, compiler: Any, **kwargs: Any) -> str:
    return "JSONB"


@compiles(Document)
def _document(element: Document, compiler: Any, **kwargs: Any) -> str:
    return "TEXT"


records = Table(
    "records",
    METADATA,
    Column("parent_id", Key, nullable=False),
    Column("collection_id", Key, nullable=False),
    Column("id", Key, nullable=False),
    Column("last_modified", BigInteger, nullable=False),
    Column("deleted", Boolean, nullable=False),
    Column("data", Document, nullable=False),
    PrimaryKeyConstraint("parent_id", "collection_id", "id"),
)
# Not unique: clients may force one timestamp on several records (protocol P4.12).
Index(
    "idx_records_time",
    records.c.parent_id,
    records.c.collection_id,
    # Live records and tombstones apart: lists of the former step over none of the latter.
    records.c.deleted,
    records.c.last_modified,
    records.c.id,
)

timestamps = Table(
    "timestamps",
    METADATA,
    Column("parent_id", Key, nullable=False),
    Column("collection_id", Key, nullable=False),
    Column("last_modified", BigInteger, nullable=False),
    Column("live", BigInteger, nullable=False),
    PrimaryKeyConstraint("parent_id", "collection_id"),
    # The rows are short: SQLite keeps them in the order of the key, without another index.
    sqlite_with_rowid=False,
)

metadata = Table(
    "metadata",
    METADATA,
    Column("name", SQLText, nullable=False),
    Column("value", SQLText, nullable=False),
    PrimaryKeyConstraint("name"),
)

TABLES: Final = tuple(table.name for table in METADATA.sorted_tables)

#: What is said of a database with a table of that name, of which nobody knows whose it is.
NOT_OURS: Final = (
    "There is a table records, but no storage_schema_version in a table metadata:"
    " name another database in storage_url, or restore the table metadata if it was cliquet's"
)


def lost_tables(names: Sequence[str]) -> str:
    """Say that tables of a schema are missing, and what to do about it."""
    are_missing = "table {} is missing" if len(names) == 1 else "tables {} are missing"
    what = f"The {are_missing.format(', '.join(names))}"
    if records.name not in names:
        return f"{what}: {MIGRATE}"
    return f"{what}: restore the database from a backup, or, to begin with no records, {MIGRATE}"
