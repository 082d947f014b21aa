"""Lists: filters and sorting mean the same on every storage."""

from __future__ import annotations

from typing import Any

import pytest

from cliquet.query import COMPARISON, MISSING, Filter, Sort, matches, sort_records
from cliquet.testing.kit import needs
from cliquet.testing.storage.base import INDEXED, StorageTests
from cliquet.testing.storage.capabilities import COMPARISONS
from cliquet.testing.storage.places import NEWEST_FIRST, OLDEST_FIRST, Place, equal, values_of

OLD_COMPARISONS = [*COMPARISON][:8]
NEW_COMPARISONS = [*COMPARISON][8:]
LIST_COMPARISONS = {
    COMPARISON.IN,
    COMPARISON.EXCLUDE,
    COMPARISON.CONTAINS,
    COMPARISON.CONTAINS_ANY,
}

#: Values in their order: each is below the next, but arrays tie, and so do objects.
ORDERED: list[Any] = [
    None, "", " ", "1", "A", "B", "a", "ab", "é", "\ue000", "🍄",
    -(2**70), -1.5, -1, 0, 0.5, 1, 2, 2**53, 2**53 + 1, 2**70, 2**70 + 1,
    False, True,
    [], [1], [1, 2], ["a", None, True],
    {}, {"x": 1}, {"x": {"y": 1}},
    MISSING,
]  # fmt: skip

# Text that a storage could take for a pattern, or that is folded in more than one way.
PATTERNS = ["", "*", "A", "a*B", "%", "_", "É", "\\", "[a]", ".", "1", "ß", "ſ"]


IN_BOTH = pytest.mark.parametrize("collection_id", ["note", INDEXED])


def filled(place: Place) -> list[dict[str, Any]]:
    """Add a record for each value in ``v``, and return them all, the oldest first."""
    for number, value in enumerate(ORDERED):
        given = {} if value is MISSING else {"v": value}
        place.add(id=f"{number:03}", n=number, last_modified=1000 + number % 7, **given)
    return place.all(sorting=OLDEST_FIRST)


def wanted(operator: COMPARISON) -> list[Any]:
    """Return the values to compare with by *operator*."""
    if operator is COMPARISON.HAS:
        return [True, False]
    if operator is COMPARISON.LIKE:
        return PATTERNS
    if operator in LIST_COMPARISONS:
        some = [one for one in ORDERED if one is not MISSING]
        return [[], *([one] for one in some), some[::2], [1, True], [None, ""], ["1", 1.0]]
    values = [one for one in [*ORDERED, 1.0, 12.5, "b"] if one is not MISSING]
    # Only the rules of pages compare with what a record lacks.
    is_of_pages = operator in (COMPARISON.AFTER, COMPARISON.BEFORE, COMPARISON.TIES)
    return [*values, MISSING] if is_of_pages else values


