"""Faults of filters and of sorting."""

from __future__ import annotations

import re
from typing import Any

from cliquet.query import COMPARISON, MISSING, Filter, any_matcher, matches, sort_key, value_of
from tests.backends.broken.base import Broken


class Plain(Broken):
    """Lists in their plainest form, of parts that a fault replaces; without any fault itself."""

    def is_match(self, record: Any, condition: Filter) -> bool:
        return matches(record, [condition])

    def count(self, records: list[Any]) -> int:
        return len(records)

    def key(self, record: Any, field: str) -> Any:
        return sort_key(value_of(record, field))

    def ordered(self, records: list[Any], sorting: Any) -> list[Any]:
        for sort in reversed(sorting or ()):
            records.sort(
                key=lambda record, name=sort.field: self.key(record, name),
                reverse=sort.direction < 0,
            )
        return records

    def get_all(self, *place, filters=None, sorting=None, limit=None, **query):
        rules = query.pop("pagination_rules", None)
        found, live = (
            [one for one in some if all(self.is_match(one, two) for two in filters or ())]
            for some in (
                super().get_all(*place, **query)[0],
                super().get_all(*place, **{**query, "include_deleted": False})[0],
            )
        )
        total = self.count(live)
        if rules:
            found = list(filter(any_matcher(rules), found))
        return self.ordered(found, sorting)[:limit], total


# Filters.


class NumbersAsText(Plain):
    """1 and "1" are equal."""

    caught_by = (
        "test_numbers_strings_and_booleans_are_different_values",
        "test_comparisons_mean_what_they_mean",
    )

    def is_match(self, record, condition):
        if condition.operator is COMPARISON.EQ:
            return str(value_of(record, condition.field)) == str(condition.value)
        return super().is_match(record, condition)


class BooleansAreNumbers(Plain):
    """True and 1 are equal."""

    caught_by = ("test_numbers_strings_and_booleans_are_different_values",)

    def is_match(self, record, condition):
        if condition.operator is COMPARISON.EQ:
            return value_of(record, condition.field) == condition.value
        return super().is_match(record, condition)


class MissingIsNull(Plain):
    """A missing field is null."""

    caught_by = ("test_a_missing_field_is_met_by_negations_only",)

    def is_match(self, record, condition):
        value = value_of(record, condition.field)
        return super().is_match({condition.field: None if value is MISSING else value}, condition)


class MissingMeetsNothing(Plain):
    """Negations are not met by a missing field, as NULL in SQL would have it."""

    caught_by = ("test_a_missing_field_is_met_by_negations_only",)

    def is_match(self, record, condition):
        is_there = value_of(record, condition.field) is not MISSING
        return is_there and super().is_match(record, condition)


class RangesMixTypes(Plain):
    """Text is above every number, also for a range of numbers."""

    caught_by = ("test_ranges_compare_values_of_one_type",)

    def is_match(self, record, condition):
        if condition.operator is COMPARISON.GT:
            condition = condition._replace(operator=COMPARISON.AFTER)
        return super().is_match(record, condition)


class RangesRaise(Plain):
    """A filter cast to a number fails on records that hold text."""

    caught_by = ("test_ranges_compare_values_of_one_type",)

    def is_match(self, record, condition):
        if condition.operator is COMPARISON.GT:
            return float(value_of(record, condition.field)) > condition.value
        return super().is_match(record, condition)


class ComparedAsDoubles(Plain):
    """Large integers are compared as doubles."""

    caught_by = ("test_large_integers_are_compared_to_the_last_digit",)

    def is_match(self, record, condition):
        value = value_of(record, condition.field)
        if type(value) is int and type(condition.value) is int:
            record = {condition.field: float(value)}
            condition = condition._replace(value=float(condition.value))
        return super().is_match(record, condition)


class LikeIsAPattern(Plain):
    """What is looked for in text is taken for a pattern."""

    caught_by = ("test_newer_comparisons_mean_what_they_mean",)

    def is_match(self, record, condition):
        if condition.operator is COMPARISON.LIKE:
            value = value_of(record, condition.field)
            pattern = condition.value.replace("\\", "").replace("*", ".*")
            return isinstance(value, str) and bool(re.search(pattern, value, re.IGNORECASE))
        return super().is_match(record, condition)


class DotsAreNames(Plain):
    """A dot in the name of a field does not reach into objects."""

    caught_by = ("test_dots_reach_into_objects",)

    def is_match(self, record, condition):
        value = record.get(condition.field, MISSING)
        return super().is_match({} if value is MISSING else {condition.field: value}, condition)


class LastFilterWins(Plain):
    """Of two filters on one field the last one counts."""

    caught_by = ("test_all_filters_are_to_be_met",)

    def get_all(self, collection_id, parent_id, filters=None, **query):
        last = {condition.field: condition for condition in filters or ()}
        return super().get_all(collection_id, parent_id, filters=list(last.values()), **query)


class DeletedIsAField(Plain):
    """Whatever has a field ``deleted`` is taken for a tombstone, and not counted."""

    caught_by = (
        "test_records_with_a_field_named_deleted_are_records",
        "test_sequences_of_operations_leave_what_the_model_says",
    )

    def count(self, records):
        return sum("deleted" not in record for record in records)


class TombstonesAreNotFiltered(Plain):
    """Tombstones are listed whatever the filters say."""

    caught_by = ("test_tombstones_are_filtered_as_records_are",)

    def is_match(self, record, condition):
        return "deleted" in record or super().is_match(record, condition)


# Order.


class MixedTypesRaise(Plain):
    """Values of different types cannot be sorted."""

    caught_by = ("test_the_order_of_types", "test_values_of_all_types_have_one_order")

    def key(self, record, field):
        return value_of(record, field)


class NullsLast(Plain):
    """Null is sorted as SQL does: behind all values."""

    caught_by = ("test_the_order_of_types", "test_values_of_all_types_have_one_order")

    def key(self, record, field):
        rank, key = super().key(record, field)
        return (9 if value_of(record, field) is None else rank), key


class FoldedOrder(Plain):
    """Text is sorted as in a dictionary."""

    caught_by = ("test_text_is_sorted_by_code_point",)

    def key(self, record, field):
        rank, key = super().key(record, field)
        return rank, (key.casefold() if isinstance(key, str) else key)


class Utf16Order(Plain):
    """Text is sorted by code unit: what is beyond 16 bits comes too early."""

    caught_by = ("test_text_is_sorted_by_code_point",)

    def key(self, record, field):
        rank, key = super().key(record, field)
        return rank, (key.encode("utf-16-be") if isinstance(key, str) else key)


class LastKeyFirst(Plain):
    """The last key of a sort is the most significant."""

    caught_by = ("test_the_first_key_is_the_most_significant",)

    def ordered(self, records, sorting):
        return super().ordered(records, list(reversed(sorting or ())))


class OneDirection(Plain):
    """All keys of a sort go the way of the first."""

    caught_by = ("test_records_of_one_time_are_sorted_by_id_in_its_own_direction",)

    def ordered(self, records, sorting):
        first = [one._replace(direction=sorting[0].direction) for one in sorting or ()]
        return super().ordered(records, first)


class LimitBeforeOrder(Broken):
    """A list is cut, then sorted."""

    caught_by = ("test_a_limit_cuts_the_list_after_it_was_sorted",)

    def get_all(self, *args, sorting=None, limit=None, **query):
        found, total = super().get_all(*args, limit=limit, **query)
        return Plain.ordered(self, found, sorting), total  # type: ignore[arg-type]

    key = Plain.key
