"""Conditional writes: done on what the caller saw, and on nothing else."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from cliquet.storage import ABSENT, Expected
from cliquet.storage.exceptions import ModifiedError, RecordNotFoundError, UnicityError
from cliquet.testing.kit import needs
from cliquet.testing.storage.base import StorageTests
from cliquet.testing.storage.capabilities import ATOMIC
from cliquet.testing.storage.places import Place, Record

Write = Callable[[Place, Any], Any]


def _update(place: Place, expected: Expected) -> Record:
    return place.update(object_id="abc", record={"name": "b"}, expected=expected)


def _delete(place: Place, expected: Expected) -> Record:
    return place.delete(object_id="abc", expected=expected)


def _create(place: Place, expected: Expected) -> Record:
    return place.create(record={"id": "abc", "name": "b"}, expected=expected)


def _create_in(place: Place, expected: int) -> Any:
    return place.create(record={}, expected_collection=expected)


def _delete_all_of(place: Place, expected: int) -> Any:
    return place.delete_all(expected_collection=expected)


def _name(write: Callable[..., Any]) -> str:
    return write.__name__.strip("_")


RECORD_WRITES = pytest.mark.parametrize("write", [_update, _delete], ids=_name)
PUTS = pytest.mark.parametrize("write", [_update, _create], ids=_name)
LIST_WRITES = pytest.mark.parametrize("write", [_create_in, _delete_all_of], ids=_name)


def refusal(write: Write, place: Place, expected: Any) -> Record | None:
    """Return what the refusal of a write tells of what is there; nothing was written."""
    before = place.everything()
    with pytest.raises(ModifiedError) as caught:
        write(place, expected)
    assert place.everything() == before
    return caught.value.existing


def present(place: Place) -> Record:
    """Return a record, in a collection that has changed since."""
    record = place.add(id="abc", name="a")
    place.add(name="later")
    return record


class ConditionTests(StorageTests):
    """Conditions on one record."""

    @RECORD_WRITES
    @needs(ATOMIC)
    def test_a_write_of_what_was_seen_is_done(self, place: Place, write: Write) -> None:
        """The timestamp that the record has is met (P5.6)."""
        stamp = present(place)["last_modified"]
        assert write(place, stamp)["last_modified"] > stamp

    @RECORD_WRITES
    @pytest.mark.parametrize("delta", [-1, 1, 1000, 3_600_000])
    @needs(ATOMIC)
    def test_a_write_of_anything_else_is_refused_with_what_is_there(
        self, place: Place, write: Write, delta: int
    ) -> None:
        """Earlier or later, another timestamp is another version (P5.6, P11.1)."""
        record = present(place)
        assert refusal(write, place, record["last_modified"] + delta) == record

    @needs(ATOMIC)
    def test_what_is_there_is_told_by_a_copy(self, place: Place) -> None:
        """Editing what the refusal told edits nothing stored."""
        record = present(place)
        existing = refusal(_update, place, record["last_modified"] + 1)
        assert existing is not None
        existing["name"] = "changed"
        assert place.get(object_id="abc") == record

    @PUTS
    @needs(ATOMIC)
    def test_a_tombstone_may_be_expected(self, place: Place, write: Write) -> None:
        """Where a record was deleted, the tombstone's timestamp is compared (P5.3)."""
        tombstone = place.bury(id="abc")
        for delta in (-1, 1):
            assert refusal(write, place, tombstone["last_modified"] + delta) == tombstone
        assert write(place, tombstone["last_modified"])["name"] == "b"

    @PUTS
    @pytest.mark.parametrize("is_buried", [True, False])
    @needs(ATOMIC)
    def test_absence_is_expected_of_nothing_and_of_a_tombstone(
        self, place: Place, write: Write, is_buried: bool
    ) -> None:
        """A tombstone is no record that is there (P5.3)."""
        if is_buried:
            place.bury(id="abc")
        record = write(place, ABSENT)
        assert place.get(object_id="abc") == record

    @PUTS
    @needs(ATOMIC)
    def test_absence_is_not_expected_of_a_record(self, place: Place, write: Write) -> None:
        """The refusal tells the record that is there (P5.3)."""
        record = present(place)
        assert refusal(write, place, ABSENT) == record

    @needs(ATOMIC)
    def test_a_deletion_of_what_should_be_absent_is_refused(self, place: Place) -> None:
        """``If-None-Match: *`` on a record that is there (P5.3)."""
        record = present(place)
        assert refusal(_delete, place, ABSENT) == record

    @PUTS
    @needs(ATOMIC)
    def test_a_timestamp_is_not_expected_of_nothing(self, place: Place, write: Write) -> None:
        """There is nothing to tell of, and nothing is made (P11.1)."""
        assert refusal(write, place, 12) is None
        assert place.all() == []

    @needs(ATOMIC)
    def test_an_unknown_record_is_not_found_whatever_is_expected(self, place: Place) -> None:
        """That it is not there comes first (P2.9)."""
        tombstone = place.bury(id="abc")
        for expected in (None, 12, ABSENT, tombstone["last_modified"]):
            with pytest.raises(RecordNotFoundError):
                _delete(place, expected)

    @needs(ATOMIC)
    def test_conditional_writes_of_one_version_let_one_through(self, place: Place) -> None:
        """The second has seen what is no longer there (P5.6)."""
        stamp = present(place)["last_modified"]
        _update(place, stamp)
        for write in (_update, _delete):
            refusal(write, place, stamp)

    @needs(ATOMIC)
    def test_the_timestamp_zero_may_be_expected(self, place: Place) -> None:
        """It is a timestamp, not the lack of one."""
        place.add(id="abc", last_modified=0)
        refusal(_update, place, 1)
        assert _update(place, 0)["name"] == "b"
        assert refusal(_update, place, 0) is not None

    @needs(ATOMIC)
    def test_the_condition_is_compared_before_unique_values(self, place: Place) -> None:
        """When both refuse, the precondition does (P2.9)."""
        stamp = present(place)["last_modified"]
        place.add(u="x")
        write = {"object_id": "abc", "record": {"u": "x"}, "unique_fields": ["u"]}
        with pytest.raises(ModifiedError):
            place.update(**write, expected=stamp + 1)
        with pytest.raises(UnicityError):
            place.update(**write, expected=stamp)


class CollectionConditionTests(StorageTests):
    """Conditions on a collection."""

    @LIST_WRITES
    @needs(ATOMIC)
    def test_a_version_of_the_collection_may_be_expected(self, place: Place, write: Write) -> None:
        """Its timestamp is compared, and no record is told (P5.3)."""
        place.add()
        stamp = place.add()["last_modified"]
        for delta in (-1, 1):
            assert refusal(write, place, stamp + delta) is None
        assert write(place, stamp)
        assert place.timestamp > stamp
        assert refusal(write, place, stamp) is None

    @needs(ATOMIC)
    def test_the_version_of_a_collection_never_written_may_be_expected(self, place: Place) -> None:
        """It is the one that was read (P5.1)."""
        stamp = place.timestamp
        assert _create_in(place, stamp)["last_modified"] > stamp

    @needs(ATOMIC)
    def test_a_deletion_is_a_version_of_the_collection(self, place: Place) -> None:
        """Whoever has not seen the deletion has not seen the collection (P5.3)."""
        stamp = place.add(id="abc")["last_modified"]
        place.delete(object_id="abc", with_deleted=False)
        assert refusal(_create_in, place, stamp) is None