class FilterTests(StorageTests):
    """Filters."""

    def assert_meaning(self, place: Place, operator: COMPARISON) -> None:
        """Compare lists and counts with the meaning of *operator*, value by value."""
        records = filled(place)
        for value in wanted(operator):
            filters = [Filter("v", value, operator)]
            expected = [record for record in records if matches(record, filters)]
            found, total = place.get_all(filters=filters, sorting=OLDEST_FIRST)
            assert (found, total) == (expected, len(expected)), filters

    @IN_BOTH
    @pytest.mark.parametrize("operator", OLD_COMPARISONS, ids=lambda one: one.name)
    def test_comparisons_mean_what_they_mean(
        self, storage: Any, operator: COMPARISON, collection_id: str
    ) -> None:
        """For values of every type, on records with values of every type (P6.1, P6.4)."""
        self.assert_meaning(Place(storage, collection_id=collection_id), operator)

    @IN_BOTH
    @pytest.mark.parametrize("operator", NEW_COMPARISONS, ids=lambda one: one.name)
    @needs(COMPARISONS)
    def test_newer_comparisons_mean_what_they_mean(
        self, storage: Any, operator: COMPARISON, collection_id: str
    ) -> None:
        """For values of every type, on records with values of every type (P6.4)."""
        self.assert_meaning(Place(storage, collection_id=collection_id), operator)

    def test_numbers_strings_and_booleans_are_different_values(self, place: Place) -> None:
        """1 is 1.0, and neither "1" nor true (P6.2)."""
        for name, value in {"int": 1, "float": 1.0, "text": "1", "flag": True}.items():
            place.add(id=name, v=value)
        assert sorted(place.ids(filters=equal("v", 1))) == ["float", "int"]
        assert place.ids(filters=equal("v", "1")) == ["text"]
        assert place.ids(filters=equal("v", True)) == ["flag"]
        among = [Filter("v", ["1", True], COMPARISON.IN)]
        assert sorted(place.ids(filters=among)) == ["flag", "text"]

    def test_a_missing_field_is_met_by_negations_only(self, place: Place) -> None:
        """It is neither null nor anything that a comparison finds (P6.4)."""
        place.add(id="missing")
        place.add(id="null", v=None)
        assert place.ids(filters=equal("v", None)) == ["null"]
        for operator in (COMPARISON.LT, COMPARISON.MIN, COMPARISON.MAX, COMPARISON.GT):
            assert "missing" not in place.ids(filters=[Filter("v", 1, operator)])
        assert place.ids(filters=[Filter("v", None, COMPARISON.NOT)]) == ["missing"]
        assert place.ids(filters=[Filter("v", [None, 1], COMPARISON.EXCLUDE)]) == ["missing"]

    def test_ranges_compare_values_of_one_type(self, place: Place) -> None:
        """Text in one record does not make a range of numbers fail (P6.4)."""
        for value in ("5", 5, None, True, [5], {"5": 5}):
            place.add(v=value)
        assert values_of(place.all(filters=[Filter("v", 4, COMPARISON.GT)]), "v") == [5]
        assert values_of(place.all(filters=[Filter("v", "4", COMPARISON.GT)]), "v") == ["5"]
        assert place.count(filters=[Filter("v", 4, COMPARISON.MIN)]) == 1

    def test_large_integers_are_compared_to_the_last_digit(self, place: Place) -> None:
        """They are no doubles (P11.2)."""
        for value in (2**53, 2**53 + 1, 10**30, 10**30 + 1):
            place.add(v=value)
        assert values_of(place.all(filters=equal("v", 2**53 + 1)), "v") == [2**53 + 1]
        above = [Filter("v", 10**30, COMPARISON.GT)]
        assert values_of(place.all(filters=above), "v") == [10**30 + 1]

    def test_all_filters_are_to_be_met(self, place: Place) -> None:
        """They are joined by AND, also those of one field (P6.1)."""
        for n in range(6):
            place.add(n=n, even=n % 2 == 0)
        filters = [
            Filter("n", 0, COMPARISON.GT),
            Filter("n", 5, COMPARISON.LT),
            Filter("even", True, COMPARISON.EQ),
        ]
        assert sorted(values_of(place.all(filters=filters), "n")) == [2, 4]
        assert place.count(filters=filters, limit=1) == 2

    def test_dots_reach_into_objects(self, place: Place) -> None:
        """A field of that very name at the root comes first (P6.4)."""
        place.add(id="nested", a={"b": {"c": 1}})
        place.add(id="root", **{"a.b.c": 1, "a": {"b": {"c": 2}}})
        place.add(id="list", a=[{"b": 1}])
        place.add(id="text", a="b")
        assert sorted(place.ids(filters=equal("a.b.c", 1))) == ["nested", "root"]
        assert place.ids(filters=equal("a.b.c", 2)) == []
        assert place.ids(filters=equal("a.0.b", 1)) == []
        unequal = [Filter("a.b.c", 1, COMPARISON.NOT)]
        assert sorted(place.ids(filters=unequal)) == ["list", "text"]

    @pytest.mark.parametrize("field", ["id", "last_modified"])
    @pytest.mark.parametrize("value", [None, True, 1.5, "x", [1], {"a": 1}, 2**70], ids=repr)
    def test_filters_on_id_and_timestamp_take_values_of_any_type(
        self, place: Place, field: str, value: Any
    ) -> None:
        """They meet nothing, and raise nothing (P6.4, P11.2)."""
        record = place.add(id="abc", last_modified=12)
        for operator in OLD_COMPARISONS:
            given = [value] if operator in LIST_COMPARISONS else value
            filters = [Filter(field, given, operator)]
            expected = [record] if matches(record, filters) else []
            assert place.get_all(filters=filters) == (expected, len(expected))

    @pytest.mark.parametrize("operator", OLD_COMPARISONS[:6], ids=lambda one: one.name)
    def test_stretches_of_time_are_listed_and_counted_alike(
        self, place: Place, operator: COMPARISON
    ) -> None:
        """Bounds are met to the millisecond (P6.3, P6.8)."""
        for stamp in (11, 12, 12, 13):
            place.add(last_modified=stamp)
        filters = [Filter("last_modified", 12, operator)]
        records, total = place.get_all(filters=filters, sorting=OLDEST_FIRST)
        expected = [one for one in (11, 12, 12, 13) if matches({"last_modified": one}, filters)]
        assert values_of(records, "last_modified") == expected
        assert total == len(expected)

    @pytest.mark.parametrize("operator", OLD_COMPARISONS[:6], ids=lambda one: one.name)
    def test_records_of_one_time_are_told_apart_by_id(
        self, place: Place, operator: COMPARISON
    ) -> None:
        """As pages among records with one forced timestamp do (P6.6)."""
        for name in "012":
            place.add(id=name, last_modified=12)
        by_id = Filter("id", "1", operator)
        filters = [*equal("last_modified", 12), by_id]
        records, total = place.get_all(filters=filters, sorting=[Sort("id", 1)])
        expected = [name for name in "012" if matches({"id": name}, [by_id])]
        assert (values_of(records, "id"), total) == (expected, len(expected))

    def test_several_ids_may_be_asked_for(self, place: Place) -> None:
        """Thousands, too (P6.3)."""
        for name in "abc":
            place.add(id=name)
        many = ["a", "c", "unknown", *map(str, range(5000))]
        found, total = place.get_all(filters=[Filter("id", many, COMPARISON.IN)])
        assert (sorted(values_of(found, "id")), total) == (["a", "c"], 2)
        assert place.ids(filters=[Filter("id", many, COMPARISON.EXCLUDE)]) == ["b"]
        assert place.ids(filters=[Filter("id", [], COMPARISON.IN)]) == []

    def test_a_count_is_of_live_records_that_meet_the_filters(self, place: Place) -> None:
        """Whatever the limit, and with tombstones in the list (P6.8)."""
        for name in "aabc":
            place.add(name=name)
        place.bury(name="a")
        records, total = place.get_all(filters=equal("name", "a"), limit=1, include_deleted=True)
        assert (len(records), total) == (1, 2)

    def test_a_count_follows_every_write(self, place: Place) -> None:
        """Made, replaced, deleted, made again, purged (P6.8)."""
        record = place.add(id="abc")
        place.put("abc", v=1)
        place.put("other")
        assert place.count() == 2
        place.delete(object_id=record["id"])
        assert (place.count(), len(place.all())) == (1, 1)
        place.put("abc")
        place.purge_deleted()
        assert place.count() == 2
        place.delete_all(filters=equal("id", "abc"))
        place.delete_all(filters=equal("id", "abc"))
        assert (place.count(), place.get_page(limit=5).total) == (1, 1)


