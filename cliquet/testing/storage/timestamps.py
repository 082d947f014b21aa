"""Timestamps: strictly increasing, whatever clients and clocks do."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

import pytest

from cliquet.storage.exceptions import RecordNotFoundError, UnicityError
from cliquet.testing.kit import needs
from cliquet.testing.storage.base import StorageTests, load_storage
from cliquet.testing.storage.capabilities import READONLY
from cliquet.testing.storage.places import Place, Record, fresh

HOUR_MS = 3_600_000
# How far the clock of a server may be from this one.
SKEW_MS = 24 * HOUR_MS


def _update(place: Place) -> Record:
    return place.put("abc", name="b")


def _create(place: Place) -> Record:
    return place.add()


def _delete(place: Place) -> Record:
    return place.delete(object_id="abc")


def _delete_all(place: Place) -> Record:
    return place.delete_all()[0]


CHANGES = [_update, _create, _delete, _delete_all]


def _refused_creation(place: Place) -> None:
    with pytest.raises(UnicityError):
        place.add(id="abc")


def _refused_value(place: Place) -> None:
    with pytest.raises(UnicityError):
        place.create(record={"u": 1}, unique_fields=["u"])


def _refused_deletion(place: Place) -> None:
    with pytest.raises(RecordNotFoundError):
        place.delete(object_id="unknown")


CHANGELESS: dict[str, Callable[[Place], Any]] = {
    "get": lambda place: place.get(object_id="abc"),
    "get_all": lambda place: place.all(include_deleted=True),
    "get_page": lambda place: place.get_page(limit=1),
    "collection_timestamp": lambda place: place.timestamp,
    "purge_deleted": lambda place: place.purge_deleted(),
    "a creation that is refused": _refused_creation,
    "a value that is refused": _refused_value,
    "a deletion that finds nothing": _refused_deletion,
    "a change elsewhere": lambda place: Place(place.storage, "bob").add(),
}


class TimestampTests(StorageTests):
    """Timestamps that the storage gives."""

    def test_a_change_has_the_present_time(self, place: Place) -> None:
        """Timestamps are milliseconds since the epoch, of the time that it is (P5.1)."""
        now = time.time_ns() // 1_000_000
        assert abs(place.add()["last_modified"] - now) < SKEW_MS

    @pytest.mark.parametrize("change", CHANGES, ids=lambda change: change.__name__.lstrip("_"))
    def test_every_change_moves_the_collection(
        self, place: Place, change: Callable[[Place], Record]
    ) -> None:
        """A change gets a timestamp above all before, and the collection has it (P5.1)."""
        before = place.add(id="abc")["last_modified"]
        assert place.timestamp == before
        changed = change(place)
        assert changed["last_modified"] > before
        assert place.timestamp == changed["last_modified"]

    def test_changes_in_quick_succession_have_different_timestamps(self, place: Place) -> None:
        """Changes of one millisecond are told apart (P5.1)."""
        place.add(id="abc")
        stamps = [place.put("abc")["last_modified"] for _ in range(50)]
        assert stamps == sorted(set(stamps))

    @pytest.mark.parametrize("change", CHANGES, ids=lambda change: change.__name__.lstrip("_"))
    def test_timestamps_increase_when_the_collection_is_ahead_of_the_clock(
        self, place: Place, change: Callable[[Place], Record]
    ) -> None:
        """As when the clock was set back: each change is above the one before (P5.1)."""
        future = place.add(id="abc")["last_modified"] + HOUR_MS
        place.add(last_modified=future)
        stamps = [change(place)["last_modified"], place.add()["last_modified"]]
        assert future < stamps[0] < stamps[1] == place.timestamp

    def test_collections_have_times_of_their_own(self, place: Place) -> None:
        """One that is ahead does not pull others along (P5.1)."""
        future = place.timestamp + HOUR_MS
        place.add(last_modified=future)
        assert Place(place.storage, "bob").add()["last_modified"] < future
        assert Place(place.storage, collection_id="other").add()["last_modified"] < future

    def test_the_time_of_a_new_collection_is_fixed_when_it_is_read(self, place: Place) -> None:
        """Clients of an empty collection get one ETag (P5.1)."""
        seen = place.timestamp
        _wait_for_the_clock(place.storage, seen)
        assert place.timestamp == place.get_page(limit=1).timestamp == seen

    def test_a_page_fixes_the_time_of_a_new_collection(self, place: Place) -> None:
        """So it does when a page is what is read first (P5.1)."""
        seen = place.get_page(limit=1).timestamp
        _wait_for_the_clock(place.storage, seen)
        assert place.timestamp == seen

    def test_the_first_change_is_above_the_time_that_was_read(self, place: Place) -> None:
        """A client who polls from the first ETag misses nothing (P5.1, P5.7)."""
        assert place.timestamp < place.add()["last_modified"]

    @needs(READONLY)
    def test_reading_in_read_only_mode_fixes_nothing(
        self, storage: Any, storage_settings: Any
    ) -> None:
        """The present time serves, and nothing is written (P5.1)."""
        reader = load_storage({**storage_settings, "readonly": True})
        place = fresh(reader)
        first = place.timestamp
        _wait_for_the_clock(storage, first)
        _wait_until(lambda: place.timestamp > first)

    @pytest.mark.parametrize("act", CHANGELESS.values(), ids=CHANGELESS)
    def test_what_changes_nothing_leaves_the_time_as_it_is(
        self, place: Place, act: Callable[[Place], Any]
    ) -> None:
        """Reading, purging and refusals are no changes (P5.1)."""
        place.add(id="abc", u=1)
        place.bury(id="gone")
        before = place.timestamp
        act(place)
        assert place.timestamp == before

    def test_a_list_deletion_of_nothing_leaves_the_time_as_it_is(self, place: Place) -> None:
        """Where nothing was deleted nothing has changed (P5.1)."""
        before = place.bury(id="abc")["last_modified"]
        assert place.delete_all() == []
        assert place.timestamp == before


class ForcedTimestampTests(StorageTests):
    """Timestamps that a client asks for."""

    @pytest.mark.parametrize("write", ["create", "update"])
    def test_one_in_the_future_moves_the_collection(self, place: Place, write: str) -> None:
        """The collection has it, and what comes next is above it (P4.12)."""
        future = place.timestamp + HOUR_MS
        forced = {"last_modified": future}
        record = place.add(**forced) if write == "create" else place.put("abc", **forced)
        assert record["last_modified"] == future == place.timestamp
        assert place.get(object_id=record["id"])["last_modified"] == future
        assert place.add()["last_modified"] > future

    @pytest.mark.parametrize("write", ["create", "update"])
    def test_one_in_the_past_is_kept_and_bumps_the_collection(
        self, place: Place, write: str
    ) -> None:
        """A new record keeps it; the collection has changed now (P4.12)."""
        before = place.add()["last_modified"]
        forced = {"last_modified": 5}
        record = place.add(**forced) if write == "create" else place.put("abc", **forced)
        assert record["last_modified"] == 5
        assert place.get(object_id=record["id"])["last_modified"] == 5
        assert place.timestamp > before

    def test_one_in_the_past_leaves_the_first_time_of_a_collection_real(self, place: Place) -> None:
        """The collection's own is the present time, not the forced one (P4.12)."""
        place.add(last_modified=5)
        assert place.timestamp > 5 + SKEW_MS

    def test_several_records_may_be_forced_to_one_time(self, place: Place) -> None:
        """Timestamps that are forced may repeat (P4.12)."""
        made = [place.add(id=name, last_modified=5) for name in "abc"]
        assert [record["last_modified"] for record in made] == [5, 5, 5]
        assert place.count() == 3
        assert sorted(place.ids()) == ["a", "b", "c"]

    @pytest.mark.parametrize(("forced", "is_kept"), [(499, False), (500, False), (501, True)])
    def test_one_is_compared_with_the_record_s(
        self, place: Place, forced: int, is_kept: bool
    ) -> None:
        """At or below that of the record replaced it is ignored (P4.12)."""
        place.add(id="x", last_modified=500)
        before = place.timestamp
        stamp = place.put("x", last_modified=forced)["last_modified"]
        assert stamp == forced if is_kept else stamp > before
        assert place.get(object_id="x")["last_modified"] == stamp
        assert place.timestamp > before

    @pytest.mark.parametrize("write", ["create", "update"])
    @pytest.mark.parametrize(("forced", "is_kept"), [(599, False), (600, False), (601, True)])
    def test_one_is_compared_with_the_tombstone_s(
        self, place: Place, forced: int, is_kept: bool, write: str
    ) -> None:
        """A tombstone's counts as a record's (P4.12)."""
        place.add(id="x", last_modified=500)
        place.delete(object_id="x", last_modified=600)
        before = place.timestamp
        if write == "create":
            stamp = place.add(id="x", last_modified=forced)["last_modified"]
        else:
            stamp = place.put("x", last_modified=forced)["last_modified"]
        assert stamp == forced if is_kept else stamp > before

    @pytest.mark.parametrize(("forced", "is_kept"), [(499, False), (500, False), (501, True)])
    def test_one_of_a_deletion_is_kept_above_the_record_s(
        self, place: Place, forced: int, is_kept: bool
    ) -> None:
        """At or below that of the record deleted it is ignored (P4.7)."""
        place.add(id="x", last_modified=500)
        before = place.timestamp
        tombstone = place.delete(object_id="x", last_modified=forced)
        stamp = tombstone["last_modified"]
        assert stamp == forced if is_kept else stamp > before
        assert place.all(include_deleted=True) == [tombstone]
        assert place.timestamp > before

    def test_one_of_a_deletion_in_the_future_moves_the_collection(self, place: Place) -> None:
        """As that of any other change (P4.7, P4.12)."""
        future = place.add(id="x")["last_modified"] + HOUR_MS
        place.delete(object_id="x", last_modified=future)
        assert place.timestamp == future < place.add()["last_modified"]

    @pytest.mark.parametrize("forced", ["5", 5.0, True, None, [5]])
    def test_one_that_is_no_integer_is_ignored(self, place: Place, forced: Any) -> None:
        """Whatever a client sends, timestamps are integers (P4.8)."""
        record = place.add(id="x", last_modified=forced)
        assert type(record["last_modified"]) is int
        assert record["last_modified"] == place.timestamp
        updated = place.put("x", last_modified=forced)
        assert type(updated["last_modified"]) is int
        assert updated["last_modified"] > record["last_modified"]


def _wait_for_the_clock(storage: Any, instant: int) -> None:
    """Wait until the clock of *storage* is behind *instant*, as new collections tell."""
    _wait_until(lambda: fresh(storage).timestamp > instant)


def _wait_until(is_so: Callable[[], bool], seconds: float = 3) -> None:
    deadline = time.monotonic() + seconds
    while not is_so():
        assert time.monotonic() < deadline, "it never comes to be so"
