"""What PATCH changes, and the parts of a record that it answers with."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cliquet.exceptions import InvalidParameter
from cliquet.resource.patching import (
    changed_fields,
    diff_response,
    light_response,
    refuse_readonly,
)

SAME = [
    (1, 1.0),
    ([1, {"a": 2}], [1.0, {"a": 2}]),
    (None, None),
    ("", ""),
    ({"a": 1, "b": 2}, {"b": 2, "a": 1}),
]
OTHER = [
    (1, True),
    (0, False),
    (1, "1"),
    (None, False),
    (None, ""),
    ([], {}),
    ([1], [True]),
    ([1, 2], [2, 1]),
]


@pytest.mark.parametrize(("old", "new"), SAME)
def test_equal_values_are_no_change(old, new):  # P4.6
    assert changed_fields({"a": old}, {"a": new}) == set()


@pytest.mark.parametrize(("old", "new"), OTHER)
def test_values_of_another_type_are_a_change(old, new):  # P4.6
    assert changed_fields({"a": old}, {"a": new}) == {"a"}


def test_fields_that_come_and_go_are_changes():  # P4.6
    assert changed_fields({"a": None, "b": 1}, {"c": None, "b": 1}) == {"a", "c"}


def is_readonly(field: str) -> bool:
    return field == "locked"


@pytest.mark.parametrize("changes", [{}, {"locked": 1}, {"locked": 1.0}, {"other": 2}])
def test_a_read_only_field_may_be_sent_as_it_is(changes):  # P4.6
    refuse_readonly({"locked": 1}, changes, is_readonly)


@pytest.mark.parametrize("value", [2, "1", True, None])
def test_a_read_only_field_may_not_be_changed(value):  # P4.6
    with pytest.raises(InvalidParameter) as caught:
        refuse_readonly({"locked": 1}, {"locked": value}, is_readonly)
    assert caught.value.description == "Cannot modify locked"
    assert (caught.value.location, caught.value.name) == ("body", "locked")


def test_a_read_only_field_may_be_set_where_it_is_missing():  # P4.6
    refuse_readonly({}, {"locked": 1}, is_readonly)


def test_a_read_only_field_that_is_null_may_not_be_changed():  # P4.6
    with pytest.raises(InvalidParameter):
        refuse_readonly({"locked": None}, {"locked": 1}, is_readonly)


OLD = {"id": "x", "last_modified": 1, "a": 1, "b": 2}
NEW = {"id": "x", "last_modified": 2, "a": 1, "b": 3, "c": 4}


def test_light_is_what_changed_but_for_the_timestamp():  # P4.6
    assert light_response(OLD, NEW, "last_modified") == {"b": 3, "c": 4}


def test_diff_is_what_differs_from_what_was_sent():  # P4.6
    assert diff_response(OLD, NEW, {"b": 3}, "last_modified") == {"c": 4}
    assert diff_response(OLD, NEW, {"b": "3", "c": 4}, "last_modified") == {"b": 3}
    assert diff_response(OLD, NEW, {"b": 3, "c": 4}, "last_modified") == {}


def test_diff_tells_what_was_not_taken():  # P4.6
    assert diff_response(OLD, OLD, {"a": 9}, "last_modified") == {"a": 1}


def test_diff_leaves_out_what_was_sent_and_dropped():  # P4.6
    assert diff_response(OLD, NEW, {"unknown": 1, "b": 3, "c": 4}, "last_modified") == {}


records = st.dictionaries(
    st.sampled_from("abcd"),
    st.none() | st.booleans() | st.integers(0, 2) | st.lists(st.integers(0, 1), max_size=2),
)


@settings(deadline=None, print_blob=True, max_examples=500)
@given(old=records, new=records, sent=records)
def test_a_client_that_applies_the_answer_has_the_new_values(old, new, sent):  # P4.6
    light = light_response(old, new, "last_modified")
    assert changed_fields({**old, **light}, new) <= old.keys() - new.keys()
    diff = diff_response(old, new, sent, "last_modified")
    known = {field: value for field, value in {**old, **sent, **diff}.items() if field in new}
    assert known == new
