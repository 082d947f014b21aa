"""JSON, exact."""

from __future__ import annotations

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cliquet import jsonlib

TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=5)
LEAVES = (
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False)
) | TEXT
JSON = st.recursive(
    LEAVES, lambda v: st.lists(v, max_size=3) | st.dictionaries(TEXT, v, max_size=3), max_leaves=8
)
HUGE = st.integers(2**63, 2**200) | st.integers(-(2**200), -(2**63) - 1)


@settings(max_examples=500, deadline=None, print_blob=True)
@given(JSON | st.lists(HUGE | JSON, max_size=3))
def test_values_survive_a_round_trip_exactly(value):  # P11.2
    assert repr(jsonlib.loads(jsonlib.dumps(value))) == repr(value)


@settings(max_examples=500, deadline=None, print_blob=True)
@given(st.binary(max_size=30) | st.text(max_size=20))
def test_reading_anything_gives_a_value_or_a_value_error(text):  # P11.2
    try:
        value = jsonlib.loads(text)
    except ValueError:
        return
    assert jsonlib.loads(jsonlib.dumps(value)) == value


@settings(max_examples=500, deadline=None, print_blob=True)
@given(JSON)
def test_a_copy_is_equal_and_shares_nothing(value):
    copy = jsonlib.copied(value)
    assert repr(copy) == repr(value)
    assert not containers(value) & containers(copy)


def containers(value):
    """Return the identities of all arrays and objects in *value*."""
    if not isinstance(value, (list, dict)):
        return set()
    inner = value.values() if isinstance(value, dict) else value
    return {id(value)}.union(*map(containers, inner))


@pytest.mark.parametrize(
    "text",
    [
        "",
        "NaN",
        "[Infinity, 12345678901234567890]",
        "1e999",
        "[1e999, 12345678901234567890]",
        '"\\ud800"',
        '["\\ud800", 12345678901234567890]',
        b'"\xff"',
        "\ud800",
        "{'a': 1}",
        "[1,]",
        "01",
        "1" * 5000,
    ],
)
def test_what_is_no_json_is_refused(text):  # P11.2
    with pytest.raises(ValueError):  # noqa: PT011 (any reason will do)
        jsonlib.loads(text)


def test_a_byte_order_mark_is_accepted():
    assert jsonlib.loads(b"\xef\xbb\xbf[1]") == [1]


@pytest.mark.parametrize("one", ["[", '{"a":'])
def test_documents_are_read_to_the_greatest_depth_and_no_deeper(one):  # P11.2
    closing = "]" if one == "[" else "}"
    for depth in (jsonlib.MAX_DEPTH, jsonlib.MAX_DEPTH + 1, 100_000):
        text = one * depth + "1" + closing * depth
        if depth == jsonlib.MAX_DEPTH:
            assert jsonlib.loads(text) == json.loads(text)
        else:
            with pytest.raises(ValueError, match="deep"):
                jsonlib.loads(text)


@pytest.mark.parametrize("brackets", ["[" * 500, '\\"' + "[" * 500, "\\\\" + "{" * 500])
def test_brackets_within_strings_are_not_deep(brackets):
    assert jsonlib.loads(f'["{brackets}"]') == json.loads(f'["{brackets}"]')


def test_what_has_no_form_in_json_is_refused():
    with pytest.raises(TypeError):
        jsonlib.dumps(object())


def test_slashes_and_letters_are_written_as_they_are():
    assert jsonlib.dumps({"a": "/é"}) == '{"a":"/é"}'.encode()


@pytest.mark.parametrize("value", ["\0", ["a\0"], {"\0": 1}, {"a": [{"b": "\0"}]}])
def test_nul_is_found_anywhere(value):  # P11.2
    assert jsonlib.has_nul(value)
    assert not jsonlib.has_nul(["0", {"a": None}, 0])


def test_many_documents_are_read_as_each_of_them_is():  # P11.2
    documents = [{}, {"a": [1, {"b": None}]}, [], {"é": "\u0000x"}]
    assert jsonlib.loads_many([jsonlib.dumps(one).decode() for one in documents]) == documents
    assert jsonlib.loads_many([]) == []


def test_integers_of_any_size_are_exact_among_many_documents():  # P11.2
    documents = [{"n": 2**70}, {"n": 1}, {"text": "1" * 30}]
    assert jsonlib.loads_many([jsonlib.dumps(one).decode() for one in documents]) == documents


def test_many_documents_may_be_as_deep_as_one_may_be():
    text = "[" * jsonlib.MAX_DEPTH + "]" * jsonlib.MAX_DEPTH
    assert jsonlib.loads_many([text, text]) == [jsonlib.loads(text)] * 2
