"""What the tests of backends share: a storage, a collection in it, and a clock set by hand."""

from __future__ import annotations

from typing import Any

import pytest

from cliquet.storage import memory, timeline


class Notes:
    """One collection of one parent: the methods of the storage with the place filled in."""

    def __init__(self, storage: Any, parent_id: str = "alice", collection_id: str = "note") -> None:
        self.storage = storage
        self._place = {"collection_id": collection_id, "parent_id": parent_id}

    def __getattr__(self, name: str) -> Any:
        method = getattr(self.storage, name)
        return lambda **kwargs: method(**self._place, **kwargs)

    @property
    def timestamp(self) -> int:
        """Timestamp of the collection."""
        return self.storage.collection_timestamp(**self._place)

    def add(self, **record: Any) -> dict[str, Any]:
        """Create a record."""
        return self.create(record=record)

    def put(self, object_id: str, /, **record: Any) -> dict[str, Any]:
        """Replace a record, or create it."""
        return self.update(object_id=object_id, record=record)

    def bury(self, **record: Any) -> dict[str, Any]:
        """Create a record, delete it, and return the tombstone."""
        return self.delete(object_id=self.add(**record)["id"])

    def all(self, **query: Any) -> list[dict[str, Any]]:
        """Return the records of a list."""
        return self.get_all(**query)[0]

    def count(self, **query: Any) -> int:
        """Return the count of a list."""
        return self.get_all(**query)[1]


class Clock:
    """A clock that stands still, and is set by hand; *now* is in milliseconds."""

    def __init__(self) -> None:
        self.now = 1_500_000_000_000

    def __call__(self) -> int:
        return self.now


@pytest.fixture
def storage() -> memory.Storage:
    """Return an empty storage."""
    return memory.Storage()


@pytest.fixture
def notes(storage: memory.Storage) -> Notes:
    """Return an empty collection."""
    return Notes(storage)


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    """Return the clock that the storage reads."""
    stopped = Clock()
    monkeypatch.setattr(timeline, "msec_time", stopped)
    monkeypatch.setattr(memory, "msec_time", stopped)
    return stopped
