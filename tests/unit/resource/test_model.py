"""Models: the records of one collection and parent, and the conditions of their writes."""

from __future__ import annotations

import pytest

from cliquet.query import COMPARISON, Filter, Sort
from cliquet.resource.model import Model
from cliquet.storage import ABSENT, Page
from cliquet.storage.exceptions import ModifiedError, RecordNotFoundError, UnicityError
from cliquet.storage.generators import UUID4
from cliquet.storage.memory import Storage


@pytest.fixture
def model() -> Model:
    return Model(Storage(), UUID4(), "note", "alice")


BY_NAME = [Filter("name", "a", COMPARISON.EQ)]


def test_records_are_created_read_replaced_and_deleted(model):  # P4
    record = model.create_record({"name": "a"})
    assert model.get_record(record["id"]) == record
    updated = model.update_record({"id": record["id"], "name": "b"})
    assert updated["last_modified"] > record["last_modified"]
    tombstone = model.delete_record(updated)
    assert tombstone["deleted"] is True
    with pytest.raises(RecordNotFoundError):
        model.get_record(record["id"])
    with pytest.raises(RecordNotFoundError):
        model.delete_record(updated)


def test_the_record_given_is_left_alone(model):
    given = {"id": "x", "name": "a"}
    model.create_record(given)
    model.update_record(given)
    assert given == {"id": "x", "name": "a"}


def test_an_id_that_exists_is_told_with_its_record(model):  # P4.2
    record = model.create_record({"id": "x"})
    with pytest.raises(UnicityError) as caught:
        model.create_record({"id": "x"})
    assert caught.value.record == record


def test_unique_fields_are_guarded(model):  # P4.10
    holder = model.create_record({"u": 1}, unique_fields=("u",))
    with pytest.raises(UnicityError) as caught:
        model.update_record({"id": "x", "u": 1}, unique_fields=("u",))
    assert (caught.value.field, caught.value.record) == ("u", holder)


def test_lists_are_records_and_a_count(model):  # P6
    for name in "aab":
        model.create_record({"name": name})
    records, total = model.get_records(filters=BY_NAME, limit=1)
    assert (len(records), total) == (1, 2)
    assert model.get_records(sorting=[Sort("name", -1)])[0][0]["name"] == "b"


def test_lists_are_deleted_by_filters(model):  # P4.3
    for name in "aab":
        model.create_record({"name": name})
    assert len(model.delete_records(filters=BY_NAME)) == 2
    assert model.get_records()[1] == 1
    assert len(model.get_records(include_deleted=True)[0]) == 3


def test_each_method_may_be_given_another_parent(model):
    record = model.create_record({"id": "x", "name": "a"}, parent_id="bob")
    assert model.get_records() == ([], 0)
    assert model.get_record("x", parent_id="bob") == record
    assert model.timestamp(parent_id="bob") == record["last_modified"]
    model.update_record({"id": "x", "name": "b"}, parent_id="bob")
    assert model.get_page(limit=1, parent_id="bob").records[0]["name"] == "b"
    model.delete_record(record, parent_id="bob")
    assert model.get_tombstone("x", parent_id="bob")["deleted"] is True
    assert model.get_tombstone("x") is None
    assert model.delete_records(parent_id="bob") == []


def test_the_empty_parent_is_a_parent(model):
    model.create_record({"id": "x"}, parent_id="")
    assert model.get_records(parent_id="")[1] == 1
    assert model.get_records()[1] == 0


def test_a_deletion_may_force_its_time(model):  # P4.7
    record = model.create_record({"last_modified": 5})
    assert model.delete_record(record, last_modified=9)["last_modified"] == 9


def test_the_names_of_fields_are_followed():  # P4
    class Named(Model):
        id_field, modified_field, deleted_field = "key", "stamp", "gone"

    model = Named(Storage(), UUID4(), "note", "alice")
    record = model.create_record({"name": "a"})
    assert set(record) == {"key", "stamp", "name"}
    updated = model.update_record(record)
    tombstone = model.delete_record(updated)
    assert tombstone == model.get_tombstone(record["key"])
    assert set(tombstone) == {"key", "stamp", "gone"}
    assert model.get_page(limit=1, include_deleted=True).records == [tombstone]


# Tombstones.


def test_a_tombstone_is_found_only_when_there_is_one(model):
    record = model.create_record({"id": "x"})
    tombstone = model.delete_record(record)
    assert model.get_tombstone("x") == tombstone
    assert model.get_tombstone("y") is None


# Pages.


def test_a_page_has_its_version(model):  # P6.6
    for number in range(3):
        last = model.create_record({"n": number})
    page = model.get_page(limit=2, sorting=[Sort("n", 1)])
    assert [record["n"] for record in page.records] == [0, 1]
    assert (page.timestamp, page.total, page.more) == (last["last_modified"], 3, True)
    assert model.get_page(limit=2, known=page.timestamp) == Page(page.timestamp, 0, [], False)


def test_a_page_is_made_of_what_a_subclass_lists():
    class Doubled(Model):
        def get_records(self, *args, **kwargs):
            records, total = super().get_records(*args, **kwargs)
            return [{**record, "n": record["n"] * 2} for record in records], total

    model = Doubled(Storage(), UUID4(), "note", "alice")
    for number in (1, 2, 3):
        model.create_record({"n": number})
    page = model.get_page(limit=2, sorting=[Sort("n", 1)])
    assert [record["n"] for record in page.records] == [2, 4]
    assert (page.total, page.more) == (3, True)
    assert model.get_page(limit=2, known=page.timestamp).records == []


# Conditions.


def test_writes_within_the_block_are_conditional(model):  # P5.6
    record = model.create_record({"id": "x"})
    seen = record["last_modified"]
    with model.expecting("x", seen + 1):
        for write in (model.update_record, model.delete_record):
            with pytest.raises(ModifiedError):
                write(record)
    with model.expecting("x", seen):
        assert model.update_record(record)["last_modified"] > seen


def test_absence_may_be_expected(model):  # P5.6
    with model.expecting("x", ABSENT):
        model.create_record({"id": "x"})
        with pytest.raises(ModifiedError):
            model.create_record({"id": "x"})


def test_writes_of_other_records_are_free(model):  # P5.6
    model.create_record({"id": "y"})
    with model.expecting("x", 12):
        assert model.update_record({"id": "y"})
        assert model.create_record({})


def test_the_condition_ends_with_the_block(model):  # P5.6
    record = model.create_record({"id": "x"})
    with pytest.raises(ModifiedError), model.expecting("x", 1):
        model.update_record(record)
    assert model.update_record(record)


def test_conditions_may_be_nested(model):  # P5.6
    record = model.create_record({"id": "x"})
    with model.expecting("x", 1):
        with model.expecting("x", record["last_modified"]):
            model.update_record(record)
        with pytest.raises(ModifiedError):
            model.update_record(record)


def test_the_version_of_the_list_is_expected_of_the_first_write_alone(model):  # P5.3
    seen = model.create_record({})["last_modified"]
    with model.expecting(collection=seen - 1), pytest.raises(ModifiedError):
        model.create_record({})
    with model.expecting(collection=seen):
        model.create_record({})
        model.create_record({})
    with model.expecting(collection=seen), pytest.raises(ModifiedError):
        model.delete_records()
    assert model.get_records()[1] == 3
