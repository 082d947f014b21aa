"""Query strings read into filters, sort keys, limits and projections, without a request."""

from __future__ import annotations

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cliquet.exceptions import InvalidParameter
from cliquet.query import COMPARISON, Filter, Sort
from cliquet.resource.querystring import (
    MAX_FILTERS,
    MAX_PARTS,
    MAX_SORT_KEYS,
    MAX_VALUES,
    Vocabulary,
    read_fields,
    read_filters,
    read_forced_timestamp,
    read_limit,
    read_sorting,
    read_timestamp,
)

OWN = ("id", "last_modified", "deleted")
STRICT = frozenset([*OWN, "title", "min_age", "any_x"])


def known(field: str) -> bool:
    return field.partition(".")[0] in STRICT


strict = Vocabulary(STRICT, known, *OWN)
free = Vocabulary(frozenset(OWN), lambda field: True, *OWN)
renamed = Vocabulary(
    frozenset(["key", "stamp", "gone"]), lambda field: True, "key", "stamp", "gone"
)


def filters(*parameters: tuple[str, str], fields: Vocabulary = free) -> list[Filter]:
    return read_filters(parameters, fields)


def refusal(read, *args, **kwargs) -> InvalidParameter:
    """Return the error that *read* raises."""
    with pytest.raises(InvalidParameter) as caught:
        read(*args, **kwargs)
    return caught.value


# Filters.


@pytest.mark.parametrize(
    ("name", "field", "comparison"),
    [
        ("a", "a", COMPARISON.EQ),
        ("min_a", "a", COMPARISON.MIN),
        ("max_a", "a", COMPARISON.MAX),
        ("lt_a", "a", COMPARISON.LT),
        ("gt_a", "a", COMPARISON.GT),
        ("not_a", "a", COMPARISON.NOT),
        ("min_min_a", "min_a", COMPARISON.MIN),
        ("minimum_a", "minimum_a", COMPARISON.EQ),
        ("min", "min", COMPARISON.EQ),
        ("min_", "min_", COMPARISON.EQ),
        ("not_a.b_c", "a.b_c", COMPARISON.NOT),
        ("MIN_a", "MIN_a", COMPARISON.EQ),
    ],
)
def test_the_prefix_of_a_name_is_the_comparison(name, field, comparison):  # P6.1
    assert filters((name, "1")) == [Filter(field, 1, comparison)]


@pytest.mark.parametrize(
    ("name", "text", "expected"),
    [
        ("in_a", "1,b,null", Filter("a", [1, "b", None], COMPARISON.IN)),
        ("exclude_a", "1", Filter("a", [1], COMPARISON.EXCLUDE)),
        ("has_a", "yes", Filter("a", True, COMPARISON.HAS)),
        ("like_a", "12", Filter("a", "12", COMPARISON.LIKE)),
        ("like_a", "'12'", Filter("a", "12", COMPARISON.LIKE)),
        ("contains_a", "[1,2]", Filter("a", [1, 2], COMPARISON.CONTAINS)),
        ("contains_a", "1", Filter("a", [1], COMPARISON.CONTAINS)),
        ("contains_any_a", "[1]", Filter("a", [1], COMPARISON.CONTAINS_ANY)),
        ("contains_any", "[1]", Filter("any", [1], COMPARISON.CONTAINS)),
    ],
)
def test_values_have_the_form_that_the_comparison_needs(name, text, expected):  # P6.4
    assert filters((name, text)) == [expected]


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("min_age", Filter("min_age", 1, COMPARISON.EQ)),
        ("min_min_age", Filter("min_age", 1, COMPARISON.MIN)),
        ("contains_any_x", Filter("any_x", [1], COMPARISON.CONTAINS)),
        ("contains_any_title", Filter("title", [1], COMPARISON.CONTAINS_ANY)),
    ],
)
def test_the_name_of_a_declared_field_means_that_field(name, expected):  # P6.4
    assert filters((name, "1"), fields=strict) == [expected]


def test_all_filters_are_kept_in_order():  # P6.1
    found = filters(("a", "1"), ("min_b", "x"), ("a", "2"))
    assert [(one.field, one.value) for one in found] == [("a", 1), ("b", "x"), ("a", 2)]


@pytest.mark.parametrize(
    ("text", "items"),
    [
        ("a,b", ["a", "b"]),
        ("", [""]),
        (",", ["", ""]),
        ('"a,b",c', ["a,b", "c"]),
        ('"a\\",b",c', ['a",b', "c"]),
        ('"a\\\\",b', ["a\\", "b"]),
        ("[1,2],[3]", [[1, 2], [3]]),
        ('{"a":[1,2],"b":2},3', [{"a": [1, 2], "b": 2}, 3]),
        ('["a,]",1]', [["a,]", 1]]),
        ("[1,2", ["[1", 2]),
        ('"a,b', ['"a', "b"]),
        ("],[", ["]", "["]),
        ("a, b", ["a", " b"]),
    ],
)
def test_lists_are_split_outside_of_literals(text, items):  # P6.1
    [found] = filters(("in_a", text))
    assert found.value == items


