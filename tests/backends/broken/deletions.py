"""Faults of deletions, tombstones, purges and flushes, and of the lock."""

from __future__ import annotations

from contextlib import contextmanager

from cliquet.storage.exceptions import RecordNotFoundError
from cliquet.storage.timeline import Collection, Span
from tests.backends.broken.base import Broken, elsewhere


class TombstonesSurvive(Broken):
    """A record and its tombstone are there at once."""

    caught_by = ("test_a_record_takes_the_place_of_its_tombstone",)

    class collections(Collection):  # noqa: N801
        def put(self, record_id, timestamp, record):
            tombstone = self.tombstones.get(record_id)
            super().put(record_id, timestamp, record)
            if tombstone is not None:
                self.tombstones.put(record_id, tombstone["last_modified"], tombstone)


class DeletedLeaks(Broken):
    """The record put over a tombstone has its field ``deleted``."""

    caught_by = ("test_a_record_takes_the_place_of_its_tombstone",)

    def update(self, collection_id, parent_id, object_id, record, *args, **kwargs):
        tombstone = self._existing(collection_id, parent_id).tombstones.get(object_id)
        leaking = {"deleted": True, **record} if tombstone else record
        return super().update(collection_id, parent_id, object_id, leaking, *args, **kwargs)


class TombstonesKeepFields(Broken):
    """A tombstone has the fields of its record."""

    caught_by = ("test_a_deletion_returns_the_tombstone",)

    class collections(Collection):  # noqa: N801
        def bury(self, record_id, timestamp, tombstone):
            full = {**self.live.get(record_id), **tombstone} if tombstone else tombstone
            return super().bury(record_id, timestamp, full)


class NoTombstonesLeavesOne(Broken):
    """Tombstones are kept whatever is asked for."""

    caught_by = (
        "test_a_deletion_without_tombstone_leaves_nothing_but_a_timestamp",
        "test_a_list_deleted_without_tombstones_leaves_none",
    )

    def delete(self, *args, with_deleted=True, **kwargs):
        return super().delete(*args, **kwargs)

    def delete_all(self, *args, with_deleted=True, **kwargs):
        return super().delete_all(*args, **kwargs)


class PartIsDeleted(Broken):
    """A list deletion stops after a page."""

    caught_by = ("test_a_long_list_is_deleted_whole",)

    def delete_all(self, collection_id, parent_id, filters=None, **kwargs):
        found, _ = self.get_all(collection_id, parent_id, filters, limit=100)
        return [self.delete(collection_id, parent_id, record["id"]) for record in found]


class PartIsTold(Broken):
    """A list deletion tells a part of what it deleted."""

    caught_by = (
        "test_a_long_list_is_deleted_whole",
        "test_a_list_deletion_deletes_what_the_list_would_show",
    )

    def delete_all(self, *args, **kwargs):
        return super().delete_all(*args, **kwargs)[:2]


class OneTimestampForAll(Broken):
    """The tombstones of a list deletion share a timestamp."""

    caught_by = ("test_a_list_deleted_leaves_a_tombstone_for_each",)

    def delete_all(self, *args, with_previous=False, **kwargs):
        pairs = super().delete_all(*args, with_previous=True, **kwargs)
        for tombstone, _ in pairs:
            tombstone["last_modified"] = pairs[-1][0]["last_modified"]
        return pairs if with_previous else [tombstone for tombstone, _ in pairs]


class PreviousIsTheTombstone(Broken):
    """What was there before is told by what is there now."""

    caught_by = ("test_a_deletion_tells_what_was_there",)

    def delete(self, *args, with_previous=False, **kwargs):
        tombstone = super().delete(*args, **kwargs)
        return (tombstone, tombstone) if with_previous else tombstone


class PurgesRecords(Broken):
    """A purge removes live records of that age too."""

    caught_by = (
        "test_a_purge_forgets_tombstones_and_keeps_records",
        "test_a_purge_keeps_tombstones_from_the_time_given_on",
    )

    def purge_deleted(self, collection_id, parent_id, before=None, **kwargs):
        live = self._existing(collection_id, parent_id).live
        span = Span(end=None if before is None else (before,))
        for (_, record_id), _ in list(live.walk(span)):
            live.pop(record_id)
        return super().purge_deleted(collection_id, parent_id, before, **kwargs)


class PurgesThatVeryTime(Broken):
    """A purge forgets tombstones of the time given, too."""

    caught_by = ("test_a_purge_keeps_tombstones_from_the_time_given_on",)

    def purge_deleted(self, collection_id, parent_id, before=None, **kwargs):
        later = None if before is None else before + 1
        return super().purge_deleted(collection_id, parent_id, later, **kwargs)


class FlushForgetsTombstones(Broken):
    """Flushing leaves timestamps and tombstones."""

    caught_by = ("test_flush_forgets_everything",)

    def flush(self, auth=None):
        for collection in self._collections.values():
            for (_, record_id), _ in list(collection.live.walk(Span())):
                collection.live.pop(record_id)


class DeletionsRace(Broken):
    """Two deletions of one record both find it."""

    caught_by = (
        "test_of_racing_deletions_one_is_done",
        "test_racing_list_deletions_delete_each_record_once",
    )

    def delete(self, collection_id, parent_id, object_id, **kwargs):
        record = self.get(collection_id, parent_id, object_id)
        elsewhere()
        try:
            return super().delete(collection_id, parent_id, object_id, **kwargs)
        except RecordNotFoundError:
            return {**record, "deleted": True}

    def delete_all(self, collection_id, parent_id, filters=None, **kwargs):
        found, _ = self.get_all(collection_id, parent_id, filters)
        return [self.delete(collection_id, parent_id, record["id"]) for record in found]


class LocksNothing(Broken):
    """A collection that is held is open to everyone."""

    caught_by = ("test_a_collection_that_is_held_keeps_other_writers_out",)

    @contextmanager
    def locked(self, collection_id, parent_id):
        elsewhere()
        yield
