"""
The indexes that the fields of schemas declare: unique ones, and those to filter and sort by.

Those of ``Options.indexed_fields`` are two a field, both in the order of sorting, each with the
timestamps of one direction behind it.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from typing import Any, NamedTuple, Protocol

from sqlalchemy import ColumnElement
from sqlalchemy.dialects import sqlite

from cliquet.storage.schemas import BY_ID
from cliquet.storage.sql.elements import JSONHash, quoted
from cliquet.storage.sql.operands import IndexedOperand, indexed_value

_DIALECT: Any = sqlite.dialect()


class Index(Protocol):
    """An index that the file is to have; ``str()`` says what it is for."""

    @property
    def definition(self) -> str:
        """What stands behind ``ON records``, as SQL."""

    @property
    def name(self) -> str:
        """Name of ours: another one when the definition changes."""

    @property
    def statistics(self) -> str:
        """What SQLite is told of the index: rows, and rows that share the first 1, 2 … columns."""

    def creation(self) -> str:
        """Return the statement that builds the index."""


class Guard(NamedTuple):
    """
    The index of a field whose values are unique.

    It makes the look-up cheap that a write begins with, and refuses what comes by other ways.
    """

    collection_id: str
    field: str

    def __str__(self) -> str:
        return f"the unique field {self.field} of {self.collection_id}"

    @property
    def statistics(self) -> str:
        """See :class:`Index`."""
        return "1000000 100000 1"

    @property
    def definition(self) -> str:
        """See :class:`Index`."""
        return f"(parent_id, {self._value}) WHERE {self._where}"

    @property
    def name(self) -> str:
        """See :class:`Index`."""
        return _named("unique", self.definition)

    def creation(self) -> str:
        """See :class:`Index`."""
        return f"CREATE UNIQUE INDEX {self.name} ON records {self.definition}"

    def duplicates(self) -> str:
        """Return the statement that lists values which several records have, 10 at most."""
        return (  # the names in it are those of the application's own schemas, quoted
            f"SELECT min(id), max(id), count(*) FROM records"  # noqa: S608
            f" WHERE {self._where} AND {self._value} IS NOT NULL"
            f" GROUP BY parent_id, {self._value} HAVING count(*) > 1 LIMIT 10"
        )

    @property
    def _value(self) -> str:
        return _text(JSONHash(indexed_value(self.field)))

    @property
    def _where(self) -> str:
        return f"collection_id = {quoted(self.collection_id)} AND deleted = 0"


class FieldIndex(NamedTuple):
    """
    An index of a field to filter and sort by.

    Attributes:
        collection_id, field: What it is for.
        behind: What rows with one value are sorted by.
    """

    collection_id: str
    field: str
    behind: str

    def __str__(self) -> str:
        return f"the indexed field {self.field} of {self.collection_id}"

    @property
    def statistics(self) -> str:
        """See :class:`Index`."""
        return "1000000 100000 100000 1000 1000 1 1"

    @property
    def definition(self) -> str:
        """See :class:`Index`."""
        operand = IndexedOperand(indexed_value(self.field), self.collection_id, longest=None)
        columns = ", ".join(["parent_id", *map(_text, operand.sort_columns()), self.behind])
        return f"({columns}) WHERE deleted = 0 AND {_text(operand.is_held(is_long=False))}"

    @property
    def name(self) -> str:
        """See :class:`Index`."""
        return _named("field", self.definition)

    def creation(self) -> str:
        """See :class:`Index`."""
        return f"CREATE INDEX {self.name} ON records {self.definition}"


def wanted(
    unique_fields: Iterable[tuple[str, str]], indexed_fields: Iterable[tuple[str, str]]
) -> dict[str, Index]:
    """
    Return the indexes that declared fields are to have, by name.

    Args:
        unique_fields, indexed_fields: Pairs (collection_id, field).
    """
    indexes: list[Index] = [Guard(*pair) for pair in unique_fields]
    for pair in indexed_fields:
        if pair[1] == BY_ID:
            # The key of the table serves.
            continue
        indexes += [
            FieldIndex(*pair, "last_modified DESC, id DESC"),
            FieldIndex(*pair, "last_modified, id"),
        ]
    return {index.name: index for index in indexes}


def _named(kind: str, definition: str) -> str:
    return f"cliquet_{kind}_{hashlib.sha256(definition.encode()).hexdigest()[:24]}"


def _text(clause: ColumnElement[Any]) -> str:
    compiled = clause.compile(dialect=_DIALECT)
    return compiled.process(clause, include_table=False)
