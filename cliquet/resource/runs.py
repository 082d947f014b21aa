"""
Runs: consecutive requests of a batch that are about records of one collection.

What all of them are going to read is read at once, when the first of them reads, by a storage that
can. Each is answered as it would be alone: a record that was not read ahead is read then.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from cliquet.drivers.databases import count_changes
from cliquet.storage import JSONRecord, StorageBase
from cliquet.storage.exceptions import RecordNotFoundError


class Run:
    """
    Records that are about to be read, or written.

    Args:
        ids: Of the records, as URLs have them.
        is_writing: Whether they are to be written.
    """

    def __init__(self, ids: Sequence[str], *, is_writing: bool) -> None:
        self._ids = ids
        self._is_writing = is_writing
        self._place: tuple[Any, ...] | None = None
        self._records: dict[str, JSONRecord | None] = {}
        self._changes = 0

    @property
    def is_to_lock(self) -> bool:
        """Whether the first to ask locks the collection."""
        return self._is_writing and self._place is None

    def begin(self, storage: Any, target: dict[str, Any]) -> None:
        """Read all records, or lock them, unless that was done; see :meth:`get`."""
        if self._place is None:
            self._place = target["collection_id"], target["parent_id"]
            self._read_ahead(storage, target)

    def get(self, storage: Any, record_id: str, target: dict[str, Any]) -> JSONRecord:
        """
        Return a record as ``storage.get`` does.

        Args:
            storage: Of the collection.
            record_id: One of the run's, or any.
            target: Names the collection; requests of other users have others.
        """
        self.begin(storage, target)
        place = target["collection_id"], target["parent_id"]
        if count_changes() != self._changes:
            # Resources may write when they are read, and so may views beside them.
            self._records = {}
        if place != self._place or record_id not in self._records:
            record: JSONRecord = storage.get(object_id=record_id, **target)
            return record
        # Once: whoever asks a second time wants to know what has become of it.
        known = self._records.pop(record_id)
        if known is None:
            raise RecordNotFoundError(record_id)
        return known

    def _read_ahead(self, storage: Any, target: dict[str, Any]) -> None:
        if not isinstance(storage, StorageBase):
            return
        if self._is_writing:
            storage.prepare_writes(object_ids=self._ids, **target)
        else:
            self._records = storage.get_many(object_ids=self._ids, **target)
            self._changes = count_changes()
