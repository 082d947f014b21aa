"""Reading ahead: what a batch is about to read or write, by one statement."""

from __future__ import annotations

from collections.abc import Sequence

from cliquet.drivers.databases import is_in_transaction
from cliquet.drivers.statements import Step
from cliquet.storage import DEFAULT_ID_FIELD, DEFAULT_MODIFIED_FIELD, JSONRecord
from cliquet.storage.fields import Fields
from cliquet.storage.sql.known import KnownRecord, known_collection, note_locked
from cliquet.storage.sql.records import RecordStorage, from_rows, place_of


class AheadStorage(RecordStorage):
    """A storage that reads the records of a batch at once."""

    def get_many(
        self,
        collection_id: str,
        parent_id: str,
        object_ids: Sequence[str],
        id_field: str = DEFAULT_ID_FIELD,
        modified_field: str = DEFAULT_MODIFIED_FIELD,
        auth: str | None = None,
    ) -> dict[str, JSONRecord | None]:
        """See :meth:`StorageBase.get_many`; nothing is read outside of a request's transaction."""
        place = place_of(collection_id, parent_id)
        if not is_in_transaction() or known_collection(self._database.writer, place) is not None:
            # What was written is known, and costs nothing to ask for; without a transaction,
            # nobody knows what is written while the others are answered.
            return {}
        rows = self._database.read(Step(self._statements.get_many, {**place, "ids": object_ids}))
        records = from_rows(rows, Fields(id_field, modified_field))
        found = {record[id_field]: record for record in records}
        return {object_id: found.get(object_id) for object_id in object_ids}

    def prepare_writes(
        self,
        collection_id: str,
        parent_id: str,
        object_ids: Sequence[str],
        id_field: str = DEFAULT_ID_FIELD,
        modified_field: str = DEFAULT_MODIFIED_FIELD,
        auth: str | None = None,
    ) -> None:
        """See :meth:`StorageBase.prepare_writes`; nothing is done outside of a request."""
        if not is_in_transaction():
            return
        place = place_of(collection_id, parent_id)
        states = Step(self._statements.states, {**place, "ids": object_ids})
        with self._database.writing() as writer:
            rows = writer.run(*self._locking(place), states)
            known = note_locked(writer, place, *rows[0][:2])
            for object_id in object_ids:
                known.remember(object_id, KnownRecord(None, False, None))
            for _, _, object_id, timestamp, deleted, data in rows:
                if object_id is not None:
                    known.remember(object_id, KnownRecord(timestamp, not deleted, data))
