"""P6.2 and P11.2: how values of the query string are read, hostile ones included."""

from __future__ import annotations

import json
from urllib.parse import quote

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.protocol.client import Client, details_of, make_resources_app

VALUES = [None, True, False, 12, -3, 0, 1.5, "12", "true", "", "a b", "é🍄", "[1", 'q"', "'", "/"]
VALUES += ["NaN", "null", "None", "a,b", [], [1], {}, {"a": [None]}, 2**53 + 1, -(2**63), 1e300]
VALUES += ["nan", "007", "+1", "yes", " 12", 0.1]


@pytest.fixture(scope="module")
def notes() -> Client:
    """Return a collection of records named by the JSON of their field ``a``."""
    client = Client("notes", app=make_resources_app({"paginate_by": 100}))
    for value in VALUES:
        client.create(name=json.dumps(value), a=value)
    return client


def found(notes: Client, text: str) -> list[object]:
    answer = notes.get(f"?a={quote(text)}")
    assert answer.status_code == 200, answer.text
    return [record["a"] for record in answer.json["data"]]


@pytest.mark.parametrize("value", VALUES)
def test_json_is_read_as_json(notes, value):  # P6.2
    assert notes.names(f"?a={quote(json.dumps(value))}") == [json.dumps(value)]


@pytest.mark.parametrize("value", ["a b", "é🍄", "[1", 'q"', "'", "/", "a,b", "nan"])
def test_all_else_is_a_string_as_it_stands(notes, value):  # P6.2
    assert found(notes, value) == [value]


@pytest.mark.parametrize("text", ["", "+1", "007", " 12"])
def test_what_only_looks_like_a_number_is_a_string(notes, text):  # P6.2
    assert found(notes, text) == [text]


@pytest.mark.parametrize("text", ["true", "TRUE", "True", "yes", "YES", "on", "oN"])
def test_words_for_true_in_any_case(notes, text):  # P6.2
    assert found(notes, text) == [True]


@pytest.mark.parametrize("text", ["false", "FALSE", "no", "No", "off", "OFF"])
def test_words_for_false_in_any_case(notes, text):  # P6.2
    assert found(notes, text) == [False]


@pytest.mark.parametrize("text", ["null", "None", "NULL", "none"])
def test_words_for_null(notes, text):  # P6.2
    assert found(notes, text) == [None]


@pytest.mark.parametrize(
    ("text", "value"),
    [("'12'", "12"), ("'true'", "true"), ("''", ""), ("'q\"'", 'q"'), ("'NaN'", "NaN")],
)
def test_single_quotes_make_a_string(notes, text, value):  # P6.2
    assert found(notes, text) == [value]


@pytest.mark.parametrize("text", ["12", "12.0", "1.2e1", "120E-1", "12.000"])
def test_numbers_are_equal_by_value(notes, text):  # P6.2
    assert found(notes, text) == [12]


def test_large_integers_are_not_rounded(notes):  # P6.2
    assert found(notes, str(2**53 + 1)) == [2**53 + 1]
    assert found(notes, str(2**53)) == []


HOSTILE = ["NaN", "Infinity", "-Infinity", "%00", "a%00b", "'%00'", '"\\u0000"', "[%00]"]
HOSTILE += ["9" * 30, "-" + "9" * 30, "1e999", "-1e999", "9" * 5000, f"[{2**64}]"]
HOSTILE += ["[" * 4000, "[" * 3000 + "]" * 3000, '{"a":' * 2000, "x" * 10000, f'"{"x" * 10000}"']
HOSTILE += [f'{{"a":{2**70}}}', '{"\\u0000":1}', "1" + "0" * 400]
NESTED = ["[1e999]", "[NaN]", "[-Infinity]", '{"a":-1e999}']
TEXT = ["nan", "inf", "[1", "{", "{1}", "tru", "1e", "--1", "0x10", "'", '"', '"a', "\\", "[NaN"]
PREFIXES = ["", "not_", "min_", "max_", "lt_", "gt_", "in_", "exclude_"]
NEW_PREFIXES = ["has_", "like_", "contains_", "contains_any_", "in_last_"]


