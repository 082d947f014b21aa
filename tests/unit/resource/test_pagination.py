"""Tokens of pagination: what is made of a record is read back into the rules behind it."""

from __future__ import annotations

import base64
import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cliquet.exceptions import InvalidToken
from cliquet.query import COMPARISON, MISSING, Filter, Sort, any_matcher, page_after
from cliquet.resource.pagination import make_token, read_token

ORDER = [Sort("a", 1), Sort("last_modified", -1), Sort("id", -1)]
RECORD = {"id": "x", "last_modified": 12, "a": 1}
NAMES = {"id_field": "id", "modified_field": "last_modified"}


def packed(content: object) -> str:
    return base64.urlsafe_b64encode(json.dumps(content).encode()).decode()


values = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]))
    | st.floats(allow_nan=False, allow_infinity=False),
    lambda inner: (
        st.lists(inner, max_size=2) | st.dictionaries(st.text(max_size=3), inner, max_size=2)
    ),
    max_leaves=4,
)


@settings(deadline=None, print_blob=True, max_examples=500)
@given(value=values | st.just(MISSING), direction=st.sampled_from([1, -1]))
def test_a_token_leads_behind_its_record(value, direction):  # P6.6
    order = [Sort("a", direction), *ORDER[1:]]
    record = {**RECORD, "a": value}
    if value is MISSING:
        del record["a"]
    rules = read_token(make_token(record, order), order, **NAMES)
    is_behind = any_matcher(rules)
    assert not is_behind(record)
    assert is_behind({**record, "id": "w"})
    assert not is_behind({**record, "id": "y"})


def test_the_rules_are_those_of_the_query():  # P6.6
    rules = read_token(make_token(RECORD, ORDER), ORDER, **NAMES)
    assert rules == page_after(ORDER, RECORD, ["id", "last_modified"])


def test_the_fields_of_the_model_are_compared_as_storages_of_old_can():  # P6.6
    order = [Sort("last_modified", -1), Sort("id", -1)]
    assert read_token(make_token(RECORD, order), order, **NAMES) == [
        [Filter("last_modified", 12, COMPARISON.LT)],
        [Filter("last_modified", 12, COMPARISON.EQ), Filter("id", "x", COMPARISON.LT)],
    ]


def test_a_token_is_safe_in_a_url():  # P6.6
    token = make_token({**RECORD, "a": "é?&=+/\U0001f600" * 20}, ORDER)
    assert token.isascii()
    assert not set(token) & set("+/&?% ")


def test_a_token_does_not_hold_what_sorting_does_not_compare():  # P6.6
    record = {**RECORD, "a": ["x" * 1000], "other": "y" * 1000}
    assert len(make_token(record, ORDER)) < 200


def test_a_token_follows_dots():  # P6.4
    order = [Sort("a.b", 1), *ORDER[1:]]
    record = {**RECORD, "a": {"b": 7}}
    rules = read_token(make_token(record, order), order, **NAMES)
    assert rules[0] == [Filter("a.b", 7, COMPARISON.AFTER)]


@pytest.mark.parametrize(
    "token",
    [
        "",
        "a",
        "é",
        "====",
        "\0",
        packed([]),
        packed({}),
        packed(None),
        packed({"last": []}),
        packed({"last": {}}),
        "e" * 9999,
    ],
)
def test_what_is_no_token_is_refused(token):  # P6.6
    with pytest.raises(InvalidToken) as caught:
        read_token(token, ORDER, **NAMES)
    assert caught.value.description == "_token has invalid content"
    assert (caught.value.location, caught.value.name) == ("querystring", None)


GOOD = {"id": ["x"], "last_modified": [12], "a": [1]}


def test_the_form_of_good_tokens_is_the_one_tampered_with_below():
    assert read_token(packed({"last": GOOD}), ORDER, **NAMES)


@pytest.mark.parametrize(
    "change",
    [
        {"id": [1]},
        {"id": []},
        {"id": "x"},
        {"last_modified": ["12"]},
        {"last_modified": [12.0]},
        {"last_modified": [True]},
        {"last_modified": []},
        {"a": 1},
        {"a": {}},
        {"a": [1, 2]},
        {"a": [[1]]},
        {"a": [{"x": 1}]},
        {"a": ["\0"]},
        {"b": [1]},
    ],
)
def test_a_token_that_was_tampered_with_is_refused(change):  # P6.6
    with pytest.raises(InvalidToken):
        read_token(packed({"last": {**GOOD, **change}}), ORDER, **NAMES)


@pytest.mark.parametrize("field", GOOD)
def test_a_token_that_lacks_a_field_is_refused(field):  # P6.6
    last = {name: value for name, value in GOOD.items() if name != field}
    with pytest.raises(InvalidToken):
        read_token(packed({"last": last}), ORDER, **NAMES)


@settings(deadline=None, print_blob=True, max_examples=500)
@given(st.binary(max_size=40) | values.map(lambda value: json.dumps({"last": value}).encode()))
def test_no_token_is_more_than_refused(raw):  # P11.2
    try:
        rules = read_token(base64.urlsafe_b64encode(raw).decode(), ORDER, **NAMES)
    except InvalidToken:
        return
    assert len(rules) == len(ORDER)
