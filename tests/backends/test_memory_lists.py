"""The contract of storages, on the memory: lists, counts and pages, and what they cost."""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cliquet.query import COMPARISON, MISSING, Filter, Sort, matches, page_after, sort_records
from cliquet.storage.memory import Storage
from tests.backends.conftest import Notes

BY_TIME = [Sort("last_modified", -1), Sort("id", -1)]


def names(records: list[dict[str, Any]]) -> list[Any]:
    return [record["name"] for record in records]


def rules_behind(record: dict[str, Any], sorting: list[Sort]) -> list[list[Filter]]:
    """Return the rules of the page behind *record*."""
    last = {sort.field: record.get(sort.field, MISSING) for sort in sorting}
    return page_after(sorting, last, ["last_modified", "id"])


def test_a_list_counts_live_records_that_meet_the_filters(notes):  # P6.8
    for name in "aabc":
        notes.add(name=name)
    notes.bury(name="a")
    by_name = [Filter("name", "a", COMPARISON.EQ)]
    records, total = notes.get_all(filters=by_name, limit=1, include_deleted=True)
    assert (len(records), total) == (1, 2)


def test_the_count_does_not_depend_on_the_page(notes):  # P6.8
    for name in range(5):
        notes.add(name=name)
    behind_all = [[Filter("last_modified", 0, COMPARISON.LT)]]
    assert notes.get_all(pagination_rules=behind_all) == ([], 5)
    assert notes.count(limit=2) == 5


@pytest.mark.parametrize("limit", [0, 1, 3, 5, 100, None])
def test_a_limit_cuts_the_list_after_it_was_sorted(notes, limit):  # P6.6
    for name in (3, 1, 4, 0, 2):
        notes.add(name=name)
    assert names(notes.all(sorting=[Sort("name", 1)], limit=limit)) == list(range(5))[:limit]


def test_tombstones_are_listed_and_filtered_when_asked_for(notes):  # P6.3
    record, tombstone = notes.add(name="a"), notes.bury(name="a")
    by_time = [Sort("last_modified", 1)]
    assert notes.all(include_deleted=True, sorting=by_time) == [record, tombstone]
    gone = [Filter("deleted", True, COMPARISON.EQ)]
    assert notes.all(include_deleted=True, filters=gone) == [tombstone]
    by_name = [Filter("name", "a", COMPARISON.EQ)]
    assert notes.all(include_deleted=True, filters=by_name) == [record]


def test_rules_are_alternatives_of_conjunctions(notes):  # P6.6
    for name in range(6):
        notes.add(name=name, even=name % 2 == 0)
    rules = [
        [Filter("name", 4, COMPARISON.GT)],
        [Filter("name", 3, COMPARISON.LT), Filter("even", True, COMPARISON.EQ)],
    ]
    assert sorted(names(notes.all(pagination_rules=rules))) == [0, 2, 5]


def test_rules_never_show_other_collections(notes):  # P7.1
    Notes(notes.storage, "bob").add(name="secret")
    rules = [[Filter("name", "a", COMPARISON.NOT)], [Filter("last_modified", 0, COMPARISON.GT)]]
    assert notes.get_all(pagination_rules=rules) == ([], 0)


def test_a_page_tells_of_the_whole(notes):  # P6.6
    records = [notes.add(name=name) for name in range(3)]
    page = notes.get_page(limit=2, sorting=BY_TIME)
    assert page.records == records[:0:-1]
    assert (page.total, page.more, page.timestamp) == (3, True, records[-1]["last_modified"])


def test_a_page_that_ends_the_list_says_so(notes):  # P6.6
    notes.add(name=1)
    notes.add(name=2)
    assert notes.get_page(limit=2).more is False
    assert notes.get_page(limit=1).more is True


def test_a_page_of_the_version_that_is_known_is_empty(notes):  # P5.2
    notes.add(name=1)
    page = notes.get_page(limit=2, known=notes.timestamp)
    assert page == (notes.timestamp, 0, [], False)
    assert notes.get_page(limit=2, known=notes.timestamp - 1).total == 1


@pytest.mark.parametrize(
    ("operator", "expected"),
    [
        (COMPARISON.LT, ["0"]),
        (COMPARISON.MAX, ["0", "1"]),
        (COMPARISON.GT, ["2"]),
        (COMPARISON.MIN, ["1", "2"]),
        (COMPARISON.EQ, ["1"]),
        (COMPARISON.NOT, ["0", "2"]),
    ],
)
def test_records_of_one_time_are_told_apart_by_id(notes, operator, expected):  # P6.6
    for name in "012":
        notes.add(id=name, last_modified=12)
    filters = [Filter("last_modified", 12, COMPARISON.EQ), Filter("id", "1", operator)]
    records, total = notes.get_all(filters=filters, sorting=[Sort("id", 1)])
    assert ([record["id"] for record in records], total) == (expected, len(expected))


@pytest.mark.parametrize(
    ("operator", "expected"),
    [
        (COMPARISON.LT, [11]),
        (COMPARISON.MAX, [11, 12]),
        (COMPARISON.GT, [13]),
        (COMPARISON.MIN, [12, 13]),
        (COMPARISON.EQ, [12]),
        (COMPARISON.NOT, [11, 13]),
    ],
)
def test_stretches_of_time_are_listed_and_counted_alike(notes, operator, expected):  # P6.8
    for stamp in (11, 12, 13):
        notes.add(last_modified=stamp)
    filters = [Filter("last_modified", 12, operator)]
    records, total = notes.get_all(filters=filters, sorting=BY_TIME[::-1])
    assert sorted(record["last_modified"] for record in records) == expected
    assert total == len(expected)


