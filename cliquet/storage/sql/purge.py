"""
The purge of old tombstones: in all collections of all parents, a bounded number at a time.

It walks along the primary key, once, so that no statement reads more than a batch of rows however
many live records lie between two tombstones. Only what it deletes is locked, and only for that
batch.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import groupby
from typing import Any

from sqlalchemy import Select, and_, bindparam, select, tuple_

from cliquet.drivers.statements import Statement, Step
from cliquet.drivers.writers import Row
from cliquet.storage.sql.elements import InList
from cliquet.storage.sql.lists import SQLStorage
from cliquet.storage.sql.records import place_of
from cliquet.storage.sql.statements import of_collection
from cliquet.storage.sql.tables import records

_KEY = (records.c.parent_id, records.c.collection_id, records.c.id)


class PurgingStorage(SQLStorage):
    """Records in a database; see :class:`~cliquet.storage.sql.records.RecordStorage`."""

    def purge_tombstones(
        self, before: int, collection_id: str | None = None, batch: int = 1000
    ) -> Iterator[int]:
        """See :meth:`StorageBase.purge_tombstones`."""
        walk = self._statements.dynamic(_walk(collection_id))
        forget = self._statements.dynamic(_forget())
        key: Row = ("", "", "")
        while True:
            place = {**place_of(key[1], key[0]), "id": key[2]}
            rows = self._database.read(Step(walk, {**place, "before": before, "batch": batch}))
            yield self._forgotten(forget, before, (row[:3] for row in rows if row[3]))
            if len(rows) < batch:
                return
            key = rows[-1][:3]

    def _forgotten(self, forget: Statement, before: int, keys: Iterable[Row]) -> int:
        count = 0
        with self._database.writing() as writer:
            for (parent_id, collection_id), group in groupby(keys, key=lambda key: key[:2]):
                ids = [key[2] for key in group]
                place = place_of(collection_id, parent_id)
                count += len(writer.change(Step(forget, {**place, "ids": ids, "before": before})))
        return count


def _walk(collection_id: str | None) -> Select[Any]:
    """Return the statement of the keys behind a key, and whether each is of an old tombstone."""
    is_old = and_(records.c.deleted, records.c.last_modified < bindparam("before"))
    if collection_id is not None:
        is_old = and_(is_old, records.c.collection_id == bindparam("purged", collection_id))
    last = tuple_(bindparam("parent_id"), bindparam("collection_id"), bindparam("id"))
    return (
        select(*_KEY, is_old).where(tuple_(*_KEY) > last).order_by(*_KEY).limit(bindparam("batch"))
    )


def _forget() -> Any:
    """Return the statement that deletes those of a collection's ids that are old tombstones."""
    # Those that a writer is bringing back to life are left to it: a purge waits for nobody, and
    # so cannot wait in a circle.
    free = (
        select(records.c.id)
        .where(
            of_collection(records),
            InList(records.c.id, bindparam("ids")),
            records.c.deleted,
            records.c.last_modified < bindparam("before"),
        )
        .with_for_update(skip_locked=True)
    )
    return (
        records.delete()
        .where(of_collection(records), records.c.id.in_(free.correlate(None)))
        .returning(records.c.id)
    )
