"""Reading ahead: what a storage is asked for, and told, before the parts of a batch come."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import pytest

from cliquet.storage.exceptions import RecordNotFoundError, UnicityError
from cliquet.testing.kit import needs
from cliquet.testing.storage.application import Application
from cliquet.testing.storage.base import StorageTests
from cliquet.testing.storage.capabilities import AHEAD
from cliquet.testing.storage.places import Place, Record, fresh

NAMES = [{}, {"id_field": "key", "modified_field": "stamp"}]


def _writes_of(place: Place) -> list[Callable[[], Record]]:
    """Return writes of each kind, of records that are there and of others."""
    return [
        lambda: place.put("abc", n=2),
        lambda: place.add(id="abc"),
        lambda: place.put("new", n=1),
        lambda: place.put("new", n=2),
        lambda: place.add(id="gone", n=1),
        lambda: place.delete(object_id="new"),
        lambda: place.delete(object_id="new"),
        lambda: place.add(id="none"),
    ]


def _outcome(write: Callable[[], Record]) -> object:
    try:
        return _without_time(write())
    except (RecordNotFoundError, UnicityError) as error:
        return type(error)


def _without_time(record: Record) -> Record:
    return {name: value for name, value in record.items() if name != "last_modified"}


class AheadTests(StorageTests):
    """``get_many`` and ``prepare_writes``, which a storage may have a use for."""

    @pytest.fixture
    def notes(self, storage: Any) -> Place:
        """A record and a tombstone, where a subscriber writes."""
        notes = Place(storage, collection_id="notes")
        notes.add(id="abc", n=1)
        notes.bury(id="gone", n=1)
        return notes

    @needs(AHEAD)
    @pytest.mark.parametrize("names", NAMES, ids=["own names", "other names"])
    def test_what_is_read_ahead_is_what_is_there(self, notes: Place, names: dict[str, str]) -> None:
        """Records, and ``None`` for what is none; any of them may be left out (P8.4)."""
        fresh(notes.storage, "notes").add(id="elsewhere", n=1)
        right = {
            "abc": notes.get(object_id="abc", **names),
            **dict.fromkeys(("gone", "elsewhere", "none")),
        }
        found = notes.get_many(object_ids=list(right), **names)
        assert found == {one: right[one] for one in found}

    @needs(AHEAD)
    def test_what_is_read_ahead_is_the_caller_s_own(self, notes: Place) -> None:
        """Editing it edits nothing stored, be it read ahead again or alone (P8.4)."""
        notes.put("abc", tags=["a"])
        for record in notes.get_many(object_ids=["abc"]).values():
            assert record is not None
            record["tags"].append("changed")
            record["n"] = "changed"
        assert _without_time(notes.get(object_id="abc")) == {"id": "abc", "tags": ["a"]}

    @needs(AHEAD)
    def test_what_is_read_ahead_has_the_writes_of_the_request(
        self, storage: Any, storage_settings: Mapping[str, Any], notes: Place
    ) -> None:
        """Each part of a batch sees the effects of the ones before (P8.4)."""
        found: dict[str, Any] = {}

        def write_and_read(event: Any) -> None:
            right = {"abc": notes.put("abc", n=2), "gone": notes.put("gone", n=3), "none": None}
            found.update(notes.get_many(object_ids=list(right)))
            found.update({one: found[one] == right[one] for one in found})

        Application(storage_settings, storage, write_and_read).post()
        assert all(found.values()), found

    @needs(AHEAD)
    def test_to_hear_of_writes_changes_nothing(
        self, storage: Any, storage_settings: Mapping[str, Any], notes: Place
    ) -> None:
        """Neither records nor timestamps: they may never come (P8.4)."""
        before = notes.everything()
        ids = ["abc", "gone", "none"]

        def hear(event: Any) -> None:
            notes.prepare_writes(object_ids=ids)

        notes.prepare_writes(object_ids=ids)
        Application(storage_settings, storage, hear).post()
        assert notes.everything() == before

    @needs(AHEAD)
    def test_writes_that_were_heard_of_are_as_others(
        self, storage: Any, storage_settings: Mapping[str, Any], notes: Place
    ) -> None:
        """What is answered and what is kept are the same, and so is their order (P8.4)."""
        twin = Place(storage, collection_id="twin")
        twin.add(id="abc", n=1)
        twin.bury(id="gone", n=1)
        outcomes: list[list[object]] = []

        def write(event: Any) -> None:
            notes.prepare_writes(object_ids=["abc", "gone", "new", "none"])
            outcomes.extend([_outcome(write) for write in _writes_of(one)] for one in (notes, twin))

        Application(storage_settings, storage, write).post()
        timestamp, kept = notes.everything()
        assert outcomes[0] == outcomes[1]
        assert [*map(_without_time, kept)] == [*map(_without_time, twin.everything()[1])]
        assert kept[-1]["last_modified"] == timestamp
