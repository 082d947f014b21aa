"""The records of a floor in a dict, behind a lock."""

from __future__ import annotations

import time
from itertools import islice, takewhile
from threading import Lock

from benchmarks.floors.work import Page, Record


class Store:
    """
    Records by id, the newest last; see :class:`~benchmarks.floors.work.Store`.

    A record is replaced and never changed, so that readers need no copy of it.
    """

    def __init__(self, url: str = "") -> None:
        self._lock = Lock()
        self._records: dict[str, Record] = {}
        self._timestamp = 0

    def timestamp(self) -> int:
        """Return the timestamp of the latest write, in milliseconds."""
        return self._timestamp

    def get(self, record_id: str) -> Record | None:
        """Return the record of that id, or ``None``."""
        with self._lock:
            return self._records.get(record_id)

    def newest(self, limit: int) -> Page:
        """Return the newest records, at most *limit* of them."""
        with self._lock:
            records = list(islice(reversed(self._records.values()), limit))
            return Page(self._timestamp, len(self._records), records)

    def since(self, timestamp: int) -> Page:
        """Return what was written after *timestamp*, and how many records that is."""
        with self._lock:
            newest = reversed(self._records.values())
            records = list(takewhile(lambda one: one["last_modified"] > timestamp, newest))
            return Page(self._timestamp, len(records), records)

    def put(self, record_id: str, fields: Record) -> Record:
        """Store a record in place of any of that id, and return it."""
        with self._lock:
            return self._put(record_id, fields)

    def patch(self, record_id: str, changes: Record) -> Record | None:
        """Merge *changes* into a record, and return it, or ``None`` where there is none."""
        with self._lock:
            record = self._records.get(record_id)
            return None if record is None else self._put(record_id, {**record, **changes})

    def _put(self, record_id: str, fields: Record) -> Record:
        self._timestamp = max(self._timestamp + 1, time.time_ns() // 1_000_000)
        record = {**fields, "id": record_id, "last_modified": self._timestamp}
        # Taken out first, for a dict keeps the place of a key that it has.
        self._records.pop(record_id, None)
        self._records[record_id] = record
        return record
