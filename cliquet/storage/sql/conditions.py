"""Filters and rules of pagination as SQL, from their shapes."""

from __future__ import annotations

import operator
from collections.abc import Callable, Sequence
from typing import Any

from sqlalchemy import ColumnElement, and_, false, not_, or_, true

from cliquet.query import COMPARISON
from cliquet.storage.sql.elements import Enclosed
from cliquet.storage.sql.operands import Operand, Operands
from cliquet.storage.sql.parameters import TEXTS, Binding, Condition, Parameter

Clause = ColumnElement[Any]

_GROUP = 100

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
    Composes the clauses of one statement, and collects its parameters.

    Args:
        operands: The fields.
    """

    def __init__(self, operands: Operands) -> None:
        self._operands = operands
        #: The parameters that are values of filters, by name.
        self.bindings: dict[str, Binding] = {}

    def all_of(self, conditions: Sequence[Condition], first: int) -> Clause:
        """
        Return whether a record meets all of *conditions*.

        Args:
            conditions: Shapes of filters.
            first: Place in the query of the first of these filters.
        """
        clauses = (self._clause(one, place) for place, one in enumerate(conditions, first))
        return and_(true(), *clauses)

    def any_of(self, rules: Sequence[Sequence[Condition]], first: int) -> Clause:
        """Return whether a record meets one of *rules*, all of its conditions."""
        clauses = []
        for rule in rules:
            clauses.append(self.all_of(rule, first))
            first += len(rule)
        return or_(false(), *clauses)

    def parameter(self, condition: Condition, place: int) -> Parameter:
        """Return the value of a filter."""
        return Parameter(condition.kind, place, None, self.bindings, is_long=condition.is_long)

    def _clause(self, condition: Condition, place: int) -> Clause:
        operand, comparison = self._operands.of(condition.field), condition.operator
        if comparison is COMPARISON.HAS:
            return operand.exists() if condition.kind else not_(operand.exists())
        if comparison in _LISTS:
            items = enumerate(condition.kind)
            values = [Parameter(kind, place, item, self.bindings) for item, kind in items]
            return _LISTS[comparison](operand, values)
        value = self.parameter(condition, place)
        if comparison in _RANGES:
            return operand.ranges(_RANGES[comparison], value)
        if comparison in _ORDERS:
            return operand.ordered(_ORDERS[comparison], value)
        return _SCALARS[comparison](operand, value)


def _one_of(operand: Operand, values: Sequence[Parameter]) -> Clause:
    clauses = [
        operand.is_one_of(value) if value.rank == TEXTS else operand.equals(value)
        for value in values
    ]
    return or_(false(), *_grouped(or_, clauses))


def _contains(operand: Operand, values: Sequence[Parameter]) -> Clause:
    return and_(operand.is_array(), *_grouped(and_, [operand.holds(value) for value in values]))


def _contains_any(operand: Operand, values: Sequence[Parameter]) -> Clause:
    return or_(false(), *_grouped(or_, [operand.holds(value) for value in values]))


def _grouped(join: Callable[..., Clause], clauses: list[Clause]) -> list[Clause]:
    """Return the clauses in groups of groups: SQLite takes no expression of a thousand levels."""
    while len(clauses) > _GROUP:
        starts = range(0, len(clauses), _GROUP)
        clauses = [Enclosed(join(*clauses[start : start + _GROUP])) for start in starts]
    return clauses


_SCALARS: dict[COMPARISON, Callable[[Operand, Parameter], Clause]] = {
    COMPARISON.EQ: lambda operand, value: operand.equals(value),
    COMPARISON.NOT: lambda operand, value: not_(operand.equals(value)),
    COMPARISON.LIKE: lambda operand, value: operand.like(value),
}
_LISTS: dict[COMPARISON, Callable[[Operand, Sequence[Parameter]], Clause]] = {
    COMPARISON.IN: _one_of,
    COMPARISON.EXCLUDE: lambda operand, values: not_(_one_of(operand, values)),
    COMPARISON.CONTAINS: _contains,
    COMPARISON.CONTAINS_ANY: _contains_any,
}
