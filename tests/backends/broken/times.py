"""Faults of timestamps."""

from __future__ import annotations

import time

from cliquet.storage.exceptions import UnicityError
from cliquet.storage.timeline import Collection
from cliquet.utils import msec_time
from tests.backends.broken.base import Broken, elsewhere


class ClockBeforeLock(Broken):
    """A writer stamped early commits late, and whoever polled in between never sees it."""

    caught_by = ("test_a_poller_misses_no_change_and_sees_no_equal_timestamps",)

    def create(self, collection_id, parent_id, record, *args, **kwargs):
        with self._lock:
            stamp = self._collection(collection_id, parent_id).next_timestamp(None, None)
        elsewhere()
        forced = {"last_modified": stamp, **record}
        return super().create(collection_id, parent_id, forced, *args, **kwargs)


class EqualTimestamps(Broken):
    """Changes of one millisecond share a timestamp."""

    caught_by = (
        "test_changes_in_quick_succession_have_different_timestamps",
        "test_a_poller_misses_no_change_and_sees_no_equal_timestamps",
        "test_sequences_of_operations_leave_what_the_model_says",
    )

    class collections(Collection):  # noqa: N801
        def next_timestamp(self, forced, present):
            if forced is None:
                self.timestamp = max(msec_time(), self.timestamp or 0)
                return self.timestamp
            return super().next_timestamp(forced, present)


class FollowsTheClock(Broken):
    """A clock that is set back takes timestamps with it."""

    caught_by = (
        "test_timestamps_increase_when_the_collection_is_ahead_of_the_clock",
        "test_one_in_the_future_moves_the_collection",
    )

    class collections(Collection):  # noqa: N801
        def next_timestamp(self, forced, present):
            is_ahead = (self.timestamp or 0) > msec_time() + 1000
            self.timestamp = None if is_ahead else self.timestamp
            return super().next_timestamp(forced, present)


class Microseconds(Broken):
    """Timestamps are in microseconds."""

    caught_by = ("test_a_change_has_the_present_time",)

    class collections(Collection):  # noqa: N801
        def next_timestamp(self, forced, present):
            self.timestamp = self.timestamp or msec_time() * 1000
            return super().next_timestamp(forced, present)


class OneClockForAll(Broken):
    """Collections share one timestamp: a change of one moves all."""

    caught_by = (
        "test_collections_have_times_of_their_own",
        "test_what_changes_nothing_leaves_the_time_as_it_is",
    )
    last = 0

    def _timestamp(self, collection_id, parent_id):
        stamps = [one.timestamp or 0 for one in self._collections.values()]
        stamp = max([super()._timestamp(collection_id, parent_id), *stamps])
        self._collection(collection_id, parent_id).timestamp = stamp
        return stamp

    def create(self, collection_id, parent_id, *args, **kwargs):
        self._timestamp(collection_id, parent_id)
        return super().create(collection_id, parent_id, *args, **kwargs)


class ReadingBumps(Broken):
    """Reading a list is taken for a change."""

    caught_by = ("test_what_changes_nothing_leaves_the_time_as_it_is",)

    def get_all(self, collection_id, parent_id, *args, **kwargs):
        self._collection(collection_id, parent_id).next_timestamp(None, None)
        return super().get_all(collection_id, parent_id, *args, **kwargs)


class PurgingBumps(Broken):
    """Forgetting tombstones is taken for a change."""

    caught_by = (
        "test_a_purge_forgets_tombstones_and_keeps_records",
        "test_what_changes_nothing_leaves_the_time_as_it_is",
    )

    def purge_deleted(self, collection_id, parent_id, *args, **kwargs):
        self._collection(collection_id, parent_id).next_timestamp(None, None)
        return super().purge_deleted(collection_id, parent_id, *args, **kwargs)


class DeletingNothingBumps(Broken):
    """A list deletion that finds nothing is taken for a change."""

    caught_by = ("test_a_list_deletion_of_nothing_leaves_the_time_as_it_is",)

    def delete_all(self, collection_id, parent_id, *args, **kwargs):
        self._collection(collection_id, parent_id).next_timestamp(None, None)
        return super().delete_all(collection_id, parent_id, *args, **kwargs)


