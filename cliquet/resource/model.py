"""
The model: a collection of one parent, as a resource reads and writes it.

Source: protocol P4, P5.6.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from cliquet.query import COMPARISON
from cliquet.resource.runs import Run
from cliquet.storage import (
    DEFAULT_DELETED_FIELD,
    DEFAULT_ID_FIELD,
    DEFAULT_MODIFIED_FIELD,
    Expected,
    Filter,
    JSONRecord,
    Page,
    Sort,
)
from cliquet.storage.adapter import conditional


class Model:
    """
    The records of one collection and parent, on a storage.

    Args:
        storage: Backend.
        id_generator: Makes the ids of records created without one.
        collection_id: Name of the collection.
        parent_id: Whose records; each method can be given another.
        auth: The client's ``Authorization`` header, for storages that are other services.
    """

    id_field = DEFAULT_ID_FIELD
    modified_field = DEFAULT_MODIFIED_FIELD
    deleted_field = DEFAULT_DELETED_FIELD
    #: Name under which the permissions of a record are kept beside its fields, if any.
    permissions_field = "__permissions__"
    #: The requests of a batch that read or write records of one collection with this one.
    run: Run | None = None

    def __init__(
        self,
        storage: Any,
        id_generator: Any = None,
        collection_id: str = "",
        parent_id: str = "",
        auth: str | None = None,
    ) -> None:
        self.storage = storage
        self.id_generator = id_generator
        self.collection_id = collection_id
        self.parent_id = parent_id
        self.auth = auth
        self._expected_of: tuple[str, Expected] | None = None
        self._expected_collection: int | None = None
        self._previous: dict[str, JSONRecord] = {}

    def timestamp(self, parent_id: str | None = None) -> int:
        """Return the timestamp of the collection, in milliseconds."""
        return self.storage.collection_timestamp(
            collection_id=self.collection_id, parent_id=self._parent(parent_id), auth=self.auth
        )

    @contextmanager
    def expecting(
        self,
        record_id: str | None = None,
        expected: Expected = None,
        collection: int | None = None,
    ) -> Iterator[None]:
        """
        Make the writes within the block conditional on what their author saw.

        Args:
            record_id, expected: Writes of this record happen only while its timestamp is
                *expected* (or while it is ``ABSENT``). Writes of other records are free.
            collection: Creations and list deletions happen only while the collection has this
                timestamp; the first one consumes it.

        Methods of subclasses need not know: :class:`~cliquet.storage.exceptions.ModifiedError`
        passes through them.
        """
        before = self._expected_of, self._expected_collection
        self._expected_of = None if record_id is None else (record_id, expected)
        self._expected_collection = collection
        try:
            yield
        finally:
            self._expected_of, self._expected_collection = before

    def get_record(self, record_id: str, parent_id: str | None = None) -> JSONRecord:
        """
        Return a record.

        Raises:
            RecordNotFoundError: There is none of that id.
        """
        target = self._target(parent_id)
        if self.run is not None:
            return self.run.get(self.storage, record_id, target)
        return self.storage.get(object_id=record_id, **target)

    def begin_run(self) -> None:
        """Prepare the writes of the requests that follow in a batch, if there are any."""
        if self.run is not None:
            self.run.begin(self.storage, self._target(None))

    def get_tombstone(self, record_id: str, parent_id: str | None = None) -> JSONRecord | None:
        """Return the tombstone of a deleted record, or ``None``."""
        by_id = Filter(self.id_field, record_id, COMPARISON.EQ)
        found, _ = self.storage.get_all(
            filters=[by_id],
            include_deleted=True,
            deleted_field=self.deleted_field,
            **self._target(parent_id),
        )
        return found[0] if found else None

    def get_records(
        self,
        filters: Sequence[Filter] | None = None,
        sorting: Sequence[Sort] | None = None,
        pagination_rules: Sequence[Sequence[Filter]] | None = None,
        limit: int | None = None,
        include_deleted: bool = False,
        parent_id: str | None = None,
    ) -> tuple[list[JSONRecord], int]:
        """Return records, and how many live ones meet *filters* whatever the page."""
        return self._get_all(
            filters=filters,
            sorting=sorting,
            pagination_rules=pagination_rules,
            limit=limit,
            include_deleted=include_deleted,
            deleted_field=self.deleted_field,
            **self._target(parent_id),
        )

    def get_page(
        self, *, limit: int, known: int | None = None, parent_id: str | None = None, **query: Any
    ) -> Page:
        """
        Return a page of records with the timestamp it was true at.

        Where a subclass has its own :meth:`get_records`, the page is made of what that returns.

        Args:
            limit: Most records returned.
            known: A timestamp: when the collection still has it, no record is read.
            query: What :meth:`get_records` takes besides.
        """
        if type(self).get_records is not Model.get_records:
            return self._page_of_records(limit, known, parent_id, query)
        return self._get_page(
            limit=limit,
            known=known,
            deleted_field=self.deleted_field,
            **self._target(parent_id),
            **query,
        )

    def create_record(
        self,
        record: JSONRecord,
        parent_id: str | None = None,
        unique_fields: Sequence[str] | None = None,
    ) -> JSONRecord:
        """
        Store a new record and return it, with its id and timestamp; *record* is left alone.

        Raises:
            UnicityError: The id, or a unique field's value, is taken.
            ModifiedError: What :meth:`expecting` was told is no longer so.
        """
        return conditional(self.storage).create(
            record=record,
            unique_fields=unique_fields,
            id_generator=self.id_generator,
            **self._target(parent_id),
            **self._expectation(record.get(self.id_field)),
            **self._collection_expectation(),
        )

    def update_record(
        self,
        record: JSONRecord,
        parent_id: str | None = None,
        unique_fields: Sequence[str] | None = None,
    ) -> JSONRecord:
        """
        Replace the record of the same id and return it, with its timestamp.

        Raises:
            UnicityError: A unique field's value is taken by another record.
            ModifiedError: What :meth:`expecting` was told is no longer so.
        """
        record_id = record[self.id_field]
        return conditional(self.storage).update(
            object_id=record_id,
            record=record,
            unique_fields=unique_fields,
            **self._target(parent_id),
            **self._expectation(record_id),
        )

    def delete_record(
        self,
        record: JSONRecord,
        parent_id: str | None = None,
        last_modified: int | None = None,
    ) -> JSONRecord:
        """
        Delete a record and return its tombstone.

        Raises:
            RecordNotFoundError: It is gone already.
            ModifiedError: What :meth:`expecting` was told is no longer so.
        """
        record_id = record[self.id_field]
        return conditional(self.storage).delete(
            object_id=record_id,
            last_modified=last_modified,
            deleted_field=self.deleted_field,
            **self._target(parent_id),
            **self._expectation(record_id),
        )

    def delete_records(
        self, filters: Sequence[Filter] | None = None, parent_id: str | None = None
    ) -> list[JSONRecord]:
        """
        Delete the records that meet *filters* and return their tombstones.

        Raises:
            ModifiedError: What :meth:`expecting` was told is no longer so.
        """
        pairs = self._delete_all(
            filters=filters,
            deleted_field=self.deleted_field,
            with_previous=True,
            **self._target(parent_id),
            **self._collection_expectation(),
        )
        self._previous = {tombstone[self.id_field]: previous for tombstone, previous in pairs}
        return [tombstone for tombstone, _ in pairs]

    def previous_of(self, tombstones: Sequence[JSONRecord]) -> list[JSONRecord] | None:
        """
        Return the records that :meth:`delete_records` has just deleted, as they were.

        ``None`` when one of them is not known, as with a subclass that deletes in its own way.
        """
        found = [self._previous.get(tombstone[self.id_field]) for tombstone in tombstones]
        return None if None in found else found  # type: ignore[return-value]

    def _get_all(self, **query: Any) -> tuple[list[JSONRecord], int]:
        return conditional(self.storage).get_all(**query)

    def _get_page(self, **query: Any) -> Page:
        return conditional(self.storage).get_page(**query)

    def _delete_all(self, **query: Any) -> list[Any]:
        return conditional(self.storage).delete_all(**query)

    def _page_of_records(
        self, limit: int, known: int | None, parent_id: str | None, query: dict[str, Any]
    ) -> Page:
        timestamp = self.timestamp(parent_id)
        if known == timestamp:
            return Page(timestamp, 0, [], False)
        records, total = self.get_records(limit=limit + 1, parent_id=parent_id, **query)
        return Page(timestamp, total, records[:limit], len(records) > limit)

    def _parent(self, parent_id: str | None) -> str:
        return self.parent_id if parent_id is None else parent_id

    def _target(self, parent_id: str | None) -> dict[str, Any]:
        return {
            "collection_id": self.collection_id,
            "parent_id": self._parent(parent_id),
            "id_field": self.id_field,
            "modified_field": self.modified_field,
            "auth": self.auth,
        }

    def _expectation(self, record_id: str | None) -> dict[str, Expected]:
        if self._expected_of is None or self._expected_of[0] != record_id:
            return {}
        return {"expected": self._expected_of[1]}

    def _collection_expectation(self) -> dict[str, int]:
        expected, self._expected_collection = self._expected_collection, None
        return {} if expected is None else {"expected_collection": expected}
