"""
The contract of storages.

A storage keeps records: JSON mappings with an id and a timestamp, in collections that belong to a
parent. Timestamps are milliseconds since the epoch, strictly increasing within a collection of a
parent. The contract's promises are listed in the documentation, page *storages*.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any, Final, NamedTuple

from cliquet.query import Filter as Filter
from cliquet.query import Sort as Sort
from cliquet.settings import DEFAULT_SETTINGS

DEFAULT_ID_FIELD: Final = "id"
DEFAULT_MODIFIED_FIELD: Final = "last_modified"
DEFAULT_DELETED_FIELD: Final = "deleted"

JSONRecord = dict[str, Any]

_HEARTBEAT = "__heartbeat__"


class _Absent:
    """The type of :data:`ABSENT`."""

    def __repr__(self) -> str:
        return "ABSENT"


#: Expectation of a conditional write: no live record of that id is there (a tombstone may be).
ABSENT: Final = _Absent()
Expected = int | _Absent | None


class Page(NamedTuple):
    """
    A part of a list, and what is to be known of the whole, from one snapshot.

    Attributes:
        timestamp: Of the collection, in milliseconds.
        total: Live records that meet the filters, whatever the page; 0 with *known* met.
        records: The page, sorted; tombstones among them when they were asked for.
        more: Whether the list goes on behind the page.
    """

    timestamp: int
    total: int
    records: list[JSONRecord]
    more: bool


class StorageBase:
    """
    Base of storages; every method here is to be implemented, but those that say otherwise.

    Arguments common to the methods:

    - *collection_id*, *parent_id*: Names of the collection and of who owns it; any text.
    - *id_field*, *modified_field*, *deleted_field*: Names of these fields in records.
    - *unique_fields*: Names of fields of which no two live records may share a value; null and
      missing values never conflict.
    - *expected*: Only on storages that are :attr:`atomic`. What the caller saw: a timestamp
      (a tombstone's counts), or :data:`ABSENT`; anything else there by now raises
      :class:`~cliquet.storage.exceptions.ModifiedError` and nothing is written.
    - *expected_collection*: Likewise, for the timestamp of the collection.
    - *auth*: The client's ``Authorization`` header, for storages that are other services.

    Records returned are the caller's own, and arguments are never changed. Every failure of a
    driver is raised as :class:`~cliquet.storage.exceptions.BackendError`.
    """

    #: Whether *expected*, *expected_collection* and *with_previous* are understood, and each
    #: write is one step against every other writer (protocol P5.6).
    atomic = False

    def initialize_schema(self) -> None:
        """Create what the storage needs before it is used; running it again does no harm."""
        raise NotImplementedError

    def flush(self, auth: str | None = None) -> None:
        """Delete every record, tombstone and timestamp, and nothing else."""
        raise NotImplementedError

    def collection_timestamp(
        self, collection_id: str, parent_id: str, auth: str | None = None
    ) -> int:
        """
        Return the timestamp of the last change of the collection, in milliseconds.

        That of a collection never written is fixed when it is first read; in read-only mode the
        present time serves and nothing is written (protocol P5.1).
        """
        raise NotImplementedError

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
    ) -> JSONRecord:
        """
        Store a new record and return it, with its id and timestamp.

        The id is the record's own, else one is made. A timestamp of the record's own is kept
        when no tombstone of that id is as recent (protocol P4.12); a tombstone goes away.

        Raises:
            UnicityError: The id, or a unique field's value, is taken. The id comes first.
            ModifiedError: On an atomic storage, what was expected is no longer so.
        """
        raise NotImplementedError

    def get(
        self,
        collection_id: str,
        parent_id: str,
        object_id: str,
        id_field: str = DEFAULT_ID_FIELD,
        modified_field: str = DEFAULT_MODIFIED_FIELD,
        auth: str | None = None,
    ) -> JSONRecord:
        """
        Return a live record.

        Raises:
            RecordNotFoundError: There is none of that id; tombstones do not count.
        """
        raise NotImplementedError

    def get_many(
        self,
        collection_id: str,
        parent_id: str,
        object_ids: Sequence[str],
        id_field: str = DEFAULT_ID_FIELD,
        modified_field: str = DEFAULT_MODIFIED_FIELD,
        auth: str | None = None,
    ) -> dict[str, JSONRecord | None]:
        """
        Return live records by id, ``None`` for those that do not exist.

        A storage that gains nothing by it may leave any of them out, as this one does: they are
        then asked for one by one.
        """
        return {}

    def prepare_writes(
        self,
        collection_id: str,
        parent_id: str,
        object_ids: Sequence[str],
        id_field: str = DEFAULT_ID_FIELD,
        modified_field: str = DEFAULT_MODIFIED_FIELD,
        auth: str | None = None,
    ) -> None:
        """
        Hear which records the request is about to write; nothing need be done.

        A storage with transactions may lock the collection and read them at once.
        """

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
    ) -> JSONRecord:
        """
        Replace a record, or create it where there is none, and return it.

        A timestamp of the record's own is kept when it is above the present one's.

        Raises:
            UnicityError: A unique field's value is taken by another record.
            ModifiedError: On an atomic storage, what was expected is no longer so.
        """
        raise NotImplementedError

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
    ) -> Any:
        """
        Delete a record and return its tombstone: id, timestamp and ``deleted: true``.

        *last_modified* forces the tombstone's timestamp, when it is above the record's. Without
        *with_deleted* no tombstone is kept. With ``with_previous=True``, on an atomic storage,
        the pair (tombstone, record as it was) is returned.

        Raises:
            RecordNotFoundError: There is no live record of that id.
            ModifiedError: On an atomic storage, what was expected is no longer so.
        """
        raise NotImplementedError

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
    ) -> list[Any]:
        """
        Delete the live records that meet *filters*, and return the tombstones of all of them.

        Each gets a timestamp of its own. With ``with_previous=True``, on an atomic storage, the
        list holds pairs (tombstone, record as it was).

        Raises:
            ModifiedError: On an atomic storage, the collection is not as expected.
        """
        raise NotImplementedError

    def purge_deleted(
        self,
        collection_id: str,
        parent_id: str,
        before: int | None = None,
        id_field: str = DEFAULT_ID_FIELD,
        modified_field: str = DEFAULT_MODIFIED_FIELD,
        auth: str | None = None,
    ) -> int:
        """
        Forget tombstones, all of them or those with a timestamp below *before*.

        Returns:
            How many were forgotten. Live records and the collection's timestamp stay.
        """
        raise NotImplementedError

    def purge_tombstones(
        self, before: int, collection_id: str | None = None, batch: int = 1000
    ) -> Iterator[int]:
        """
        Forget the tombstones of all parents that have a timestamp below *before*.

        For storages whose records outlive the process; others may leave this as it is. It is
        what ``cliquet purge-tombstones`` runs while the service is up.

        Args:
            before: A timestamp, in milliseconds.
            collection_id: The only collection to be purged, of every parent; else all are.
            batch: Most records that are looked at, locked or forgotten in one step.

        Yields:
            How many were forgotten, a step at a time; what is not asked for is not done. Live
            records, timestamps of collections and counts stay.
        """
        raise NotImplementedError

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
        """
        Return records and a count.

        Args:
            filters: All of them are to be met.
            sorting: Most significant key first; without it the order is free.
            pagination_rules: Alternatives, of which one is to be met, all of its filters.
            limit: Most records returned.
            include_deleted: Tombstones are listed too, and filtered alike.

        Returns:
            The records, and how many *live* ones meet *filters*, whatever the page.
        """
        raise NotImplementedError

    def get_page(
        self,
        collection_id: str,
        parent_id: str,
        limit: int,
        known: int | None = None,
        auth: str | None = None,
        **query: Any,
    ) -> Page:
        """
        Return a page of records with the timestamp it was true at.

        Args:
            limit: Most records returned.
            known: A timestamp: when the collection still has it, no record is read and
                the page comes back empty.
            query: What :meth:`get_all` takes besides.

        This implementation, in terms of the older methods, reads the timestamp before the
        records, so that a client who polls from it misses nothing. A storage that can answers
        from one snapshot in one round trip.
        """
        timestamp = self.collection_timestamp(collection_id, parent_id, auth=auth)
        if known == timestamp:
            return Page(timestamp, 0, [], False)
        records, total = self.get_all(collection_id, parent_id, limit=limit + 1, auth=auth, **query)
        return Page(timestamp, total, records[:limit], len(records) > limit)

    def settled_timestamp(self, collection_id: str, parent_id: str, auth: str | None = None) -> int:
        """
        Return the collection's timestamp as nobody who holds it :meth:`locked` has moved it yet.

        Polls begin with it, where what belongs to a record is written after it, under the lock:
        whoever asks meanwhile waits, or is told of the time before.

        This implementation, for storages that have no locks, or whose readers wait for them,
        asks :meth:`collection_timestamp`.
        """
        return self.collection_timestamp(collection_id, parent_id, auth=auth)

    @contextmanager
    def locked(self, collection_id: str, parent_id: str) -> Iterator[None]:
        """
        Keep other writers out of a collection for the length of a ``with`` block.

        For the caller that lost several races for a conditional write and wants to win the
        next, or that writes more than a record. A storage without locks may leave this as it
        is: nothing is held.
        """
        yield


def heartbeat(backend: StorageBase) -> Callable[[Any], bool]:
    """
    Return a check of *backend* for ``registry.heartbeats``: it writes and reads one record.

    That record is the same each time, so that checks leave nothing behind. In read-only mode the
    backend is only read. A failure is raised; the heartbeat view makes it false and logs it.

    Source: protocol P3.2.
    """

    def check(request: Any) -> bool:
        settings = request.registry.settings
        if not settings.get("readonly", DEFAULT_SETTINGS["readonly"]):
            backend.update(_HEARTBEAT, _HEARTBEAT, _HEARTBEAT, record={})
        backend.collection_timestamp(_HEARTBEAT, _HEARTBEAT)
        return True

    return check
