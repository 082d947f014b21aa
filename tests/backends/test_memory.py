"""The storage in memory, where it is special: nothing is shared, and the clock is the process's."""

from __future__ import annotations

import pytest

from cliquet.storage.memory import Storage, load_from_config
from tests.backends.conftest import Notes
from tests.support import run_together

PLACE = ("articles", "alice")


def stamp_of(record):
    """Return the timestamp of a record."""
    return record["last_modified"]


def test_storages_share_nothing(notes):
    notes.add(name="a")
    assert Notes(Storage()).all() == []


def test_flush_forgets_the_time_too(notes, clock):
    notes.add(name="a", last_modified=clock.now + 1000)
    notes.storage.flush()
    assert notes.timestamp == clock.now


@pytest.mark.parametrize(("settings", "is_fixed"), [({}, True), ({"readonly": True}, False)])
def test_the_storage_is_made_from_the_settings(clock, settings, is_fixed):  # P5.1
    class Config:
        def get_settings(self) -> dict[str, bool]:
            return settings

    notes = Notes(load_from_config(Config()))
    first = notes.timestamp
    clock.now += 1
    assert (notes.timestamp == first) is is_fixed


def test_changes_of_one_millisecond_are_bumped_by_one(storage, clock):  # P5.1
    stamps = [
        stamp_of(storage.create(*PLACE, {"id": "x"})),
        stamp_of(storage.update(*PLACE, "x", {})),
        stamp_of(storage.create(*PLACE, {})),
        stamp_of(storage.delete(*PLACE, "x")),
        stamp_of(storage.delete_all(*PLACE)[0]),
    ]
    assert stamps == [clock.now + n for n in range(5)]
    assert storage.collection_timestamp(*PLACE) == stamps[-1]


def test_timestamps_increase_while_the_clock_steps_back(storage, clock):  # P5.1
    stamps = []
    for step in (0, -5000, +3, -100_000, 0):
        clock.now += step
        stamps.append(stamp_of(storage.create(*PLACE, {})))
    assert stamps == [1_500_000_000_000 + n for n in range(5)]


def test_real_time_serves_again_when_it_is_ahead(storage, clock):  # P5.1
    storage.create(*PLACE, {})
    storage.create(*PLACE, {})
    clock.now += 10
    assert stamp_of(storage.create(*PLACE, {})) == clock.now


def test_a_forced_time_in_the_past_bumps_the_collection_by_one(storage, clock):  # P4.12
    storage.create(*PLACE, {})
    assert stamp_of(storage.create(*PLACE, {"last_modified": 5})) == 5
    assert storage.collection_timestamp(*PLACE) == clock.now + 1


def test_racing_writers_leave_no_gap_between_timestamps(storage, clock):  # P5.1
    made = run_together(lambda _: [stamp_of(storage.create(*PLACE, {})) for _ in range(50)])
    flat = [stamp for stamps in made for stamp in stamps]
    assert sorted(flat) == list(range(clock.now, clock.now + 400))
