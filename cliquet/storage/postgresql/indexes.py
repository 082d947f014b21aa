"""
Indexes of the fields that schemas declare in ``Options.indexed_fields``.

A field has three. Two hold values in the order of sorting, each with the timestamps of one
direction behind it, so that pages sorted by the field either way are read off an index; filters
use them too. Texts that are too long for these have the third, since a row of an index may not
grow beyond 2.7 kB.

The id has one. It is declared where lists are of what is shared with a user, which is many ids: the
index begins with them, so that a look-up compares one text at each step, and holds all that a list
asks for but documents.
"""

from __future__ import annotations

import hashlib
from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

from sqlalchemy import ColumnElement, literal_column
from sqlalchemy.dialects.postgresql import psycopg2

from cliquet.storage.schemas import BY_ID
from cliquet.storage.sql.elements import quoted
from cliquet.storage.sql.operands import IndexedOperand, indexed_value
from cliquet.storage.sql.tables import records

_DIALECT: Any = psycopg2.dialect(paramstyle="named")  # type: ignore[no-untyped-call]


@dataclass(frozen=True)
class DeclaredIndex(ABC):
    """
    An index of the records of a collection; lists are right without it, and slower.

    Attributes:
        collection_id: What it is for.
    """

    collection_id: str

    #: See :class:`~cliquet.storage.postgresql.building.Index`.
    is_needed: ClassVar = False

    @property
    @abstractmethod
    def definition(self) -> str:
        """What the index is made of, in SQL."""

    @property
    def name(self) -> str:
        """Name of the index: another one when its definition changes."""
        return "cliquet_field_" + hashlib.sha256(self.definition.encode()).hexdigest()[:24]

    def is_served_by(self, name: str, definition: str) -> bool:
        """See :class:`~cliquet.storage.postgresql.building.Index`."""
        return name == self.name

    def creation(self) -> str:
        """Return the statement that builds the index while others write."""
        return f"CREATE INDEX CONCURRENTLY {self.name} ON records {self.definition}"


@dataclass(frozen=True)
class FieldIndex(DeclaredIndex):
    """
    An index of a field, of the live records.

    Attributes:
        field: Of the document.
        behind: What rows with one value are sorted by.
        is_long: Whether it holds the texts that the others do not; it is not sorted by them.
    """

    field: str
    behind: str
    is_long: bool = False

    def __str__(self) -> str:
        return f"the indexed field {self.field} of {self.collection_id}"

    @property
    def definition(self) -> str:
        """See :class:`DeclaredIndex`."""
        operand = IndexedOperand(indexed_value(self.field), self.collection_id)
        sorted_by = [] if self.is_long else [text_of(one) for one in operand.sort_columns()]
        columns = ", ".join(["parent_id", *(f"({one})" for one in sorted_by), self.behind])
        return f"({columns}) WHERE NOT deleted AND {text_of(operand.is_held(is_long=self.is_long))}"


@dataclass(frozen=True)
class IdIndex(DeclaredIndex):
    """An index of the ids, for many records that are looked up at a time; of tombstones too."""

    def __str__(self) -> str:
        return f"the look-up of {self.collection_id} by ids"

    @property
    def definition(self) -> str:
        """See :class:`DeclaredIndex`."""
        is_held = text_of(records.c.collection_id == literal_column(quoted(self.collection_id)))
        return f"(id, parent_id) INCLUDE (last_modified, deleted) WHERE {is_held}"


def indexes_of(collection_id: str, field: str) -> Sequence[DeclaredIndex]:
    """Return the indexes that a declared field is to have, or :data:`BY_ID`."""
    if field == BY_ID:
        return [IdIndex(collection_id)]
    return [
        FieldIndex(collection_id, field, "last_modified DESC, id DESC"),
        FieldIndex(collection_id, field, "last_modified, id"),
        FieldIndex(collection_id, field, "last_modified, id", is_long=True),
    ]


def text_of(clause: ColumnElement[Any]) -> str:
    """Return an expression on records as the text that a definition of an index has."""
    compiled = clause.compile(dialect=_DIALECT)
    return compiled.process(clause, include_table=False)
