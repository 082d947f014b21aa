"""
Filters and sorting: what each means, once, for every storage.

Values are JSON values; :data:`MISSING` stands for a field that a record does not have. The order
of values is total: null < string < number < boolean < array < object < missing. Strings compare by
code point, numbers by value, arrays tie with one another and so do objects.

Source: protocol P6.1 to P6.6.
"""

from __future__ import annotations

import operator
from collections.abc import Callable, Hashable, Iterable, Mapping, Sequence
from enum import Enum
from typing import Any, Final, NamedTuple

Record = Mapping[str, Any]
Predicate = Callable[[Any], bool]


class _Missing:
    """The type of :data:`MISSING`: false, and itself alone."""

    def __repr__(self) -> str:
        return "MISSING"

    def __bool__(self) -> bool:
        return False


#: The value of a field that a record does not have; null is another thing.
MISSING: Final = _Missing()


class COMPARISON(Enum):
    """
    How a :class:`Filter` compares a field with its value.

    The last three compare by the order of sorting, across types and with :data:`MISSING`. They
    are for the rules of pagination, and no query parameter stands for them.
    """

    LT = "<"
    MIN = ">="
    MAX = "<="
    NOT = "!="
    EQ = "=="
    GT = ">"
    IN = "in"
    EXCLUDE = "exclude"
    HAS = "has"
    LIKE = "like"
    CONTAINS = "contains"
    CONTAINS_ANY = "contains_any"
    AFTER = "after"
    BEFORE = "before"
    TIES = "ties"


class Filter(NamedTuple):
    """
    A condition on one field.

    Attributes:
        field: Name; dots reach into objects, unless the record has that very name at its root.
        value: JSON value; a list for ``IN``, ``EXCLUDE``, ``CONTAINS`` and ``CONTAINS_ANY``, a
            boolean for ``HAS``, text for ``LIKE``.
        operator: A member of :class:`COMPARISON`.
    """

    field: str
    value: Any
    operator: COMPARISON


class Sort(NamedTuple):
    """A sort key: *direction* is 1 for ascending, -1 for descending."""

    field: str
    direction: int


def value_of(record: Record, field: str) -> Any:
    """Return the value of *field* in *record*, or :data:`MISSING` (protocol P6.4 for the dots)."""
    value = record.get(field, MISSING)
    if value is not MISSING or "." not in field:
        return value
    value = record
    for part in field.split("."):
        if not isinstance(value, Mapping):
            return MISSING
        value = value.get(part, MISSING)
    return value


def sort_key(value: Any) -> tuple[int, Any]:
    """Return a key that orders values of all types, :data:`MISSING` last."""
    if isinstance(value, str):
        return 1, value
    if isinstance(value, bool):
        return 3, value
    if isinstance(value, (int, float)):
        return 2, value
    if value is None:
        return 0, 0
    if value is MISSING:
        return 6, 0
    return (4 if isinstance(value, (list, tuple)) else 5), 0


def equality_key(value: Any) -> Hashable:
    """
    Return a hashable key, equal for two values exactly when the protocol holds them equal.

    Numbers are equal by value (12 and 12.0), booleans are no numbers, equality is deep.
    """
    if isinstance(value, bool):
        return bool, value
    if isinstance(value, (list, tuple)):
        return list, tuple(equality_key(item) for item in value)
    if isinstance(value, Mapping):
        return dict, frozenset((key, equality_key(item)) for key, item in value.items())
    return value


def matcher(filters: Iterable[Filter]) -> Callable[[Record], bool]:
    """Return a function that tells whether a record meets all of *filters*."""
    tests = [(condition.field, _predicate(condition)) for condition in filters]

    def is_match(record: Record) -> bool:
        return all(test(value_of(record, field)) for field, test in tests)

    return is_match


def matches(record: Record, filters: Iterable[Filter]) -> bool:
    """Tell whether *record* meets all of *filters*. Never raises, whatever the types."""
    return matcher(filters)(record)


def any_matcher(rules: Iterable[Iterable[Filter]]) -> Callable[[Record], bool]:
    """Return a function that tells whether a record meets one of *rules*, all of its filters."""
    matchers = [matcher(rule) for rule in rules]

    def is_match(record: Record) -> bool:
        return any(match(record) for match in matchers)

    return is_match


def sort_records(records: list[dict[str, Any]], sorting: Sequence[Sort]) -> None:
    """Sort *records* in place; the first key of *sorting* is the most significant."""
    for field, direction in reversed(sorting):
        records.sort(
            key=lambda record, field=field: sort_key(value_of(record, field)),  # type: ignore[misc]
            reverse=direction < 0,
        )


