"""
Filters, sort keys and rules of pagination as SQL.

Statements that ask for the same fields by the same comparisons differ in their parameters alone:
their text is composed once.
"""

from __future__ import annotations

import operator
from collections.abc import Callable, Sequence
from typing import Any

from sqlalchemy import ColumnElement, UnaryExpression, and_, bindparam, case, false, not_, or_, true

from cliquet.query import COMPARISON, Filter, Sort
from cliquet.storage.sql.elements import AsDocument
from cliquet.storage.sql.operands import ColumnOperand, JSONOperand, json_field
from cliquet.storage.sql.tables import records

Clause = ColumnElement[Any]
Operand = JSONOperand | ColumnOperand

_RANGES = {
    COMPARISON.LT: operator.lt,
    COMPARISON.MIN: operator.ge,
    COMPARISON.MAX: operator.le,
    COMPARISON.GT: operator.gt,
}
_ORDERS = {
    COMPARISON.AFTER: operator.gt,
    COMPARISON.BEFORE: operator.lt,
    COMPARISON.TIES: operator.eq,
}


class Conditions:
    """
    Composes the clauses of one statement, and collects the values of its parameters.

    Args:
        id_field, modified_field, deleted_field: Names that the model has for these columns.
    """

    def __init__(self, id_field: str, modified_field: str, deleted_field: str) -> None:
        self._fields = id_field, modified_field, deleted_field
        #: Values of the parameters, by name.
        self.values: dict[str, Any] = {}

    def all_of(self, filters: Sequence[Filter]) -> Clause:
        """Return whether a record meets all of *filters*."""
        return and_(true(), *(self._condition(one) for one in filters))

    def any_of(self, rules: Sequence[Sequence[Filter]]) -> Clause:
        """Return whether a record meets one of *rules*, all of its filters."""
        return or_(false(), *(self.all_of(rule) for rule in rules))

    def order(self, sorting: Sequence[Sort]) -> list[UnaryExpression[Any]]:
        """Return what to sort by, most significant first."""
        return [
            column.desc() if direction < 0 else column.asc()
            for field, direction in sorting
            for column in self._operand(field).sort_columns()
        ]

    def _operand(self, field: str) -> Operand:
        id_field, modified_field, deleted_field = self._fields
        if field == id_field:
            return ColumnOperand(records.c.id, str, self._bind)
        if field == modified_field:
            return ColumnOperand(records.c.last_modified, int, self._bind)
        value = json_field(records.c.data, field, self._bind)
        if field == deleted_field:
            value = case((records.c.deleted, AsDocument(self._bind("true"))), else_=value)
        return JSONOperand(value, self._bind)

    def _bind(self, value: Any) -> Clause:
        name = f"v{len(self.values)}"
        self.values[name] = value
        return bindparam(name)

    def _condition(self, condition: Filter) -> Clause:
        operand, value = self._operand(condition.field), condition.value
        comparison = condition.operator
        if comparison in _RANGES:
            return operand.ranges(_RANGES[comparison], value)
        if comparison in _ORDERS:
            return operand.ordered(_ORDERS[comparison], value)
        return _OTHERS[comparison](operand, value)


def _has(operand: Operand, value: Any) -> Clause:
    return operand.exists() if value else not_(operand.exists())


def _one_of(operand: Operand, values: Sequence[Any]) -> Clause:
    return or_(false(), *(operand.equals(value) for value in values))


def _like(operand: Operand, text: Any) -> Clause:
    folded = str(text).encode().lower().decode()
    return operand.like([part for part in folded.split("*") if part])


def _contains(operand: Operand, values: Sequence[Any]) -> Clause:
    return and_(operand.is_array(), *(operand.holds(value) for value in values))


def _contains_any(operand: Operand, values: Sequence[Any]) -> Clause:
    return or_(false(), *(operand.holds(value) for value in values))


_OTHERS: dict[COMPARISON, Callable[[Operand, Any], Clause]] = {
    COMPARISON.EQ: lambda operand, value: operand.equals(value),
    COMPARISON.NOT: lambda operand, value: not_(operand.equals(value)),
    COMPARISON.IN: _one_of,
    COMPARISON.EXCLUDE: lambda operand, values: not_(_one_of(operand, values)),
    COMPARISON.HAS: _has,
    COMPARISON.LIKE: _like,
    COMPARISON.CONTAINS: _contains,
    COMPARISON.CONTAINS_ANY: _contains_any,
}