class RefusalsBump(Broken):
    """A write that is refused has moved the collection."""

    caught_by = (
        "test_what_changes_nothing_leaves_the_time_as_it_is",
        "test_an_id_that_is_taken_is_refused_with_its_holder",
    )

    def create(self, collection_id, parent_id, *args, **kwargs):
        try:
            return super().create(collection_id, parent_id, *args, **kwargs)
        except UnicityError:
            self._collection(collection_id, parent_id).next_timestamp(None, None)
            raise


class NewCollectionsDrift(Broken):
    """The timestamp of a collection never written is another each time."""

    caught_by = (
        "test_the_time_of_a_new_collection_is_fixed_when_it_is_read",
        "test_a_page_fixes_the_time_of_a_new_collection",
    )

    def _timestamp(self, collection_id, parent_id):
        return self._existing(collection_id, parent_id).timestamp or msec_time()


class FirstReadersRace(Broken):
    """Readers of a new collection each fix a timestamp of their own."""

    caught_by = ("test_racing_readers_of_a_new_collection_see_one_timestamp",)

    def collection_timestamp(self, collection_id, parent_id, auth=None):
        seen = self._existing(collection_id, parent_id).timestamp
        if seen is None:
            seen = time.time_ns()
            elsewhere()
            self._collection(collection_id, parent_id).timestamp = seen
        return seen


class WritesWhenReadOnly(Broken):
    """Reading in read-only mode writes the timestamp of a new collection."""

    caught_by = ("test_reading_in_read_only_mode_fixes_nothing",)

    def __init__(self, settings):
        super().__init__({**settings, "readonly": False})


class ForcedIsIgnored(Broken):
    """The timestamp that a client asks for has no effect."""

    caught_by = (
        "test_one_in_the_future_moves_the_collection",
        "test_one_in_the_past_is_kept_and_bumps_the_collection",
        "test_several_records_may_be_forced_to_one_time",
        "test_one_of_a_deletion_is_kept_above_the_record_s",
    )

    class collections(Collection):  # noqa: N801
        def next_timestamp(self, forced, present):
            return super().next_timestamp(None, present)


class ForcedIsAlwaysKept(Broken):
    """A timestamp below that of what is replaced is kept too."""

    caught_by = (
        "test_one_is_compared_with_the_record_s",
        "test_one_is_compared_with_the_tombstone_s",
    )

    class collections(Collection):  # noqa: N801
        def next_timestamp(self, forced, present):
            return super().next_timestamp(forced, None)


class ForcedForgetsTombstones(Broken):
    """What is forced is compared with records alone."""

    caught_by = ("test_one_is_compared_with_the_tombstone_s",)

    class collections(Collection):  # noqa: N801
        def current_timestamp(self, record_id):
            return self.live.timestamp_of(record_id)


class ForcedMovesNothing(Broken):
    """A record forced into the past or the future leaves the collection as it was."""

    caught_by = (
        "test_one_in_the_future_moves_the_collection",
        "test_one_in_the_past_is_kept_and_bumps_the_collection",
    )

    class collections(Collection):  # noqa: N801
        def next_timestamp(self, forced, present):
            before = self.timestamp
            stamp = super().next_timestamp(forced, present)
            self.timestamp = before if stamp == forced else self.timestamp
            return stamp


class ForcedSetsBack(Broken):
    """A record forced into the past takes the collection with it."""

    caught_by = (
        "test_one_in_the_past_is_kept_and_bumps_the_collection",
        "test_one_in_the_past_leaves_the_first_time_of_a_collection_real",
    )

    class collections(Collection):  # noqa: N801
        def next_timestamp(self, forced, present):
            self.timestamp = super().next_timestamp(forced, present)
            return self.timestamp


class ForcedMayBeAnything(Broken):
    """Floats and text become timestamps."""

    caught_by = ("test_one_that_is_no_integer_is_ignored",)

    class collections(Collection):  # noqa: N801
        def next_timestamp(self, forced, present):
            stamp = super().next_timestamp(forced, present)
            return float(stamp) if isinstance(forced, float) else stamp
