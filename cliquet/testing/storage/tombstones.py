"""Tombstones: what deletions leave, and what purges forget."""

from __future__ import annotations

from typing import Any

import pytest

from cliquet.query import COMPARISON, Filter
from cliquet.storage.exceptions import RecordNotFoundError
from cliquet.testing.kit import needs
from cliquet.testing.storage.base import StorageTests
from cliquet.testing.storage.capabilities import ATOMIC, PURGES
from cliquet.testing.storage.places import OLDEST_FIRST, Place, equal


class TombstoneTests(StorageTests):
    """Deletions."""

    def test_a_deletion_returns_the_tombstone(self, place: Place) -> None:
        """Id, timestamp and ``deleted: true`` are kept, and nothing else (P4.11)."""
        record = place.add(name="a")
        tombstone = place.delete(object_id=record["id"])
        stamp = tombstone["last_modified"]
        assert tombstone == {"id": record["id"], "last_modified": stamp, "deleted": True}
        assert tombstone["deleted"] is True
        assert place.all(include_deleted=True) == [tombstone]
        assert place.get_all() == ([], 0)

    @pytest.mark.parametrize("call", ["get", "delete"])
    def test_a_tombstone_is_no_record(self, place: Place, call: str) -> None:
        """What was deleted cannot be read, nor deleted again (P4.11)."""
        tombstone = place.bury(name="a")
        with pytest.raises(RecordNotFoundError):
            getattr(place, call)(object_id=tombstone["id"])
        assert place.all(include_deleted=True) == [tombstone]

    def test_tombstones_returned_are_the_caller_s_own(self, place: Place) -> None:
        """Editing a tombstone that was returned edits nothing stored (P4.11)."""
        place.bury(id="abc")["deleted"] = "changed"
        place.all(include_deleted=True)[0]["more"] = "changed"
        [tombstone] = place.all(include_deleted=True)
        assert set(tombstone) == {"id", "last_modified", "deleted"}
        assert tombstone["deleted"] is True

    def test_a_deletion_without_tombstone_leaves_nothing_but_a_timestamp(
        self, place: Place
    ) -> None:
        """With ``with_deleted=False`` no tombstone is kept; it is a change all the same (P4.11)."""
        record = place.add(name="a")
        tombstone = place.delete(object_id=record["id"], with_deleted=False)
        assert tombstone["deleted"] is True
        assert place.get_all(include_deleted=True) == ([], 0)
        assert place.timestamp == tombstone["last_modified"] > record["last_modified"]

    @pytest.mark.parametrize("write", ["create", "update"])
    def test_a_record_takes_the_place_of_its_tombstone(self, place: Place, write: str) -> None:
        """The tombstone is gone, and nothing of it is in the record (P4.5)."""
        tombstone = place.bury(id="abc", name="a")
        record = place.add(id="abc") if write == "create" else place.put("abc")
        assert set(record) == {"id", "last_modified"}
        assert record["last_modified"] > tombstone["last_modified"]
        assert place.get(object_id="abc") == record
        assert place.get_all(include_deleted=True) == ([record], 1)
        assert place.purge_deleted() == 0

    def test_a_record_may_be_deleted_and_made_again_and_again(self, place: Place) -> None:
        """There is one tombstone of an id, the last (P4.11)."""
        for _ in range(3):
            place.add(id="abc")
            tombstone = place.delete(object_id="abc")
        assert place.all(include_deleted=True) == [tombstone]

    def test_tombstones_are_listed_when_asked_for(self, place: Place) -> None:
        """They stand among the records, in their order, and are not counted (P6.3, P6.8)."""
        record, tombstone = place.add(name="a"), place.bury(name="a")
        found = place.get_all(include_deleted=True, sorting=OLDEST_FIRST)
        assert found == ([record, tombstone], 1)
        assert place.get_all() == ([record], 1)

    def test_tombstones_are_filtered_as_records_are(self, place: Place) -> None:
        """They have no fields but their own (P6.3)."""
        record, tombstone = place.add(name="a"), place.bury(name="a")
        assert place.all(include_deleted=True, filters=equal("deleted", True)) == [tombstone]
        assert place.all(include_deleted=True, filters=equal("name", "a")) == [record]
        by_id = equal("id", tombstone["id"])
        assert place.get_all(include_deleted=True, filters=by_id) == ([tombstone], 0)
        not_a = [Filter("name", "a", COMPARISON.NOT)]
        assert place.all(include_deleted=True, filters=not_a) == [tombstone]
        assert place.all(filters=equal("deleted", True)) == []

    def test_a_list_deleted_leaves_a_tombstone_for_each(self, place: Place) -> None:
        """All that meet the filters are deleted, and told, each with a timestamp (P4.3)."""
        kept = place.add(name="kept")
        ids = {place.add(name="gone")["id"] for _ in range(3)}
        tombstones = place.delete_all(filters=equal("name", "gone"))
        assert {tombstone["id"] for tombstone in tombstones} == ids
        assert all(tombstone["deleted"] is True for tombstone in tombstones)
        assert len({tombstone["last_modified"] for tombstone in tombstones}) == 3
        assert min(one["last_modified"] for one in tombstones) > kept["last_modified"]
        assert place.timestamp == max(one["last_modified"] for one in tombstones)
        assert place.get_all() == ([kept], 1)
        gone = place.all(include_deleted=True, filters=equal("deleted", True))
        assert sorted(map(repr, gone)) == sorted(map(repr, tombstones))

    def test_a_long_list_is_deleted_whole(self, place: Place) -> None:
        """Nothing is left behind when the list is longer than a page (P4.3)."""
        ids = {place.add()["id"] for _ in range(150)}
        assert {tombstone["id"] for tombstone in place.delete_all()} == ids
        assert place.get_all() == ([], 0)

    def test_a_list_deleted_without_tombstones_leaves_none(self, place: Place) -> None:
        """With ``with_deleted=False`` no tombstones are kept (P4.3)."""
        place.add(name="a")
        assert len(place.delete_all(with_deleted=False)) == 1
        assert place.get_all(include_deleted=True) == ([], 0)

    def test_a_list_deleted_leaves_earlier_tombstones_alone(self, place: Place) -> None:
        """What was deleted before is not deleted again (P4.3)."""
        tombstone = place.bury(name="a")
        newer = Filter("last_modified", 0, COMPARISON.GT)
        before = place.everything()
        assert place.delete_all(filters=[newer]) == []
        assert place.everything() == before
        assert place.all(include_deleted=True) == [tombstone]

    def test_records_with_a_field_named_deleted_are_records(self, place: Place) -> None:
        """It is deletions that make tombstones, not fields (P4.11)."""
        record = place.add(deleted=True)
        assert place.get_all() == ([record], 1)
        assert place.purge_deleted() == 0
        assert place.get(object_id=record["id"]) == record

    @needs(ATOMIC)
    def test_a_deletion_tells_what_was_there(self, place: Place) -> None:
        """Events show the record as it was (P9.2)."""
        record = place.add(name="a", more=[1])
        tombstone, previous = place.delete(object_id=record["id"], with_previous=True)
        assert previous == record
        assert tombstone == place.all(include_deleted=True)[0]

    @needs(ATOMIC)
    def test_a_list_deletion_tells_what_was_there(self, place: Place) -> None:
        """Each tombstone comes with its own record (P9.2)."""
        records = {record["id"]: record for record in (place.add(name=name) for name in "abc")}
        by_name = [Filter("name", ["a", "b"], COMPARISON.IN)]
        pairs = place.delete_all(filters=by_name, with_previous=True)
        assert len(pairs) == 2
        assert all(records[tombstone["id"]] == previous for tombstone, previous in pairs)
        assert all(tombstone["deleted"] is True for tombstone, _ in pairs)


