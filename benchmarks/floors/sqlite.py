"""
The records of a floor in SQLite, by SQL written by hand.

It works on the tables of the storage, with a connection for each thread, and is as durable as the
storage: a read is one statement, a write one transaction.
"""

from __future__ import annotations

import sqlite3
import time
from threading import Lock, local
from typing import Any
from uuid import uuid4

import orjson

from benchmarks.floors.rows import page_of, record_of
from benchmarks.floors.work import Page, Record

_BUSY_SECONDS = 5
_PRAGMAS = ("PRAGMA journal_mode = WAL", "PRAGMA synchronous = FULL")

_PLACE = "parent_id = :parent AND collection_id = 'article'"

_BEGIN_COLLECTION = """
    INSERT INTO timestamps (parent_id, collection_id, last_modified, live)
    VALUES (:parent, 'article', 0, 0)
"""
_TIMESTAMP = f"SELECT last_modified FROM timestamps WHERE {_PLACE}"
_GET = f"SELECT id, last_modified, data FROM records WHERE {_PLACE} AND id = :id AND deleted = 0"
_PAGE = f"""
    SELECT t.last_modified, t.live, page.*
      FROM timestamps AS t
      LEFT JOIN (SELECT id, last_modified, data FROM records
                  WHERE {_PLACE} AND {{wanted}}
                  ORDER BY last_modified DESC, id DESC LIMIT :limit) AS page ON TRUE
     WHERE {_PLACE}
     ORDER BY page.last_modified DESC, page.id DESC
"""
_NEWEST = _PAGE.format(wanted="deleted = 0")
# Both values are named, so that this is two stretches of the index.
_SINCE = _PAGE.format(wanted="deleted IN (0, 1) AND last_modified > :since")
_STATE = """
    SELECT t.last_modified, r.data
      FROM timestamps AS t
      LEFT JOIN records AS r ON r.parent_id = :parent AND r.collection_id = 'article'
                            AND r.id = :id AND r.deleted = 0
     WHERE t.parent_id = :parent AND t.collection_id = 'article'
"""
_PUT = """
    INSERT INTO records (parent_id, collection_id, id, last_modified, deleted, data)
    VALUES (:parent, 'article', :id, :modified, 0, :data)
        ON CONFLICT (parent_id, collection_id, id) DO UPDATE
       SET last_modified = excluded.last_modified, deleted = 0, data = excluded.data
"""
_TOUCH = f"UPDATE timestamps SET last_modified = :modified, live = live + :added WHERE {_PLACE}"


class Store:
    """
    See :class:`~benchmarks.floors.work.Store`; the records belong to a parent of its own.

    Args:
        url: Of a file that has the tables of the storage, as ``sqlite:////path``.
    """

    def __init__(self, url: str) -> None:
        self._path = url.removeprefix("sqlite:///")
        self._parent = str(uuid4())
        # A connection for each thread, for as long as it lives.
        self._thread = local()
        # Writers take turns: SQLite itself would let them sleep, and look again.
        self._turn = Lock()
        self._execute(_BEGIN_COLLECTION)

    def timestamp(self) -> int:
        """Return the timestamp of the latest write, in milliseconds."""
        timestamp: int = self._execute(_TIMESTAMP).fetchone()[0]
        return timestamp

    def get(self, record_id: str) -> Record | None:
        """Return the record of that id, or ``None``."""
        row = self._execute(_GET, id=record_id).fetchone()
        return None if row is None else record_of(row)

    def newest(self, limit: int) -> Page:
        """Return the newest records, at most *limit* of them."""
        return page_of(self._execute(_NEWEST, limit=limit).fetchall())

    def since(self, timestamp: int) -> Page:
        """Return what was written after *timestamp*, and how many records that is."""
        page = page_of(self._execute(_SINCE, since=timestamp, limit=10_000).fetchall())
        return page._replace(total=len(page.records))

    def put(self, record_id: str, fields: Record) -> Record:
        """Store a record in place of any of that id, and return it."""
        with self._turn:
            timestamp, present = self._begin(record_id)
            return self._write(record_id, fields, timestamp, added=present is None)

    def patch(self, record_id: str, changes: Record) -> Record | None:
        """Merge *changes* into a record, and return it, or ``None`` where there is none."""
        with self._turn:
            timestamp, present = self._begin(record_id)
            if present is None:
                self._execute("ROLLBACK")
                return None
            fields = {**orjson.loads(present), **changes}
            return self._write(record_id, fields, timestamp, added=False)

    def _begin(self, record_id: str) -> tuple[int, str | None]:
        """Begin to write; return the timestamp to be given, and the document to be replaced."""
        self._execute("BEGIN IMMEDIATE")
        timestamp, present = self._execute(_STATE, id=record_id).fetchone()
        return max(timestamp + 1, time.time_ns() // 1_000_000), present

    def _write(self, record_id: str, fields: Record, timestamp: int, *, added: bool) -> Record:
        data = orjson.dumps(fields).decode()
        self._execute(_PUT, id=record_id, data=data, modified=timestamp)
        self._execute(_TOUCH, modified=timestamp, added=int(added))
        self._execute("COMMIT")
        return {**fields, "id": record_id, "last_modified": timestamp}

    def _execute(self, statement: str, **values: Any) -> sqlite3.Cursor:
        if not hasattr(self._thread, "connection"):
            self._thread.connection = sqlite3.connect(
                self._path, timeout=_BUSY_SECONDS, isolation_level=None
            )
            for pragma in _PRAGMAS:
                self._thread.connection.execute(pragma)
        cursor: sqlite3.Cursor = self._thread.connection.execute(
            statement, {"parent": self._parent, **values}
        )
        return cursor
