"""Rows of SQL as the records that they hold, for the floors on databases that have it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import orjson

from benchmarks.floors.work import Page, Record

Row = Sequence[Any]


def record_of(row: Row) -> Record:
    """Return the record of a row (id, timestamp, document)."""
    record_id, timestamp, data = row
    return {**orjson.loads(data), "id": record_id, "last_modified": timestamp}


def page_of(rows: Sequence[Row]) -> Page:
    """
    Return the page of some rows, each the timestamp and count of the collection and a record.

    Where the page has no records, there is one row whose record is NULL.
    """
    timestamp, total = rows[0][:2]
    return Page(timestamp, total, [record_of(row[2:]) for row in rows if row[2] is not None])
