"""
Records in the memory of the process: for tests, trials, and as the reference of all storages.

Pages in order of time, polls and counts cost the same whatever the size of the collection.
Nothing outlives the process, and processes share nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from itertools import islice
from threading import RLock
from typing import Any

from cliquet.jsonlib import copied
from cliquet.query import any_matcher, matcher, sort_records
from cliquet.storage import (
    ABSENT,
    DEFAULT_DELETED_FIELD,
    DEFAULT_ID_FIELD,
    DEFAULT_MODIFIED_FIELD,
    Expected,
    Filter,
    JSONRecord,
    Page,
    Sort,
    StorageBase,
)
from cliquet.storage.exceptions import ModifiedError, RecordNotFoundError, UnicityError
from cliquet.storage.generators import UUID4
from cliquet.storage.timeline import Collection, Span, ids_of, span_of, span_of_rules
from cliquet.utils import msec_time


class Storage(StorageBase):
    """
    A storage in memory, safe under threads.

    Args:
        readonly: Whether reading the timestamp of a collection never written fixes it.
    """

    atomic = True

    def __init__(self, readonly: bool = False) -> None:
        self._readonly = readonly
        self._lock = RLock()
        self._collections: dict[tuple[str, str], Collection] = {}
        self._default_generator = UUID4()

    def initialize_schema(self) -> None:
        """Do nothing: there is no schema."""

    def flush(self, auth: str | None = None) -> None:
        """See :meth:`StorageBase.flush`."""
        with self._lock:
            self._collections.clear()

    def collection_timestamp(
        self, collection_id: str, parent_id: str, auth: str | None = None
    ) -> int:
        """See :meth:`StorageBase.collection_timestamp`."""
        with self._lock:
            return self._timestamp(collection_id, parent_id)

    def create(
        self,
        collection_id: str,
        parent_id: str,
        record: JSONRecord,
        id_generator: Callable[[], str] | None = None,
        unique_fields: Sequence[str] | None = None,
        id_field: str = DEFAULT_ID_FIELD,
        modified_field: str = DEFAULT_MODIFIED_FIELD,
        auth: str | None = None,
        expected: Expected = None,
        expected_collection: int | None = None,
    ) -> JSONRecord:
        """See :meth:`StorageBase.create`."""
        stored = copied(record)
        record_id = stored.get(id_field) or (id_generator or self._default_generator)()
        with self._lock:
            collection = self._collection(collection_id, parent_id)
            self._check_collection(collection_id, parent_id, expected_collection)
            _check(collection, record_id, expected)
            existing = collection.live.get(record_id)
            if existing is not None:
                raise UnicityError(id_field, copied(existing))
            _check_unique(collection, stored, unique_fields, record_id)
            return _put(collection, record_id, stored, id_field, modified_field)

    def get(
        self,
        collection_id: str,
        parent_id: str,
        object_id: str,
        id_field: str = DEFAULT_ID_FIELD,
        modified_field: str = DEFAULT_MODIFIED_FIELD,
        auth: str | None = None,
    ) -> JSONRecord:
        """See :meth:`StorageBase.get`."""
        with self._lock:
            return copied(_found(self._existing(collection_id, parent_id), object_id))

    def update(
        self,
        collection_id: str,
        parent_id: str,
        object_id: str,
        record: JSONRecord,
        unique_fields: Sequence[str] | None = None,
        id_field: str = DEFAULT_ID_FIELD,
        modified_field: str = DEFAULT_MODIFIED_FIELD,
        auth: str | None = None,
        expected: Expected = None,
    ) -> JSONRecord:
        """See :meth:`StorageBase.update`."""
        stored = copied(record)
        with self._lock:
            collection = self._collection(collection_id, parent_id)
            _check(collection, object_id, expected)
            _check_unique(collection, stored, unique_fields, object_id)
            return _put(collection, object_id, stored, id_field, modified_field)

    def delete(
        self,
        collection_id: str,
        parent_id: str,
        object_id: str,
        id_field: str = DEFAULT_ID_FIELD,
        with_deleted: bool = True,
        modified_field: str = DEFAULT_MODIFIED_FIELD,
        deleted_field: str = DEFAULT_DELETED_FIELD,
        auth: str | None = None,
        last_modified: int | None = None,
        expected: Expected = None,
        with_previous: bool = False,
    ) -> Any:
        """See :meth:`StorageBase.delete`."""
        fields = id_field, modified_field, deleted_field
        with self._lock:
            collection = self._collection(collection_id, parent_id)
            _found(collection, object_id)
            _check(collection, object_id, expected)
            pair = _bury(collection, object_id, fields, last_modified, with_deleted)
        return pair if with_previous else pair[0]

    def delete_all(
        self,
        collection_id: str,
        parent_id: str,
        filters: Sequence[Filter] | None = None,
        id_field: str = DEFAULT_ID_FIELD,
        with_deleted: bool = True,
        modified_field: str = DEFAULT_MODIFIED_FIELD,
        deleted_field: str = DEFAULT_DELETED_FIELD,
        auth: str | None = None,
        expected_collection: int | None = None,
        with_previous: bool = False,
    ) -> list[Any]:
        """See :meth:`StorageBase.delete_all`."""
        fields = id_field, modified_field, deleted_field
        is_match = matcher(filters or ())
        with self._lock:
            collection = self._collection(collection_id, parent_id)
            self._check_collection(collection_id, parent_id, expected_collection)
            span, _ = span_of(filters or (), modified_field, id_field)
            walk = collection.walk(span, is_descending=False, include_deleted=False)
            ids = [record[id_field] for record in walk if is_match(record)]
            pairs = [_bury(collection, id_, fields, None, with_deleted) for id_ in ids]
        return pairs if with_previous else [tombstone for tombstone, _ in pairs]

    def purge_deleted(
        self,
        collection_id: str,
        parent_id: str,
        before: int | None = None,
        id_field: str = DEFAULT_ID_FIELD,
        modified_field: str = DEFAULT_MODIFIED_FIELD,
        auth: str | None = None,
    ) -> int:
        """See :meth:`StorageBase.purge_deleted`."""
        span = Span(end=None if before is None else (before,))
        with self._lock:
            tombstones = self._existing(collection_id, parent_id).tombstones
            ids = [record_id for (_, record_id), _ in tombstones.walk(span)]
            for record_id in ids:
                tombstones.pop(record_id)
        return len(ids)

    def get_all(
        self,
        collection_id: str,
        parent_id: str,
        filters: Sequence[Filter] | None = None,
        sorting: Sequence[Sort] | None = None,
        pagination_rules: Sequence[Sequence[Filter]] | None = None,
        limit: int | None = None,
        include_deleted: bool = False,
        id_field: str = DEFAULT_ID_FIELD,
        modified_field: str = DEFAULT_MODIFIED_FIELD,
        deleted_field: str = DEFAULT_DELETED_FIELD,
        auth: str | None = None,
    ) -> tuple[list[JSONRecord], int]:
        """See :meth:`StorageBase.get_all`."""
        selection = _Selection(
            filters or (), sorting or (), pagination_rules or (), id_field, modified_field
        )
        with self._lock:
            collection = self._existing(collection_id, parent_id)
            records = selection.records(collection, limit, include_deleted)
            return copied(records), selection.count(collection)

    def get_page(
        self,
        collection_id: str,
        parent_id: str,
        limit: int,
        known: int | None = None,
        auth: str | None = None,
        **query: Any,
    ) -> Page:
        """See :meth:`StorageBase.get_page`; here from one snapshot."""
        with self._lock:
            return super().get_page(collection_id, parent_id, limit, known, auth, **query)

    @contextmanager
    def locked(self, collection_id: str, parent_id: str) -> Iterator[None]:
        """See :meth:`StorageBase.locked`; here the whole storage is held."""
        with self._lock:
            yield

    def _collection(self, collection_id: str, parent_id: str) -> Collection:
        key = parent_id, collection_id
        collection = self._collections.get(key)
        if collection is None:
            collection = self._collections[key] = Collection()
        return collection

    def _existing(self, collection_id: str, parent_id: str) -> Collection:
        """Return a collection to read from; one that was never written leaves no trace."""
        return self._collections.get((parent_id, collection_id)) or Collection()

    def _timestamp(self, collection_id: str, parent_id: str) -> int:
        timestamp = self._existing(collection_id, parent_id).timestamp
        if timestamp is not None:
            return timestamp
        now = msec_time()
        if not self._readonly:
            self._collection(collection_id, parent_id).timestamp = now
        return now

    def _check_collection(self, collection_id: str, parent_id: str, expected: int | None) -> None:
        if expected is not None and self._timestamp(collection_id, parent_id) != expected:
            raise ModifiedError


class _Selection:
    """What a list asks for: filters, order and position."""

    def __init__(
        self,
        filters: Sequence[Filter],
        sorting: Sequence[Sort],
        rules: Sequence[Sequence[Filter]],
        id_field: str,
        modified_field: str,
    ) -> None:
        self._ids, self._filters = ids_of(filters, id_field)
        self._sorting, self._rules = sorting, rules
        self._fields = modified_field, id_field
        self._is_match = matcher(self._filters)
        self._span, self._is_span_exact = span_of(self._filters, modified_field, id_field)

    def records(
        self, collection: Collection, limit: int | None, include_deleted: bool
    ) -> list[JSONRecord]:
        """Return the records of the page, not copies."""
        found = collection.walk(
            self._page_span(),
            self._ids,
            is_descending=bool(self._sorting) and self._sorting[0].direction < 0,
            include_deleted=include_deleted,
        )
        if not self._is_span_exact:
            found = filter(self._is_match, found)
        if self._rules:
            found = filter(any_matcher(self._rules), found)
        if self._is_time_order():
            return list(islice(found, limit))
        records = list(found)
        sort_records(records, self._sorting)
        return records[:limit]

    def count(self, collection: Collection) -> int:
        """Return how many live records meet the filters, whatever the page."""
        if not self._is_span_exact:
            return sum(map(self._is_match, collection.walk(self._span, self._ids)))
        if self._ids is None:
            return collection.live.count(self._span)
        return collection.live.count_among(self._ids, self._span)

    def _page_span(self) -> Span:
        if not self._rules:
            return self._span
        return self._span.intersection(span_of_rules(self._rules, *self._fields))

    def _is_time_order(self) -> bool:
        # The walk's own order: by timestamp, then id, both in one direction.
        names = tuple(sort.field for sort in self._sorting)
        directions = {sort.direction for sort in self._sorting}
        return names in ((), self._fields[:1], self._fields) and len(directions) <= 1


def _found(collection: Collection, record_id: str) -> JSONRecord:
    record = collection.live.get(record_id)
    if record is None:
        raise RecordNotFoundError(record_id)
    return record


def _check(collection: Collection, record_id: str, expected: Expected) -> None:
    if expected is None:
        return
    if expected is ABSENT:
        is_met = collection.live.get(record_id) is None
    else:
        is_met = collection.current_timestamp(record_id) == expected
    if not is_met:
        raise ModifiedError(copied(collection.current(record_id)))


def _check_unique(
    collection: Collection, record: JSONRecord, fields: Sequence[str] | None, record_id: str
) -> None:
    for field in fields or ():
        holder = collection.holder_of(record, field, record_id)
        if holder is not None:
            raise UnicityError(field, copied(collection.live.get(holder)))


def _put(
    collection: Collection, record_id: str, record: JSONRecord, id_field: str, modified_field: str
) -> JSONRecord:
    forced = record.pop(modified_field, None)
    timestamp = collection.next_timestamp(forced, collection.current_timestamp(record_id))
    # The id and the timestamp come last, in the order that clients have always seen.
    record.pop(id_field, None)
    record[id_field] = record_id
    record[modified_field] = timestamp
    collection.put(record_id, timestamp, record)
    return copied(record)


def _bury(
    collection: Collection,
    record_id: str,
    fields: tuple[str, str, str],
    forced: int | None,
    with_deleted: bool,
) -> tuple[JSONRecord, JSONRecord]:
    id_field, modified_field, deleted_field = fields
    present = collection.live.timestamp_of(record_id)
    timestamp = collection.next_timestamp(forced, present)
    tombstone = {id_field: record_id, modified_field: timestamp, deleted_field: True}
    previous = collection.bury(record_id, timestamp, tombstone if with_deleted else None)
    return dict(tombstone), previous


def load_from_config(config: Any) -> Storage:
    """Return the storage of an application; ``readonly`` is the one setting read."""
    return Storage(readonly=bool(config.get_settings().get("readonly", False)))
