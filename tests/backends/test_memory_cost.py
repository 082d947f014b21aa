"""What lists and writes of the storage in memory cost, counted in calls."""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import Any

import pytest

from cliquet.query import COMPARISON, Filter
from cliquet.storage.memory import Storage
from cliquet.testing.storage.pages import rules_behind
from cliquet.testing.storage.places import NEWEST_FIRST, OLDEST_FIRST
from tests.backends.conftest import Notes


def calls(action: Callable[[], Any]) -> int:
    """Return how many functions are called, Python's own included, while *action* runs."""
    count = 0

    def profile(_frame: object, event: str, _argument: object) -> None:
        nonlocal count
        count += event in ("call", "c_call")

    sys.setprofile(profile)
    try:
        action()
    finally:
        sys.setprofile(None)
    return count


@pytest.fixture(scope="module")
def sizes() -> list[Notes]:
    """Return a collection of 1,000 records and one of 100,000, of which half share a time."""
    made = []
    for size in (1000, 100_000):
        notes = Notes(Storage())
        for number in range(size):
            record = {"id": f"{number:06}", "u": number}
            notes.create(record=record if number % 2 else {**record, "last_modified": 12})
        notes.create(record={"id": "first", "u": "first"}, unique_fields=["u"])
        made.append(notes)
    return made


ONE_TIME = [Filter("last_modified", 12, COMPARISON.EQ)]


def middle_page(notes: Notes) -> Any:
    half = {"last_modified": 12, "id": f"{notes.count(limit=1) // 2:06}"}
    return notes.get_page(
        limit=10, sorting=NEWEST_FIRST, pagination_rules=rules_behind(half, NEWEST_FIRST)
    )


def poll(notes: Notes) -> Any:
    since = [Filter("last_modified", notes.timestamp - 3, COMPARISON.GT)]
    return notes.get_page(limit=100, filters=since, sorting=NEWEST_FIRST, include_deleted=True)


CHEAP: dict[str, Callable[[Notes], Any]] = {
    "the first page": lambda notes: notes.get_page(limit=10, sorting=NEWEST_FIRST),
    "the first page from the other end": lambda notes: notes.get_page(
        limit=10, sorting=OLDEST_FIRST
    ),
    "a page in the middle of one time": middle_page,
    "a poll": poll,
    "a count": lambda notes: notes.count(limit=1),
    "a count of one time": lambda notes: notes.count(filters=ONE_TIME, limit=1),
    "the version": lambda notes: notes.get_page(limit=10, known=notes.timestamp),
    "a record": lambda notes: notes.get(object_id="000001"),
    "a creation": lambda notes: notes.create(record={"u": "x"}, unique_fields=["u"]),
    "an update": lambda notes: notes.update(object_id="000001", record={}, unique_fields=["u"]),
    "a deletion": lambda notes: notes.delete(object_id="000003"),
}


@pytest.mark.slow
@pytest.mark.parametrize("action", CHEAP.values(), ids=CHEAP)
def test_the_cost_does_not_grow_with_the_collection(sizes, action):  # P6.6
    small, large = (calls(lambda notes=notes: action(notes)) for notes in sizes)
    assert large <= 1.3 * small + 10