class SortTests(StorageTests):
    """Sorting."""

    @IN_BOTH
    @pytest.mark.parametrize("direction", [1, -1])
    def test_values_of_all_types_have_one_order(
        self, storage: Any, direction: int, collection_id: str
    ) -> None:
        """Null, text, numbers, booleans, arrays, objects, and missing ones last (P6.4, P6.5)."""
        place = Place(storage, collection_id=collection_id)
        records = filled(place)
        sorting = [Sort("v", direction), Sort("id", 1)]
        sort_records(records, sorting)
        found = place.all(sorting=sorting)
        assert values_of(found, "n") == values_of(records, "n")
        assert found == records

    def test_the_order_of_types(self, place: Place) -> None:
        """Mixed types raise nothing (P6.4)."""
        ordered: list[Any] = [None, "a", 1, True, [0], {"a": 0}]
        for value in reversed(ordered):
            place.add(v=value)
        place.add(id="missing")
        found = place.all(sorting=[Sort("v", 1)])
        assert [record.get("v") for record in found] == [*ordered, None]
        assert found[-1]["id"] == "missing"
        assert place.ids(sorting=[Sort("v", -1)])[0] == "missing"

    def test_text_is_sorted_by_code_point(self, place: Place) -> None:
        """Capitals first, and no alphabet of a country (P6.4)."""
        names = ["", "A", "Z", "_", "a", "aa", "b", "é", "\ue000", "🍄"]
        for name in reversed(names):
            place.add(v=name)
        assert values_of(place.all(sorting=[Sort("v", 1)]), "v") == names

    def test_the_first_key_is_the_most_significant(self, place: Place) -> None:
        """The others order what ties (P6.5)."""
        for a, b in [(1, 1), (0, 1), (1, 0), (0, 0)]:
            place.add(a=a, b=b)
        found = place.all(sorting=[Sort("a", 1), Sort("b", -1)])
        assert [(one["a"], one["b"]) for one in found] == [(0, 1), (0, 0), (1, 1), (1, 0)]

    def test_dots_reach_into_objects_in_sorting_too(self, place: Place) -> None:
        """As they do in filters (P6.4)."""
        for number in (2, 1, 3):
            place.add(id=str(number), a={"b": number})
        assert place.ids(sorting=[Sort("a.b", 1)]) == ["1", "2", "3"]

    @pytest.mark.parametrize("by_id", [1, -1])
    @pytest.mark.parametrize("by_time", [1, -1])
    def test_records_of_one_time_are_sorted_by_id_in_its_own_direction(
        self, place: Place, by_time: int, by_id: int
    ) -> None:
        """The directions of two keys have nothing to do with one another (P6.5)."""
        for name in "210":
            place.add(id=name, last_modified=12)
        sorting = [Sort("last_modified", by_time), Sort("id", by_id)]
        assert place.ids(sorting=sorting) == list("012")[::by_id]

    @pytest.mark.parametrize("limit", [0, 1, 3, 5, 100, None])
    def test_a_limit_cuts_the_list_after_it_was_sorted(
        self, place: Place, limit: int | None
    ) -> None:
        """And never before (P6.6)."""
        for name in (3, 1, 4, 0, 2):
            place.add(name=name)
        found = place.all(sorting=[Sort("name", 1)], limit=limit)
        assert values_of(found, "name") == list(range(5))[:limit]

    def test_tombstones_are_sorted_among_records(self, place: Place) -> None:
        """By what they have; what they lack comes last (P6.3)."""
        record = place.add(v=1)
        tombstone = place.bury(v=0)
        query: dict[str, Any] = {"include_deleted": True}
        assert place.all(sorting=NEWEST_FIRST, **query) == [tombstone, record]
        assert place.all(sorting=[Sort("v", 1)], **query) == [record, tombstone]
