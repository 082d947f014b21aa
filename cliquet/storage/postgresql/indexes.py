"""
Indexes of the fields that schemas declare in ``Options.indexed_fields``.

A field has three. Two hold values in the order of sorting, each with the timestamps of one
direction behind it, so that pages sorted by the field either way are read off an index; filters
use them too. Texts that are too long for these have the third, since a row of an index may not
grow beyond 2.7 kB.
"""

from __future__ import annotations

import hashlib
from typing import Any, NamedTuple

from sqlalchemy import ColumnElement
from sqlalchemy.dialects.postgresql import psycopg2

from cliquet.storage.sql.operands import IndexedOperand, indexed_value

_DIALECT: Any = psycopg2.dialect(paramstyle="named")  # type: ignore[no-untyped-call]


class FieldIndex(NamedTuple):
    """
    An index of a field of a collection, of its live records.

    Attributes:
        collection_id, field: What it is for.
        behind: What rows with one value are sorted by.
        is_long: Whether it holds the texts that the others do not; it is not sorted by them.
    """

    collection_id: str
    field: str
    behind: str
    is_long: bool = False

    def __str__(self) -> str:
        return f"the indexed field {self.field} of {self.collection_id}"

    @property
    def name(self) -> str:
        """Name of the index: another one when its definition changes."""
        return "cliquet_field_" + hashlib.sha256(self._definition.encode()).hexdigest()[:24]

    @property
    def is_needed(self) -> bool:
        """See :class:`~cliquet.storage.postgresql.building.Index`; lists are slower without it."""
        return False

    def is_served_by(self, name: str, definition: str) -> bool:
        """See :class:`~cliquet.storage.postgresql.building.Index`."""
        return name == self.name

    def creation(self) -> str:
        """Return the statement that builds the index while others write."""
        return f"CREATE INDEX CONCURRENTLY {self.name} ON records {self._definition}"

    @property
    def _definition(self) -> str:
        operand = IndexedOperand(indexed_value(self.field), self.collection_id)
        sorted_by = [] if self.is_long else [text_of(one) for one in operand.sort_columns()]
        columns = ", ".join(["parent_id", *(f"({one})" for one in sorted_by), self.behind])
        return f"({columns}) WHERE NOT deleted AND {text_of(operand.is_held(is_long=self.is_long))}"


def indexes_of(collection_id: str, field: str) -> list[FieldIndex]:
    """Return the indexes that a declared field is to have."""
    return [
        FieldIndex(collection_id, field, "last_modified DESC, id DESC"),
        FieldIndex(collection_id, field, "last_modified, id"),
        FieldIndex(collection_id, field, "last_modified, id", is_long=True),
    ]


def text_of(clause: ColumnElement[Any]) -> str:
    """Return an expression on records as the text that a definition of an index has."""
    compiled = clause.compile(dialect=_DIALECT)
    return compiled.process(clause, include_table=False)
