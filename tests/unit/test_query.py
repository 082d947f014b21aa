"""The one meaning of filters, sorting and pages."""

from __future__ import annotations

import operator
from functools import cmp_to_key
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cliquet.query import (
    COMPARISON,
    MISSING,
    Filter,
    Sort,
    any_matcher,
    equality_key,
    matches,
    page_after,
    sort_key,
    sort_records,
    value_of,
)

MANY = settings(max_examples=500, deadline=None, print_blob=True)
NUMBERS = st.integers(-3, 3) | st.integers() | st.floats(allow_nan=False, allow_infinity=False)
TEXT = st.text(st.sampled_from("abAB*é\U0001f600\ue000"), max_size=4)
LEAVES = st.none() | st.booleans() | NUMBERS | TEXT
JSON = st.recursive(
    LEAVES, lambda v: st.lists(v, max_size=3) | st.dictionaries(TEXT, v, max_size=3), max_leaves=6
)
VALUES = JSON | st.just(MISSING)
ORDER = (type(None), str, float, bool, list, dict, type(MISSING))
RANGES = {
    COMPARISON.LT: operator.lt,
    COMPARISON.MIN: operator.ge,
    COMPARISON.MAX: operator.le,
    COMPARISON.GT: operator.gt,
}


def kind(value: Any) -> type:
    """Return the type of *value*, one for all numbers."""
    return float if type(value) is int else type(value)


def same(one: Any, other: Any) -> bool:
    """Tell whether two values are equal, as P6.2 and P6.4 say it: a naive oracle."""
    if kind(one) is not kind(other):
        return False
    if isinstance(one, list):
        return len(one) == len(other) and all(map(same, one, other))
    if isinstance(one, dict):
        return one.keys() == other.keys() and all(same(one[key], other[key]) for key in one)
    return one is other or one == other


def compared(one: Any, other: Any) -> int:
    """Compare two values as P6.4 orders them: a naive oracle."""
    ranks = ORDER.index(kind(one)), ORDER.index(kind(other))
    if ranks[0] != ranks[1]:
        return -1 if ranks[0] < ranks[1] else 1
    if kind(one) not in (str, float, bool):
        return 0
    return (one > other) - (one < other)


def record_of(value: Any) -> dict[str, Any]:
    """Return a record whose field ``a`` is *value*."""
    return {} if value is MISSING else {"a": value}


def is_met(value: Any, comparison: COMPARISON, expected: Any) -> bool:
    """Tell whether a record with *value* meets one filter."""
    return matches(record_of(value), [Filter("a", expected, comparison)])


# Values and their order.


@pytest.mark.parametrize(
    ("record", "field", "value"),
    [
        ({"a": None}, "a", None),
        ({}, "a", MISSING),
        ({"a": {"b": 1}}, "a.b", 1),
        ({"a": {"b": 1}, "a.b": 2}, "a.b", 2),
        ({"a": {"b.c": 1}}, "a.b.c", MISSING),
        ({"a": "text"}, "a.b", MISSING),
        ({"a": [1]}, "a.0", MISSING),
        ({"a": None}, "a.b", MISSING),
        ({"": {"": 1}}, ".", 1),
    ],
)
def test_dots_reach_into_objects_unless_the_root_has_the_name(record, field, value):  # P6.4
    assert value_of(record, field) is value or value_of(record, field) == value


@MANY
@given(VALUES, VALUES)
def test_the_key_orders_values_as_the_protocol_does(one, other):  # P6.4
    keys = sort_key(one), sort_key(other)
    assert (keys[0] > keys[1]) - (keys[0] < keys[1]) == compared(one, other)


@MANY
@given(JSON, JSON)
def test_equality_keys_are_equal_when_values_are(one, other):  # P6.2
    assert (equality_key(one) == equality_key(other)) is same(one, other)
    assert hash(equality_key(one)) == hash(equality_key(one))


@pytest.mark.parametrize(
    ("one", "other", "is_same"),
    [
        (12, 12.0, True),
        (1, True, False),
        (0, False, False),
        ([1], [True], False),
        ({"a": 1, "b": 2}, {"b": 2, "a": 1.0}, True),
        ([1, 2], [2, 1], False),
        ([], {}, False),
        (2**53 + 1, float(2**53), False),
        ("1", 1, False),
    ],
)
def test_equality_is_by_value_deep_and_of_one_type(one, other, is_same):  # P6.2 P6.4
    assert (equality_key(one) == equality_key(other)) is is_same


@MANY
@given(st.lists(st.tuples(VALUES, VALUES), max_size=6), st.tuples(*[st.sampled_from([1, -1])] * 2))
def test_sorting_is_by_the_first_key_then_the_next_and_stable(pairs, directions):  # P6.5
    records = [
        {**record_of(a), **({} if b is MISSING else {"b": b}), "n": n}
        for n, (a, b) in enumerate(pairs)
    ]

    def order(one: dict[str, Any], other: dict[str, Any]) -> int:
        by_a, by_b = (
            direction * compared(value_of(one, field), value_of(other, field))
            for field, direction in zip("ab", directions, strict=True)
        )
        return by_a or by_b

    expected = sorted(records, key=cmp_to_key(order))
    sort_records(records, [Sort("a", directions[0]), Sort("b", directions[1])])
    assert [record["n"] for record in records] == [record["n"] for record in expected]


# Filters, against oracles.


