"""The contract of storages, on the memory: unique values and conditional writes."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cliquet.query import COMPARISON, MISSING, Filter, equality_key
from cliquet.storage import ABSENT
from cliquet.storage.exceptions import ModifiedError, RecordNotFoundError, UnicityError
from cliquet.storage.memory import Storage
from tests.backends.conftest import Notes

UNIQUE = ["u"]


def store(notes, record, object_id=None, unique_fields=UNIQUE):
    """Create a record, or replace that of *object_id*."""
    if object_id is None:
        return notes.create(record=record, unique_fields=unique_fields)
    return notes.update(record=record, unique_fields=unique_fields, object_id=object_id)


def conflict(notes, record, **kwargs):
    """Return the error that storing *record* raises."""
    with pytest.raises(UnicityError) as caught:
        store(notes, record, **kwargs)
    return caught.value


# Unique values.


@pytest.mark.parametrize("object_id", [None, "abc"])
def test_a_value_that_is_taken_is_refused_with_its_holder(notes, object_id):  # P4.10
    holder = store(notes, {"u": "x", "more": 1})
    error = conflict(notes, {"u": "x"}, object_id=object_id)
    assert (error.field, error.record) == ("u", holder)
    assert notes.all() == [holder]


@pytest.mark.parametrize(
    "value", ["x", "", 0, 1, 1.5, True, False, [], [1, {"a": None}], {}, {"a": [1]}, 2**70]
)
def test_values_of_every_type_are_unique(notes, value):  # P4.10
    store(notes, {"u": value})
    assert conflict(notes, {"u": value}).field == "u"


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (1, 1.0),
        (0, -0.0),
        (2**53, float(2**53)),
        ([1], [1.0]),
        ({"a": 1, "b": 2}, {"b": 2, "a": 1}),
    ],
)
def test_values_that_are_equal_conflict(notes, one, other):  # P4.10
    store(notes, {"u": one})
    assert conflict(notes, {"u": other}).field == "u"


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (1, True),
        (0, False),
        (1, "1"),
        ([1], [True]),
        ([], {}),
        ("", 0),
        (2**53 + 1, float(2**53)),
        ("a", "A"),
        ([1, 2], [2, 1]),
        ({"a": 1}, {"a": True}),
        ("é", "e\u0301"),
    ],
)
def test_values_that_are_not_equal_do_not_conflict(notes, one, other):  # P4.10
    store(notes, {"u": one})
    store(notes, {"u": other})
    assert notes.count() == 2


@pytest.mark.parametrize("record", [{}, {"u": None}])
def test_null_and_missing_values_never_conflict(notes, record):  # P4.10
    for _ in range(3):
        store(notes, record)
    store(notes, record, object_id="abc")
    assert notes.count() == 4


def test_a_record_does_not_conflict_with_itself(notes):  # P4.10
    store(notes, {"u": "x"}, object_id="abc")
    assert store(notes, {"u": "x", "more": 1}, object_id="abc")["more"] == 1


def test_tombstones_do_not_conflict(notes):  # P4.10
    record = store(notes, {"u": "x"})
    notes.delete(object_id=record["id"])
    store(notes, {"u": "x"})
    notes.delete_all()
    assert store(notes, {"u": "x"})["u"] == "x"


def test_values_given_up_do_not_conflict(notes):  # P4.10
    record = store(notes, {"u": "x"})
    store(notes, {"u": "y"}, object_id=record["id"])
    store(notes, {"u": "x"})
    store(notes, {}, object_id=record["id"])
    assert store(notes, {"u": "y"})["u"] == "y"


def test_parents_and_collections_do_not_conflict(notes):  # P4.10
    store(notes, {"u": "x"})
    for others in (Notes(notes.storage, "bob"), Notes(notes.storage, collection_id="other")):
        assert store(others, {"u": "x"})["u"] == "x"


def test_values_written_before_anyone_asked_are_unique_too(notes):  # P4.10
    holder = notes.add(u="x")
    assert conflict(notes, {"u": "x"}).record == holder


def test_values_written_without_asking_are_unique_too(notes):  # P4.10
    store(notes, {"u": "x"})
    holder = notes.add(u="y")
    assert conflict(notes, {"u": "y"}).record == holder


def test_of_two_holders_the_one_that_is_left_conflicts(notes):  # P4.10
    first, second = notes.add(u="x"), notes.add(u="x")
    assert conflict(notes, {"u": "x"}).record in (first, second)
    notes.delete(object_id=first["id"])
    assert conflict(notes, {"u": "x"}).record == second


def test_the_field_told_is_the_guilty_one(notes):  # P4.10
    holder = notes.add(one=1, two=2)
    for record, field in (({"one": 9, "two": 2}, "two"), ({"one": 1, "two": 9}, "one")):
        error = conflict(notes, record, unique_fields=["one", "two"])
        assert (error.field, error.record) == (field, holder)


def test_the_id_comes_before_unique_fields(notes):  # P4.2
    by_id = notes.add(id="abc", u="x")
    notes.add(u="y")
    error = conflict(notes, {"id": "abc", "u": "y"})
    assert (error.field, error.record) == ("id", by_id)


def test_a_refusal_leaves_no_trace_in_the_index(notes):  # P4.10
    record = store(notes, {"u": "x"})
    other = store(notes, {"u": "y"})
    conflict(notes, {"u": "x"}, object_id=other["id"])
    notes.delete(object_id=record["id"])
    assert store(notes, {"u": "x"})["u"] == "x"
    assert conflict(notes, {"u": "y"}).record == other


values = st.sampled_from(
    [MISSING, None, 0, 1, 1.0, True, "1", "", [1], [True], {"a": 1}, {"a": 1.0}]
)
steps = st.tuples(st.sampled_from(["create", "put", "delete"]), st.sampled_from("abcd"), values)


def attempt(notes, kind, record_id, record):
    """Do one thing, and return the field that refused it, if one did."""
    try:
        if kind == "create":
            store(notes, {**record, "id": record_id})
        elif kind == "put":
            store(notes, record, object_id=record_id)
        else:
            notes.delete(object_id=record_id)
    except UnicityError as error:
        return error.field
    except RecordNotFoundError:
        return "id"
    return None


@settings(deadline=None, print_blob=True, max_examples=500)
@given(st.lists(steps, max_size=20))
def test_values_are_refused_exactly_when_another_live_record_has_them(steps):  # P4.10
    notes, model = Notes(Storage()), {}
    for kind, record_id, value in steps:
        key = None if value is MISSING or value is None else equality_key(value)
        others = {held for holder, held in model.items() if holder != record_id}
        refused = "u" if key is not None and key in others and kind != "delete" else None
        if (kind == "create") is (record_id in model) and kind != "put":
            refused = "id"
        record = {} if value is MISSING else {"u": value}
        assert attempt(notes, kind, record_id, record) == refused
        if refused is None and kind == "delete":
            del model[record_id]
        elif refused is None:
            model[record_id] = key


# Conditional writes.


def present(notes):
    """Return a record and its timestamp, in a collection that has changed since."""
    record = notes.add(id="abc", name="a")
    notes.add(name="later")
    return record, record["last_modified"]


def update(notes, expected):
    return notes.update(object_id="abc", record={"name": "b"}, expected=expected)


def delete(notes, expected):
    return notes.delete(object_id="abc", expected=expected)


@pytest.mark.parametrize("write", [update, delete])
def test_a_write_of_what_was_seen_is_done(notes, write):  # P5.6
    _, stamp = present(notes)
    assert write(notes, stamp)["last_modified"] > stamp


@pytest.mark.parametrize("write", [update, delete])
@pytest.mark.parametrize("delta", [-1, 1, 1000])
def test_a_write_of_anything_else_is_refused_with_what_is_there(notes, write, delta):  # P5.6
    record, stamp = present(notes)
    before = notes.timestamp
    with pytest.raises(ModifiedError) as caught:
        write(notes, stamp + delta)
    assert caught.value.existing == record
    assert notes.get(object_id="abc") == record
    assert notes.timestamp == before


def test_what_is_there_is_told_by_a_copy(notes):
    record, stamp = present(notes)
    with pytest.raises(ModifiedError) as caught:
        update(notes, stamp + 1)
    caught.value.existing["name"] = "changed"
    assert notes.get(object_id="abc") == record


def test_an_update_may_expect_a_tombstone(notes):  # P5.3
    tombstone = notes.bury(id="abc")
    with pytest.raises(ModifiedError) as caught:
        update(notes, tombstone["last_modified"] - 1)
    assert caught.value.existing == tombstone
    assert update(notes, tombstone["last_modified"])["name"] == "b"


def test_a_creation_may_expect_a_tombstone(notes):  # P5.3
    tombstone = notes.bury(id="abc")
    with pytest.raises(ModifiedError):
        notes.create(record={"id": "abc"}, expected=tombstone["last_modified"] + 1)
    assert notes.create(record={"id": "abc"}, expected=tombstone["last_modified"])["id"] == "abc"


@pytest.mark.parametrize("is_buried", [True, False])
def test_absence_is_expected_of_nothing_and_of_a_tombstone(notes, is_buried):  # P5.3
    if is_buried:
        notes.bury(id="abc")
    assert update(notes, ABSENT)["id"] == "abc"


def test_absence_is_not_expected_of_a_record(notes):  # P5.3
    record, _ = present(notes)
    for write in (
        lambda: update(notes, ABSENT),
        lambda: notes.create(record={"id": "abc"}, expected=ABSENT),
    ):
        with pytest.raises(ModifiedError) as caught:
            write()
        assert caught.value.existing == record


def test_a_timestamp_is_not_expected_of_nothing(notes):  # P11.1
    with pytest.raises(ModifiedError) as caught:
        update(notes, 12)
    assert caught.value.existing is None
    assert notes.all() == []


def test_an_unknown_record_is_not_found_whatever_is_expected(notes):  # P2.9
    tombstone = notes.bury(id="abc")
    for expected in (None, 12, ABSENT, tombstone["last_modified"]):
        with pytest.raises(RecordNotFoundError):
            delete(notes, expected)


def test_conditional_writes_of_one_version_let_one_through(notes):  # P5.6
    _, stamp = present(notes)
    update(notes, stamp)
    for write in (update, delete):
        with pytest.raises(ModifiedError):
            write(notes, stamp)


def test_the_timestamp_zero_may_be_expected(notes):
    notes.add(id="abc", last_modified=0)
    assert update(notes, 0)["name"] == "b"


def test_a_creation_may_expect_a_version_of_the_collection(notes):  # P5.3
    stamp = notes.add()["last_modified"]
    assert notes.create(record={}, expected_collection=stamp)["last_modified"] > stamp
    with pytest.raises(ModifiedError) as caught:
        notes.create(record={}, expected_collection=stamp)
    assert caught.value.existing is None
    assert notes.count() == 2


def test_a_list_deletion_may_expect_a_version_of_the_collection(notes):  # P5.3
    notes.add()
    stamp = notes.add()["last_modified"]
    with pytest.raises(ModifiedError):
        notes.delete_all(expected_collection=stamp - 1)
    assert notes.count() == 2
    assert len(notes.delete_all(expected_collection=stamp)) == 2


def test_the_version_of_a_collection_never_written_may_be_expected(notes):  # P5.1
    stamp = notes.timestamp
    assert notes.create(record={}, expected_collection=stamp)["last_modified"] > stamp


def test_the_condition_is_compared_before_unique_values(notes):  # P2.9
    _, stamp = present(notes)
    notes.add(u="x")
    with pytest.raises(ModifiedError):
        notes.update(object_id="abc", record={"u": "x"}, unique_fields=UNIQUE, expected=stamp + 1)


# What was there before.


def test_a_deletion_tells_what_was_there(notes):  # P9.2
    record = notes.add(name="a", more=[1])
    tombstone, previous = notes.delete(object_id=record["id"], with_previous=True)
    assert previous == record
    assert tombstone == notes.all(include_deleted=True)[0]


def test_a_list_deletion_tells_what_was_there(notes):  # P9.2
    records = {record["id"]: record for record in (notes.add(name=name) for name in "abc")}
    by_name = [Filter("name", ["a", "b"], COMPARISON.IN)]
    pairs = notes.delete_all(filters=by_name, with_previous=True)
    assert len(pairs) == 2
    assert all(records[tombstone["id"]] == previous for tombstone, previous in pairs)
    assert all(tombstone["deleted"] is True for tombstone, _ in pairs)
