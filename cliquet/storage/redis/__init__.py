"""
Records in Redis: one node, a master that Sentinels know, or a cluster.

Each write is one script, and so one step against every other writer; each has its timestamp from
the clock of the server. What is promised through crashes depends on how Redis persists: see the
documentation, page *redis*.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any, Final

from cliquet import jsonlib
from cliquet.drivers.redis import Server, server_from
from cliquet.logs import logger
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
from cliquet.storage.exceptions import (
    BackendError,
    ModifiedError,
    RecordNotFoundError,
    UnicityError,
)
from cliquet.storage.fields import Fields
from cliquet.storage.generators import UUID4
from cliquet.storage.redis import reading, scripts
from cliquet.storage.redis.formats import FORMAT
from cliquet.storage.redis.keys import EVERY_STATE, Place
from cliquet.storage.redis.lists import Entry, Query, Reader
from cliquet.storage.redis.locks import Locks
from cliquet.storage.redis.unique import Indexer

#: Times that a write which others outrun is tried, before they are locked out.
_MAX_LOST_RACES: Final = 3
#: Timestamps beyond are no doubles: they cannot be kept, and are not.
_TIMESTAMPS: Final = range(-(2**53) + 1, 2**53)


class Storage(StorageBase):
    """
    A storage in Redis.

    Args:
        server: Where the records are.
        readonly: Whether reading the timestamp of a collection never written leaves it open.
        lock_timeout_ms: Longest wait for who has locked a collection; nobody locks it longer.
    """

    atomic = True

    def __init__(self, server: Server, readonly: bool = False, lock_timeout_ms: int = 5000) -> None:
        self._server = server
        self._readonly = readonly
        self._locks = Locks(server, lock_timeout_ms)
        self._reader = Reader(server, readonly)
        self._indexer = Indexer(server, self._reader)
        self._default_generator = UUID4()

    def initialize_schema(
        self,
        unique_fields: Iterable[tuple[str, str]] = (),
        indexed_fields: Iterable[tuple[str, str]] = (),
        tell: Callable[[str], None] = logger.info,
    ) -> None:
        """
        See :meth:`StorageBase.initialize_schema`; there is nothing to make.

        Raises:
            UnknownFormat: The database holds records of another version.
        """
        self.check_schema()
        tell("Redis needs no schema.")

    def check_schema(
        self,
        unique_fields: Iterable[tuple[str, str]] = (),
        indexed_fields: Iterable[tuple[str, str]] = (),
    ) -> None:
        """
        Check that the database can be served from; the first check looks at all keys.

        Fields that are unique are indexed as they are written; other indexes there are none.

        Raises:
            UnknownFormat: The database holds records of another version.
        """
        FORMAT.check(self._server, self._readonly)
        FORMAT.warn_of_eviction(self._server)

    def flush(self, auth: str | None = None) -> None:
        """See :meth:`StorageBase.flush`; a collection is one step."""
        for place in self._places():
            self._server.run(scripts.FORGET, place.keys)

    def collection_timestamp(
        self, collection_id: str, parent_id: str, auth: str | None = None
    ) -> int:
        """See :meth:`StorageBase.collection_timestamp`."""
        return self._timestamp(Place(collection_id, parent_id), is_settled=False)

    def settled_timestamp(self, collection_id: str, parent_id: str, auth: str | None = None) -> int:
        """See :meth:`StorageBase.settled_timestamp`; nobody waits."""
        return self._timestamp(Place(collection_id, parent_id), is_settled=True)

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
        object_id = record.get(id_field) or (id_generator or self._default_generator)()
        conditions = (1, _expectation(expected), _or_empty(expected_collection))
        place, names = Place(collection_id, parent_id), Fields(id_field, modified_field)
        return self._put(place, object_id, record, names, unique_fields or (), conditions)

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
        reply = self._server.ask(reading.GET, Place(collection_id, parent_id).keys, object_id)
        if not reply:
            raise RecordNotFoundError(object_id)
        return _entry(object_id, reply).record(Fields(id_field, modified_field))

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
        conditions = ("", _expectation(expected), "")
        place, names = Place(collection_id, parent_id), Fields(id_field, modified_field)
        return self._put(place, object_id, record, names, unique_fields or (), conditions)

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
        names = Fields(id_field, modified_field, deleted_field)
        arguments = (object_id, _forced(last_modified), int(with_deleted), _expectation(expected))
        status, *reply = self._locks.write(
            Place(collection_id, parent_id), scripts.DELETE, *arguments
        )
        if status == b"missing":
            raise RecordNotFoundError(object_id)
        if status == b"modified":
            raise ModifiedError(_entry(object_id, reply).record(names))
        tombstone = Entry(int(reply[0]), object_id, None).record(names)
        if not with_previous:
            return tombstone
        return tombstone, _entry(object_id, reply[1:]).record(names)

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
        """See :meth:`StorageBase.delete_all`; found first, then deleted in one step."""
        place = Place(collection_id, parent_id)
        query = Query(filters or (), names=Fields(id_field, modified_field, deleted_field))
        pairs = None
        for _ in range(_MAX_LOST_RACES):
            pairs = self._deleted(place, query, with_deleted, expected_collection)
            if pairs is not None:
                break
        else:
            with self._locks.holding(place):
                pairs = self._deleted(place, query, with_deleted, expected_collection)
        if pairs is None:
            raise BackendError(None, "too many writers of one collection")
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
        return sum(self._purged(Place(collection_id, parent_id), before, batch=1000))

    def purge_tombstones(
        self, before: int, collection_id: str | None = None, batch: int = 1000
    ) -> Iterator[int]:
        """See :meth:`StorageBase.purge_tombstones`."""
        for place in self._places():
            if collection_id in (None, place.collection_id):
                yield from self._purged(place, before, batch)

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
        names = Fields(id_field, modified_field, deleted_field)
        query = Query(filters or (), sorting or (), pagination_rules or (), include_deleted, names)
        place = Place(collection_id, parent_id)
        listing = self._reader.read(place, query, limit, is_fixing=False)
        return listing.records, listing.total

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
        """See :meth:`StorageBase.get_page`; in the order of time it is one round trip."""
        wanted = Query(
            query.get("filters") or (),
            query.get("sorting") or (),
            query.get("pagination_rules") or (),
            query.get("include_deleted", False),
            Fields(id_field, modified_field, deleted_field),
        )
        found = self._reader.read(Place(collection_id, parent_id), wanted, limit + 1, known)
        return Page(found.timestamp, found.total, found.records[:limit], len(found.records) > limit)

    @contextmanager
    def locked(self, collection_id: str, parent_id: str) -> Iterator[None]:
        """See :meth:`StorageBase.locked`; other writers wait, for some seconds at most."""
        with self._locks.holding(Place(collection_id, parent_id)):
            yield

    def _timestamp(self, place: Place, *, is_settled: bool) -> int:
        options = int(not self._readonly), int(is_settled)
        return int(self._server.ask(reading.TIMESTAMP, place.keys, *options))

    def _put(
        self,
        place: Place,
        object_id: str,
        record: JSONRecord,
        names: Fields,
        unique_fields: Sequence[str],
        conditions: tuple[Any, ...],
    ) -> JSONRecord:
        own = {k: v for k, v in record.items() if k not in (names.id, names.modified)}
        document = jsonlib.dumps(own)
        head = (object_id, document, _forced(record.get(names.modified)), *conditions)

        def attempt(*index: Any) -> list[Any]:
            return self._locks.write(place, scripts.PUT, *head, *index)

        status, *reply = self._indexer.write(place, record, unique_fields, attempt)
        if status == b"modified":
            raise ModifiedError(_entry(object_id, reply).record(names) if reply else None)
        if status == b"taken":
            order, holder, *found = reply
            field = (names.id, *unique_fields)[order]
            raise UnicityError(field, _entry(holder.decode(), found).record(names))
        return _entry(object_id, (reply[0], document)).record(names)

    def _deleted(
        self, place: Place, query: Query, with_deleted: bool, expected_collection: int | None
    ) -> list[Any] | None:
        """Return pairs (tombstone, record); ``None`` when the collection changed meanwhile."""
        found = self._reader.read(place, query, None)
        if expected_collection not in (None, found.timestamp):
            raise ModifiedError
        if not found.records:
            return []
        ids = [record[query.names.id] for record in found.records]
        status, *reply = self._locks.write(
            place, scripts.DELETE_MANY, found.timestamp, int(with_deleted), *ids
        )
        if status == b"modified":
            return None
        first = int(reply[0])
        return [
            (Entry(first + number, record[query.names.id], None).record(query.names), record)
            for number, record in enumerate(found.records)
        ]

    def _purged(self, place: Place, before: int | None, batch: int) -> Iterator[int]:
        while True:
            count = self._server.run(scripts.PURGE, place.keys, _or_empty(before), batch)
            if count:
                yield count
            if count < batch:
                return

    def _places(self) -> Iterator[Place]:
        return map(Place.of_key, self._server.scan(EVERY_STATE))


def _entry(object_id: str, reply: Sequence[bytes]) -> Entry:
    document = jsonlib.loads_stored(reply[1]) if len(reply) > 1 else None
    return Entry(int(reply[0]), object_id, document)


def _expectation(expected: Expected) -> Any:
    if expected is ABSENT:
        return "absent"
    return "" if expected is None else expected


def _or_empty(value: int | None) -> Any:
    return "" if value is None else value


def _forced(value: object) -> Any:
    return value if type(value) is int and value in _TIMESTAMPS else ""


def load_from_config(config: Any) -> Storage:
    """
    Return the storage of an application, from its settings ``storage_*``.

    Raises:
        ValueError: ``storage_url`` is no URL of Redis.
    """
    settings = config.get_settings()
    return Storage(
        server_from(settings, "storage"),
        readonly=bool(settings.get("readonly", False)),
        lock_timeout_ms=int(settings.get("storage_lock_timeout_ms", 5000)),
    )
