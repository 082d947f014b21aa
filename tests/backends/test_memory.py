"""The contract of storages, on the memory: records, tombstones and lists."""

from __future__ import annotations

import copy
from itertools import count

import pytest

from cliquet.query import COMPARISON, Filter, Sort
from cliquet.storage.exceptions import RecordNotFoundError, UnicityError
from cliquet.storage.memory import Storage, load_from_config
from tests.backends.conftest import Notes

NESTED = {"a": [1, {"b": [None, True]}], "c": {"d": {"e": 2**70}}, "f": 1.5, "g": "é🍄\ue000"}
GONE = [Filter("deleted", True, COMPARISON.EQ)]


# Records.


def test_a_record_created_is_returned_with_id_and_timestamp(notes):  # P4.2
    record = notes.add(name="a")
    assert set(record) == {"name", "id", "last_modified"}
    assert notes.get(object_id=record["id"]) == record


def test_an_id_of_the_record_s_own_is_kept(notes):  # P4.2
    assert notes.add(id="abc")["id"] == "abc"


def test_ids_are_made_by_the_generator_given(notes):  # P4.9
    numbers = count(1)
    made = [
        notes.create(record={}, id_generator=lambda: f"n{next(numbers)}")["id"] for _ in range(2)
    ]
    assert made == ["n1", "n2"]


def test_json_values_survive_exactly(notes):  # P11.2
    record = notes.add(**NESTED)
    stored = notes.get(object_id=record["id"])
    assert {name: stored[name] for name in NESTED} == NESTED
    assert repr(stored["c"]) == repr(NESTED["c"])


def test_an_update_replaces_every_field(notes):  # P4.5
    record = notes.add(name="a", more=1)
    updated = notes.put(record["id"], other=2)
    assert set(updated) == {"other", "id", "last_modified"}
    assert notes.get(object_id=record["id"]) == updated


def test_an_update_creates_where_there_is_nothing(notes):  # P4.5
    assert notes.put("abc", name="a")["id"] == "abc"
    assert notes.get(object_id="abc")["name"] == "a"


def test_an_update_keeps_its_id_whatever_the_record_says(notes):  # P4.5
    assert notes.put("abc", id="other")["id"] == "abc"
    assert notes.count() == 1


@pytest.mark.parametrize("parent_id", ["bob", "alic", "alice1", "", "alice/note"])
def test_parents_see_their_own_records_only(notes, parent_id):  # P7.1
    record = notes.add(name="a")
    others = Notes(notes.storage, parent_id)
    with pytest.raises(RecordNotFoundError):
        others.get(object_id=record["id"])
    assert others.all() == []
    others.delete_all()
    assert notes.all() == [record]


def test_collections_hold_their_own_records_only(notes):  # P7.1
    record = notes.add(name="a")
    others = Notes(notes.storage, collection_id="notes")
    others.add(id=record["id"])
    others.delete_all()
    assert notes.all() == [record]


def test_fields_may_have_other_names(notes):  # P4
    names = {"id_field": "key", "modified_field": "stamp"}
    record = notes.create(record={"id": 1, "last_modified": "x"}, **names)
    assert set(record) == {"id", "last_modified", "key", "stamp"}
    tombstone = notes.delete(object_id=record["key"], deleted_field="gone", **names)
    assert tombstone == {"key": record["key"], "stamp": tombstone["stamp"], "gone": True}


@pytest.mark.parametrize("call", ["get", "delete"])
def test_an_unknown_record_is_not_found(notes, call):  # P4.4
    with pytest.raises(RecordNotFoundError):
        getattr(notes, call)(object_id="abc")


def test_flush_forgets_everything(notes, clock):
    notes.add(name="a", last_modified=clock.now + 1000)
    notes.bury(name="b")
    notes.storage.flush()
    assert notes.all(include_deleted=True) == []
    assert notes.timestamp == clock.now


def test_initialize_schema_may_run_again(notes):
    record = notes.add(name="a")
    notes.storage.initialize_schema()
    notes.storage.initialize_schema()
    assert notes.all() == [record]


# Copies.


def test_what_is_stored_is_not_what_was_given(notes):
    given = copy.deepcopy(NESTED)
    record = notes.create(record=given)
    given["a"][1]["b"].append("changed")
    given["name"] = "changed"
    assert notes.get(object_id=record["id"]) == record
    assert record["a"] == NESTED["a"]


@pytest.mark.parametrize("write", ["create", "update"])
def test_what_is_given_is_left_alone(notes, write):
    given = {**copy.deepcopy(NESTED), "id": "abc", "last_modified": 12}
    before = copy.deepcopy(given)
    kwargs = {"object_id": "abc"} if write == "update" else {}
    getattr(notes, write)(record=given, **kwargs)
    assert given == before
    assert list(given) == list(before)


def read_by_get(notes):
    return notes.get(object_id="abc")


def read_by_get_all(notes):
    return notes.all()[0]


def read_by_get_page(notes):
    return notes.get_page(limit=1).records[0]


def read_by_update(notes):
    return notes.put("abc", **copy.deepcopy(NESTED))


def read_by_unicity_error(notes):
    with pytest.raises(UnicityError) as caught:
        notes.add(id="abc")
    return caught.value.record


READS = [read_by_get, read_by_get_all, read_by_get_page, read_by_update, read_by_unicity_error]


