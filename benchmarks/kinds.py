"""
The kinds of requests that are measured: what is asked, and what a right answer looks like.

All servers get the same bytes, the credentials included, whether they read them or not.
"""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import count, cycle, repeat
from typing import Any, NamedTuple

import orjson

from benchmarks.messages import Request, Response

#: Records that each server holds, and records of a page.
TOTAL = 1000
PAGE = 100

#: Records that changed since the poll before.
CHANGES = 10

RECORDS = "/v1/articles"
PATHS = [f"{RECORDS}/{number:08x}-0000-4000-8000-000000000000" for number in range(TOTAL)]

ACCEPT = (("Accept", "application/json"),)
HEADERS = (*ACCEPT, ("Authorization", "Basic " + b64encode(b"alice:secret").decode()))

HELLO_KEYS = {"project_name", "project_version", "url", "settings", "capabilities"}

# Never the same number twice, so that no write is one that changes nothing.
_numbers = count(TOTAL)


class WrongAnswerError(RuntimeError):
    """A server answered something else than it should: what was measured means nothing."""


class Share(NamedTuple):
    """
    What one connection of a load has to know.

    Attributes:
        worker, workers: Its number, from 0, and how many there are.
        etag: That of the list, as it is when the load begins.
        since: Timestamp that all records but the newest ones have by then.
    """

    worker: int = 0
    workers: int = 1
    etag: str = ""
    since: int = 0

    @property
    def paths(self) -> list[str]:
        """Paths of the records that no other connection of the load asks for."""
        return PATHS[self.worker :: self.workers]


@dataclass(frozen=True)
class Kind:
    """
    One kind of requests.

    Attributes:
        name: On the command line.
        title: In the table.
        requests: Makes the endless requests of one connection.
        is_right: Tells whether an answer of the expected status has the right shape.
        status: The expected status.
        is_read: Whether it leaves everything as it is.
        has_records: Whether it has to do with records: what has not is measured once.
        gate: Least ratio, to the bare Cornice service, that the server is to reach.
    """

    name: str
    title: str
    requests: Callable[[Share], Iterator[Request]]
    is_right: Callable[[Response], bool]
    status: int = 200
    is_read: bool = False
    has_records: bool = True
    gate: float = 0.5

    def verify(self, response: Response) -> None:
        """
        Check an answer.

        Raises:
            WrongAnswerError: It has not the status or the shape that it should have.
        """
        if response.status != self.status or not self.is_right(response):
            raise WrongAnswerError(f"{self.title}: {response.head!r} {response.body[:500]!r}")


def article(number: int) -> dict[str, Any]:
    """Return the fields of a record, all of them given by the client."""
    return {
        "title": f"Article {number}",
        "url": f"https://example.com/articles/{number}",
        "added_by": "laptop",
        "added_on": 1700000000000 + number,
        "favorite": False,
        "archived": False,
        "unread": True,
        "read_position": number,
    }


RECORD_KEYS = {*article(0), "id", "last_modified"}


def seeds(share: Share) -> Iterator[Request]:
    """Return the requests that store the connection's share of the records; not endless."""
    return (_writing("PUT", path, article(next(_numbers))) for path in share.paths)


def list_request() -> Request:
    """Return the request of a page."""
    return Request("GET", f"{RECORDS}?_limit={PAGE}", HEADERS)


def share_of(newest: Response, worker: int = 0, workers: int = 1) -> Share:
    """Return the share of a connection, from the answer to :func:`list_request`."""
    records = orjson.loads(newest.body)["data"]
    since = records[CHANGES]["last_modified"] if len(records) > CHANGES else 0
    return Share(worker, workers, newest.header("etag"), since)


def _hello(share: Share) -> Iterator[Request]:
    return repeat(Request("GET", "/v1/", ACCEPT))


def _record_get(share: Share) -> Iterator[Request]:
    return cycle([Request("GET", path, HEADERS) for path in share.paths])


def _list(share: Share) -> Iterator[Request]:
    return repeat(list_request())


def _not_modified(share: Share) -> Iterator[Request]:
    return repeat(Request("GET", RECORDS, (*HEADERS, ("If-None-Match", share.etag))))


def _poll(share: Share) -> Iterator[Request]:
    return repeat(Request("GET", f"{RECORDS}?_since={share.since}", HEADERS))


def _put(share: Share) -> Iterator[Request]:
    return (_writing("PUT", path, article(next(_numbers))) for path in cycle(share.paths))


def _patch(share: Share) -> Iterator[Request]:
    changes = ({"read_position": number} for number in _numbers)
    return map(_writing, repeat("PATCH"), cycle(share.paths), changes)


def _post(share: Share) -> Iterator[Request]:
    return (_writing("POST", RECORDS, article(number)) for number in _numbers)


def _writing(method: str, path: str, data: dict[str, Any]) -> Request:
    return Request(method, path, HEADERS, orjson.dumps({"data": data}))


def _is_hello(response: Response) -> bool:
    return orjson.loads(response.body).keys() >= HELLO_KEYS


def _is_record(response: Response) -> bool:
    record = orjson.loads(response.body)["data"]
    return record.keys() == RECORD_KEYS and response.has("etag", "last-modified")


def _is_read_record(response: Response) -> bool:
    return _is_record(response) and response.has("cache-control")


def _is_page(response: Response) -> bool:
    records = orjson.loads(response.body)["data"]
    return (
        len(records) == PAGE
        and records[0].keys() == RECORD_KEYS
        and response.header("total-records") == str(TOTAL)
        and response.has("etag", "last-modified", "next-page", "cache-control")
    )


def _is_poll(response: Response) -> bool:
    records = orjson.loads(response.body)["data"]
    return (
        len(records) == CHANGES
        and records[0].keys() == RECORD_KEYS
        and response.header("total-records") == str(CHANGES)
        and response.has("etag", "last-modified", "cache-control")
    )


def _is_empty(response: Response) -> bool:
    return not response.body and response.has("etag", "last-modified")


#: In the order in which they are measured: POST is last, since it alone changes how many there are.
KINDS = {
    kind.name: kind
    for kind in (
        Kind("hello", "hello", _hello, _is_hello, is_read=True, has_records=False, gate=0.6),
        Kind("record-get", "record GET", _record_get, _is_read_record, is_read=True),
        Kind("list", "list of 100", _list, _is_page, is_read=True),
        Kind("304", "304 (list)", _not_modified, _is_empty, status=304, is_read=True),
        Kind("poll", f"poll, {CHANGES} new", _poll, _is_poll, is_read=True),
        Kind("put", "PUT", _put, _is_record),
        Kind("patch", "PATCH", _patch, _is_record),
        Kind("post", "POST", _post, _is_record, status=201),
    )
}
