"""Lists of a storage on SQL: pages, and what is done to many records at once."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from cliquet.drivers.databases import Database
from cliquet.drivers.statements import Step
from cliquet.drivers.writers import Row
from cliquet.permission import Share
from cliquet.storage import (
    DEFAULT_DELETED_FIELD,
    DEFAULT_ID_FIELD,
    DEFAULT_MODIFIED_FIELD,
    Filter,
    JSONRecord,
    Page,
    Sort,
)
from cliquet.storage.exceptions import ModifiedError
from cliquet.storage.fields import Fields
from cliquet.storage.schemas import BY_ID
from cliquet.storage.sql.ahead import AheadStorage
from cliquet.storage.sql.known import forget_collection
from cliquet.storage.sql.pages import ListQuery, Pages
from cliquet.storage.sql.records import from_row, from_rows, place_of
from cliquet.storage.sql.statements import Statements

#: What stands for "no limit" in a statement that always has one.
_NO_LIMIT = 2**62


class SQLStorage(AheadStorage):
    """Records in a database; see :class:`~cliquet.storage.sql.records.RecordStorage`."""

    def __init__(self, database: Database, statements: Statements, readonly: bool = False) -> None:
        super().__init__(database, statements, readonly)
        self._pages = Pages(statements, {})

    def use_indexes(self, fields: Iterable[tuple[str, str]]) -> None:
        """
        Compose lists so that they use the indexes of *fields*, pairs (collection_id, field).

        Lists are right whether these indexes are there or not.
        """
        indexed: dict[str, frozenset[str]] = {}
        for collection_id, field in fields:
            if field != BY_ID:
                indexed[collection_id] = indexed.get(collection_id, frozenset()) | {field}
        self._pages = Pages(self._statements, indexed)

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
        fields = Fields(id_field, modified_field, deleted_field)
        query = _query(fields, filters, sorting, pagination_rules, include_deleted)
        rows = self._rows(place_of(collection_id, parent_id), query, limit)
        found = [row[2:] for row in rows if row[2] is not None]
        return from_rows(found, fields), rows[0][1] if rows else 0

    def get_page(
        self,
        collection_id: str,
        parent_id: str,
        limit: int,
        known: int | None = None,
        auth: str | None = None,
        id_field: str = DEFAULT_ID_FIELD,
        modified_field: str = DEFAULT_MODIFIED_FIELD,
        deleted_field: str = DEFAULT_DELETED_FIELD,
        **query: Any,
    ) -> Page:
        """See :meth:`StorageBase.get_page`; here by one statement."""
        fields = Fields(id_field, modified_field, deleted_field)
        place = place_of(collection_id, parent_id)
        return self._page(place, _query(fields, **query), limit, known)

    def get_accessible_page(
        self,
        permission: Any,
        share: Share,
        *,
        collection_id: str,
        parent_id: str,
        limit: int,
        known: int | None = None,
        auth: str | None = None,
        id_field: str = DEFAULT_ID_FIELD,
        modified_field: str = DEFAULT_MODIFIED_FIELD,
        deleted_field: str = DEFAULT_DELETED_FIELD,
        **query: Any,
    ) -> Page | None:
        """
        Return a page of what is shared, by one statement; see :mod:`cliquet.storage.shared`.

        Whether the timestamp is *known* is asked first: that statement is prepared, and that of a
        page is planned each time.

        ``None`` where the permissions are not in the database of the records.
        """
        if getattr(permission, "database", None) is not self._database:
            return None
        if known is not None and self.collection_timestamp(collection_id, parent_id) == known:
            return Page(known, 0, [], False)
        fields = Fields(id_field, modified_field, deleted_field)
        listing = _query(fields, **query)._replace(share=share)
        return self._page(place_of(collection_id, parent_id), listing, limit, known)

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
        fields = Fields(id_field, modified_field, deleted_field)
        place = place_of(collection_id, parent_id)
        where, values = self._pages.matching(place, filters or (), fields)
        reading, burial, removal = self._statements.deletion(where)
        with self._database.writing() as writer:
            state = self._locked(writer, {**place, "id": ""}, {}, ())
            if expected_collection not in (None, state.collection):
                raise ModifiedError
            rows = writer.run(Step(reading, values))
            forget_collection(writer, place)
            first = max(state.now, state.collection + 1)
            if rows:
                writer.later(
                    Step(burial if with_deleted else removal, {**values, "first": first}),
                    self._touch(place, first + len(rows) - 1, -len(rows)),
                )
        return [
            _deleted(row, first + number, fields, with_previous) for number, row in enumerate(rows)
        ]

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
        values = {
            **place_of(collection_id, parent_id),
            "before": _NO_LIMIT if before is None else before,
        }
        with self._database.writing() as writer:
            forget_collection(writer, values)
            return len(writer.change(Step(self._statements.purge, values)))

    def _page(
        self, place: dict[str, Any], listing: ListQuery, limit: int, known: int | None
    ) -> Page:
        rows = self._rows(place, listing, limit + 1, known)
        if not rows:
            # A collection that was never written, nor read. When its timestamp is fixed, others
            # may have written to it meanwhile: the list is read again with that timestamp.
            timestamp = self._first_timestamp(place)
            rows = self._rows(place, listing, limit + 1, known)
        if not rows:
            return Page(timestamp, 0, [], False)
        timestamp, total = rows[0][:2]
        if timestamp == known:
            return Page(timestamp, 0, [], False)
        found = [row[2:] for row in rows[:limit] if row[2] is not None]
        return Page(timestamp, total, from_rows(found, listing.names), len(rows) > limit)

    def _rows(
        self, place: dict[str, Any], query: ListQuery, limit: int | None, known: int | None = None
    ) -> list[Row]:
        wanted = _NO_LIMIT if limit is None else limit
        return self._database.read(self._pages.step(place, query, wanted, known))


def _query(
    fields: Fields,
    filters: Sequence[Filter] | None = None,
    sorting: Sequence[Sort] | None = None,
    pagination_rules: Sequence[Sequence[Filter]] | None = None,
    include_deleted: bool = False,
) -> ListQuery:
    return ListQuery(
        fields, filters or (), sorting or (), pagination_rules or (), bool(include_deleted)
    )


def _deleted(row: Row, timestamp: int, fields: Fields, with_previous: bool) -> Any:
    tombstone = {fields.id: row[0], fields.modified: timestamp, fields.deleted: True}
    return (tombstone, from_row(row, fields)) if with_previous else tombstone