def statuses(notes: Client, prefixes: list[str], text: str) -> set[int]:
    sent = text if "%" in text else quote(text)
    return {notes.get(f"?{prefix}a={sent}").status_code for prefix in prefixes}


@pytest.mark.parametrize("text", HOSTILE, ids=lambda text: text[:12])
def test_what_no_value_can_be_is_400(notes, text):  # P6.2
    assert statuses(notes, PREFIXES, text) == {400}


@pytest.mark.parametrize("text", NESTED)
def test_what_no_number_can_be_is_400_within_arrays_and_objects(notes, text):  # P6.2
    assert statuses(notes, [*PREFIXES, "contains_"], text) == {400}


@pytest.mark.parametrize("text", TEXT)
def test_what_is_no_literal_is_text(notes, text):  # P6.2
    assert statuses(notes, [*PREFIXES, "contains_", "like_", "contains_any_"], text) == {200}


@pytest.mark.parametrize("text", [*HOSTILE, *NESTED, *TEXT], ids=lambda text: text[:12])
def test_hostile_values_of_new_filters_are_no_server_errors(notes, text):  # P11.2
    assert statuses(notes, NEW_PREFIXES, text) <= {200, 400}


@pytest.mark.parametrize(
    "query",
    [
        "%FF=1",
        "a=%FF",
        "a=%C3",
        "a=%ED%A0%80",
        "%00=1",
        "a%00b=1",
        "min_%00=1",
        "_since=%FF",
        "_sort=%00",
        "_fields=%FF",
        "_token=%FF",
        "_limit=%FF",
        "_unknown=%FF",
    ],
)
def test_bad_utf_8_and_nul_are_400(notes, query):  # P11.2
    assert notes.get(f"?{query}").status_code == 400


@pytest.mark.parametrize(
    "query", ["?", "?&", "?=", "?=1", "?&&a", "?a", "?a&a", "?;", "?%", "?%zz=%zz", "?a=%", "?+=+"]
)
def test_odd_query_strings_are_no_server_errors(notes, query):  # P11.2
    for path in ("notes", "articles", "members"):
        assert notes.at(path).get(query).status_code in (200, 400)


def test_a_value_refused_is_told_by_the_parameter(notes):  # P2.3
    assert details_of(notes.get("?min_a=NaN")) == [
        ("querystring", "min_a", "Invalid value for min_a")
    ]


literals = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**63), 2**63 - 1)
    | st.text(max_size=8)
    | st.floats(allow_nan=False, allow_infinity=False),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=3)
    ),
    max_leaves=6,
)


@settings(deadline=None, print_blob=True, max_examples=500)
@given(value=literals)
def test_the_json_of_any_value_finds_that_value(notes, value):  # P6.2
    text = json.dumps(value)
    if "\\u0000" in text:
        assert notes.get(f"?a={quote(text)}").status_code == 400
        return
    pairs = notes.at("pairs")
    record = pairs.create(a=value)
    listed = pairs.get(f"?a={quote(text)}").json["data"]
    assert [one["id"] for one in listed if one["id"] == record["id"]] == [record["id"]]
    pairs.delete()


FIELDS = ["a", "id", "deleted", "last_modified", "x.y"]
PARAMETERS = ["_since", "_before", "_to", "_sort", "_limit", "_token", "_fields"]
PARAMETERS += [prefix + field for prefix in PREFIXES + NEW_PREFIXES for field in FIELDS]
texts = st.text(max_size=20) | literals.map(json.dumps) | st.sampled_from(TEXT)
parameters = st.tuples(st.sampled_from(PARAMETERS) | st.text(max_size=6), texts)


@settings(deadline=None, print_blob=True, max_examples=500)
@given(st.lists(parameters, max_size=4))
def test_no_query_string_is_a_server_error(notes, parameters):  # P11.2
    query = "&".join(f"{quote(name)}={quote(text)}" for name, text in parameters)
    assert notes.get(f"?{query}").status_code in (200, 400)
