"""Faults that nobody could overlook, so that no test of the suite is one that cannot fail."""

from __future__ import annotations

from cliquet.jsonlib import copied
from cliquet.storage import memory
from cliquet.storage.exceptions import ModifiedError, RecordNotFoundError
from cliquet.storage.timeline import Collection, Span
from tests.backends.broken.base import Broken


class Forgets(Broken):
    """What is written is returned, and stored nowhere."""

    claims = frozenset({"purges", "transactions"})
    caught_by = (
        "test_a_count_is_of_live_records_that_meet_the_filters",
        "test_a_list_is_what_its_filters_and_order_mean",
        "test_a_list_is_what_its_rules_mean",
        "test_a_page_tells_of_the_whole",
        "test_a_record_created_is_returned_with_id_and_timestamp",
        "test_a_storage_serves_after_it_was_flushed",
        "test_an_id_of_the_record_s_own_is_kept",
        "test_an_update_creates_where_there_is_nothing",
        "test_deep_values_survive",
        "test_fields_may_have_other_names",
        "test_floats_survive_to_the_last_digit",
        "test_initialize_schema_may_run_again",
        "test_long_values_survive",
        "test_names_of_fields_are_text_whatever_they_look_like",
        "test_old_tombstones_of_all_parents_are_forgotten",
        "test_a_purge_of_one_collection_leaves_the_others",
        "test_parents_and_collections_may_have_any_name",
        "test_text_is_text_whatever_it_looks_like",
        "test_the_writes_of_a_request_are_kept_together",
        "test_a_request_sees_its_own_writes",
        "test_values_of_every_type_are_unique",
        "test_values_of_every_type_survive",
        "test_wide_values_survive",
    )

    class collections(Collection):  # noqa: N801
        def put(self, record_id, timestamp, record):
            pass


class OneId(Broken):
    """Every id that is made is the same."""

    caught_by = (
        "test_ids_are_made_by_the_generator_given",
        "test_ids_are_made_one_for_each_record",
    )

    def create(self, collection_id, parent_id, record, id_generator=None, **kwargs):
        return super().create(collection_id, parent_id, record, lambda: "one", **kwargs)


class IdOfTheRecord(Broken):
    """A replacement goes by the id within the record."""

    caught_by = ("test_an_update_keeps_its_id_whatever_the_record_says",)

    def update(self, collection_id, parent_id, object_id, record, *args, **kwargs):
        chosen = record.get("id", object_id)
        return super().update(collection_id, parent_id, chosen, record, *args, **kwargs)


class ReplacesAll(Broken):
    """A replacement without a condition on the id."""

    caught_by = ("test_an_update_of_one_record_leaves_the_others",)

    def update(self, collection_id, parent_id, object_id, record, *args, **kwargs):
        for (_, one), _ in list(self._existing(collection_id, parent_id).live.walk(Span())):
            super().update(collection_id, parent_id, one, record)
        return super().update(collection_id, parent_id, object_id, record, *args, **kwargs)


class NothingIsNotFound(Broken):
    """What is not there is empty, and may be deleted."""

    caught_by = ("test_an_unknown_record_is_not_found", "test_a_tombstone_is_no_record")

    def get(self, *args, **kwargs):
        try:
            return super().get(*args, **kwargs)
        except RecordNotFoundError:
            return {}

    def delete(self, *args, **kwargs):
        try:
            return super().delete(*args, **kwargs)
        except RecordNotFoundError:
            return {}


class ConditionsAreIgnored(Broken):
    """Nothing that is expected is compared."""

    caught_by = (
        "test_a_deletion_of_what_should_be_absent_is_refused",
        "test_a_timestamp_is_not_expected_of_nothing",
        "test_a_tombstone_may_be_expected",
        "test_absence_is_not_expected_of_a_record",
        "test_conditional_writes_of_one_version_let_one_through",
    )

    def create(self, *args, expected=None, **kwargs):
        return super().create(*args, **kwargs)

    def update(self, *args, expected=None, **kwargs):
        return super().update(*args, **kwargs)

    def delete(self, *args, expected=None, **kwargs):
        return super().delete(*args, **kwargs)


