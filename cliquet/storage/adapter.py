"""
Conditional writes on storages written for the older contract.

Such a storage cannot compare and write in one step. Here the comparison comes first, under a lock
that the writers of this process share: across processes, P5.6 of the protocol is not promised.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import chain
from threading import RLock
from typing import Any
from weakref import WeakKeyDictionary

from cliquet.query import COMPARISON, Sort, any_matcher, matcher, sort_records
from cliquet.storage import (
    ABSENT,
    DEFAULT_DELETED_FIELD,
    DEFAULT_ID_FIELD,
    DEFAULT_MODIFIED_FIELD,
    Expected,
    Filter,
    JSONRecord,
    Page,
    StorageBase,
)
from cliquet.storage.exceptions import ModifiedError, RecordNotFoundError

# What storages of the older contract can compare by.
_OLD_COMPARISONS = frozenset(
    {
        COMPARISON.LT,
        COMPARISON.MIN,
        COMPARISON.MAX,
        COMPARISON.NOT,
        COMPARISON.EQ,
        COMPARISON.GT,
        COMPARISON.IN,
        COMPARISON.EXCLUDE,
    }
)

_locks: WeakKeyDictionary[Any, Any] = WeakKeyDictionary()
_locks_guard = RLock()


def conditional(storage: Any) -> Any:
    """Return *storage* itself when it is atomic, else an adapter that checks before it writes."""
    return storage if getattr(storage, "atomic", False) else CheckingStorage(storage)


class CheckingStorage:
    """
    What an atomic storage can do, on one that is not.

    Writes compare first. Lists that need a comparison newer than the storage are read whole and
    filtered here: right, and only as fast as the collection is small. All else is passed through.
    """

    def __init__(self, storage: Any) -> None:
        self._storage = storage
        with _locks_guard:
            self._lock = _locks.setdefault(storage, RLock())

    def __getattr__(self, name: str) -> Any:
        return getattr(self._storage, name)

    def get_page(self, *args: Any, **kwargs: Any) -> Page:
        """See :meth:`StorageBase.get_page`; a storage that lacks it gets the base's."""
        method: Any = getattr(self._storage.__class__, "get_page", StorageBase.get_page)
        target = self if method is StorageBase.get_page else self._storage
        return method(target, *args, **kwargs)

    def get_all(
        self,
        collection_id: str,
        parent_id: str,
        filters: Sequence[Filter] | None = None,
        sorting: Sequence[Sort] | None = None,
        pagination_rules: Sequence[Sequence[Filter]] | None = None,
        limit: int | None = None,
        **kwargs: Any,
    ) -> tuple[list[JSONRecord], int]:
        """See :meth:`StorageBase.get_all`."""
        filters, rules = filters or (), pagination_rules or ()
        if _are_old(chain(filters, *rules)):
            query = {"sorting": sorting, "pagination_rules": pagination_rules, "limit": limit}
            return self._storage.get_all(
                collection_id, parent_id, filters=filters, **query, **kwargs
            )
        known = [condition for condition in filters if _are_old([condition])]
        records, _ = self._storage.get_all(collection_id, parent_id, filters=known, **kwargs)
        found = list(filter(matcher(filters), records))
        deleted_field = kwargs.get("deleted_field", DEFAULT_DELETED_FIELD)
        total = sum(not _is_tombstone(record, deleted_field) for record in found)
        if rules:
            found = list(filter(any_matcher(rules), found))
        sort_records(found, sorting or ())
        return found[:limit], total

    def create(
        self,
        collection_id: str,
        parent_id: str,
        record: JSONRecord,
        expected: Expected = None,
        expected_collection: int | None = None,
        **kwargs: Any,
    ) -> JSONRecord:
        """See :meth:`StorageBase.create`."""
        object_id = record.get(kwargs.get("id_field", DEFAULT_ID_FIELD))
        with self._lock:
            self._check_collection(collection_id, parent_id, expected_collection, kwargs)
            self._check(collection_id, parent_id, object_id, expected, kwargs)
            return self._storage.create(collection_id, parent_id, record, **kwargs)

    def update(
        self,
        collection_id: str,
        parent_id: str,
        object_id: str,
        record: JSONRecord,
        expected: Expected = None,
        **kwargs: Any,
    ) -> JSONRecord:
        """See :meth:`StorageBase.update`."""
        with self._lock:
            self._check(collection_id, parent_id, object_id, expected, kwargs)
            return self._storage.update(collection_id, parent_id, object_id, record, **kwargs)

    def delete(
        self,
        collection_id: str,
        parent_id: str,
        object_id: str,
        expected: Expected = None,
        with_previous: bool = False,
        **kwargs: Any,
    ) -> Any:
        """See :meth:`StorageBase.delete`."""
        with self._lock:
            previous = None
            if with_previous or expected is not None:
                # An unknown record is told as such, whatever was expected of it.
                names = _names(kwargs, "id_field", "modified_field", "auth")
                previous = self._storage.get(collection_id, parent_id, object_id, **names)
            self._check(collection_id, parent_id, object_id, expected, kwargs)
            tombstone = self._storage.delete(collection_id, parent_id, object_id, **kwargs)
            return (tombstone, previous) if with_previous else tombstone

    def delete_all(
        self,
        collection_id: str,
        parent_id: str,
        expected_collection: int | None = None,
        with_previous: bool = False,
        **kwargs: Any,
    ) -> list[Any]:
        """See :meth:`StorageBase.delete_all`."""
        id_field = kwargs.get("id_field", DEFAULT_ID_FIELD)
        is_old = _are_old(kwargs.get("filters") or ())
        with self._lock:
            self._check_collection(collection_id, parent_id, expected_collection, kwargs)
            previous = {}
            if with_previous or not is_old:
                names = _names(kwargs, "filters", "id_field", "modified_field", "auth")
                records, _ = self.get_all(collection_id, parent_id, **names)
                previous = {record[id_field]: record for record in records}
            if not is_old:
                kwargs["filters"] = [Filter(id_field, list(previous), COMPARISON.IN)]
            tombstones = self._storage.delete_all(collection_id, parent_id, **kwargs)
        if not with_previous:
            return tombstones
        return [(tombstone, previous.get(tombstone[id_field])) for tombstone in tombstones]

    def settled_timestamp(self, collection_id: str, parent_id: str, auth: str | None = None) -> int:
        """See :meth:`StorageBase.settled_timestamp`."""
        with self._lock:
            timestamp: int = self._storage.collection_timestamp(collection_id, parent_id, auth=auth)
        return timestamp

    def locked(self, collection_id: str, parent_id: str) -> Any:
        """See :meth:`StorageBase.locked`; here the writers of this process are held back."""
        return self._lock

    def _check_collection(
        self, collection_id: str, parent_id: str, expected: int | None, kwargs: dict[str, Any]
    ) -> None:
        if expected is None:
            return
        auth = _names(kwargs, "auth")
        if self._storage.collection_timestamp(collection_id, parent_id, **auth) != expected:
            raise ModifiedError

    def _check(
        self,
        collection_id: str,
        parent_id: str,
        object_id: str | None,
        expected: Expected,
        kwargs: dict[str, Any],
    ) -> None:
        if expected is None or object_id is None:
            return
        names = _names(kwargs, "id_field", "modified_field", "auth")
        current = self._current(collection_id, parent_id, object_id, expected, names)
        modified_field = kwargs.get("modified_field", DEFAULT_MODIFIED_FIELD)
        seen = ABSENT if current is None else current[modified_field]
        if seen != expected:
            raise ModifiedError(current)

    def _current(
        self,
        collection_id: str,
        parent_id: str,
        object_id: str,
        expected: Expected,
        names: dict[str, Any],
    ) -> JSONRecord | None:
        """Return the live record, else the tombstone where one may be expected, else ``None``."""
        try:
            return self._storage.get(collection_id, parent_id, object_id, **names)
        except RecordNotFoundError:
            if expected is ABSENT:
                return None
        by_id = Filter(names.get("id_field", DEFAULT_ID_FIELD), object_id, COMPARISON.EQ)
        found, _ = self._storage.get_all(
            collection_id, parent_id, filters=[by_id], include_deleted=True, **names
        )
        return found[0] if found else None


def _are_old(conditions: Iterable[Filter]) -> bool:
    return all(condition.operator in _OLD_COMPARISONS for condition in conditions)


def _is_tombstone(record: JSONRecord, deleted_field: str) -> bool:
    # Live records may have a field of that name too, and fields beside it.
    return record.get(deleted_field) is True and len(record) == 3


def _names(kwargs: dict[str, Any], *wanted: str) -> dict[str, Any]:
    return {name: kwargs[name] for name in wanted if name in kwargs}
