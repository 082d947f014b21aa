"""What a collection is, in the plainest form: the model that storages are compared with."""

from __future__ import annotations

from typing import Any

from cliquet.query import Filter, equality_key, matches, sort_records
from cliquet.storage import ABSENT, Expected
from cliquet.storage.exceptions import ModifiedError, RecordNotFoundError, UnicityError
from cliquet.testing.storage.places import OLDEST_FIRST, Record
from cliquet.testing.storage.values import is_same


class Model:
    """
    One collection of one parent, whose field ``u`` is unique.

    It has no clock: the timestamps that a storage gave are compared with what the contract allows,
    and taken over. A refusal is raised, as the storage has to raise it.
    """

    def __init__(self) -> None:
        self.live: dict[str, Record] = {}
        self.tombstones: dict[str, Record] = {}
        #: Unknown until it is read, or the first change was made.
        self.timestamp: int | None = None

    def present(self, record_id: str) -> Record | None:
        """Return the record or tombstone of that id."""
        return self.live.get(record_id) or self.tombstones.get(record_id)

    def stamp_of(self, record_id: str) -> int | None:
        """Return the timestamp of the record or tombstone of that id."""
        present = self.present(record_id)
        return None if present is None else present["last_modified"]

    # What is refused.

    def check_collection(self, expected: int | None) -> None:
        """Refuse a write that expects another version of the collection."""
        if expected is not None and expected != self.timestamp:
            raise ModifiedError

    def check_record(self, record_id: str, expected: Expected) -> None:
        """Refuse a write that expects another version of the record."""
        if expected is ABSENT and record_id in self.live:
            raise ModifiedError(self.live[record_id])
        if isinstance(expected, int) and expected != self.stamp_of(record_id):
            raise ModifiedError(self.present(record_id))

    def check_free(self, record_id: str) -> None:
        """Refuse a creation whose id is taken."""
        if record_id in self.live:
            raise UnicityError("id", self.live[record_id])

    def check_there(self, record_id: str) -> None:
        """Refuse to delete what is not there."""
        if record_id not in self.live:
            raise RecordNotFoundError(record_id)

    def check_unique(self, record_id: str, record: Record) -> None:
        """Refuse a value that another record has."""
        value = record.get("u")
        for other_id, other in self.live.items():
            is_taken = equality_key(other.get("u")) == equality_key(value)
            if value is not None and is_taken and other_id != record_id:
                raise UnicityError("u", other)

    # What is done.

    def put(self, stored: Record, given: Record, collection: int) -> None:
        """
        Take over a record that was stored.

        Args:
            stored: What the storage returned.
            given: What it was given.
            collection: The timestamp of the collection after it.
        """
        record_id, stamp = stored["id"], stored["last_modified"]
        assert is_same({**given, "id": record_id, "last_modified": stamp}, stored)
        self._stamp(stamp, given.get("last_modified"), self.stamp_of(record_id), collection)
        self.tombstones.pop(record_id, None)
        self.live[record_id] = stored

    def delete(self, tombstone: Record, forced: int | None, collection: int) -> None:
        """Take over a tombstone that was made; see :meth:`put`."""
        record_id, stamp = tombstone["id"], tombstone["last_modified"]
        assert tombstone == {"id": record_id, "last_modified": stamp, "deleted": True}
        self._stamp(stamp, forced, self.stamp_of(record_id), collection)
        del self.live[record_id]
        self.tombstones[record_id] = tombstone

    def delete_all(self, tombstones: list[Record], filters: list[Filter], collection: int) -> None:
        """Take over the tombstones of a list that was deleted; see :meth:`put`."""
        chosen = {one["id"] for one in self.live.values() if matches(one, filters)}
        assert {tombstone["id"] for tombstone in tombstones} == chosen
        if not tombstones:
            assert self.timestamp in (None, collection)
        for tombstone in sorted(tombstones, key=lambda one: one["last_modified"]):
            self.delete(tombstone, None, tombstone["last_modified"])
        assert self.timestamp in (None, collection)

    def purge(self, before: int | None) -> int:
        """Forget tombstones, and return how many."""
        kept = {
            record_id: tombstone
            for record_id, tombstone in self.tombstones.items()
            if before is not None and tombstone["last_modified"] >= before
        }
        count = len(self.tombstones) - len(kept)
        self.tombstones = kept
        return count

    def read(self, timestamp: int) -> None:
        """Compare the timestamp of the collection; the first one that is read is taken over."""
        assert self.timestamp in (None, timestamp)
        self.timestamp = timestamp

    def list(self, filters: list[Filter], include_deleted: bool) -> tuple[list[Record], int]:
        """Return what meets *filters*, the oldest first, and the count of live records."""
        total = sum(matches(record, filters) for record in self.live.values())
        records = [*self.live.values(), *(self.tombstones.values() if include_deleted else ())]
        found = [dict(record) for record in records if matches(record, filters)]
        sort_records(found, OLDEST_FIRST)
        return found, total

    def _stamp(self, stamp: int, forced: Any, present: int | None, collection: int) -> None:
        """Compare the timestamps after a change with those before it."""
        is_kept = type(forced) is int and (present is None or forced > present)
        if is_kept:
            assert stamp == forced
        before, self.timestamp = self.timestamp, collection
        if before is None:
            assert collection >= stamp
        elif is_kept and stamp <= before:
            assert collection > before
        else:
            assert collection == stamp > before