class ConditionsAreNeverMet(Broken):
    """Whatever is expected is something else."""

    caught_by = (
        "test_a_write_of_what_was_seen_is_done",
        "test_the_version_of_a_collection_never_written_may_be_expected",
    )

    def update(self, *args, expected=None, **kwargs):
        if expected is not None:
            raise ModifiedError
        return super().update(*args, **kwargs)

    def _check_collection(self, collection_id, parent_id, expected):
        if expected is not None:
            raise ModifiedError


class NothingIsUnique(Broken):
    """Unique fields are not looked at."""

    caught_by = (
        "test_a_refusal_leaves_no_trace",
        "test_of_two_holders_the_one_that_is_left_conflicts",
        "test_unique_fields_may_have_any_name",
        "test_values_written_without_asking_are_unique_too",
    )

    class collections(Collection):  # noqa: N801
        def holder_of(self, record, field, record_id):
            return None


class UniqueToTheWorld(Broken):
    """A value is looked for in all collections of all parents."""

    caught_by = ("test_parents_and_collections_do_not_conflict",)

    def create(self, collection_id, parent_id, record, unique_fields=(), **kwargs):
        for collection in list(self._collections.values()):
            memory._check_unique(collection, record, unique_fields, "")
        return super().create(
            collection_id, parent_id, record, unique_fields=unique_fields, **kwargs
        )


class AlwaysUnique(Broken):
    """A field is unique whether the caller says so or not."""

    caught_by = ("test_a_field_that_is_not_named_is_not_unique",)

    def create(self, *args, unique_fields=(), **kwargs):
        return super().create(*args, unique_fields=["u"], **kwargs)


class LongValuesAreCut(Broken):
    """Values are compared by what fits into an index."""

    caught_by = ("test_values_of_any_length_are_unique",)

    class collections(Collection):  # noqa: N801
        def holder_of(self, record, field, record_id):
            for (_, other), one in self.live.walk(Span()):
                pair = record.get(field), one.get(field)
                if all(isinstance(text, str) for text in pair) and other != record_id:
                    return other if pair[0][:2000] == pair[1][:2000] else None
            return super().holder_of(record, field, record_id)


class ValuesAreNeverGivenUp(Broken):
    """A record goes on holding the values that it had before."""

    caught_by = ("test_values_given_up_do_not_conflict",)

    class collections(Collection):  # noqa: N801
        def _forget_values(self, record_id):
            pass


class DeletesTombstones(Broken):
    """A list deletion deletes again what is deleted."""

    caught_by = ("test_a_list_deleted_leaves_earlier_tombstones_alone",)

    def delete_all(self, collection_id, parent_id, *args, **kwargs):
        tombstones = self._existing(collection_id, parent_id).tombstones
        buried = [copied(one) for _, one in tombstones.walk(Span())]
        return super().delete_all(collection_id, parent_id, *args, **kwargs) + buried


class FirstTombstoneStays(Broken):
    """A record that is deleted a second time has the tombstone of the first."""

    caught_by = ("test_a_record_may_be_deleted_and_made_again_and_again",)

    class collections(Collection):  # noqa: N801
        def bury(self, record_id, timestamp, tombstone):
            first = self.__dict__.setdefault("first", {}).setdefault(record_id, tombstone)
            return super().bury(record_id, timestamp, first)


class PurgesEverywhere(Broken):
    """A purge forgets the tombstones of all."""

    caught_by = ("test_a_purge_is_of_one_parent_and_collection",)

    def purge_deleted(self, *args, **kwargs):
        for parent_id, collection_id in list(self._collections):
            super().purge_deleted(collection_id, parent_id)
        return super().purge_deleted(*args, **kwargs)


class PurgesTheTime(Broken):
    """A purge forgets the timestamp of the collection with its last tombstone."""

    caught_by = ("test_a_record_whose_tombstone_was_purged_may_come_back",)

    def purge_deleted(self, collection_id, parent_id, *args, **kwargs):
        count = super().purge_deleted(collection_id, parent_id, *args, **kwargs)
        stamps = memory.Collection()
        stamps.next_timestamp = lambda forced, present: 1
        self._collections[parent_id, collection_id] = stamps
        return count


