"""Filling collections, each storage in its fastest way; where none is told, one by one."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from io import StringIO
from typing import Any, NamedTuple

import orjson

from benchmarks.growth.records import COLLECTION, DECLARED, UNIQUE_FIELDS, record
from cliquet.storage.schemas import initialize

_BATCH = 10_000

_COPY = "COPY records (parent_id, collection_id, id, last_modified, deleted, data) FROM STDIN"
_COUNT = """
    INSERT INTO timestamps (parent_id, collection_id, last_modified, live) VALUES (%s, %s, %s, %s)
"""

# Nobody needs what was stored if the machine goes down meanwhile.
_HASTE = ("PRAGMA synchronous = OFF", "PRAGMA cache_size = -500000")
_INSERT = """
    INSERT INTO records (parent_id, collection_id, id, last_modified, deleted, data)
    VALUES (?, ?, ?, ?, 0, CAST(? AS TEXT))
"""
_INSERT_COUNT = _COUNT.replace("%s", "?")


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
    record_id, timestamp, text = _parts(number)
    row = parent_id, COLLECTION, record_id, str(timestamp), "f", text.decode()
    return "\t".join(row) + "\n"


@contextmanager
def _cursor(place: Place) -> Iterator[Any]:
    import psycopg2

    with closing(psycopg2.connect(place.url)) as connection:
        connection.autocommit = True
        yield connection.cursor()


def by_inserts(place: Place, parent_id: str, size: int) -> None:
    """Store the same records by INSERTs, into the tables of SQLite, in one transaction."""
    path = place.url.removeprefix("sqlite:///")
    with closing(sqlite3.connect(path)) as connection, connection:
        for pragma in _HASTE:
            connection.execute(pragma)
        rows = ((parent_id, COLLECTION, *_parts(number)) for number in range(size))
        connection.executemany(_INSERT, rows)
        newest = record(size - 1)["last_modified"]
        connection.execute(_INSERT_COUNT, (parent_id, COLLECTION, newest, size))


def by_commands(place: Place, parent_id: str, size: int) -> None:
    """Store the same records by plain commands, under the keys of Redis, with their index."""
    from redis import Redis

    from cliquet.storage.redis import keys

    state, *parts = keys.Place(COLLECTION, parent_id).keys
    with Redis.from_url(place.url) as client:
        for first in range(0, size, _BATCH):
            _send(client, parts, range(first, min(first + _BATCH, size)))
        newest = record(size - 1)["last_modified"]
        client.hset(state, mapping={"timestamp": newest, "fields": json.dumps(UNIQUE_FIELDS)})


def _send(client: Any, parts: list[str], numbers: range) -> None:
    from cliquet.storage.redis.unique import IndexedFields

    index = IndexedFields(json.dumps(UNIQUE_FIELDS))
    records, live, _, values, holders, _ = parts
    found = {number: _parts(number) for number in numbers}
    digests = {one[0]: index.digests(record(number)) for number, one in found.items()}
    client.hset(records, mapping={record_id: text for record_id, _, text in found.values()})
    client.zadd(live, {record_id: timestamp for record_id, timestamp, _ in found.values()})
    client.hset(values, mapping={record_id: b"".join(many) for record_id, many in digests.items()})
    members = (one + record_id.encode() for record_id, many in digests.items() for one in many)
    client.zadd(holders, dict.fromkeys(members, 0))


def _parts(number: int) -> tuple[str, int, bytes]:
    """Return id, timestamp and document of a record, as storages keep them."""
    fields = record(number)
    return fields.pop("id"), fields.pop("last_modified"), orjson.dumps(fields)


#: Fillers by name of the storage: called with the place, a parent and the number of its records.
FILLERS: dict[str, Callable[[Place, str, int], object]] = {
    "postgresql": by_copy,
    "sqlite": by_inserts,
    "redis": by_commands,
}
