"""Faults of records and of the names of places."""

from __future__ import annotations

from typing import Any

from cliquet.storage.exceptions import UnicityError
from tests.backends.broken.base import Broken


class LiveRecord(Broken):
    """What get returns is what is stored: who edits it edits the store."""

    caught_by = ("test_what_is_returned_is_the_caller_s_own",)

    def get(self, collection_id, parent_id, object_id, *args, **kwargs):
        super().get(collection_id, parent_id, object_id, *args, **kwargs)
        return self._existing(collection_id, parent_id).live.get(object_id)


class ShallowCopies(Broken):
    """What is returned shares arrays and objects with what is stored."""

    caught_by = ("test_what_is_returned_is_the_caller_s_own",)

    def get(self, collection_id, parent_id, object_id, *args, **kwargs):
        super().get(collection_id, parent_id, object_id, *args, **kwargs)
        return dict(self._existing(collection_id, parent_id).live.get(object_id))


class KeepsTheArgument(Broken):
    """What is stored shares arrays and objects with what was given."""

    caught_by = ("test_what_is_stored_is_not_what_was_given",)

    def create(self, collection_id, parent_id, record, *args, **kwargs):
        stored = super().create(collection_id, parent_id, record, *args, **kwargs)
        live = self._existing(collection_id, parent_id).live
        live.put(stored["id"], stored["last_modified"], {**stored, **record, **_own(stored)})
        return stored


def _own(record: dict[str, Any]) -> dict[str, Any]:
    return {name: record[name] for name in ("id", "last_modified")}


class ChangesTheArgument(Broken):
    """The record that is given loses its timestamp."""

    caught_by = ("test_what_is_given_is_left_alone",)

    def update(self, collection_id, parent_id, object_id, record, *args, **kwargs):
        stored = super().update(collection_id, parent_id, object_id, record, *args, **kwargs)
        record.pop("last_modified", None)
        return stored


class Merges(Broken):
    """A replacement keeps the fields that it leaves out."""

    caught_by = (
        "test_an_update_replaces_every_field",
        "test_sequences_of_operations_leave_what_the_model_says",
    )

    def update(self, collection_id, parent_id, object_id, record, *args, **kwargs):
        present = dict(self._existing(collection_id, parent_id).live.get(object_id) or {})
        present.pop("last_modified", None)
        merged = {**present, **record}
        return super().update(collection_id, parent_id, object_id, merged, *args, **kwargs)


class Overwrites(Broken):
    """A creation replaces the record of that id."""

    caught_by = (
        "test_an_id_that_is_taken_is_refused_with_its_holder",
        "test_of_racing_writes_of_one_thing_one_is_done",
    )

    def create(self, collection_id, parent_id, record, *args, **kwargs):
        try:
            return super().create(collection_id, parent_id, record, *args, **kwargs)
        except UnicityError as error:
            if error.field != "id":
                raise
            return self.update(collection_id, parent_id, record["id"], record)


class Doubles(Broken):
    """Integers are read as doubles where they are large."""

    caught_by = (
        "test_integers_survive_to_the_last_digit",
        "test_all_values_survive",
        "test_large_integers_are_compared_to_the_last_digit",
    )

    def create(self, collection_id, parent_id, record, *args, **kwargs):
        rounded = _as_doubles(record)
        return super().create(collection_id, parent_id, rounded, *args, **kwargs)

    def update(self, collection_id, parent_id, object_id, record, *args, **kwargs):
        rounded = _as_doubles(record)
        return super().update(collection_id, parent_id, object_id, rounded, *args, **kwargs)


def _as_doubles(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _as_doubles(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_as_doubles(item) for item in value]
    is_large = type(value) is int and abs(value) > 2**53
    return int(float(value)) if is_large and abs(value) < 2**1000 else value


class FoldsIds(Broken):
    """Ids that differ by case are one id."""

    caught_by = ("test_records_may_have_any_id",)

    def create(self, collection_id, parent_id, record, *args, **kwargs):
        folded = {**record, **({"id": record["id"].lower()} if "id" in record else {})}
        return super().create(collection_id, parent_id, folded, *args, **kwargs)


class JoinsNames(Broken):
    """The names of parent and collection are joined by a colon."""

    caught_by = ("test_names_of_parents_and_collections_are_not_joined",)

    def _collection(self, collection_id, parent_id):
        return super()._collection("", f"{parent_id}:{collection_id}")

    def _existing(self, collection_id, parent_id):
        return super()._existing("", f"{parent_id}:{collection_id}")