class NoAuthorization(Broken):
    """The methods do not take the client's header."""

    caught_by = (
        "test_the_authorization_of_the_client_may_be_passed",
        "test_the_authorization_may_be_passed_to_writes",
    )

    def get(self, collection_id, parent_id, object_id, id_field="id", modified_field="x"):
        return super().get(collection_id, parent_id, object_id, id_field, modified_field)

    def create(self, *args, **kwargs):
        assert "auth" not in kwargs
        return super().create(*args, **kwargs)


class LiveTombstones(Broken):
    """Tombstones that are listed are those that are stored."""

    caught_by = ("test_tombstones_returned_are_the_caller_s_own",)

    def get_all(self, collection_id, parent_id, *args, **query):
        found, total = super().get_all(collection_id, parent_id, *args, **query)
        tombstones = self._existing(collection_id, parent_id).tombstones
        return [tombstones.get(one["id"]) or one for one in found], total


class PreviousInOrder(Broken):
    """What a list deletion deleted is told in another order than the tombstones."""

    caught_by = ("test_a_list_deletion_tells_what_was_there",)

    def delete_all(self, *args, with_previous=False, **kwargs):
        pairs = super().delete_all(*args, with_previous=True, **kwargs)
        if not with_previous:
            return [tombstone for tombstone, _ in pairs]
        return [(one, two) for (one, _), (_, two) in zip(pairs, reversed(pairs), strict=True)]


class FiltersAreIgnored(Broken):
    """A list shows all there is."""

    caught_by = (
        "test_a_page_is_of_what_meets_the_filters",
        "test_a_poll_shows_what_changed_since",
        "test_filters_on_id_and_timestamp_take_values_of_any_type",
        "test_records_of_one_time_are_told_apart_by_id",
        "test_rules_are_met_beside_the_filters",
        "test_several_ids_may_be_asked_for",
        "test_stretches_of_time_are_listed_and_counted_alike",
    )

    def get_all(self, collection_id, parent_id, filters=None, **query):
        return super().get_all(collection_id, parent_id, **query)


class SortingIsIgnored(Broken):
    """A list has the order that it has, backwards."""

    caught_by = (
        "test_dots_reach_into_objects_in_sorting_too",
        "test_pages_are_unmoved_by_what_changes_behind_them",
        "test_tombstones_are_sorted_among_records",
    )

    def get_all(self, collection_id, parent_id, sorting=None, limit=None, **query):
        found, total = super().get_all(collection_id, parent_id, **query)
        return found[::-1][:limit], total


class AlwaysMore(Broken):
    """There is always more to come, and tombstones do not fill a page."""

    caught_by = ("test_a_page_of_an_empty_list_is_empty", "test_tombstones_fill_a_page_too")

    def get_page(self, *args, **query):
        page = super().get_page(*args, **query)
        return page._replace(more=page.total >= len(page.records))


class CollectionsByPrefix(Broken):
    """Collections whose names begin alike are one."""

    caught_by = ("test_collections_hold_their_own_records_only",)

    def _collection(self, collection_id, parent_id):
        return super()._collection(collection_id[:4], parent_id)

    def _existing(self, collection_id, parent_id):
        return super()._existing(collection_id[:4], parent_id)


class DeletionsMoveNothing(Broken):
    """A deletion leaves the collection's timestamp as it was."""

    caught_by = (
        "test_every_change_moves_the_collection",
        "test_one_of_a_deletion_in_the_future_moves_the_collection",
    )

    class collections(Collection):  # noqa: N801
        def bury(self, record_id, timestamp, tombstone):
            previous = super().bury(record_id, timestamp, tombstone)
            self.timestamp = previous["last_modified"]
            return previous


class TombstonesAreLost(Broken):
    """A deletion leaves nothing for a client that polls."""

    caught_by = (
        "test_a_copy_kept_by_polling_becomes_what_is_stored",
        "test_a_deletion_returns_the_tombstone",
        "test_sequences_of_operations_leave_what_the_model_says",
    )

    class collections(Collection):  # noqa: N801
        def bury(self, record_id, timestamp, tombstone):
            return super().bury(record_id, timestamp, None)


class FirstChangeIsEarly(Broken):
    """The first change has the timestamp that the empty collection had."""

    caught_by = ("test_the_first_change_is_above_the_time_that_was_read",)

    class collections(Collection):  # noqa: N801
        def next_timestamp(self, forced, present):
            if forced is None and not self.live and self.timestamp is not None:
                return self.timestamp
            return super().next_timestamp(forced, present)
