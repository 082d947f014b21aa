"""
The records of a floor in PostgreSQL, by SQL written by hand.

It works on the tables of the storage, so that the database does for both what it does for one: a
read is one statement, and a write is two scripts, which are a transaction together.
"""

from __future__ import annotations

from threading import local
from typing import Any
from uuid import uuid4

import orjson
import psycopg2

from benchmarks.floors.rows import page_of, record_of
from benchmarks.floors.work import Page, Record

_PLACE = "parent_id = %(parent)s AND collection_id = 'article'"

_BEGIN_COLLECTION = """
    INSERT INTO timestamps (parent_id, collection_id, last_modified, live)
    VALUES (%(parent)s, 'article', 0, 0)
"""
_TIMESTAMP = f"SELECT last_modified FROM timestamps WHERE {_PLACE}"
_GET = f"""
    SELECT id, last_modified, data::text FROM records
     WHERE {_PLACE} AND id = %(id)s AND NOT deleted
"""
_NEWEST = f"""
    SELECT t.last_modified, t.live, page.*
      FROM timestamps AS t
      LEFT JOIN (SELECT id, last_modified, data::text FROM records
                  WHERE {_PLACE} AND NOT deleted
                  ORDER BY last_modified DESC, id DESC LIMIT %(limit)s) AS page ON TRUE
     WHERE {_PLACE}
     ORDER BY page.last_modified DESC, page.id DESC
"""
# Both values are named, so that this is two stretches of the index.
_SINCE = f"""
    SELECT t.last_modified, t.live, page.*
      FROM timestamps AS t
      LEFT JOIN (SELECT id, last_modified, data::text FROM records
                  WHERE {_PLACE} AND deleted IN (FALSE, TRUE) AND last_modified > %(since)s
                  ORDER BY last_modified DESC, id DESC LIMIT 10000) AS page ON TRUE
     WHERE {_PLACE}
     ORDER BY page.last_modified DESC, page.id DESC
"""
# Two statements: one that waits for the lock keeps its snapshot from before the wait.
_LOCK = f"""
    BEGIN;
    SELECT last_modified FROM timestamps WHERE {_PLACE} FOR UPDATE;
    SELECT t.last_modified, (extract(epoch FROM clock_timestamp()) * 1000)::bigint, r.data::text
      FROM timestamps AS t
      LEFT JOIN records AS r ON r.parent_id = t.parent_id AND r.collection_id = t.collection_id
                            AND r.id = %(id)s AND NOT r.deleted
     WHERE t.parent_id = %(parent)s AND t.collection_id = 'article'
"""
_WRITE = f"""
    INSERT INTO records (parent_id, collection_id, id, last_modified, deleted, data)
    VALUES (%(parent)s, 'article', %(id)s, %(modified)s, FALSE, %(data)s)
        ON CONFLICT (parent_id, collection_id, id) DO UPDATE
       SET last_modified = excluded.last_modified, deleted = FALSE, data = excluded.data;
    UPDATE timestamps SET last_modified = %(modified)s, live = live + %(added)s WHERE {_PLACE};
    COMMIT
"""


class Store:
    """
    See :class:`~benchmarks.floors.work.Store`; the records belong to a parent of its own.

    Args:
        url: Of a database that has the tables of the storage.
    """

    def __init__(self, url: str) -> None:
        self._url = url
        self._parent = str(uuid4())
        # A connection for each thread, for as long as it lives.
        self._thread = local()
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
        page = page_of(self._execute(_SINCE, since=timestamp).fetchall())
        return page._replace(total=len(page.records))

    def put(self, record_id: str, fields: Record) -> Record:
        """Store a record in place of any of that id, and return it."""
        timestamp, now, present = self._execute(_LOCK, id=record_id).fetchone()
        return self._write(record_id, fields, max(timestamp + 1, now), added=present is None)

    def patch(self, record_id: str, changes: Record) -> Record | None:
        """Merge *changes* into a record, and return it, or ``None`` where there is none."""
        timestamp, now, present = self._execute(_LOCK, id=record_id).fetchone()
        if present is None:
            self._execute("ROLLBACK")
            return None
        fields = {**orjson.loads(present), **changes}
        return self._write(record_id, fields, max(timestamp + 1, now), added=False)

    def _write(self, record_id: str, fields: Record, timestamp: int, *, added: bool) -> Record:
        data = orjson.dumps(fields).decode()
        self._execute(_WRITE, id=record_id, data=data, modified=timestamp, added=int(added))
        return {**fields, "id": record_id, "last_modified": timestamp}

    def _execute(self, statement: str, **values: Any) -> Any:
        if not hasattr(self._thread, "connection"):
            self._thread.connection = psycopg2.connect(self._url)
            self._thread.connection.autocommit = True
        cursor = self._thread.connection.cursor()
        cursor.execute(statement, {"parent": self._parent, **values})
        return cursor
