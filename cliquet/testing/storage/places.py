"""One collection of one parent, as tests speak of it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from uuid import uuid4

from cliquet.query import COMPARISON, Filter, Sort

Record = dict[str, Any]

#: A total order: no two records tie.
OLDEST_FIRST = [Sort("last_modified", 1), Sort("id", 1)]
NEWEST_FIRST = [Sort("last_modified", -1), Sort("id", -1)]


class Place:
    """
    The methods of a storage with *collection_id* and *parent_id* filled in.

    All that is not listed here is the storage's own method, called by keywords.
    """

    def __init__(self, storage: Any, parent_id: str = "alice", collection_id: str = "note") -> None:
        self.storage = storage
        self.parent_id = parent_id
        self.collection_id = collection_id
        self._place = {"collection_id": collection_id, "parent_id": parent_id}

    def __getattr__(self, name: str) -> Callable[..., Any]:
        method = getattr(self.storage, name)
        return lambda **kwargs: method(**self._place, **kwargs)

    @property
    def timestamp(self) -> int:
        """Timestamp of the collection."""
        timestamp: int = self.storage.collection_timestamp(**self._place)
        return timestamp

    def add(self, **record: Any) -> Record:
        """Create a record."""
        return self.create(record=record)

    def put(self, object_id: str, /, **record: Any) -> Record:
        """Replace a record, or create it."""
        return self.update(object_id=object_id, record=record)

    def bury(self, **record: Any) -> Record:
        """Create a record, delete it, and return the tombstone."""
        return self.delete(object_id=self.add(**record)["id"])

    def all(self, **query: Any) -> list[Record]:
        """Return the records of a list."""
        return self.get_all(**query)[0]

    def count(self, **query: Any) -> int:
        """Return the count of a list."""
        return self.get_all(**query)[1]

    def everything(self) -> tuple[int, list[Record]]:
        """Return the timestamp, and all records and tombstones: what a refusal leaves as it is."""
        return self.timestamp, self.all(include_deleted=True, sorting=OLDEST_FIRST)

    def ids(self, **query: Any) -> list[str]:
        """Return the ids of a list."""
        return [record["id"] for record in self.all(**query)]


def fresh(storage: Any, collection_id: str = "note") -> Place:
    """Return a place that nothing was ever written to: cheaper than to flush."""
    return Place(storage, uuid4().hex, collection_id)


def equal(field: str, value: Any) -> list[Filter]:
    """Return the filters that a record with that value of *field* meets."""
    return [Filter(field, value, COMPARISON.EQ)]


def values_of(records: list[Record], field: str) -> list[Any]:
    """Return the value of *field* in each record."""
    return [record[field] for record in records]
