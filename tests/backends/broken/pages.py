"""Faults of counts and pages, and of lists that reach too far."""

from __future__ import annotations

import time

from cliquet.query import COMPARISON
from cliquet.storage import Page
from cliquet.storage.exceptions import RecordNotFoundError
from tests.backends.broken.base import Broken


class TombstonesCount(Broken):
    """The total counts tombstones where they are listed."""

    caught_by = ("test_tombstones_are_listed_when_asked_for",)

    def get_all(self, *args, include_deleted=False, limit=None, **query):
        found, _ = super().get_all(*args, include_deleted=include_deleted, **query)
        return found[:limit], len(found)


class TotalOfThePage(Broken):
    """The total is that of what is behind the page's beginning."""

    caught_by = ("test_a_page_behind_the_last_record_is_empty",)

    def get_all(self, *args, pagination_rules=None, limit=None, **query):
        _, total = super().get_all(*args, **query)
        found, _ = super().get_all(*args, pagination_rules=pagination_rules, **query)
        return found[:limit], total if found else 0


class CountsWrites(Broken):
    """The count is kept apart, and counts replacements and double deletions too."""

    caught_by = (
        "test_a_count_follows_every_write",
        "test_racing_replacements_make_one_record",
    )
    written = 0

    def update(self, *args, **kwargs):
        self.written += 1
        return super().update(*args, **kwargs)

    def get_all(self, *args, **query):
        found, total = super().get_all(*args, **query)
        return found, total + self.written


class RulesWithoutParentheses(Broken):
    """The second alternative is looked for in all collections."""

    caught_by = ("test_rules_never_show_other_collections",)

    def get_all(self, collection_id, parent_id, pagination_rules=None, **query):
        found, total = super().get_all(
            collection_id, parent_id, pagination_rules=pagination_rules, **query
        )
        for parent, collection in list(self._collections):
            if pagination_rules and (parent, collection) != (parent_id, collection_id):
                found += super().get_all(collection, parent, pagination_rules[1])[0]
        return found, total


class BeginsAgain(Broken):
    """Behind the last page comes the first one."""

    caught_by = ("test_a_page_behind_the_last_record_is_empty",)

    def get_all(self, *args, pagination_rules=None, **query):
        found, total = super().get_all(*args, pagination_rules=pagination_rules, **query)
        return (found, total) if found else super().get_all(*args, **query)


class OneRule(Broken):
    """Of the alternatives the first one counts."""

    caught_by = (
        "test_rules_are_alternatives_of_conjunctions",
        "test_pages_walk_through_records_of_one_time",
        "test_pages_follow_one_another_through_the_list",
    )

    def get_all(self, *args, pagination_rules=None, **query):
        return super().get_all(*args, pagination_rules=(pagination_rules or [])[:1], **query)


class IdsAsAskedFor(Broken):
    """A list of ids comes in the order of the question, as look-ups do."""

    caught_by = ("test_pages_of_a_list_of_ids_are_in_order",)

    def get_all(self, *args, filters=None, limit=None, **query):
        asked = [one.value for one in filters or () if one.operator is COMPARISON.IN]
        if not asked:
            return super().get_all(*args, filters=filters, limit=limit, **query)
        found, total = super().get_all(*args, filters=filters, **query)
        found.sort(key=lambda record: asked[0].index(record["id"]))
        return found[:limit], total


class MoreWhenFull(Broken):
    """A page that is full is taken for one that goes on."""

    caught_by = ("test_a_page_that_ends_the_list_says_so",)

    def get_page(self, collection_id, parent_id, limit, **query):
        page = super().get_page(collection_id, parent_id, limit, **query)
        return page._replace(more=len(page.records) == limit)


class KnownIsIgnored(Broken):
    """A client who has all gets all again."""

    caught_by = ("test_a_page_of_the_version_that_is_known_is_empty",)

    def get_page(self, collection_id, parent_id, limit, known=None, **query):
        return super().get_page(collection_id, parent_id, limit, **query)


class KnownFromTheFuture(Broken):
    """A version above the present one is taken for the present one."""

    caught_by = ("test_a_page_of_another_version_is_whole",)

    def get_page(self, collection_id, parent_id, limit, known=None, **query):
        page = super().get_page(collection_id, parent_id, limit, known, **query)
        return Page(page.timestamp, 0, [], False) if known and known > page.timestamp else page


class TimestampAfterTheRecords(Broken):
    """The timestamp of a page is read behind its records: a poller misses what came between."""

    caught_by = (
        "test_a_poller_misses_no_change_and_sees_no_equal_timestamps",
        "test_the_first_page_of_a_collection_misses_no_write",
    )

    def get_page(self, collection_id, parent_id, limit, known=None, **query):
        records, total = self.get_all(collection_id, parent_id, limit=limit + 1, **query)
        time.sleep(0.001)
        timestamp = self.collection_timestamp(collection_id, parent_id)
        return Page(timestamp, total, records[:limit], len(records) > limit)


class ParentsByPrefix(Broken):
    """Lists show what is of parents whose names begin alike."""

    caught_by = ("test_parents_see_their_own_records_only",)

    def get_all(self, collection_id, parent_id, *args, **query):
        parents = [one for one, _ in list(self._collections) if one.startswith(parent_id)]
        found, total = [], 0
        for one in dict.fromkeys([parent_id, *parents]):
            some, count = super().get_all(collection_id, one, *args, **query)
            found, total = found + some, total + count
        return found, total


class DeletionsByPrefix(Broken):
    """List deletions reach into parents whose names begin alike."""

    caught_by = ("test_parents_see_their_own_records_only",)

    def delete_all(self, collection_id, parent_id, *args, **kwargs):
        for one, _ in list(self._collections):
            if one.startswith(parent_id) and one != parent_id:
                super().delete_all(collection_id, one)
        return super().delete_all(collection_id, parent_id, *args, **kwargs)


class IdsAreFound(Broken):
    """A record is found whatever its parent."""

    caught_by = ("test_parents_see_their_own_records_only",)

    def get(self, collection_id, parent_id, object_id, **kwargs):
        for parent, _ in [("", parent_id), *self._collections]:
            try:
                return super().get(collection_id, parent, object_id, **kwargs)
            except RecordNotFoundError:
                continue
        return super().get(collection_id, parent_id, object_id, **kwargs)
