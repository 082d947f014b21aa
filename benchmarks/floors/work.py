"""The work itself, common to the floors: records in a dict, and what is told about them."""

from __future__ import annotations

import time
from base64 import urlsafe_b64encode
from collections.abc import Mapping
from email.utils import formatdate
from functools import lru_cache
from itertools import islice
from threading import Lock
from typing import Any, NamedTuple
from uuid import uuid4

import orjson

Record = dict[str, Any]
Headers = list[tuple[str, str]]

CACHE_CONTROL = ("Cache-Control", "no-cache, no-store")


class Page(NamedTuple):
    """The newest records, how many there are, and the timestamp of them all."""

    timestamp: int
    total: int
    records: list[Record]


class Store:
    """
    Records by id, the newest last, behind a lock.

    A record is replaced and never changed, so that readers need no copy of it.
    """

    def __init__(self) -> None:
        self._lock = Lock()
        self._records: dict[str, Record] = {}
        self._timestamp = 0

    @property
    def timestamp(self) -> int:
        """Timestamp of the latest write, in milliseconds."""
        return self._timestamp

    def get(self, record_id: str) -> Record | None:
        """Return the record of that id, or ``None``."""
        with self._lock:
            return self._records.get(record_id)

    def newest(self, limit: int) -> Page:
        """Return the newest records, at most *limit* of them."""
        with self._lock:
            records = list(islice(reversed(self._records.values()), limit))
            return Page(self._timestamp, len(self._records), records)

    def create(self, fields: Record) -> Record:
        """Store a record under a new id, and return it."""
        return self.put(str(uuid4()), fields)

    def put(self, record_id: str, fields: Record) -> Record:
        """Store a record in place of any of that id, and return it."""
        with self._lock:
            return self._put(record_id, fields)

    def patch(self, record_id: str, changes: Record) -> Record | None:
        """Merge *changes* into a record, and return it, or ``None`` where there is none."""
        with self._lock:
            record = self._records.get(record_id)
            return None if record is None else self._put(record_id, {**record, **changes})

    def _put(self, record_id: str, fields: Record) -> Record:
        self._timestamp = max(self._timestamp + 1, time.time_ns() // 1_000_000)
        record = {**fields, "id": record_id, "last_modified": self._timestamp}
        # Taken out first, for a dict keeps the place of a key that it has.
        self._records.pop(record_id, None)
        self._records[record_id] = record
        return record


def hello(host_url: str) -> dict[str, Any]:
    """Return the description of the service."""
    return {
        "project_name": "benchmark",
        "project_version": "1.0.0",
        "http_api_version": "1.0",
        "project_docs": "",
        "cliquet_protocol_version": "2",
        "url": f"{host_url}/v1/",
        "settings": {"batch_max_requests": 25, "readonly": False},
        "capabilities": {},
    }


def read_record(body: bytes) -> Record:
    """Return the record within the body of a request."""
    record: Record = orjson.loads(body)["data"]
    return record


def version_of(timestamp: int) -> Headers:
    """Return the headers that name a version."""
    return [("ETag", f'"{timestamp}"'), ("Last-Modified", _http_date(timestamp // 1000))]


def description_of(page: Page, list_url: str) -> Headers:
    """Return the headers of a page of the list at *list_url*."""
    headers = [*version_of(page.timestamp), CACHE_CONTROL, ("Total-Records", str(page.total))]
    if len(page.records) < page.total:
        limit, token = len(page.records), _token(page.records[-1])
        headers.append(("Next-Page", f"{list_url}?_limit={limit}&_token={token}"))
    return headers


def is_known(timestamp: int, if_none_match: str | None) -> bool:
    """Tell whether the client of a read has the version of that timestamp."""
    return if_none_match is not None and if_none_match == f'"{timestamp}"'


def read_limit(parameters: Mapping[str, str]) -> int:
    """Return the size of the page that a query string asks for."""
    return int(parameters.get("_limit", "10000"))


def _token(last: Record) -> str:
    position = {"id": last["id"], "last_modified": last["last_modified"]}
    return urlsafe_b64encode(orjson.dumps(position)).decode()


@lru_cache(maxsize=1024)
def _http_date(seconds: int) -> str:
    return formatdate(seconds, usegmt=True)