def page_after(
    sorting: Sequence[Sort], last: Record, plain_fields: Iterable[str] = ()
) -> list[list[Filter]]:
    """
    Return the rules selecting the records strictly after *last*.

    Args:
        sorting: Most significant first; ends with the id, so that the order is total.
        last: The sorted fields of the previous page's last record, a value or
            :data:`MISSING` for each.
        plain_fields: Fields that every record has, of one type: they are compared by ``LT``,
            ``GT`` and ``EQ``, which storages written for older contracts know too.

    Returns:
        Alternatives (OR) of conjunctions (AND); n alternatives for n sort keys.

    Raises:
        KeyError: A sorted field is absent from *last*.

    Source: protocol P6.6.
    """
    plain = frozenset(plain_fields)
    rules: list[list[Filter]] = []
    ties: list[Filter] = []
    for field, direction in sorting:
        value = last[field]
        beyond = _beyond(direction, is_plain=field in plain)
        rules.append([*ties, Filter(field, value, beyond)])
        level = COMPARISON.EQ if field in plain else COMPARISON.TIES
        ties.append(Filter(field, value, level))
    return rules


def _beyond(direction: int, *, is_plain: bool) -> COMPARISON:
    if is_plain:
        return COMPARISON.GT if direction > 0 else COMPARISON.LT
    return COMPARISON.AFTER if direction > 0 else COMPARISON.BEFORE


def _predicate(condition: Filter) -> Predicate:
    return _PREDICATES[condition.operator](condition.value)


def _equal(expected: Any) -> Predicate:
    if isinstance(expected, str):
        return lambda value: value == expected
    key = equality_key(expected)
    return lambda value: equality_key(value) == key


def _one_of(values: Iterable[Any]) -> Predicate:
    keys = {equality_key(value) for value in values}
    return lambda value: equality_key(value) in keys


def _negation(make: Callable[[Any], Predicate]) -> Callable[[Any], Predicate]:
    def negated(expected: Any) -> Predicate:
        test = make(expected)
        return lambda value: not test(value)

    return negated


def _range(compare: Callable[[Any, Any], bool]) -> Callable[[Any], Predicate]:
    # Arrays and objects have no size to compare (ranks above boolean), and types do not mix.
    def within(limit: Any) -> Predicate:
        rank, bound = sort_key(limit)
        if rank > sort_key(True)[0]:
            return lambda _value: False

        def test(value: Any) -> bool:
            value_rank, key = sort_key(value)
            return value_rank == rank and compare(key, bound)

        return test

    return within


def _order(compare: Callable[[Any, Any], bool]) -> Callable[[Any], Predicate]:
    def relative(limit: Any) -> Predicate:
        bound = sort_key(limit)
        return lambda value: compare(sort_key(value), bound)

    return relative


def _has(expected: Any) -> Predicate:
    return lambda value: (value is not MISSING) == bool(expected)


def _like(pattern: Any) -> Predicate:
    # Bytes fold A-Z and nothing else. Each part is looked for behind the one before, which is
    # all that "*" asks for, in linear time: a regular expression could be made to backtrack.
    parts = [part for part in _folded(str(pattern)).split(b"*") if part]

    def test(value: Any) -> bool:
        if not isinstance(value, str):
            return False
        text, position = _folded(value), 0
        for part in parts:
            position = text.find(part, position)
            if position < 0:
                return False
            position += len(part)
        return True

    return test


def _folded(text: str) -> bytes:
    return text.encode("utf-8", "surrogatepass").lower()


def _contains(quantifier: Callable[[Iterable[bool]], bool]) -> Callable[[Any], Predicate]:
    def holding(values: Iterable[Any]) -> Predicate:
        wanted = [equality_key(value) for value in values]

        def test(value: Any) -> bool:
            if not isinstance(value, (list, tuple)):
                return False
            held = {equality_key(item) for item in value}
            return quantifier(key in held for key in wanted)

        return test

    return holding


_PREDICATES: dict[COMPARISON, Callable[[Any], Predicate]] = {
    COMPARISON.LT: _range(operator.lt),
    COMPARISON.MIN: _range(operator.ge),
    COMPARISON.MAX: _range(operator.le),
    COMPARISON.GT: _range(operator.gt),
    COMPARISON.EQ: _equal,
    COMPARISON.NOT: _negation(_equal),
    COMPARISON.IN: _one_of,
    COMPARISON.EXCLUDE: _negation(_one_of),
    COMPARISON.HAS: _has,
    COMPARISON.LIKE: _like,
    COMPARISON.CONTAINS: _contains(all),
    COMPARISON.CONTAINS_ANY: _contains(any),
    COMPARISON.AFTER: _order(operator.gt),
    COMPARISON.BEFORE: _order(operator.lt),
    COMPARISON.TIES: _order(operator.eq),
}
