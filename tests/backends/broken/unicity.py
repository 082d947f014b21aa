"""Faults of unique fields."""

from __future__ import annotations

from cliquet.storage import memory
from cliquet.storage.exceptions import UnicityError
from cliquet.storage.timeline import Collection, Span
from tests.backends.broken.base import Broken, elsewhere


class BuriedValues(Broken):
    """A tombstone goes on holding the values of its record."""

    caught_by = (
        "test_tombstones_do_not_conflict",
        "test_values_are_refused_exactly_when_another_live_record_has_them",
    )

    class collections(Collection):  # noqa: N801
        def __init__(self):
            super().__init__()
            self.buried = []

        def bury(self, record_id, timestamp, tombstone):
            previous = super().bury(record_id, timestamp, tombstone)
            self.buried.append(previous)
            return previous

        def holder_of(self, record, field, record_id):
            if any(record.get(field) == one.get(field) != None for one in self.buried):  # noqa: E711
                return record_id
            return super().holder_of(record, field, record_id)


class ValuesAtTheRootOnly(Broken):
    """A unique field within another one is looked for at the root of the record."""

    caught_by = ("test_dots_reach_into_objects_of_unique_fields",)

    class collections(Collection):  # noqa: N801
        def holder_of(self, record, field, record_id):
            return super().holder_of(record, field, record_id) if field in record else None


class NullIsAValue(Broken):
    """Two records may not both be null."""

    caught_by = ("test_null_and_missing_values_never_conflict",)

    class collections(Collection):  # noqa: N801
        def holder_of(self, record, field, record_id):
            for (_, other), one in self.live.walk(Span()):
                if record.get(field) is None and one.get(field) is None and other != record_id:
                    return other
            return super().holder_of(record, field, record_id)


class ConflictsWithItself(Broken):
    """A record may not be written again with its own value."""

    caught_by = ("test_a_record_does_not_conflict_with_itself",)

    class collections(Collection):  # noqa: N801
        def holder_of(self, record, field, record_id):
            return super().holder_of(record, field, None)


class TextualValues(Broken):
    """Values are compared by their text: 1 and true are told apart, 1 and 1.0 too."""

    caught_by = ("test_values_that_are_equal_conflict",)

    class collections(Collection):  # noqa: N801
        def holder_of(self, record, field, record_id):
            holder = super().holder_of(record, field, record_id)
            if holder is None:
                return None
            is_same = repr(self.live.get(holder)[field]) == repr(record[field])
            return holder if is_same else None


class PythonEquality(Broken):
    """Values are compared as Python does: true is 1."""

    caught_by = ("test_values_that_are_not_equal_do_not_conflict",)

    class collections(Collection):  # noqa: N801
        def holder_of(self, record, field, record_id):
            value = record.get(field)
            for (_, other), one in self.live.walk(Span()):
                if value is not None and one.get(field) == value and other != record_id:
                    return other
            return None


class FirstFieldIsGuilty(Broken):
    """Whichever field conflicts, the first one is told."""

    caught_by = ("test_the_field_told_is_the_guilty_one",)

    def create(self, *args, unique_fields=None, **kwargs):
        try:
            return super().create(*args, unique_fields=unique_fields, **kwargs)
        except UnicityError as error:
            if error.field != "id":
                error.field = unique_fields[0]
            raise


class ValuesBeforeId(Broken):
    """Where both are taken, the unique field is told."""

    caught_by = ("test_the_id_comes_before_unique_fields",)

    def create(self, collection_id, parent_id, record, unique_fields=(), **kwargs):
        with self._lock:
            collection = self._collection(collection_id, parent_id)
            memory._check_unique(collection, record, unique_fields, record.get("id"))
            return super().create(
                collection_id, parent_id, record, unique_fields=unique_fields, **kwargs
            )


class UnicityOfUpdatesIsForgotten(Broken):
    """Replacements are not checked."""

    caught_by = (
        "test_a_value_that_is_taken_is_refused_with_its_holder",
        "test_sequences_of_operations_leave_what_the_model_says",
    )

    def update(self, *args, unique_fields=None, **kwargs):
        return super().update(*args, **kwargs)


class UnicityIsCheckedFirst(Broken):
    """Values are looked up, then written: two writers both find them free."""

    caught_by = ("test_of_racing_writes_of_one_thing_one_is_done",)

    def create(self, collection_id, parent_id, record, unique_fields=None, **kwargs):
        with self._lock:
            collection = self._collection(collection_id, parent_id)
            memory._check_unique(collection, record, unique_fields, record.get("id", ""))
        elsewhere()
        return super().create(collection_id, parent_id, record, **kwargs)