@settings(deadline=None, print_blob=True, max_examples=500)
@given(st.text(alphabet='a1,"[]{}\\: ', max_size=20))
def test_no_list_is_more_than_refused(text):  # P11.2
    try:
        [found] = filters(("in_a", text))
    except InvalidParameter:
        return
    assert isinstance(found.value, list)
    assert 1 <= len(found.value) <= text.count(",") + 1


def test_the_names_of_the_model_are_followed():  # P4
    found = filters(("_since", "12"), ("in_key", "a"), ("id", "1"), fields=renamed)
    assert found[0] == Filter("stamp", 12, COMPARISON.GT)
    assert found[2] == Filter("id", 1, COMPARISON.EQ)
    assert refusal(filters, ("stamp", "abc"), fields=renamed).name == "stamp"
    assert filters(("last_modified", "abc"), fields=renamed)[0].value == "abc"


@pytest.mark.parametrize(
    ("name", "expected"),
    [("_since", COMPARISON.GT), ("_before", COMPARISON.LT), ("_to", COMPARISON.LT)],
)
def test_parameters_of_time_are_filters(name, expected):  # P6.3
    assert filters((name, '"12"')) == [Filter("last_modified", 12, expected)]


@pytest.mark.parametrize("name", ["_", "_limit", "_unknown", "__a", "_min_title"])
def test_other_names_with_an_underscore_are_no_filters(name):  # P6.9
    assert filters((name, "NaN"), fields=strict) == []


@pytest.mark.parametrize("name", ["unknown", "min_unknown", "has_titles", "", "min_", ".title"])
def test_an_unknown_field_is_told_by_the_parameter(name):  # P6.1
    error = refusal(filters, (name, "1"), fields=strict)
    assert error.description == f"Unknown filter field '{name}'"
    assert (error.location, error.name) == ("querystring", name)


@pytest.mark.parametrize(
    ("name", "text"),
    [("a", "NaN"), ("in_a", "1,NaN"), ("has_a", "1"), ("in_id", "a,1"), ("min_last_modified", "x")],
)
def test_a_value_that_is_refused_is_told_by_the_parameter(name, text):  # P6.2
    error = refusal(filters, (name, text))
    assert (error.description, error.name) == (f"Invalid value for {name}", name)


# Timestamps.


@pytest.mark.parametrize(
    ("text", "expected"), [("12", 12), ('"12"', 12), ("-3", -3), ("0012", 12), (" 12 ", 12)]
)
def test_integers_bare_and_quoted(text, expected):  # P6.3
    assert read_timestamp("_since", text) == expected


WRONG = [
    "",
    "a",
    "1.0",
    "1e3",
    "'1'",
    '"1',
    '""',
    "+-1",
    "١٢",
    "1 2",
    "0x1",
    str(2**63),
    "9" * 9999,
]


@pytest.mark.parametrize("text", WRONG, ids=lambda text: text[:9])
def test_what_is_no_integer_of_64_bits_is_refused(text):  # P6.3
    assert refusal(read_timestamp, "_since", text).description == "Invalid value for _since"


@pytest.mark.parametrize("text", [*WRONG, "253370764800001"], ids=lambda text: text[:9])
def test_a_forced_timestamp_that_is_none_is_told_with_its_value(text):  # P4.7
    error = refusal(read_forced_timestamp, "last_modified", text)
    assert error.description == f"Invalid value for {text}"
    assert error.name == "last_modified"


@pytest.mark.parametrize("text", ["253370764800000", '"1"', "-5"])
def test_forced_timestamps_are_integers_up_to_the_year_9999(text):  # P4.12
    assert read_forced_timestamp("last_modified", text) == int(text.strip('"'))


# Sort keys.


def directions(text: str | None, fields: Vocabulary = free) -> list[tuple[str, int]]:
    return [tuple(sort) for sort in read_sorting(text, fields)]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (None, [("last_modified", -1), ("id", -1)]),
        ("", [("last_modified", -1), ("id", -1)]),
        ("a", [("a", 1), ("last_modified", -1), ("id", -1)]),
        ("-a,+b, c", [("a", -1), ("b", 1), ("c", 1), ("last_modified", -1), ("id", -1)]),
        ("last_modified", [("last_modified", 1), ("id", 1)]),
        ("-last_modified,a", [("last_modified", -1), ("a", 1), ("id", 1)]),
        ("id", [("id", 1), ("last_modified", -1)]),
        ("a,-a", [("a", 1), ("last_modified", -1), ("id", -1)]),
        ("a.b", [("a.b", 1), ("last_modified", -1), ("id", -1)]),
        ("- a", [("a", -1), ("last_modified", -1), ("id", -1)]),
    ],
)
def test_the_order_is_total(text, expected):  # P6.5
    assert directions(text) == expected


