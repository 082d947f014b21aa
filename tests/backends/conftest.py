"""What the tests of backends share: a storage, a collection in it, and a clock set by hand."""

from __future__ import annotations

import pytest

from cliquet.storage import memory, timeline
from cliquet.testing.storage.places import Place as Notes


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
