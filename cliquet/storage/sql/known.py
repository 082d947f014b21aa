"""
What a transaction knows of the collections that it has locked.

Whoever writes to a collection locks it first, so that what was read under the lock stays true
until the transaction ends, but for what the transaction itself does. A batch of writes need not
read it again.
"""

from __future__ import annotations

import time
from typing import Any, NamedTuple

from cliquet.drivers.writers import Writer

#: Most records of a collection that are remembered.
MAX_RECORDS = 1000


class KnownRecord(NamedTuple):
    """
    A record, its tombstone, or that there is none.

    Attributes:
        timestamp: Of the record or tombstone; ``None`` where there is neither.
        is_live: Whether it is a record.
        data: Its document, as text.
    """

    timestamp: int | None
    is_live: bool
    data: str | None


class KnownCollection:
    """
    A locked collection.

    Args:
        timestamp: Of the collection, in milliseconds.
        now: Clock of the database, when it was read.
    """

    def __init__(self, timestamp: int, now: int) -> None:
        self.timestamp = timestamp
        self.records: dict[str, KnownRecord] = {}
        self._now = now
        self._read_at = time.monotonic()

    @property
    def now(self) -> int:
        """The clock of the database, by the time that has passed since it was read."""
        return self._now + int((time.monotonic() - self._read_at) * 1000)

    def remember(self, record_id: str, record: KnownRecord) -> None:
        """Keep what is known of an id."""
        if len(self.records) >= MAX_RECORDS:
            self.records.clear()
        self.records[record_id] = record


def known_collection(writer: Writer | None, place: dict[str, Any]) -> KnownCollection | None:
    """Return what *writer* knows of a collection; ``None`` when it has not locked it."""
    if writer is None:
        return None
    known: KnownCollection | None = writer.known.get(_key(place))
    return known


def note_locked(writer: Writer, place: dict[str, Any], timestamp: int, now: int) -> KnownCollection:
    """Note that *writer* has locked a collection, and return what it knows of it from now on."""
    known = known_collection(writer, place)
    if known is None:
        known = writer.known[_key(place)] = KnownCollection(timestamp, now)
    return known


def forget_collection(writer: Writer, place: dict[str, Any]) -> None:
    """Forget what *writer* knows of a collection, since many of its records change at once."""
    writer.known.pop(_key(place), None)


def _key(place: dict[str, Any]) -> tuple[str, str]:
    return place["collection_id"], place["parent_id"]