def test_the_order_has_the_names_of_the_model():  # P4
    assert directions("a", renamed) == [("a", 1), ("stamp", -1), ("key", -1)]


@pytest.mark.parametrize("text", ["unknown", "-unknown", "title,unknown", "a\0", "un known"])
def test_an_unknown_sort_field_is_refused(text):  # P6.5
    error = refusal(read_sorting, text, strict)
    assert error.description.startswith("Unknown sort field '")
    assert (error.location, error.name) == ("querystring", None)


def test_there_is_a_largest_number_of_sort_keys():  # P11.2
    names = [f"f{number}" for number in range(MAX_SORT_KEYS)]
    assert read_sorting(",".join(names), free)[0] == Sort("f0", 1)
    assert refusal(read_sorting, ",".join([*names, "more"]), free).name is None


def test_there_is_a_largest_number_of_filters():  # P11.2
    many = [(f"f{number}", "1") for number in range(MAX_FILTERS)]
    assert len(filters(*many)) == MAX_FILTERS
    error = refusal(read_filters, [*many, ("more", "1")], free)
    assert error.description == f"There should be at most {MAX_FILTERS} filters"


@pytest.mark.parametrize(
    ("parameter", "text", "is_fine"),
    [
        ("in_a", ",".join(["1"] * MAX_VALUES), True),
        ("exclude_a", ",".join(["1"] * (MAX_VALUES + 1)), False),
        ("in_a", ",".join(f"t{number}" for number in range(5000)), True),
        ("contains_a", json.dumps(["x"] * (MAX_VALUES + 1)), False),
    ],
)
def test_there_is_a_largest_number_of_values_of_a_list(parameter, text, is_fine):  # P11.2
    if is_fine:
        assert filters((parameter, text))[0].field == "a"
    else:
        error = refusal(read_filters, [(parameter, text)], free)
        assert (error.name, str(MAX_VALUES) in error.description) == (parameter, True)


def test_a_filter_said_twice_is_one():  # P6.1
    twice = [("a", "1"), ("_since", "5"), ("a", "1"), ("gt_last_modified", "5")]
    assert filters(*twice) == filters(*twice[:2])


def test_fields_reach_so_deep_and_no_deeper():  # P11.2
    name = ".".join(["a"] * MAX_PARTS)
    assert filters((name, "1"))[0].field == name
    assert read_sorting(name, free)[0].field == name
    assert refusal(read_filters, [(f"{name}.a", "1")], free).description.startswith("Unknown")
    assert refusal(read_sorting, f"{name}.a", free).description.startswith("Unknown")


# Limits.


@pytest.mark.parametrize(
    ("text", "paginate_by", "expected"),
    [
        (None, None, 100),
        (None, 10, 10),
        (None, 1000, 100),
        ("", 10, 10),
        ("0", 10, 10),
        ("5", 10, 5),
        ("5", None, 5),
        ("11", 10, 10),
        ("101", None, 100),
        ("+5", 10, 5),
        ("-0", 10, 10),
        ("0" * 9999 + "5", 10, 5),
        ("-" + "0" * 9999, 10, 10),
        ("9" * 9999, 10, 10),
    ],
)
def test_limits_are_within_what_the_settings_allow(text, paginate_by, expected):  # P6.6
    assert read_limit(text, paginate_by=paginate_by, max_fetch_size=100) == expected


@pytest.mark.parametrize("text", ["a", "1.0", "١", "1e1", "--1", "1 2", "+", "-"])
def test_a_limit_that_is_no_integer_is_refused(text):  # P6.6
    error = refusal(read_limit, text, paginate_by=10, max_fetch_size=100)
    assert error.description == "_limit should be an integer"
    assert (error.location, error.name) == ("querystring", None)


@pytest.mark.parametrize("text", ["-1", "-" + "9" * 9999])
def test_a_negative_limit_is_refused(text):  # P6.6
    refusal(read_limit, text, paginate_by=10, max_fetch_size=100)


# Projections.


def test_without_fields_records_are_whole():  # P6.7
    for text in (None, "", ",", " "):
        assert read_fields(text, strict, preserve_unknown=False) is None


def test_fields_are_those_asked_for_and_the_model_s_own():  # P6.7
    found = read_fields("title, min_age.x", strict, preserve_unknown=False)
    assert found == ["title", "min_age.x", *OWN]


def test_unknown_roots_are_refused_all_at_once():  # P6.7
    error = refusal(read_fields, "title,a,b.c", strict, preserve_unknown=False)
    assert error.description == "Fields a,b.c do not exist"
    assert (error.location, error.name) == ("querystring", "_fields")


def test_unknown_roots_are_let_through_where_unknown_fields_are_preserved():  # P6.7
    assert read_fields("a,b.c", strict, preserve_unknown=True) == ["a", "b.c", *OWN]