@pytest.mark.parametrize("read", READS)
def test_what_is_returned_is_the_caller_s_own(notes, read):
    notes.add(id="abc", **copy.deepcopy(NESTED))
    returned = read(notes)
    returned["a"][1]["b"].append("changed")
    returned["c"].clear()
    returned["name"] = "changed"
    stored = notes.get(object_id="abc")
    assert {name: value for name, value in stored.items() if name in NESTED} == NESTED
    assert "name" not in stored


def test_tombstones_returned_are_the_caller_s_own(notes):  # P4.11
    notes.bury(id="abc")["deleted"] = "changed"
    notes.all(include_deleted=True)[0]["more"] = "changed"
    assert notes.all(include_deleted=True) == notes.all(include_deleted=True, filters=GONE)
    assert set(notes.all(include_deleted=True)[0]) == {"id", "last_modified", "deleted"}


# Tombstones.


def test_a_deletion_returns_the_tombstone(notes):  # P4.11
    record = notes.add(name="a")
    tombstone = notes.delete(object_id=record["id"])
    stamp = tombstone["last_modified"]
    assert tombstone == {"id": record["id"], "last_modified": stamp, "deleted": True}
    assert notes.all(include_deleted=True) == [tombstone]
    assert notes.all() == []


@pytest.mark.parametrize("call", ["get", "delete"])
def test_a_tombstone_is_no_record(notes, call):  # P4.11
    tombstone = notes.bury(name="a")
    with pytest.raises(RecordNotFoundError):
        getattr(notes, call)(object_id=tombstone["id"])


def test_a_deletion_without_tombstone_leaves_nothing_but_a_timestamp(notes):  # P4.11
    record = notes.add(name="a")
    notes.delete(object_id=record["id"], with_deleted=False)
    assert notes.all(include_deleted=True) == []
    assert notes.timestamp > record["last_modified"]


@pytest.mark.parametrize("write", ["create", "update"])
def test_a_record_takes_the_place_of_its_tombstone(notes, write):  # P4.5
    tombstone = notes.bury(id="abc", name="a")
    record = notes.add(id="abc") if write == "create" else notes.put("abc")
    assert set(record) == {"id", "last_modified"}
    assert record["last_modified"] > tombstone["last_modified"]
    assert notes.all(include_deleted=True) == [record]


def test_a_list_deleted_leaves_a_tombstone_for_each(notes):  # P4.3
    kept = notes.add(name="kept")
    ids = {notes.add(name="gone")["id"] for _ in range(3)}
    tombstones = notes.delete_all(filters=[Filter("name", "gone", COMPARISON.EQ)])
    assert {tombstone["id"] for tombstone in tombstones} == ids
    assert all(tombstone["deleted"] is True for tombstone in tombstones)
    assert notes.all() == [kept]
    assert notes.count() == 1


def test_a_list_deleted_without_tombstones_leaves_none(notes):  # P4.3
    notes.add(name="a")
    notes.delete_all(with_deleted=False)
    assert notes.all(include_deleted=True) == []


def test_a_list_deleted_leaves_earlier_tombstones_alone(notes):  # P4.3
    tombstone = notes.bury(name="a")
    newer = Filter("last_modified", 0, COMPARISON.GT)
    assert notes.delete_all(filters=[newer]) == []
    assert notes.all(include_deleted=True) == [tombstone]


def test_records_named_deleted_are_records(notes):  # P4.11
    record = notes.add(deleted=True)
    assert notes.all() == [record]
    assert notes.purge_deleted() == 0
    assert notes.count() == 1


# Purges.


def test_a_purge_forgets_tombstones_and_keeps_records(notes):  # P4.11
    record = notes.add(name="a")
    notes.bury(name="b")
    notes.bury(name="c")
    before = notes.timestamp
    assert notes.purge_deleted() == 2
    assert notes.all(include_deleted=True) == [record]
    assert (notes.timestamp, notes.count()) == (before, 1)


def test_a_purge_keeps_tombstones_from_the_time_given_on(notes):  # P4.11
    tombstones = [notes.bury(name=name) for name in "abc"]
    assert notes.purge_deleted(before=tombstones[1]["last_modified"]) == 1
    left = notes.all(include_deleted=True, sorting=[Sort("last_modified", 1)])
    assert left == tombstones[1:]


def test_a_purge_is_of_one_parent_and_collection(notes):  # P4.11
    tombstone = notes.bury(name="a")
    Notes(notes.storage, "bob").purge_deleted()
    Notes(notes.storage, collection_id="other").purge_deleted()
    assert notes.all(include_deleted=True) == [tombstone]


def test_a_record_whose_tombstone_was_purged_may_come_back(notes):  # P4.11
    tombstone = notes.bury(id="abc")
    notes.purge_deleted()
    assert notes.add(id="abc")["last_modified"] > tombstone["last_modified"]


# Configuration.


@pytest.mark.parametrize(("settings", "is_fixed"), [({}, True), ({"readonly": True}, False)])
def test_the_storage_is_made_from_the_settings(clock, settings, is_fixed):  # P5.1
    class Config:
        def get_settings(self) -> dict[str, bool]:
            return settings

    notes = Notes(load_from_config(Config()))
    first = notes.timestamp
    clock.now += 1
    assert (notes.timestamp == first) is is_fixed


def test_storages_share_nothing(notes):
    notes.add(name="a")
    assert Notes(Storage()).all() == []
