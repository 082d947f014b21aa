"""Filling collections, each storage in its fastest way; where none is told, one by one."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from io import StringIO
from typing import Any, NamedTuple

import orjson

from benchmarks.growth.records import COLLECTION, DECLARED, record
from cliquet.storage.schemas import initialize

_BATCH = 10_000

_COPY = "COPY records (parent_id, collection_id, id, last_modified, deleted, data) FROM STDIN"
_COUNT = """
    INSERT INTO timestamps (parent_id, collection_id, last_modified, live) VALUES (%s, %s, %s, %s)
"""


class Place(NamedTuple):
    """A storage, and the URL of its server."""

    storage: Any
    url: str


def fill(name: str, place: Place, sizes: dict[str, int], tell: Callable[[str], None]) -> None:
    """
    Fill collections that are empty, and build what a schema would declare.

    Args:
        name: That of the storage.
        place: Where.
        sizes: Records by parent.
        tell: Called with a line about each step.
    """
    filler = FILLERS.get(name, one_by_one)
    for parent_id, size in sizes.items():
        tell(f"Storing {size:,} records.")
        filler(place, parent_id, size)
    initialize(place.storage, DECLARED, tell)


def one_by_one(place: Place, parent_id: str, size: int) -> None:
    """Store records by the storage itself, newest last."""
    for number in range(size):
        place.storage.create(COLLECTION, parent_id, record(number))


def by_copy(place: Place, parent_id: str, size: int) -> None:
    """Store the same records by COPY, into the tables of PostgreSQL, in a twentieth of the time."""
    with _cursor(place) as cursor:
        for first in range(0, size, _BATCH):
            numbers = range(first, min(first + _BATCH, size))
            cursor.copy_expert(_COPY, StringIO("".join(_row(parent_id, one) for one in numbers)))
        cursor.execute(_COUNT, (parent_id, COLLECTION, record(size - 1)["last_modified"], size))


def _row(parent_id: str, number: int) -> str:
    fields = record(number)
    key = parent_id, COLLECTION, fields.pop("id"), str(fields.pop("last_modified"))
    return "\t".join([*key, "f", orjson.dumps(fields).decode()]) + "\n"


@contextmanager
def _cursor(place: Place) -> Iterator[Any]:
    import psycopg2

    with closing(psycopg2.connect(place.url)) as connection:
        connection.autocommit = True
        yield connection.cursor()


#: Fillers by name of the storage: called with the place, a parent and the number of its records.
FILLERS: dict[str, Callable[[Place, str, int], object]] = {"postgresql": by_copy}
