"""
A storage on SQL: one implementation for every database that has the elements.

A write locks the row of its collection first, then reads what it depends on with a fresh
snapshot, decides, and writes; nothing else of the collection changes meanwhile, and timestamps are
given in the order of the commits.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any, NamedTuple

from cliquet import jsonlib
from cliquet.drivers.databases import Database
from cliquet.drivers.statements import Step, Total
from cliquet.drivers.writers import Row, Writer
from cliquet.query import MISSING, value_of
from cliquet.storage import (
    ABSENT,
    DEFAULT_DELETED_FIELD,
    DEFAULT_ID_FIELD,
    DEFAULT_MODIFIED_FIELD,
    Expected,
    JSONRecord,
    StorageBase,
)
from cliquet.storage.exceptions import ModifiedError, RecordNotFoundError, UnicityError
from cliquet.storage.fields import Fields
from cliquet.storage.generators import UUID4
from cliquet.storage.sql.known import KnownRecord, known_collection, note_locked
from cliquet.storage.sql.statements import Statements
from cliquet.storage.sql.tables import records, timestamps
from cliquet.storage.timestamps import stamp


class State(NamedTuple):
    """
    What a write depends on, read with the collection locked.

    Attributes:
        collection: Timestamp of the collection.
        now: Clock of the database.
        timestamp: Of the record or tombstone of the id, if there is one.
        is_live: Whether it is a live record.
        data: Its document, as text.
        holders: Ids of records that hold the values of unique fields.
    """

    collection: int
    now: int
    timestamp: int | None
    is_live: bool
    data: str | None
    holders: tuple[str | None, ...]


class RecordStorage(StorageBase):
    """
    Records in a database.

    Args:
        database: Where they are.
        statements: In the dialect of that database.
        readonly: Whether reading the timestamp of a collection never written fixes it.
    """

    atomic = True
    #: Writes take part in the transaction of the request.
    is_transactional = True

    def __init__(self, database: Database, statements: Statements, readonly: bool = False) -> None:
        self._database = database
        self._statements = statements
        self._readonly = readonly
        self._default_generator = UUID4()

    def flush(self, auth: str | None = None) -> None:
        """See :meth:`StorageBase.flush`; the version of the schema stays."""
        steps = (self._statements.dynamic(table.delete()) for table in (records, timestamps))
        with self._database.writing() as writer:
            writer.known.clear()
            writer.change(*(Step(step, {}) for step in steps))

    def collection_timestamp(
        self, collection_id: str, parent_id: str, auth: str | None = None
    ) -> int:
        """See :meth:`StorageBase.collection_timestamp`."""
        place = place_of(collection_id, parent_id)
        known = known_collection(self._database.writer, place)
        if known is not None:
            return known.timestamp
        rows = self._database.read(Step(self._statements.timestamp, place))
        return rows[0][0] if rows else self._first_timestamp(place)

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
        fields = Fields(id_field, modified_field)
        record_id = record.get(id_field) or (id_generator or self._default_generator)()
        place = {**place_of(collection_id, parent_id), "id": record_id}
        with self._database.writing() as writer:
            state = self._locked(writer, place, record, unique_fields or ())
            if expected_collection not in (None, state.collection):
                raise ModifiedError
            _check(state, expected, record_id, fields)
            if state.is_live:
                existing = from_row((record_id, state.timestamp, False, state.data), fields)
                raise UnicityError(id_field, existing)
            self._check_unique(writer, place, state, unique_fields or (), fields)
            return self._put(writer, place, state, record, fields)

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
        fields = Fields(id_field, modified_field)
        place = {**place_of(collection_id, parent_id), "id": object_id}
        writer = self._database.writer
        known = known_collection(writer, place)
        if writer is None or known is None:
            rows = self._database.read(Step(self._statements.get, place))
            if not rows:
                raise RecordNotFoundError(object_id)
            timestamp, _, data = rows[0]
            return from_row((object_id, timestamp, False, data), fields)
        # Read under the lock, it stays true: the write that may follow need not ask again.
        state = self._locked(writer, place, {}, ())
        if not state.is_live:
            raise RecordNotFoundError(object_id)
        return from_row((object_id, state.timestamp, False, state.data), fields)

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
        fields = Fields(id_field, modified_field)
        place = {**place_of(collection_id, parent_id), "id": object_id}
        with self._database.writing() as writer:
            state = self._locked(writer, place, record, unique_fields or ())
            _check(state, expected, object_id, fields)
            self._check_unique(writer, place, state, unique_fields or (), fields)
            return self._put(writer, place, state, record, fields)

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
        fields = Fields(id_field, modified_field, deleted_field)
        place = {**place_of(collection_id, parent_id), "id": object_id}
        with self._database.writing() as writer:
            state = self._locked(writer, place, {}, ())
            if not state.is_live:
                raise RecordNotFoundError(object_id)
            _check(state, expected, object_id, fields)
            stamps = _stamp(state, last_modified)
            buried = {**place, "last_modified": stamps.record}
            statement = self._statements.bury if with_deleted else self._statements.remove
            writer.later(Step(statement, buried), self._touch(place, stamps.collection, -1))
            left = stamps.record if with_deleted else None
            _note_written(writer, place, stamps.collection, KnownRecord(left, False, None))
        tombstone = {id_field: object_id, modified_field: stamps.record, deleted_field: True}
        return (tombstone, _record(object_id, state, fields)) if with_previous else tombstone

    @contextmanager
    def locked(self, collection_id: str, parent_id: str) -> Iterator[None]:
        """See :meth:`StorageBase.locked`; held to the end of the transaction."""
        place = {**place_of(collection_id, parent_id), "id": ""}
        with self._database.transaction() as writer:
            self._locked(writer, place, {}, ())
            yield

    def _first_timestamp(self, place: dict[str, Any]) -> int:
        if self._readonly:
            return self._database.read(Step(self._statements.present, {}))[0][0]
        with self._database.writing() as writer:
            writer.run(Step(self._statements.begin_collection, place))
            return writer.run(Step(self._statements.timestamp, place))[0][0]

    def _locked(
        self,
        writer: Writer,
        place: dict[str, Any],
        record: JSONRecord,
        unique_fields: Sequence[str],
    ) -> State:
        known = known_collection(writer, place)
        if known is not None and _is_enough(known.records.get(place["id"]), record, unique_fields):
            free = (None,) * len(unique_fields)
            return State(known.timestamp, known.now, *known.records[place["id"]], free)
        statement = self._statements.state_with(place["collection_id"], unique_fields)
        values = {**place, **_unique_values(record, unique_fields)}
        locking = self._locking(place) if known is None else ()
        rows = writer.run(*locking, Step(statement, values))
        collection, now, timestamp, deleted, data, *holders = rows[0]
        # Not every database has booleans of its own; there is none where there is no record.
        found = KnownRecord(timestamp, timestamp is not None and not deleted, data)
        known = note_locked(writer, place, collection, now)
        known.remember(place["id"], found)
        return State(collection, now, *found, tuple(holders))

    def _locking(self, place: dict[str, Any]) -> tuple[Step, ...]:
        """
        Return what locks a collection; what is read after it is read by a step of its own.

        One statement that waits for the lock and reads keeps its snapshot from before the wait.
        The row is made first, where there is none: a look in vain would lock nothing, and the
        next step might find the row that another writer has committed meanwhile.
        """
        statements = self._statements.begin_collection, self._statements.lock
        return tuple(Step(statement, place) for statement in statements)

    def _check_unique(
        self,
        writer: Writer,
        place: dict[str, Any],
        state: State,
        unique_fields: Sequence[str],
        fields: Fields,
    ) -> None:
        for field, holder in zip(unique_fields, state.holders, strict=True):
            if holder is not None:
                held = self._locked(writer, {**place, "id": holder}, {}, ())
                row = holder, held.timestamp, False, held.data
                raise UnicityError(field, from_row(row, fields))

    def _put(
        self,
        writer: Writer,
        place: dict[str, Any],
        state: State,
        record: JSONRecord,
        fields: Fields,
    ) -> JSONRecord:
        stamps = _stamp(state, record.get(fields.modified))
        document = {k: v for k, v in record.items() if k not in (fields.id, fields.modified)}
        text = jsonlib.dumps(document)
        values = {**place, "last_modified": stamps.record, "data": text.decode()}
        touch = self._touch(place, stamps.collection, 0 if state.is_live else 1)
        writer.later(Step(self._statements.put, values), touch)
        written = KnownRecord(stamps.record, True, values["data"])
        _note_written(writer, place, stamps.collection, written)
        stored: JSONRecord = jsonlib.loads_stored(text)
        return {**stored, fields.id: place["id"], fields.modified: stamps.record}

    def _touch(self, place: dict[str, Any], timestamp: int, delta: int) -> Step:
        values = {**place, "last_modified": timestamp, "delta": delta}
        collection = place["collection_id"], place["parent_id"]
        # Timestamps only grow: the last one of a transaction is that of all its writes.
        return Step(self._statements.touch, values, Total(("touch", *collection), "delta"))


def place_of(collection_id: str, parent_id: str) -> dict[str, Any]:
    """Return the parameters that name a collection in every statement."""
    return {"collection_id": collection_id, "parent_id": parent_id}


def _note_written(
    writer: Writer, place: dict[str, Any], timestamp: int, record: KnownRecord
) -> None:
    known = known_collection(writer, place)
    if known is not None:
        known.timestamp = timestamp
        known.remember(place["id"], record)


def _is_enough(known: KnownRecord | None, record: JSONRecord, unique_fields: Sequence[str]) -> bool:
    """Tell whether a write needs to know no more: of other records, only what new values need."""
    if known is None or not unique_fields:
        return known is not None
    present = jsonlib.loads(known.data) if known.is_live and known.data else {}
    values = _unique_values(record, unique_fields).items()
    before = _unique_values(present, unique_fields)
    return all(value is None or before[name] == value for name, value in values)


def _unique_values(record: JSONRecord, unique_fields: Sequence[str]) -> dict[str, str | None]:
    values = {}
    for number, field in enumerate(unique_fields):
        value = value_of(record, field)
        is_free = value is None or value is MISSING
        values[f"u{number}"] = None if is_free else jsonlib.dumps(value).decode()
    return values


def _stamp(state: State, forced: object) -> Any:
    return stamp(state.now, collection=state.collection, present=state.timestamp, forced=forced)


def _check(state: State, expected: Expected, record_id: str, fields: Fields) -> None:
    if expected is None:
        return
    is_met = not state.is_live if expected is ABSENT else state.timestamp == expected
    if not is_met:
        raise ModifiedError(_record(record_id, state, fields))


def _record(record_id: str, state: State, fields: Fields) -> JSONRecord | None:
    if state.timestamp is None:
        return None
    return from_row((record_id, state.timestamp, not state.is_live, state.data), fields)


def from_row(row: Row, fields: Fields) -> JSONRecord:
    """Return the record or tombstone of a row (id, timestamp, deleted, document as text)."""
    record_id, timestamp, deleted, text = row
    document: JSONRecord = jsonlib.loads_stored(text.encode())
    return _completed(document, record_id, timestamp, deleted, fields)


def from_rows(rows: Sequence[Row], fields: Fields) -> list[JSONRecord]:
    """Return the records and tombstones of rows; see :func:`from_row`."""
    documents: list[JSONRecord] = jsonlib.loads_many([row[3] for row in rows])
    return [
        _completed(document, record_id, timestamp, deleted, fields)
        for (record_id, timestamp, deleted, _), document in zip(rows, documents, strict=True)
    ]


def _completed(
    document: JSONRecord, record_id: str, timestamp: int, deleted: object, fields: Fields
) -> JSONRecord:
    document[fields.id] = record_id
    document[fields.modified] = timestamp
    if deleted:
        document[fields.deleted] = True
    return document
