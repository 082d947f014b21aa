"""
Fields of records as operands of SQL, each compared as :mod:`cliquet.query` says.

Values are parameters of the statement, never parts of its text.
"""

from __future__ import annotations

import operator
from collections.abc import Callable
from typing import Any, Final

from sqlalchemy import (
    ColumnElement,
    and_,
    bindparam,
    case,
    false,
    func,
    literal_column,
    or_,
    true,
)

from cliquet.storage.fields import Fields
from cliquet.storage.sql.elements import (
    AsDocument,
    FoldedText,
    InList,
    JSONEquals,
    JSONHolds,
    JSONNumber,
    JSONRank,
    JSONText,
    JSONValue,
    MeetsPattern,
    NumberKey,
    quoted,
)
from cliquet.storage.sql.parameters import ARRAY, BOOLEAN, NUMBER, STRING, Parameter
from cliquet.storage.sql.tables import records

Clause = ColumnElement[Any]
Compare = Callable[[Any, Any], Any]

#: Characters of the longest text that the index of a field holds: 4 bytes each, of the 2.7 kB
#: that a row of an index may have in PostgreSQL. Longer ones have an index of their own.
LONGEST: Final = 255


class JSONOperand:
    """
    A field within the document.

    Args:
        value: The field as JSON; NULL where it is missing.
    """

    def __init__(self, value: Clause) -> None:
        self._value = value

    def equals(self, one: Parameter) -> Clause:
        """Return whether the field is there and equal to *one*, deeply."""
        return JSONEquals(self._value, one.document())

    def is_one_of(self, texts: Parameter) -> Clause:
        """Return whether the field is one of a list of texts."""
        return func.coalesce(InList(JSONText(self._value), texts.texts()), false())

    def ranges(self, compare: Compare, limit: Parameter) -> Clause:
        """Return whether the field has the type of *limit*, and compares with it."""
        if limit.rank > BOOLEAN:
            return false()
        return and_(JSONRank(self._value) == _number(limit.rank), self._level(compare, limit))

    def ordered(self, compare: Compare, limit: Parameter) -> Clause:
        """Return whether the field stands before, behind or level with *limit* when sorted."""
        own, rank = JSONRank(self._value), _number(limit.rank)
        level = and_(own == rank, self._level(compare, limit))
        return level if compare is operator.eq else or_(compare(own, rank), level)

    def exists(self) -> Clause:
        """Return whether the record has the field."""
        return self._value.is_not(None)

    def like(self, pattern: Parameter) -> Clause:
        """Return whether the field is a string that meets *pattern*, folded."""
        is_met = MeetsPattern(FoldedText(JSONText(self._value)), pattern.pattern())
        return func.coalesce(is_met, false())

    def holds(self, one: Parameter) -> Clause:
        """Return whether the field is an array that holds *one*."""
        return JSONHolds(self._value, one.document())

    def is_array(self) -> Clause:
        """Return whether the field is an array."""
        return JSONRank(self._value) == _number(ARRAY)

    def sort_columns(self) -> list[Clause]:
        """Return what to sort by, most significant first; none is ever NULL."""
        return [
            JSONRank(self._value),
            func.coalesce(JSONText(self._value), literal_column("''")),
            func.coalesce(JSONNumber(self._value), literal_column("0")),
        ]

    def sort_values(self, one: Parameter) -> list[Clause]:
        """Return where *one* stands in the columns to sort by."""
        return [
            _number(one.rank),
            one.key() if one.rank == STRING else literal_column("''"),
            NumberKey(one.key()) if one.rank in (NUMBER, BOOLEAN) else literal_column("0"),
        ]

    def _level(self, compare: Compare, limit: Parameter) -> Clause:
        if limit.rank == STRING:
            return compare(JSONText(self._value), limit.key())
        if limit.rank in (NUMBER, BOOLEAN):
            return compare(JSONNumber(self._value), NumberKey(limit.key()))
        return true() if compare(0, 0) else false()


class IndexedOperand(JSONOperand):
    """
    A field within the document that has indexes of its own, for live records of one collection.

    Conditions name what the indexes hold, so that the database sees that it can use them.

    Args:
        value: The field as JSON, its name a part of the text.
        collection_id: The collection whose schema declares the field.
        longest: Characters of the longest text that these indexes hold, if there is a limit.
    """

    def __init__(self, value: Clause, collection_id: str, longest: int | None = LONGEST) -> None:
        super().__init__(value)
        self._collection_id = collection_id
        self._longest = longest

    def equals(self, one: Parameter) -> Clause:
        """See :class:`JSONOperand`."""
        if one.rank > BOOLEAN:
            return super().equals(one)
        pairs = zip(self.sort_columns(), self.sort_values(one), strict=True)
        return and_(self.is_held(is_long=one.is_long), *(mine == other for mine, other in pairs))

    def is_one_of(self, texts: Parameter) -> Clause:
        """See :class:`JSONOperand`; none of the texts is long."""
        rank, text, number = self.sort_columns()
        return and_(
            self.is_held(is_long=False),
            rank == _number(STRING),
            InList(text, texts.texts()),
            number == _number(0),
        )

    def ranges(self, compare: Compare, limit: Parameter) -> Clause:
        """See :class:`JSONOperand`; texts are in two indexes, and find no help there."""
        condition = super().ranges(compare, limit)
        if limit.rank not in (NUMBER, BOOLEAN):
            return condition
        columns, values = self.sort_columns(), self.sort_values(limit)
        return and_(
            self.is_held(is_long=False),
            *(mine == other for mine, other in zip(columns[:2], values, strict=False)),
            compare(columns[2], values[2]),
        )

    @property
    def is_limited(self) -> bool:
        """Whether there are texts that the indexes in the order of sorting do not hold."""
        return self._longest is not None

    def is_held(self, *, is_long: bool) -> Clause:
        """Return whether a row is in the index of long texts, or in those of all other values."""
        is_there = records.c.collection_id == literal_column(quoted(self._collection_id))
        if self._longest is None:
            return is_there
        length = func.coalesce(func.length(JSONText(self._value)), literal_column("0"))
        compare = operator.gt if is_long else operator.le
        return and_(is_there, compare(length, _number(self._longest)))


