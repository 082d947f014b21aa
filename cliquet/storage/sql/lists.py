"""Lists of a storage on SQL: pages, and what is done to many records at once."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import bindparam, select

from cliquet.drivers.databases import Row
from cliquet.drivers.statements import Step
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
from cliquet.storage.sql.conditions import Conditions
from cliquet.storage.sql.elements import DocumentText
from cliquet.storage.sql.records import Fields, RecordStorage, from_row, place_of
from cliquet.storage.sql.statements import count_of, of_collection, page
from cliquet.storage.sql.tables import records, timestamps

#: What stands for "no limit" in a statement that always has one.
_NO_LIMIT = 2**62


class SQLStorage(RecordStorage):
    """Records in a database; see :class:`~cliquet.storage.sql.records.RecordStorage`."""

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
        query: dict[str, Any] = {
            "filters": filters,
            "sorting": sorting,
            "pagination_rules": pagination_rules,
            "include_deleted": include_deleted,
        }
        fields = Fields(id_field, modified_field, deleted_field)
        rows = self._page_rows(place_of(collection_id, parent_id), limit, None, fields, **query)
        found = [from_row(row[2:], fields) for row in rows if row[2] is not None]
        return found, rows[0][1] if rows else 0

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
        rows = self._page_rows(place, limit + 1, known, fields, **query)
        if not rows:
            # A collection that was never written, nor read.
            return Page(self._first_timestamp(place), 0, [], False)
        timestamp, total = rows[0][:2]
        if timestamp == known:
            return Page(timestamp, 0, [], False)
        found = [from_row(row[2:], fields) for row in rows[:limit] if row[2] is not None]
        return Page(timestamp, total, found, len(rows) > limit)

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
        place = {**place_of(collection_id, parent_id), "id": ""}
        with self._database.writing() as writer:
            state = self._locked(writer, place, {}, ())
            if expected_collection not in (None, state.collection):
                raise ModifiedError
            rows = writer.run(self._matching(place, filters or (), fields))
            first = max(state.now, state.collection + 1)
            statement = self._statements.bury_many if with_deleted else self._statements.remove_many
            values = {**place, "ids": [row[0] for row in rows], "first": first}
            last = first + len(rows) - 1
            if rows:
                writer.later(Step(statement, values), self._touch(place, last, -len(rows)))
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
            return len(writer.run(Step(self._statements.purge, values)))

    def _matching(self, place: dict[str, Any], filters: Sequence[Filter], fields: Fields) -> Step:
        conditions = Conditions(*fields)
        where = conditions.all_of(filters)
        clause = (
            select(
                records.c.id,
                records.c.last_modified,
                records.c.deleted,
                DocumentText(records.c.data),
            )
            .where(of_collection(records), ~records.c.deleted, where)
            .order_by(records.c.last_modified, records.c.id)
        )
        return Step(self._statements.dynamic(clause), {**place, **conditions.values})

    def _page_rows(
        self,
        place: dict[str, Any],
        limit: int | None,
        known: int | None,
        fields: Fields,
        filters: Sequence[Filter] | None = None,
        sorting: Sequence[Sort] | None = None,
        pagination_rules: Sequence[Sequence[Filter]] | None = None,
        include_deleted: bool = False,
    ) -> list[Row]:
        conditions = Conditions(*fields)
        wanted = conditions.all_of(filters or ())
        where = wanted if include_deleted else wanted & ~records.c.deleted
        if pagination_rules:
            where = where & conditions.any_of(pagination_rules)
        clause = page(
            where=where,
            order=conditions.order(sorting or ()),
            total=count_of(wanted) if filters else timestamps.c.live,
            known=bindparam("known"),
        )
        values = {"limit": _NO_LIMIT if limit is None else limit, "known": known}
        step = Step(self._statements.dynamic(clause), {**place, **conditions.values, **values})
        return self._database.read(step)


def _deleted(row: Row, timestamp: int, fields: Fields, with_previous: bool) -> Any:
    tombstone = {fields.id: row[0], fields.modified: timestamp, fields.deleted: True}
    return (tombstone, from_row(row, fields)) if with_previous else tombstone
