"""Every list, against the plain meaning of what it asks for."""

from __future__ import annotations

from typing import Any

from hypothesis import strategies as st

from cliquet.query import COMPARISON, MISSING, Filter, Sort, matches, sort_records
from cliquet.testing.kit import needs
from cliquet.testing.storage.base import StorageTests
from cliquet.testing.storage.capabilities import COMPARISONS
from cliquet.testing.storage.lists import IN_BOTH
from cliquet.testing.storage.pages import walked
from cliquet.testing.storage.places import Place, fresh

Content = list[tuple[Any, int | None, bool]]

_PLAIN = [*COMPARISON][:6]
_OF_LISTS = [COMPARISON.IN, COMPARISON.EXCLUDE]
_OF_PAGES = [COMPARISON.AFTER, COMPARISON.BEFORE, COMPARISON.TIES]

_present = st.sampled_from(
    [None, 0, 1, 1.5, "", "a", "B", "x" * 300, "x" * 301, True, [1], {"x": 1}, 2**70]
)
_values = st.just(MISSING) | _present
_stamps = st.integers(-1, 4) | st.sampled_from([1.0, 1.5, "1", None, True, 10**15, 2**70])

#: What a collection holds: a value, a forced timestamp or none, whether it was deleted since.
contents = st.lists(st.tuples(_values, st.none() | st.integers(0, 3), st.booleans()), max_size=8)


def _filters_by(plain: list[COMPARISON]) -> st.SearchStrategy[list[Filter]]:
    by_time = st.builds(Filter, st.just("last_modified"), _stamps, st.sampled_from(plain))
    by_id = st.builds(
        Filter,
        st.just("id"),
        st.sampled_from(["", "1", "2", "5", 1]),
        st.sampled_from(plain[:6]),
    )
    by_value = st.builds(Filter, st.just("v"), _present, st.sampled_from(plain))
    by_list = st.builds(
        Filter,
        st.sampled_from(["v", "last_modified", "id"]),
        st.lists(st.sampled_from([0, 1, "a", "1", None, True])),
        st.sampled_from(_OF_LISTS),
    )
    return st.lists(by_time | by_id | by_value | by_list, max_size=3)


#: Filters by the older comparisons, and by those of the rules of pages too.
filters = _filters_by(_PLAIN)
newer_filters = _filters_by([*_PLAIN, *_OF_PAGES])

sortings = st.lists(
    st.builds(Sort, st.sampled_from(["v", "last_modified", "id"]), st.sampled_from([1, -1])),
    max_size=3,
    unique_by=lambda sort: sort.field,
)


def filled(place: Place, content: Content) -> Place:
    """Fill a place with ids "0", "1" …; some are tombstones, some timestamps repeat."""
    for number, (value, stamp, is_buried) in enumerate(content):
        record: dict[str, Any] = {"id": str(number)}
        record |= {} if value is MISSING else {"v": value}
        record |= {} if stamp is None else {"last_modified": stamp}
        place.create(record=record)
        if is_buried:
            place.delete(object_id=str(number), last_modified=stamp and stamp + 1)
    return place


def totally(sorting: list[Sort]) -> list[Sort]:
    """Return *sorting* with the keys behind it that make it total (protocol P6.5)."""
    directions = dict(sorting)
    directions.setdefault("last_modified", -1)
    directions.setdefault("id", list(directions.values())[-1])
    return [Sort(*item) for item in directions.items()]


def assert_list(
    place: Place,
    conditions: list[Filter],
    sorting: list[Sort],
    rules: list[list[Filter]],
    include_deleted: bool,
) -> None:
    """Compare a list and its count with what they mean."""
    expected = [
        record for record in place.all(include_deleted=include_deleted)
        if matches(record, conditions)
    ]  # fmt: skip
    total = sum("deleted" not in record for record in expected)
    if rules:
        expected = [one for one in expected if any(matches(one, rule) for rule in rules)]
    order = totally(sorting)
    sort_records(expected, order)
    found = place.get_all(
        filters=conditions,
        sorting=order,
        pagination_rules=rules,
        include_deleted=include_deleted,
    )
    assert found == (expected, total)


class MeaningTests(StorageTests):
    """Lists of random content."""

    @IN_BOTH
    def test_a_list_is_what_its_filters_and_order_mean(
        self, storage: Any, collection_id: str
    ) -> None:
        """Whatever the collection holds and the list asks for (P6.4, P6.5, P6.8)."""

        @self.for_all(contents, filters, sortings, st.lists(filters, max_size=3), st.booleans())
        def check(
            content: Content,
            conditions: list[Filter],
            sorting: list[Sort],
            rules: list[list[Filter]],
            include_deleted: bool,
        ) -> None:
            place = filled(fresh(storage, collection_id), content)
            assert_list(place, conditions, sorting, rules, include_deleted)

    @IN_BOTH
    @needs(COMPARISONS)
    def test_a_list_is_what_its_rules_mean(self, storage: Any, collection_id: str) -> None:
        """With the comparisons that rules of pages are made of (P6.6)."""

        @self.for_all(contents, newer_filters, st.lists(newer_filters, max_size=3), sortings)
        def check(
            content: Content,
            conditions: list[Filter],
            rules: list[list[Filter]],
            sorting: list[Sort],
        ) -> None:
            place = filled(fresh(storage, collection_id), content)
            assert_list(place, conditions, sorting, rules, include_deleted=True)

    @IN_BOTH
    @needs(COMPARISONS)
    def test_pages_follow_one_another_through_the_list(
        self, storage: Any, collection_id: str
    ) -> None:
        """Under any sort each record is shown once (P6.6)."""

        @self.for_all(contents, sortings, st.integers(1, 3), st.booleans())
        def check(content: Content, sorting: list[Sort], limit: int, include_deleted: bool) -> None:
            place, order = filled(fresh(storage, collection_id), content), totally(sorting)
            whole = place.all(sorting=order, include_deleted=include_deleted)
            assert walked(place, order, limit, include_deleted) == whole

    @IN_BOTH
    def test_a_list_deletion_deletes_what_the_list_would_show(
        self, storage: Any, collection_id: str
    ) -> None:
        """All of it, and nothing else (P4.3)."""

        @self.for_all(contents, filters)
        def check(content: Content, conditions: list[Filter]) -> None:
            place = filled(fresh(storage, collection_id), content)
            shown = set(place.ids(filters=conditions))
            kept = set(place.ids()) - shown
            deleted = place.delete_all(filters=conditions)
            assert {tombstone["id"] for tombstone in deleted} == shown
            assert set(place.ids()) == kept
            assert place.count() == len(kept)
