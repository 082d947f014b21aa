"""Faults of conditional writes."""

from __future__ import annotations

from cliquet.jsonlib import copied
from cliquet.storage import ABSENT, memory
from cliquet.storage.exceptions import ModifiedError
from tests.backends.broken.base import Broken, elsewhere


class ConditionsAreCheckedFirst(Broken):
    """The timestamp is compared, then the record is written: two writers both pass."""

    caught_by = (
        "test_increments_of_what_was_read_are_never_lost",
        "test_of_racing_writes_of_one_thing_one_is_done",
    )

    def update(self, collection_id, parent_id, object_id, *args, expected=None, **kwargs):
        with self._lock:
            memory._check(self._collection(collection_id, parent_id), object_id, expected)
        elsewhere()
        return super().update(collection_id, parent_id, object_id, *args, **kwargs)


class LaterIsAsGood(Broken):
    """A timestamp from the future is let through."""

    caught_by = (
        "test_a_write_of_anything_else_is_refused_with_what_is_there",
        "test_sequences_of_operations_leave_what_the_model_says",
    )

    def update(self, collection_id, parent_id, object_id, *args, expected=None, **kwargs):
        stamp = self._existing(collection_id, parent_id).current_timestamp(object_id)
        if isinstance(expected, int) and stamp is not None:
            expected = min(expected, stamp)
        return super().update(
            collection_id, parent_id, object_id, *args, expected=expected, **kwargs
        )


class ZeroIsNothing(Broken):
    """The timestamp zero is taken for no condition."""

    caught_by = ("test_the_timestamp_zero_may_be_expected",)

    def update(self, *args, expected=None, **kwargs):
        return super().update(*args, expected=expected or None, **kwargs)


class TombstonesAreThere(Broken):
    """Absence is not expected of a tombstone."""

    caught_by = ("test_absence_is_expected_of_nothing_and_of_a_tombstone",)

    def update(self, collection_id, parent_id, object_id, *args, expected=None, **kwargs):
        tombstone = self._existing(collection_id, parent_id).tombstones.get(object_id)
        if expected is ABSENT and tombstone is not None:
            raise ModifiedError(tombstone)
        return super().update(
            collection_id, parent_id, object_id, *args, expected=expected, **kwargs
        )


class ToldByTheLiveRecord(Broken):
    """A refusal tells what is there by the stored record itself."""

    caught_by = ("test_what_is_there_is_told_by_a_copy",)

    def update(self, collection_id, parent_id, object_id, *args, **kwargs):
        try:
            return super().update(collection_id, parent_id, object_id, *args, **kwargs)
        except ModifiedError as error:
            error.existing = self._existing(collection_id, parent_id).current(object_id)
            raise


class ConditionsAfterValues(Broken):
    """Unique values are looked up before the condition is compared."""

    caught_by = ("test_the_condition_is_compared_before_unique_values",)

    def update(self, collection_id, parent_id, object_id, record, unique_fields=None, **kwargs):
        with self._lock:
            collection = self._collection(collection_id, parent_id)
            memory._check_unique(collection, record, unique_fields, object_id)
            return super().update(collection_id, parent_id, object_id, record, **kwargs)


class WritesThenRefuses(Broken):
    """A replacement is refused once it is written."""

    caught_by = ("test_a_write_of_anything_else_is_refused_with_what_is_there",)

    def update(self, collection_id, parent_id, object_id, *args, expected=None, **kwargs):
        collection = self._collection(collection_id, parent_id)
        stamp, before = collection.current_timestamp(object_id), collection.current(object_id)
        record = super().update(collection_id, parent_id, object_id, *args, **kwargs)
        if isinstance(expected, int) and stamp != expected:
            raise ModifiedError(copied(before))
        return record


class ConditionsBeforePresence(Broken):
    """Deleting what is not there with a condition tells that it was modified."""

    caught_by = ("test_an_unknown_record_is_not_found_whatever_is_expected",)

    def delete(self, collection_id, parent_id, object_id, *args, expected=None, **kwargs):
        memory._check(self._existing(collection_id, parent_id), object_id, expected)
        return super().delete(
            collection_id, parent_id, object_id, *args, expected=expected, **kwargs
        )


class CollectionsAreNotCompared(Broken):
    """What is expected of a collection is not compared."""

    caught_by = (
        "test_a_version_of_the_collection_may_be_expected",
        "test_a_deletion_is_a_version_of_the_collection",
    )

    def _check_collection(self, collection_id, parent_id, expected):
        return