class ColumnOperand:
    """
    A field that is a column: the id, a string, or the timestamp, an integer.

    Args:
        column: Never NULL.
        rank: Of the type of its values.
    """

    def __init__(self, column: Clause, rank: int) -> None:
        self._column = column
        self._rank = rank

    def equals(self, one: Parameter) -> Clause:
        """See :class:`JSONOperand`."""
        return self.ranges(operator.eq, one)

    def is_one_of(self, texts: Parameter) -> Clause:
        """See :class:`JSONOperand`."""
        return InList(self._column, texts.texts()) if self._rank == STRING else false()

    def ranges(self, compare: Compare, limit: Parameter) -> Clause:
        """See :class:`JSONOperand`."""
        return compare(self._column, limit.key()) if limit.rank == self._rank else false()

    def ordered(self, compare: Compare, limit: Parameter) -> Clause:
        """See :class:`JSONOperand`."""
        if limit.rank == self._rank:
            return compare(self._column, limit.key())
        return true() if compare(self._rank, limit.rank) else false()

    def exists(self) -> Clause:
        """See :class:`JSONOperand`."""
        return true()

    def like(self, pattern: Parameter) -> Clause:
        """See :class:`JSONOperand`."""
        if self._rank != STRING:
            return false()
        return MeetsPattern(FoldedText(self._column), pattern.pattern())

    def holds(self, one: Parameter) -> Clause:
        """See :class:`JSONOperand`."""
        return false()

    def is_array(self) -> Clause:
        """See :class:`JSONOperand`."""
        return false()

    def sort_columns(self) -> list[Clause]:
        """See :class:`JSONOperand`."""
        return [self._column]

    def sort_values(self, one: Parameter) -> list[Clause]:
        """See :class:`JSONOperand`."""
        return [one.key()]


Operand = JSONOperand | ColumnOperand


class Operands:
    """
    The operands of one statement, by field.

    Args:
        names: That the model has for the id, the timestamp and the mark of tombstones.
        collection_id: Of the records.
        indexed: Fields that have indexes in that collection.
        longest: See :class:`IndexedOperand`.
    """

    def __init__(
        self, names: Fields, collection_id: str, indexed: frozenset[str], longest: int | None
    ) -> None:
        self._names = names
        self._collection_id = collection_id
        self._indexed = indexed
        self._longest = longest
        #: Values of the parameters that are names of fields.
        self.values: dict[str, str] = {}

    def of(self, field: str) -> Operand:
        """Return the operand of a field."""
        if field == self._names.id:
            return ColumnOperand(records.c.id, STRING)
        if field == self._names.modified:
            return ColumnOperand(records.c.last_modified, NUMBER)
        if self.is_indexed(field):
            return IndexedOperand(indexed_value(field), self._collection_id, self._longest)
        value = _value(records.c.data, field, self._named)
        if field == self._names.deleted:
            is_true = AsDocument(literal_column("'true'"))
            value = case((records.c.deleted, is_true), else_=value)
        return JSONOperand(value)

    def is_indexed(self, field: str) -> bool:
        """Tell whether a field of the document has indexes."""
        return field in self._indexed and field not in self._names

    def _named(self, document: Clause, part: str) -> Clause:
        # A parameter: clients choose the names of fields that no schema knows.
        name = f"n{len(self.values)}"
        self.values[name] = part
        return JSONValue(document, part, bindparam(name))


def indexed_value(field: str, document: Clause = records.c.data) -> Clause:
    """Return the value of a field of a document, its name a part of the text, as in indexes."""
    return _value(document, field, JSONValue)


def _value(document: Clause, field: str, of: Callable[[Clause, str], Clause]) -> Clause:
    """Return the value of a field; dots reach into objects (protocol P6.4)."""
    whole = of(document, field)
    if "." not in field:
        return whole
    inner = document
    for part in field.split("."):
        inner = of(inner, part)
    return func.coalesce(whole, inner)


def _number(value: int) -> Clause:
    return literal_column(str(value))
