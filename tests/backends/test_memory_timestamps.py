"""Timestamps in memory: strictly increasing, whatever the clock does."""

from __future__ import annotations

import pytest

from cliquet.storage import memory
from tests.support import run_together

PLACE = ("articles", "alice")


def stamp_of(record):
    """Return the timestamp of a record."""
    return record["last_modified"]


def test_a_change_has_the_present_time(storage, clock):  # P5.1
    assert stamp_of(storage.create(*PLACE, {})) == clock.now
    assert storage.collection_timestamp(*PLACE) == clock.now


def test_changes_of_one_millisecond_are_bumped_by_one(storage, clock):  # P5.1
    storage.create(*PLACE, {"id": "x"})
    stamps = [
        stamp_of(storage.update(*PLACE, "x", {})),
        stamp_of(storage.create(*PLACE, {})),
        stamp_of(storage.delete(*PLACE, "x")),
        stamp_of(storage.delete_all(*PLACE)[0]),
    ]
    assert stamps == [clock.now + n for n in (1, 2, 3, 4)]
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


def test_collections_have_times_of_their_own(storage, clock):  # P5.1
    storage.create(*PLACE, {})
    assert stamp_of(storage.create("articles", "bob", {})) == clock.now


def test_racing_writers_never_share_a_timestamp(storage, clock):  # P5.1
    made = run_together(lambda _: [stamp_of(storage.create(*PLACE, {})) for _ in range(50)])
    flat = [stamp for stamps in made for stamp in stamps]
    assert sorted(flat) == list(range(clock.now, clock.now + 400))


# Reading.


def test_the_time_of_a_new_collection_is_fixed_when_it_is_read(storage, clock):  # P5.1
    seen = storage.collection_timestamp(*PLACE)
    clock.now += 10
    assert storage.collection_timestamp(*PLACE) == seen == clock.now - 10
    assert storage.get_page(*PLACE, limit=1).timestamp == seen


def test_the_first_change_is_above_the_time_that_was_read(storage, clock):  # P5.1 P5.7
    seen = storage.collection_timestamp(*PLACE)
    assert stamp_of(storage.create(*PLACE, {})) == seen + 1


def test_reading_in_read_only_mode_fixes_nothing(clock):  # P5.1
    storage = memory.Storage(readonly=True)
    first = storage.collection_timestamp(*PLACE)
    clock.now += 10
    assert (first, storage.collection_timestamp(*PLACE)) == (clock.now - 10, clock.now)


def test_reading_and_refusals_leave_the_time_as_it_is(storage, clock):  # P5.1
    storage.create(*PLACE, {"id": "x"})
    clock.now += 10
    storage.get(*PLACE, "x")
    storage.get_all(*PLACE)
    storage.purge_deleted(*PLACE)
    storage.delete_all("articles", "nobody")
    assert storage.collection_timestamp(*PLACE) == clock.now - 10


def test_a_list_deletion_of_nothing_leaves_the_time_as_it_is(storage, clock):  # P5.1
    storage.create(*PLACE, {"id": "x"})
    storage.delete(*PLACE, "x")
    before = storage.collection_timestamp(*PLACE)
    clock.now += 10
    assert storage.delete_all(*PLACE) == []
    assert storage.collection_timestamp(*PLACE) == before


# Forced ones.


def test_a_forced_time_in_the_future_moves_the_collection(storage, clock):  # P4.12
    future = clock.now + 5000
    assert stamp_of(storage.create(*PLACE, {"last_modified": future})) == future
    assert storage.collection_timestamp(*PLACE) == future
    assert stamp_of(storage.create(*PLACE, {})) == future + 1


def test_a_forced_time_in_the_past_is_kept_and_bumps_the_collection(storage, clock):  # P4.12
    storage.create(*PLACE, {})
    assert stamp_of(storage.create(*PLACE, {"last_modified": 5})) == 5
    assert storage.collection_timestamp(*PLACE) == clock.now + 1


def test_several_records_may_be_forced_to_one_time(storage):  # P4.12
    made = [storage.create(*PLACE, {"id": name, "last_modified": 5}) for name in "abc"]
    assert [stamp_of(record) for record in made] == [5, 5, 5]
    assert storage.get_all(*PLACE)[1] == 3


@pytest.mark.parametrize("delta", [0, -1])
def test_a_forced_time_not_above_the_record_s_is_ignored(storage, clock, delta):  # P4.12
    storage.create(*PLACE, {"id": "x", "last_modified": 500})
    now = storage.collection_timestamp(*PLACE)
    assert stamp_of(storage.update(*PLACE, "x", {"last_modified": 500 + delta})) == now + 1


def test_a_forced_time_above_the_record_s_is_kept_by_an_update(storage, clock):  # P4.12
    storage.create(*PLACE, {"id": "x", "last_modified": 500})
    assert stamp_of(storage.update(*PLACE, "x", {"last_modified": 501})) == 501


@pytest.mark.parametrize(("forced", "is_kept"), [(599, False), (600, False), (601, True)])
def test_a_forced_time_is_compared_with_the_tombstone_s(storage, clock, forced, is_kept):  # P4.12
    storage.create(*PLACE, {"id": "x", "last_modified": 500})
    storage.delete(*PLACE, "x", last_modified=600)
    record = storage.create(*PLACE, {"id": "x", "last_modified": forced})
    assert (stamp_of(record) == forced) is is_kept


@pytest.mark.parametrize(("forced", "is_kept"), [(499, False), (500, False), (501, True)])
def test_a_forced_time_of_a_deletion_is_kept_above_the_record_s(
    storage, clock, forced, is_kept
):  # P4.7
    storage.create(*PLACE, {"id": "x", "last_modified": 500})
    tombstone = storage.delete(*PLACE, "x", last_modified=forced)
    assert (stamp_of(tombstone) == forced) is is_kept


@pytest.mark.parametrize("forced", ["5", 5.0, True, None, [5]])
def test_a_forced_time_that_is_no_integer_is_ignored(storage, clock, forced):  # P4.8
    assert stamp_of(storage.create(*PLACE, {"last_modified": forced})) == clock.now