class PurgeTests(StorageTests):
    """Purges of tombstones."""

    def test_a_purge_forgets_tombstones_and_keeps_records(self, place: Place) -> None:
        """Records, their count and the timestamp stay (P4.11)."""
        record = place.add(name="a")
        place.bury(name="b")
        place.bury(name="c")
        before = place.timestamp
        assert place.purge_deleted() == 2
        assert place.get_all(include_deleted=True) == ([record], 1)
        assert place.timestamp == before
        assert place.purge_deleted() == 0

    def test_a_purge_keeps_tombstones_from_the_time_given_on(self, place: Place) -> None:
        """Those below *before* are forgotten, the one of that very time stays (P4.11)."""
        old = place.add(name="old")
        tombstones = [place.bury(name=name) for name in "abc"]
        assert place.purge_deleted(before=tombstones[1]["last_modified"]) == 1
        left = place.all(include_deleted=True, sorting=OLDEST_FIRST)
        assert left == [old, *tombstones[1:]]

    def test_a_purge_is_of_one_parent_and_collection(self, place: Place) -> None:
        """Tombstones of others stay (P4.11)."""
        tombstone = place.bury(name="a")
        Place(place.storage, "bob").purge_deleted()
        Place(place.storage, collection_id="other").purge_deleted()
        assert place.all(include_deleted=True) == [tombstone]

    def test_a_record_whose_tombstone_was_purged_may_come_back(self, place: Place) -> None:
        """Its timestamp is above the one that it was deleted at (P4.11)."""
        tombstone = place.bury(id="abc")
        place.purge_deleted()
        assert place.add(id="abc")["last_modified"] > tombstone["last_modified"]


class PurgeOfAllTests(StorageTests):
    """Purges of the tombstones of all parents."""

    @needs(PURGES)
    def test_old_tombstones_of_all_parents_are_forgotten(self, storage: Any) -> None:
        """Those of that very time stay; records, counts and timestamps are as they were."""
        places = [Place(storage, parent, "note") for parent in ("", "a", "a:b", "b")]
        for place in places:
            place.add(id="abc", last_modified=5)
            for number in range(4):
                place.add(id=str(number), last_modified=5)
                place.delete(object_id=str(number), last_modified=10 + number)
        before = [(place.timestamp, place.count()) for place in places]
        assert sum(storage.purge_tombstones(12, batch=3)) == 8
        for place in places:
            assert sorted(place.ids(include_deleted=True)) == ["2", "3", "abc"]
        assert [(place.timestamp, place.count()) for place in places] == before
        assert sum(storage.purge_tombstones(12)) == 0

    @needs(PURGES)
    def test_a_purge_of_one_collection_leaves_the_others(self, storage: Any) -> None:
        """Of every parent it is that collection, and no other whose name begins alike."""
        places = [
            Place(storage, parent, collection)
            for parent in ("alice", "bob")
            for collection in ("note", "notes", "no%")
        ]
        for place in places:
            place.add(id="abc", last_modified=5)
            place.delete(object_id="abc", last_modified=10)
        assert sum(storage.purge_tombstones(12, collection_id="note")) == 2
        left = [place.collection_id for place in places if place.all(include_deleted=True)]
        assert left == ["notes", "no%"] * 2
