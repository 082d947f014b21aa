"""Records: made, read, replaced, and never shared with the storage."""

from __future__ import annotations

import copy
from collections.abc import Callable
from itertools import count
from typing import Any

import pytest

from cliquet.storage.exceptions import RecordNotFoundError, UnicityError
from cliquet.testing.kit import needs
from cliquet.testing.storage.base import StorageTests, load_storage
from cliquet.testing.storage.capabilities import PERSISTENCE
from cliquet.testing.storage.places import Place, Record

NESTED: dict[str, Any] = {"a": [1, {"b": [None, True]}], "c": {"d": {"e": [1, 2]}}}


def _by_get(place: Place) -> Record:
    return place.get(object_id="abc")


def _by_get_all(place: Place) -> Record:
    return place.all()[0]


def _by_get_page(place: Place) -> Record:
    return place.get_page(limit=1).records[0]


def _by_update(place: Place) -> Record:
    return place.put("abc", **copy.deepcopy(NESTED))


def _by_unicity_error(place: Place) -> Record:
    with pytest.raises(UnicityError) as caught:
        place.add(id="abc")
    return caught.value.record


READS = [_by_get, _by_get_all, _by_get_page, _by_update, _by_unicity_error]


class RecordTests(StorageTests):
    """Single records."""

    def test_a_record_created_is_returned_with_id_and_timestamp(self, place: Place) -> None:
        """What create returns is what get returns (P4.2)."""
        record = place.add(name="a")
        assert set(record) == {"name", "id", "last_modified"}
        assert type(record["id"]) is str
        assert type(record["last_modified"]) is int
        assert place.get(object_id=record["id"]) == record

    def test_an_id_of_the_record_s_own_is_kept(self, place: Place) -> None:
        """The id of a record that has one is not made (P4.2)."""
        assert place.add(id="abc")["id"] == "abc"
        assert place.get(object_id="abc")["id"] == "abc"

    def test_ids_are_made_by_the_generator_given(self, place: Place) -> None:
        """A resource's own generator makes the ids (P4.9)."""
        numbers = count(1)
        made = [
            place.create(record={}, id_generator=lambda: f"n{next(numbers)}")["id"]
            for _ in range(2)
        ]
        assert made == ["n1", "n2"]

    def test_ids_are_made_one_for_each_record(self, place: Place) -> None:
        """Without a generator the storage makes ids itself, and none twice (P4.9)."""
        assert len({place.add()["id"] for _ in range(20)}) == 20

    def test_an_id_that_is_taken_is_refused_with_its_holder(self, place: Place) -> None:
        """Creation never overwrites: the error holds the record that is there (P4.2)."""
        holder = place.add(id="abc", name="a")
        before = place.everything()
        with pytest.raises(UnicityError) as caught:
            place.add(id="abc", name="b")
        assert (caught.value.field, caught.value.record) == ("id", holder)
        assert place.everything() == before

    def test_an_update_replaces_every_field(self, place: Place) -> None:
        """Fields that the new record lacks are gone (P4.5)."""
        record = place.add(name="a", more=1)
        updated = place.put(record["id"], other=2)
        assert set(updated) == {"other", "id", "last_modified"}
        assert place.get(object_id=record["id"]) == updated
        assert place.count() == 1

    def test_an_update_creates_where_there_is_nothing(self, place: Place) -> None:
        """PUT on an unknown id makes the record (P4.5)."""
        assert place.put("abc", name="a")["id"] == "abc"
        assert place.get(object_id="abc")["name"] == "a"
        assert place.count() == 1

    def test_an_update_keeps_its_id_whatever_the_record_says(self, place: Place) -> None:
        """The id is that of the URL (P4.5)."""
        assert place.put("abc", id="other")["id"] == "abc"
        assert place.ids() == ["abc"]

    def test_an_update_of_one_record_leaves_the_others(self, place: Place) -> None:
        """Of two records one is changed (P4.5)."""
        other = place.add(id="other", name="a")
        place.add(id="abc", name="a")
        place.put("abc", name="b")
        assert place.get(object_id="other") == other

    def test_fields_may_have_other_names(self, place: Place) -> None:
        """Models rename the fields of id, timestamp and deletion (P4)."""
        names = {"id_field": "key", "modified_field": "stamp"}
        record = place.create(record={"id": 1, "last_modified": "x"}, **names)
        assert set(record) == {"id", "last_modified", "key", "stamp"}
        assert place.get(object_id=record["key"], **names) == record
        assert place.all(**names) == [record]
        tombstone = place.delete(object_id=record["key"], deleted_field="gone", **names)
        assert tombstone == {"key": record["key"], "stamp": tombstone["stamp"], "gone": True}
        assert place.all(include_deleted=True, deleted_field="gone", **names) == [tombstone]

    @pytest.mark.parametrize("call", ["get", "delete"])
    def test_an_unknown_record_is_not_found(self, place: Place, call: str) -> None:
        """What was never there cannot be read nor deleted (P4.4)."""
        place.add(id="abcd")
        with pytest.raises(RecordNotFoundError):
            getattr(place, call)(object_id="abc")

    def test_flush_forgets_everything(self, place: Place) -> None:
        """Records, tombstones and timestamps are gone."""
        future = place.timestamp + 3_600_000
        place.add(name="a", last_modified=future)
        place.bury(name="b")
        place.storage.flush()
        assert place.all(include_deleted=True) == []
        assert place.count() == 0
        assert place.timestamp < future

    def test_a_storage_serves_after_it_was_flushed(self, place: Place) -> None:
        """Nothing but the data is deleted: there is no need to initialize again."""
        place.add(id="abc", name="a")
        place.storage.flush()
        place.storage.flush()
        assert place.add(id="abc", name="b")["name"] == "b"
        assert place.count() == 1

    def test_initialize_schema_may_run_again(self, place: Place) -> None:
        """Running it on a storage in use does no harm."""
        record = place.add(name="a")
        place.storage.initialize_schema()
        place.storage.initialize_schema()
        assert place.all() == [record]

    def test_what_is_stored_is_not_what_was_given(self, place: Place) -> None:
        """Editing the argument after the call edits nothing stored."""
        given = copy.deepcopy(NESTED)
        record = place.create(record=given)
        given["a"][1]["b"].append("changed")
        given["name"] = "changed"
        assert place.get(object_id=record["id"]) == record
        assert record["a"] == NESTED["a"]

    @pytest.mark.parametrize("write", ["create", "update"])
    def test_what_is_given_is_left_alone(self, place: Place, write: str) -> None:
        """Arguments are not changed, not even in the order of their keys."""
        given = {**copy.deepcopy(NESTED), "id": "abc", "last_modified": 12}
        before = copy.deepcopy(given)
        kwargs = {"object_id": "abc"} if write == "update" else {}
        getattr(place, write)(record=given, **kwargs)
        assert given == before
        assert list(given) == list(before)

    @pytest.mark.parametrize("read", READS, ids=lambda read: read.__name__.lstrip("_"))
    def test_what_is_returned_is_the_caller_s_own(
        self, place: Place, read: Callable[[Place], Record]
    ) -> None:
        """Editing what a method returned edits nothing stored."""
        place.add(id="abc", **copy.deepcopy(NESTED))
        returned = read(place)
        returned["a"][1]["b"].append("changed")
        returned["c"].clear()
        returned["name"] = "changed"
        stored = place.get(object_id="abc")
        assert {name: value for name, value in stored.items() if name in NESTED} == NESTED
        assert "name" not in stored

    @pytest.mark.parametrize("call", ["get", "get_all", "collection_timestamp", "get_page"])
    def test_the_authorization_of_the_client_may_be_passed(self, place: Place, call: str) -> None:
        """Every method takes *auth*, whether the storage has a use for it or not."""
        place.add(id="abc")
        arguments: dict[str, Any] = {"get": {"object_id": "abc"}, "get_page": {"limit": 1}}
        assert getattr(place, call)(auth="Basic x", **arguments.get(call, {}))

    def test_the_authorization_may_be_passed_to_writes(self, place: Place) -> None:
        """Every method takes *auth*, whether the storage has a use for it or not."""
        place.create(record={"id": "abc"}, auth="Basic x")
        place.update(object_id="abc", record={}, auth="Basic x")
        place.delete(object_id="abc", auth="Basic x")
        place.delete_all(auth="Basic x")
        assert place.purge_deleted(auth="Basic x") == 1
        place.storage.flush(auth="Basic x")


class PersistenceTests(StorageTests):
    """What outlives the object that wrote it."""

    @needs(PERSISTENCE)
    def test_another_storage_of_the_same_settings_reads_the_same(
        self, place: Place, storage_settings: Any
    ) -> None:
        """Records, tombstones and timestamps are in the storage, not in the object."""
        place.add(id="abc", name="a")
        place.bury(id="gone")
        other = Place(load_storage(storage_settings))
        assert other.everything() == place.everything()
        assert other.get(object_id="abc")["name"] == "a"