@pytest.mark.parametrize("by_id", [1, -1])
@pytest.mark.parametrize("by_time", [1, -1])
def test_records_of_one_time_are_sorted_by_id_in_its_own_direction(notes, by_time, by_id):  # P6.5
    for name in "210":
        notes.add(id=name, last_modified=12)
    sorting = [Sort("last_modified", by_time), Sort("id", by_id)]
    assert [record["id"] for record in notes.all(sorting=sorting)] == list("012")[::by_id]


# Every list, against the plain meaning of what it asks for.

values = st.sampled_from([MISSING, None, 0, 1, 1.5, "", "a", True, [1], {"x": 1}])
entries = st.tuples(values, st.none() | st.integers(0, 3), st.booleans())
stamps = st.integers(-1, 4) | st.sampled_from([1.0, 1.5, "1", None, True, 10**15])
by_time = st.builds(
    Filter,
    st.just("last_modified"),
    stamps,
    st.sampled_from([*COMPARISON][:6] + [*COMPARISON][-3:]),
)
by_id = st.builds(
    Filter,
    st.just("id"),
    st.sampled_from(["", "1", "2", "5", 1]),
    st.sampled_from([*COMPARISON][:6]),
)
by_value = st.builds(Filter, st.just("v"), values, st.sampled_from([*COMPARISON][:6]))
by_list = st.builds(
    Filter,
    st.sampled_from(["v", "last_modified"]),
    st.lists(st.sampled_from([0, 1, "a", None])),
    st.sampled_from([COMPARISON.IN, COMPARISON.EXCLUDE]),
)
filters = st.lists(by_time | by_id | by_value | by_list, max_size=3)
sortings = st.lists(
    st.builds(Sort, st.sampled_from(["v", "last_modified", "id"]), st.sampled_from([1, -1])),
    max_size=3,
    unique_by=lambda sort: sort.field,
)


def filled(content: list[tuple[Any, int | None, bool]]) -> Notes:
    """Return a collection with ids "0", "1" …; some are tombstones, some times repeat."""
    notes = Notes(Storage())
    for number, (value, stamp, is_buried) in enumerate(content):
        record = {"id": str(number)} if value is MISSING else {"id": str(number), "v": value}
        notes.create(record=record if stamp is None else {**record, "last_modified": stamp})
        if is_buried:
            notes.delete(object_id=str(number), last_modified=stamp and stamp + 1)
    return notes


@settings(deadline=None, print_blob=True, max_examples=1000)
@given(
    st.lists(entries, max_size=8), filters, sortings, st.lists(filters, max_size=3), st.booleans()
)
def test_a_list_is_what_its_filters_rules_and_order_mean(
    content, filters, sorting, rules, include_deleted
):  # P6.4
    notes = filled(content)
    whole = notes.all(include_deleted=include_deleted)
    expected = [record for record in whole if matches(record, filters)]
    total = sum("deleted" not in record for record in expected)
    if rules:
        expected = [one for one in expected if any(matches(one, rule) for rule in rules)]
    total_order = [*sorting, *(Sort("id", 1) for _ in "i" if "id" not in dict(sorting))]
    sort_records(expected, total_order)
    assert notes.get_all(
        filters=filters,
        sorting=total_order,
        pagination_rules=rules,
        include_deleted=include_deleted,
    ) == (expected, total)


@settings(deadline=None, print_blob=True, max_examples=500)
@given(st.lists(entries, max_size=8), sortings, st.integers(1, 3), st.booleans())
def test_pages_follow_one_another_through_the_list(
    content, sorting, limit, include_deleted
):  # P6.6
    notes = filled(content)
    directions = {**dict(sorting)}
    directions.setdefault("last_modified", -1)
    directions.setdefault("id", list(directions.values())[-1])
    order = [Sort(*item) for item in directions.items()]
    query = {"sorting": order, "include_deleted": include_deleted}
    whole, found, rules = notes.all(**query), [], None
    while True:
        page = notes.get_page(limit=limit, pagination_rules=rules, **query)
        found += page.records
        if not page.more:
            break
        rules = rules_behind(page.records[-1], order)
    assert found == whole


@settings(deadline=None, print_blob=True, max_examples=300)
@given(st.lists(entries, max_size=8), filters)
def test_a_list_deletion_deletes_what_the_list_would_show(content, filters):  # P4.3
    notes = filled(content)
    shown = {record["id"] for record in notes.all(filters=filters)}
    kept = {record["id"] for record in notes.all()} - shown
    assert {tombstone["id"] for tombstone in notes.delete_all(filters=filters)} == shown
    assert {record["id"] for record in notes.all()} == kept


# What lists cost, counted in calls.


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
ASCENDING = [Sort("last_modified", 1), Sort("id", 1)]


def middle_page(notes: Notes) -> Any:
    half = {"last_modified": 12, "id": f"{notes.count(limit=1) // 2:06}"}
    return notes.get_page(limit=10, sorting=BY_TIME, pagination_rules=rules_behind(half, BY_TIME))


def poll(notes: Notes) -> Any:
    since = [Filter("last_modified", notes.timestamp - 3, COMPARISON.GT)]
    return notes.get_page(limit=100, filters=since, sorting=BY_TIME, include_deleted=True)


CHEAP: dict[str, Callable[[Notes], Any]] = {
    "the first page": lambda notes: notes.get_page(limit=10, sorting=BY_TIME),
    "the first page from the other end": lambda notes: notes.get_page(limit=10, sorting=ASCENDING),
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