@MANY
@given(VALUES, st.sampled_from(list(RANGES)), JSON)
def test_ranges_compare_values_of_one_type_only(value, comparison, limit):  # P6.4
    is_comparable = kind(value) is kind(limit) and not isinstance(limit, (list, dict))
    expected = is_comparable and (
        comparison in (COMPARISON.MIN, COMPARISON.MAX)
        if limit is None
        else RANGES[comparison](value, limit)
    )
    assert is_met(value, comparison, limit) is expected


@MANY
@given(VALUES, JSON, st.lists(JSON, max_size=3))
def test_equality_membership_and_their_negations(value, expected, listed):  # P6.1 P6.4
    assert is_met(value, COMPARISON.EQ, expected) is same(value, expected)
    assert is_met(value, COMPARISON.NOT, expected) is not same(value, expected)
    is_in = any(same(value, item) for item in listed)
    assert is_met(value, COMPARISON.IN, listed) is is_in
    assert is_met(value, COMPARISON.EXCLUDE, listed) is not is_in


@MANY
@given(VALUES | st.lists(LEAVES), st.lists(JSON, max_size=3))
def test_arrays_hold_all_or_any(value, wanted):  # P6.4
    held = [isinstance(value, list) and any(same(v, w) for v in value) for w in wanted]
    is_array = isinstance(value, list)
    assert is_met(value, COMPARISON.CONTAINS, wanted) is (is_array and all(held))
    assert is_met(value, COMPARISON.CONTAINS_ANY, wanted) is (is_array and any(held))


def like(text: str, pattern: str) -> bool:
    """Tell whether *text* has *pattern* somewhere, by backtracking: a naive oracle."""
    if not pattern:
        return True
    head, rest = pattern[0], pattern[1:]
    if head == "*":
        return any(like(text[n:], rest) for n in range(len(text) + 1))
    return bool(text) and text[0] == head and like(text[1:], rest)


@MANY
@given(VALUES, TEXT)
def test_like_looks_for_the_parts_in_their_order(value, pattern):  # P6.4
    folding = str.maketrans("AB", "ab")
    expected = isinstance(value, str) and like(
        value.translate(folding), "*" + pattern.translate(folding)
    )
    assert is_met(value, COMPARISON.LIKE, pattern) is expected


@pytest.mark.parametrize(("value", "pattern"), [("É", "é"), ("ſ", "s"), ("\u212a", "k")])
def test_like_folds_ascii_letters_only(value, pattern):  # P6.4
    assert not is_met(value, COMPARISON.LIKE, pattern)


@pytest.mark.parametrize("value", [None, "", 0, False, [], MISSING])
def test_has_tells_null_from_missing(value):  # P6.4
    assert is_met(value, COMPARISON.HAS, True) is (value is not MISSING)
    assert is_met(value, COMPARISON.HAS, False) is (value is MISSING)


LISTED = {COMPARISON.IN, COMPARISON.EXCLUDE, COMPARISON.CONTAINS, COMPARISON.CONTAINS_ANY}


@MANY
@given(st.text() | VALUES, st.sampled_from(COMPARISON), VALUES | st.text(), st.lists(JSON))
def test_a_matcher_never_raises(value, comparison, expected, listed):  # P6.4
    wanted = listed if comparison in LISTED else expected
    assert is_met(value, comparison, wanted) in (True, False)


def test_a_lone_surrogate_is_looked_for_like_any_character():  # P6.4
    assert is_met("a\ud800b", COMPARISON.LIKE, "\ud800")


def test_filters_are_all_met_and_rules_one_of_them():  # P6.1 P6.6
    one, two = Filter("a", 1, COMPARISON.EQ), Filter("b", 2, COMPARISON.EQ)
    assert matches({"a": 1, "b": 2}, [one, two])
    assert not matches({"a": 1}, [one, two])
    assert matches({}, [])
    assert any_matcher([[one], [two]])({"b": 2})
    assert not any_matcher([[one, two]])({"b": 2})


# Pages.

RECORDS = st.lists(st.tuples(VALUES, VALUES, st.integers(1, 2)), min_size=1, max_size=6)
DIRECTIONS = st.tuples(*[st.sampled_from([1, -1])] * 4)


@MANY
@given(RECORDS, DIRECTIONS, st.data())
def test_what_is_behind_a_record_is_the_rest_of_the_sorted_list(drawn, directions, data):  # P6.6
    records = [
        {**record_of(a), "o": record_of(x), "last_modified": stamp, "id": str(n)}
        for n, (a, x, stamp) in enumerate(drawn)
    ]
    fields = ("a", "o.a", "last_modified", "id")
    sorting = [Sort(*key) for key in zip(fields, directions, strict=True)]
    sort_records(records, sorting)
    position = data.draw(st.integers(0, len(records) - 1))
    last = {field: value_of(records[position], field) for field in fields}
    for plain in ((), ("id", "last_modified")):
        is_behind = any_matcher(page_after(sorting, last, plain))
        assert [r["id"] for r in records if is_behind(r)] == [
            r["id"] for r in records[position + 1 :]
        ]


def test_there_is_one_rule_a_key_and_old_operators_for_plain_fields():  # P6.6
    rules = page_after(
        [Sort("last_modified", -1), Sort("id", 1)],
        {"id": "x", "last_modified": 5},
        ["id", "last_modified"],
    )
    before, same_time = COMPARISON.LT, COMPARISON.EQ
    assert rules == [
        [Filter("last_modified", 5, before)],
        [Filter("last_modified", 5, same_time), Filter("id", "x", COMPARISON.GT)],
    ]


def test_a_sorted_field_that_the_last_record_lacks_is_an_error():  # P6.6
    with pytest.raises(KeyError):
        page_after([Sort("a", 1)], {"b": 1})
