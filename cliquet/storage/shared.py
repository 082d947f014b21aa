"""
The part of a collection that is shared with a user: its pages, and its deletion.

What a page costs follows what is shared, and never the size of the collection. A storage that
lives in one database with the permissions answers by one statement of its own; the others are
asked for the shared ids, so many at a time.

Source: protocol P7.6.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from cliquet.permission import PermissionBase, Share
from cliquet.query import COMPARISON, sort_records
from cliquet.storage import DEFAULT_ID_FIELD, Filter, JSONRecord, Page, Sort

#: Most ids in one condition: statements are bounded, whatever is shared.
IDS_AT_A_TIME = 1000


def accessible_page(
    storage: Any,
    permission: PermissionBase,
    share: Share,
    *,
    limit: int,
    known: int | None = None,
    **query: Any,
) -> Page:
    """
    Return a page of the records that are shared, with the timestamp it was true at.

    Args:
        storage: Where the records are. If it has a method ``get_accessible_page``, that is asked
            first, with the arguments of this function, and may say ``None``: the permissions
            are somewhere else.
        permission: Where it is kept who may do what.
        share: What is shared, and with whom.
        limit: Most records returned.
        known: A timestamp: when the collection still has it, no record is read.
        query: What :meth:`StorageBase.get_all` takes besides.

    Source: protocol P7.6.
    """
    joined = getattr(storage, "get_accessible_page", None)
    if joined is not None:
        page: Page | None = joined(permission, share, limit=limit, known=known, **query)
        if page is not None:
            return page
    # Before the records, so that a client who polls from it misses nothing.
    place = {name: query.get(name) for name in ("collection_id", "parent_id", "auth")}
    timestamp = storage.settled_timestamp(**place)
    if known == timestamp:
        return Page(timestamp, 0, [], False)
    records, total = accessible_records(storage, permission, share, limit=limit + 1, **query)
    return Page(timestamp, total, records[:limit], len(records) > limit)


def accessible_records(
    storage: Any,
    permission: PermissionBase,
    share: Share,
    *,
    filters: Sequence[Filter] | None = None,
    sorting: Sequence[Sort] | None = None,
    limit: int | None = None,
    **query: Any,
) -> tuple[list[JSONRecord], int]:
    """Return the records that are shared as :meth:`StorageBase.get_all` returns all of them."""
    parts: list[list[JSONRecord]] = []
    total = 0
    for ids in _ids(permission, share, query):
        # Whatever is in the page is in the page of its own part.
        records, count = storage.get_all(
            filters=[*(filters or ()), ids], sorting=sorting, limit=limit, **query
        )
        parts.append(records)
        total += count
    if len(parts) == 1:
        return parts[0], total
    found = [record for part in parts for record in part]
    sort_records(found, sorting or ())
    return found[:limit], total


def delete_accessible(
    storage: Any,
    permission: PermissionBase,
    share: Share,
    *,
    filters: Sequence[Filter] | None = None,
    **query: Any,
) -> list[Any]:
    """
    Delete the records that are shared, as :meth:`StorageBase.delete_all` deletes all of them.

    Nothing shared: nothing is deleted.
    """
    deleted: list[Any] = []
    for ids in _ids(permission, share, query):
        deleted += storage.delete_all(filters=[*(filters or ()), ids], **query)
        # The first deletion has moved the timestamp that the client knows.
        query.pop("expected_collection", None)
    return deleted


def _ids(permission: PermissionBase, share: Share, query: dict[str, Any]) -> Iterator[Filter]:
    """Iterate over conditions, of which each shared record meets exactly one."""
    field = query.get("id_field", DEFAULT_ID_FIELD)
    ids = list(permission.accessible_ids(share))
    for start in range(0, len(ids), IDS_AT_A_TIME):
        yield Filter(field, ids[start : start + IDS_AT_A_TIME], COMPARISON.IN)
