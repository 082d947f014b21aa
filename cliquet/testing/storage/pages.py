"""Pages: one follows another, and each tells of the whole."""

from __future__ import annotations

import pytest

from cliquet.query import COMPARISON, Filter, Sort, page_after, value_of
from cliquet.testing.storage.base import StorageTests
from cliquet.testing.storage.places import NEWEST_FIRST, OLDEST_FIRST, Place, Record, equal

Rules = list[list[Filter]]


def rules_behind(record: Record, sorting: list[Sort]) -> Rules:
    """Return the rules of the page behind *record*, the last one of a page."""
    last = {sort.field: value_of(record, sort.field) for sort in sorting}
    return page_after(sorting, last, ["last_modified", "id"])


def walked(
    place: Place,
    sorting: list[Sort],
    limit: int,
    include_deleted: bool,
    filters: list[Filter] | None = None,
) -> list[Record]:
    """Return the records of all pages, one after the other."""
    found: list[Record] = []
    rules: Rules | None = None
    while True:
        page = place.get_page(
            limit=limit,
            sorting=sorting,
            pagination_rules=rules,
            include_deleted=include_deleted,
            filters=filters,
        )
        found += page.records
        if not page.more:
            return found
        rules = rules_behind(page.records[-1], sorting)


class PageTests(StorageTests):
    """Pages."""

    def test_a_page_tells_of_the_whole(self, place: Place) -> None:
        """Records, total, whether there is more, and the timestamp (P6.6, P6.8)."""
        records = [place.add(n=n) for n in range(3)]
        page = place.get_page(limit=2, sorting=NEWEST_FIRST)
        assert page.records == records[:0:-1]
        assert (page.total, page.more, page.timestamp) == (3, True, records[-1]["last_modified"])
        assert page.timestamp == place.timestamp

    @pytest.mark.parametrize(("limit", "is_more"), [(1, True), (2, False), (3, False)])
    def test_a_page_that_ends_the_list_says_so(
        self, place: Place, limit: int, is_more: bool
    ) -> None:
        """There is more when there is another record, and only then (P6.6)."""
        place.add()
        place.add()
        page = place.get_page(limit=limit, sorting=OLDEST_FIRST)
        assert (len(page.records), page.more, page.total) == (min(limit, 2), is_more, 2)

    def test_tombstones_fill_a_page_too(self, place: Place) -> None:
        """They are no part of the total (P6.8)."""
        for _ in range(3):
            place.bury()
        page = place.get_page(limit=2, sorting=OLDEST_FIRST, include_deleted=True)
        assert (len(page.records), page.more, page.total) == (2, True, 0)

    @pytest.mark.parametrize("sorting", [NEWEST_FIRST, OLDEST_FIRST], ids=["newest", "oldest"])
    def test_pages_of_a_list_of_ids_are_in_order(self, place: Place, sorting: list[Sort]) -> None:
        """Whatever the order that the ids are asked for in, and how often (P6.1, P6.6)."""
        records = [place.add(id=name) for name in "abcd"]
        ids = [Filter("id", ["c", "a", "d", "b", "a"], COMPARISON.IN)]
        expected = records if sorting is OLDEST_FIRST else records[::-1]
        assert walked(place, sorting, 2, False, ids) == expected

    def test_a_page_is_of_what_meets_the_filters(self, place: Place) -> None:
        """So is the total (P6.8)."""
        for n in range(6):
            place.add(n=n, even=n % 2 == 0)
        page = place.get_page(limit=2, filters=equal("even", True), sorting=OLDEST_FIRST)
        assert ([one["n"] for one in page.records], page.total, page.more) == ([0, 2], 3, True)

    def test_a_page_behind_the_last_record_is_empty(self, place: Place) -> None:
        """It does not begin again, and the total is that of the list (P6.6, P6.8)."""
        records = [place.add() for _ in range(3)]
        rules = rules_behind(records[-1], OLDEST_FIRST)
        page = place.get_page(limit=2, pagination_rules=rules, sorting=OLDEST_FIRST)
        assert (page.records, page.total, page.more) == ([], 3, False)
        assert place.get_all(pagination_rules=rules) == ([], 3)

    def test_a_page_of_an_empty_list_is_empty(self, place: Place) -> None:
        """Empty filters and rules select all there is, which is nothing (P6.6)."""
        page = place.get_page(limit=2, filters=[], pagination_rules=[], sorting=[])
        assert page == (place.timestamp, 0, [], False)

    def test_a_page_of_the_version_that_is_known_is_empty(self, place: Place) -> None:
        """No record is read for a client who has them all (P5.2)."""
        place.add()
        now = place.timestamp
        assert place.get_page(limit=2, known=now) == (now, 0, [], False)

    @pytest.mark.parametrize("delta", [-1, 1, 3_600_000])
    def test_a_page_of_another_version_is_whole(self, place: Place, delta: int) -> None:
        """Earlier or later: a version that is not the present one is another (P5.2, P11.1)."""
        place.add()
        page = place.get_page(limit=2, known=place.timestamp + delta)
        assert (len(page.records), page.total) == (1, 1)

    def test_rules_are_alternatives_of_conjunctions(self, place: Place) -> None:
        """One of them is to be met, all of its filters (P6.6)."""
        for n in range(6):
            place.add(id=str(n), n=n, even=n % 2 == 0)
        rules = [
            [Filter("n", 4, COMPARISON.GT)],
            [Filter("n", 3, COMPARISON.LT), Filter("even", True, COMPARISON.EQ)],
        ]
        assert sorted(place.ids(pagination_rules=rules)) == ["0", "2", "5"]

    def test_rules_are_met_beside_the_filters(self, place: Place) -> None:
        """Those of the list, and one of the alternatives (P6.6)."""
        for n in range(6):
            place.add(id=str(n), n=n, even=n % 2 == 0)
        rules = [[Filter("n", 1, COMPARISON.LT)], [Filter("n", 3, COMPARISON.GT)]]
        found, total = place.get_all(filters=equal("even", True), pagination_rules=rules)
        assert (sorted(one["id"] for one in found), total) == (["0", "4"], 3)

    @pytest.mark.parametrize("sorting", [OLDEST_FIRST, NEWEST_FIRST])
    def test_pages_walk_through_records_of_one_time(
        self, place: Place, sorting: list[Sort]
    ) -> None:
        """A page may end among records with one forced timestamp (P6.6)."""
        for n in range(7):
            place.add(id=str(n), last_modified=12 + n // 5)
        found = walked(place, sorting, 2, include_deleted=False)
        assert [one["id"] for one in found] == place.ids(sorting=sorting)

    def test_pages_are_unmoved_by_what_changes_behind_them(self, place: Place) -> None:
        """Each unchanged record is shown once while others come and go (P6.6)."""
        kept = [place.add(id=f"kept{n}", last_modified=10 + n)["id"] for n in range(6)]
        place.add(id="early", last_modified=1)
        page = place.get_page(limit=3, sorting=OLDEST_FIRST)
        rules = rules_behind(page.records[-1], OLDEST_FIRST)
        place.delete(object_id="early", with_deleted=False)
        place.add(id="new", last_modified=2)
        rest = place.ids(pagination_rules=rules, sorting=OLDEST_FIRST)
        assert [one["id"] for one in page.records if one["id"] != "early"] + rest == kept

    def test_a_poll_shows_what_changed_since(self, place: Place) -> None:
        """Made, replaced and deleted records, each with its last timestamp (P5.7, P6.3)."""
        place.add(id="old")
        place.add(id="abc")
        gone = place.add(id="gone")["id"]
        since = place.get_page(limit=10).timestamp
        place.put("abc", n=1)
        place.add(id="new")
        place.delete(object_id=gone)
        newer = [Filter("last_modified", since, COMPARISON.GT)]
        page = place.get_page(limit=10, filters=newer, sorting=OLDEST_FIRST, include_deleted=True)
        assert [one["id"] for one in page.records] == ["abc", "new", "gone"]
        assert page.total == 2
        since = page.timestamp
        newer = [Filter("last_modified", since, COMPARISON.GT)]
        assert place.all(filters=newer, include_deleted=True) == []
