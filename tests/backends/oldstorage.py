"""A storage as other packages wrote them for version 3.1: its signatures, and nothing newer."""
# ruff: noqa: PLR0913, PLR0917  (the contract has more parameters than the budget)

from __future__ import annotations

from typing import Any

from cliquet.query import COMPARISON
from cliquet.storage.memory import Storage as Memory

NAMES = ("LT", "MIN", "MAX", "NOT", "EQ", "GT", "IN", "EXCLUDE")
KNOWN = {COMPARISON[name] for name in NAMES}


class Storage:
    """Records in memory, compared by the comparisons of old and by no others."""

    def __init__(self) -> None:
        self._memory = Memory()
        self.initialize_schema = self._memory.initialize_schema
        self.flush = self._memory.flush
        self.collection_timestamp = self._memory.collection_timestamp
        self.get = self._memory.get
        self.purge_deleted = self._memory.purge_deleted

    def create(
        self, collection_id, parent_id, record, id_generator=None, unique_fields=None,
        id_field="id", modified_field="last_modified", auth=None,
    ) -> Any:  # fmt: skip
        names = {"id_field": id_field, "modified_field": modified_field, "auth": auth}
        return self._memory.create(
            collection_id, parent_id, record, id_generator, unique_fields, **names
        )

    def update(
        self, collection_id, parent_id, object_id, record, unique_fields=None,
        id_field="id", modified_field="last_modified", auth=None,
    ) -> Any:  # fmt: skip
        names = {"id_field": id_field, "modified_field": modified_field, "auth": auth}
        return self._memory.update(
            collection_id, parent_id, object_id, record, unique_fields, **names
        )

    def delete(
        self, collection_id, parent_id, object_id, id_field="id", with_deleted=True,
        modified_field="last_modified", deleted_field="deleted", auth=None, last_modified=None,
    ) -> Any:  # fmt: skip
        names = {"id_field": id_field, "modified_field": modified_field}
        names |= {"deleted_field": deleted_field, "last_modified": last_modified}
        return self._memory.delete(
            collection_id, parent_id, object_id, with_deleted=with_deleted, **names
        )

    def delete_all(
        self, collection_id, parent_id, filters=None, id_field="id", with_deleted=True,
        modified_field="last_modified", deleted_field="deleted", auth=None,
    ) -> Any:  # fmt: skip
        check(filters)
        names = {"id_field": id_field, "modified_field": modified_field}
        names |= {"deleted_field": deleted_field, "with_deleted": with_deleted}
        return self._memory.delete_all(collection_id, parent_id, filters, **names)

    def get_all(
        self, collection_id, parent_id, filters=None, sorting=None, pagination_rules=None,
        limit=None, include_deleted=False, id_field="id", modified_field="last_modified",
        deleted_field="deleted", auth=None,
    ) -> Any:  # fmt: skip
        check(filters, *(pagination_rules or ()))
        names = {"id_field": id_field, "modified_field": modified_field}
        names |= {"deleted_field": deleted_field, "include_deleted": include_deleted}
        return self._memory.get_all(
            collection_id, parent_id, filters, sorting, pagination_rules, limit, **names
        )


def check(*filters: Any) -> None:
    """Fail as storages of old do on a comparison that they do not know."""
    for condition in (one for some in filters for one in some or ()):
        if condition.operator not in KNOWN:
            raise KeyError(condition.operator)


def load_from_config(config: Any) -> Storage:
    """Return the storage of an application."""
    return Storage()
