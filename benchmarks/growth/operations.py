"""The operations whose cost should not depend on how many records a collection has."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from random import Random
from typing import Any, NamedTuple
from uuid import uuid4

from benchmarks.growth.records import COLLECTION, UNIQUE_FIELDS, middle_title, record
from benchmarks.storages import Storage
from cliquet.query import COMPARISON, Filter, Sort, page_after

#: Records of a page, and records that a poll brings.
PAGE = 100
CHANGES = 10

Call = Callable[[], object]

#: As the resource makes the order total, where nothing is asked for.
NEWEST_FIRST = (Sort("last_modified", -1), Sort("id", -1))


class Collection:
    """
    One of the two.

    Args:
        storage: Where it is.
        parent_id: Whose.
        size: How many records it was filled with.
    """

    def __init__(self, storage: Any, parent_id: str, size: int) -> None:
        self.storage = storage
        self.place = {"collection_id": COLLECTION, "parent_id": parent_id}
        self.size = size
        self._random = Random(size)
        self._to_delete = iter(self._random.sample(range(size), min(size, 10_000)))
        self._titled = record(middle_title(size))

    def page(self, limit: int = PAGE, sorting: Sequence[Sort] = NEWEST_FIRST, **query: Any) -> Any:
        """Read a page."""
        return self.storage.get_page(**self.place, limit=limit, sorting=sorting, **query)

    def any_record(self) -> dict[str, Any]:
        """Return one of the records that it was filled with."""
        return record(self._random.randrange(self.size))

    def doomed_record(self) -> dict[str, Any]:
        """Return one of them, never the same."""
        return record(next(self._to_delete))

    def middle(self, sorting: Sequence[Sort]) -> dict[str, Any]:
        """Return the record that is in the middle of an order, or of those of its value."""
        return self._titled if sorting[0].field == "title" else record(self.size // 2)


class Operation(NamedTuple):
    """
    An operation.

    Attributes:
        title: In the table.
        prepare: Returns the call that is measured, made ready for it.
        needs_indexes: Whether only storages that index declared fields promise that cost.
    """

    title: str
    prepare: Callable[[Collection], Call]
    needs_indexes: bool = False


def _first_page(collection: Collection, sorting: Sequence[Sort] = NEWEST_FIRST) -> Call:
    return partial(collection.page, sorting=sorting)


def _middle_page(collection: Collection, sorting: Sequence[Sort] = NEWEST_FIRST) -> Call:
    rules = page_after(sorting, collection.middle(sorting), ("id", "last_modified"))
    return partial(collection.page, sorting=sorting, pagination_rules=rules)


def _poll(collection: Collection) -> Call:
    since = collection.page(limit=CHANGES + 1).records[-1]["last_modified"]
    filters = [Filter("last_modified", since, COMPARISON.GT)]
    return partial(collection.page, limit=10_000, filters=filters, include_deleted=True)


def _unchanged(collection: Collection) -> Call:
    return partial(collection.page, limit=10_000, known=collection.page(limit=1).timestamp)


def _count(collection: Collection) -> Call:
    return partial(collection.page, limit=1)


def _get(collection: Collection) -> Call:
    record_id = collection.any_record()["id"]
    return partial(collection.storage.get, **collection.place, object_id=record_id)


def _create(collection: Collection) -> Call:
    fields = collection.any_record()
    del fields["id"], fields["last_modified"]
    fields["url"] = f"https://example.com/{uuid4()}"
    create = collection.storage.create
    return partial(create, **collection.place, record=fields, unique_fields=UNIQUE_FIELDS)


def _update(collection: Collection) -> Call:
    fields = {**collection.any_record(), "read_position": 0}
    update = partial(collection.storage.update, **collection.place, object_id=fields["id"])
    return partial(update, record=fields, unique_fields=UNIQUE_FIELDS)


def _delete(collection: Collection) -> Call:
    record_id = collection.doomed_record()["id"]
    return partial(collection.storage.delete, **collection.place, object_id=record_id)


def _pages_by(field: str, values: str) -> list[Operation]:
    operations = []
    for direction in (1, -1):
        sorting = (Sort(field, direction), *NEWEST_FIRST)
        title = f"by {values}, {'ascending' if direction > 0 else 'descending'}"
        operations += [
            Operation(f"page 1 {title}", partial(_first_page, sorting=sorting), True),
            Operation(f"middle page {title}", partial(_middle_page, sorting=sorting), True),
        ]
    return operations


#: In the order in which they are measured: those that write are last.
OPERATIONS = (
    Operation("get", _get),
    Operation("page 1", _first_page),
    Operation("middle page", _middle_page),
    *_pages_by("title", "unique values"),
    *_pages_by("unread", "a boolean"),
    Operation(f"poll, {CHANGES} new", _poll),
    Operation("nothing new (304)", _unchanged),
    Operation("count", _count),
    Operation("create, unique field", _create),
    Operation("update", _update),
    Operation("delete", _delete),
)


def operations_of(storage: Storage) -> list[Operation]:
    """Return the operations whose cost a storage promises to be independent of the size."""
    return [one for one in OPERATIONS if storage.has_indexes or not one.needs_indexes]
