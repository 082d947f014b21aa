"""The work itself, common to the floors: what they tell about records, wherever these are."""

from __future__ import annotations

from base64 import urlsafe_b64encode
from collections.abc import Mapping
from email.utils import formatdate
from functools import lru_cache
from typing import Any, NamedTuple, Protocol
from uuid import uuid4

import orjson

Record = dict[str, Any]
Headers = list[tuple[str, str]]

CACHE_CONTROL = ("Cache-Control", "no-cache, no-store")


class Page(NamedTuple):
    """
    Some records, the newest first.

    Attributes:
        timestamp: Of the whole collection.
        total: How many there are that meet the query, on other pages too.
        records: Those of the page.
    """

    timestamp: int
    total: int
    records: list[Record]


class Store(Protocol):
    """The records of a floor; each storage has one of its own, in a module beside this one."""

    def timestamp(self) -> int:
        """Return the timestamp of the latest write, in milliseconds."""

    def get(self, record_id: str) -> Record | None:
        """Return the record of that id, or ``None``."""

    def newest(self, limit: int) -> Page:
        """Return the newest records, at most *limit* of them."""

    def since(self, timestamp: int) -> Page:
        """Return what was written after *timestamp*, and how many records that is."""

    def put(self, record_id: str, fields: Record) -> Record:
        """Store a record in place of any of that id, and return it."""

    def patch(self, record_id: str, changes: Record) -> Record | None:
        """Merge *changes* into a record, and return it, or ``None`` where there is none."""


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


def new_id() -> str:
    """Return the id of a record that is created."""
    return str(uuid4())


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


def known_list(store: Store, if_none_match: str | None) -> int | None:
    """Return the timestamp of the list that the client has, or ``None`` if it has not this one."""
    if if_none_match is None:
        return None
    timestamp = store.timestamp()
    return timestamp if is_known(timestamp, if_none_match) else None


def page_of(store: Store, parameters: Mapping[str, str]) -> Page:
    """Return the part of the list that a query string asks for."""
    since = parameters.get("_since")
    if since is not None:
        return store.since(int(since.strip('"')))
    return store.newest(int(parameters.get("_limit", "10000")))


def _token(last: Record) -> str:
    position = {"id": last["id"], "last_modified": last["last_modified"]}
    return urlsafe_b64encode(orjson.dumps(position)).decode()


@lru_cache(maxsize=1024)
def _http_date(seconds: int) -> str:
    return formatdate(seconds, usegmt=True)
