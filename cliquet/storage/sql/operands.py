"""
Fields of records as operands of SQL, each compared as :mod:`cliquet.query` says.

Values are parameters of the statement, never parts of its text.
"""

from __future__ import annotations

import operator
from collections.abc import Callable, Sequence
from typing import Any

from sqlalchemy import ColumnElement, and_, false, func, or_, true

from cliquet import jsonlib
from cliquet.query import sort_key
from cliquet.storage.sql.elements import (
    FoldedText,
    JSONEquals,
    JSONHolds,
    JSONNumber,
    JSONRank,
    JSONText,
    JSONValue,
)

Clause = ColumnElement[Any]
Compare = Callable[[Any, Any], Any]
Bind = Callable[[Any], Clause]

_STRING, _NUMBER, _BOOLEAN = sort_key("")[0], sort_key(0)[0], sort_key(True)[0]


class JSONOperand:
    """
    A field within the document.

    Args:
        value: The field as JSON; NULL where it is missing.
        bind: Makes a parameter of a value.
    """

    def __init__(self, value: Clause, bind: Bind) -> None:
        self._value = value
        self._bind = bind

    def equals(self, value: Any) -> Clause:
        """Return whether the field is there and equal to *value*, deeply."""
        return JSONEquals(self._value, self._bind(_document(value)))

    def ranges(self, compare: Compare, limit: Any) -> Clause:
        """Return whether the field has the type of *limit*, and compares with it."""
        rank, key = sort_key(limit)
        if rank > _BOOLEAN:
            return false()
        if rank == 0:
            return and_(JSONRank(self._value) == 0, true() if compare(0, 0) else false())
        return and_(
            JSONRank(self._value) == rank, compare(self._key(rank), self._bind(_scalar(key)))
        )

    def ordered(self, compare: Compare, limit: Any) -> Clause:
        """Return whether the field stands before, behind or level with *limit* when sorted."""
        rank, key = sort_key(limit)
        own = JSONRank(self._value)
        level = and_(own == rank, self._level(compare, rank, key))
        return level if compare is operator.eq else or_(compare(own, rank), level)

    def exists(self) -> Clause:
        """Return whether the record has the field."""
        return self._value.is_not(None)

    def like(self, parts: Sequence[str]) -> Clause:
        """Return whether the field is a string that holds *parts*, folded, in their order."""
        text = FoldedText(JSONText(self._value))
        return func.coalesce(text.like(self._bind(_pattern(parts)), escape="\\"), false())

    def holds(self, value: Any) -> Clause:
        """Return whether the field is an array that holds *value*."""
        return JSONHolds(self._value, self._bind(_document(value)))

    def is_array(self) -> Clause:
        """Return whether the field is an array."""
        return JSONRank(self._value) == sort_key([])[0]

    def sort_columns(self) -> list[Clause]:
        """Return what to sort by, most significant first."""
        return [JSONRank(self._value), JSONText(self._value), JSONNumber(self._value)]

    def _level(self, compare: Compare, rank: int, key: Any) -> Clause:
        if rank in (_STRING, _NUMBER, _BOOLEAN):
            return compare(self._key(rank), self._bind(_scalar(key)))
        return true() if compare(0, 0) else false()

    def _key(self, rank: int) -> Clause:
        return JSONText(self._value) if rank == _STRING else JSONNumber(self._value)


class ColumnOperand:
    """
    A field that is a column: the id, a string, or the timestamp, an integer.

    Args:
        column: Never NULL.
        kind: Type of its values.
        bind: Makes a parameter of a value.
    """

    def __init__(self, column: Clause, kind: type, bind: Bind) -> None:
        self._column = column
        self._rank = sort_key(kind())[0]
        self._bind = bind

    def equals(self, value: Any) -> Clause:
        """See :class:`JSONOperand`."""
        return self.ranges(operator.eq, value)

    def ranges(self, compare: Compare, limit: Any) -> Clause:
        """See :class:`JSONOperand`."""
        rank, key = sort_key(limit)
        return compare(self._column, self._bind(key)) if rank == self._rank else false()

    def ordered(self, compare: Compare, limit: Any) -> Clause:
        """See :class:`JSONOperand`."""
        rank, key = sort_key(limit)
        if rank == self._rank:
            return compare(self._column, self._bind(key))
        return true() if compare(self._rank, rank) else false()

    def exists(self) -> Clause:
        """See :class:`JSONOperand`."""
        return true()

    def like(self, parts: Sequence[str]) -> Clause:
        """See :class:`JSONOperand`."""
        if self._rank != _STRING:
            return false()
        return FoldedText(self._column).like(self._bind(_pattern(parts)), escape="\\")

    def holds(self, value: Any) -> Clause:
        """See :class:`JSONOperand`."""
        return false()

    def is_array(self) -> Clause:
        """See :class:`JSONOperand`."""
        return false()

    def sort_columns(self) -> list[Clause]:
        """See :class:`JSONOperand`."""
        return [self._column]


def json_field(document: Clause, field: str, bind: Bind) -> Clause:
    """Return the value of a field of a document; dots reach into objects (protocol P6.4)."""
    whole = JSONValue(document, bind(field))
    if "." not in field:
        return whole
    inner = document
    for part in field.split("."):
        inner = JSONValue(inner, bind(part))
    return func.coalesce(whole, inner)


def _document(value: Any) -> str:
    return jsonlib.dumps(value).decode()


def _scalar(key: Any) -> Any:
    return int(key) if isinstance(key, bool) else key


def _pattern(parts: Sequence[str]) -> str:
    escaped = (part.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_") for part in parts)
    return "%".join(["", *escaped, ""]) or "%"
