"""
Where this server answers otherwise than version 3.1 did in the recordings, and why.

Each entry names the clause of the protocol that justifies it; what no entry names is compared.
"""

from __future__ import annotations

import copy
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Any

from tests.protocol.ahead import (
    AMANITA,
    BOLET,
    DEADLY,
    HUGE,
    MOISTURE,
    SPORES,
    UPPER,
)
from tests.protocol.recorded import PARSERS_WORDS, Request, Response

TIMESTAMP = (
    "Invalid value for last_modified: should be an integer of milliseconds "
    "from 1 to 253370764800000"
)
EXPOSE = "access-control-expose-headers"

MISSING = {
    "code": 404,
    "errno": 111,
    "error": "Not Found",
    "message": "The resource you are looking for could not be found.",
}
UNAVAILABLE = {
    "code": 503,
    "errno": 201,
    "error": "Service Unavailable",
    "message": "Service temporary unavailable due to overloading or maintenance,"
    " please retry later.",
}

UNCHANGED: Any = object()


@dataclass(frozen=True)
class Departure:
    """
    What is answered instead of what was recorded for one exchange.

    Attributes:
        clause: Of the protocol.
        headers: By name in lower case; ``None`` for one that is not there any more.
        parts: What is answered inside a batch, when that differs.
    """

    clause: str
    status: int | None = None
    body: Any = UNCHANGED
    headers: dict[str, str | None] = field(default_factory=dict)
    parts: list[Response] | None = None

    def applied(self, recorded: Response) -> Response:
        """Return the response that is expected."""
        headers = {**recorded.headers, **self.headers}
        return replace(
            recorded,
            status=self.status or recorded.status,
            body=recorded.body if self.body is UNCHANGED else self.body,
            headers={name: text for name, text in headers.items() if text is not None},
            parts=recorded.parts if self.parts is None else copy.deepcopy(self.parts),
        )


def error(message: str, *details: tuple[str, str | None, str]) -> dict[str, Any]:
    """Return the body of a 400."""
    names = ("location", "name", "description")
    return {
        "code": 400,
        "errno": 107,
        "error": "Invalid parameters",
        "message": message,
        "details": [dict(zip(names, detail, strict=True)) for detail in details],
    }


#: Exchanges that are not replayed, with the reason.
LEFT_OUT = {
    "list-zero-ts": "P4.12: no record has the timestamp 0, which was posted before",
    "p-filter-2": "P6.6: its token is opaque, and of the server that made it",
}

#: Exchanges that answer otherwise, by their ids.
DEPARTURES = {
    "redir-future-version": Departure(
        "P3.4, P11.8: another version is not available",
        status=404,
        body={
            "code": 404,
            "errno": 116,
            "error": "Not Found",
            "message": "The requested protocol version is not available on this server.",
        },
        headers={"content-type": "application/json", "location": None},
    ),
    "post-ct-upper": Departure(
        "P2.8, P11.8: the case of the Content-Type does not matter",
        status=201,
        body={"data": {"name": "upper", "id": UPPER, "last_modified": 1795490361118}},
    ),
    "post-hugeint": Departure(
        "P11.2: integers of any size are returned exactly",
        body={"data": {**HUGE, "last_modified": 1795490361134}},
    ),
    "list-hugeint": Departure(
        "P11.2: integers of any size are returned exactly",
        body={"data": [{**HUGE, "last_modified": 1795490361134}]},
    ),
    "post-nullchar": Departure(
        "P11.2: NUL in a body is refused",
        status=400,
        body=error(
            f"body: {PARSERS_WORDS}",
            ("body", None, PARSERS_WORDS),
            ("body", "data", "data is missing"),
        ),
    ),
    "post-too-large": Departure(
        "P2.5: the body is refused by the application, in the form of all errors",
        body={
            "code": 413,
            "errno": 113,
            "error": "Request Entity Too Large",
            "message": "Request body should be at most 262144 bytes.",
        },
        headers={"content-type": "application/json", "vary": "Authorization"},
    ),
    "post-float-ts": Departure(
        "P11.3: a timestamp that is no integer is refused on schemaless resources",
        status=400,
        body=error(
            f"data.last_modified in body: {TIMESTAMP}", ("body", "data.last_modified", TIMESTAMP)
        ),
    ),
    "get-1-304-future": Departure(
        "P5.2, P11.1: a tag from the future is a different tag",
        status=200,
        body={"data": {**AMANITA, "last_modified": 1795490361039}},
        headers={"content-type": "application/json", "cache-control": "no-cache"},
    ),
    "f-null": Departure(
        "P6.4: null is a value, and matches no missing field",
        body={"data": [{**DEADLY, "last_modified": 1795490361049}]},
        headers={"total-records": "1"},
    ),
    "f-nested": Departure(
        "P6.4: dots reach into objects",
        body={"data": [{**BOLET, "last_modified": 1795490361043}]},
        headers={"total-records": "1"},
    ),
    "f-unknown-prefix": Departure(
        "P6.4, P11.8: contains_ is a prefix",
        status=200,
        body={"data": []},
        headers={
            "cache-control": "no-cache",
            "etag": '"1795490361390"',
            "last-modified": "",
            "total-records": "0",
        },
    ),
    "e-409-raw": Departure(
        "P2.5, P11.8: HTTP exceptions become JSON",
        body={"code": 409, "errno": 999, "error": "Conflict"},
        headers={"content-type": "application/json"},
    ),
    "since-bool": Departure(
        "P6.3: only integers",
        status=400,
        body=error(
            "Invalid value for _since", ("querystring", "_since", "Invalid value for _since")
        ),
        headers=dict.fromkeys(("cache-control", "etag", "last-modified", "total-records")),
    ),
    "to-bad": Departure(
        "P1.5, P6.3: _to is alerted, on errors too",
        headers={
            "alert": '{"code": "soft-eol", "url": "https://origapp.readthedocs.io/", "message":'
            ' "_to is now deprecated, you should use _before instead"}'
        },
    ),
    "c-sort-unknown": Departure(
        "P6.1, P11.8: every name is accepted where unknown fields are preserved",
        status=200,
        body={"data": SPORES},
        headers={
            "cache-control": "no-cache",
            "etag": '"1795490362677"',
            "last-modified": "",
            "total-records": "3",
        },
    ),
    "c-filter-missing": Departure(
        "P6.1, P11.8: every name is accepted where unknown fields are preserved",
        status=200,
        body={"data": []},
        headers={
            "cache-control": "no-cache",
            "etag": '"1795490362677"',
            "last-modified": "",
            "total-records": "0",
        },
    ),
    "mo-anon-304": Departure(
        "P5.2, P11.1: a tag from the future is a different tag",
        status=200,
        body={"data": [MOISTURE]},
        headers={
            "cache-control": "max-age=3600",
            "content-type": "application/json",
            "expires": "",
            "total-records": "1",
        },
    ),
    "b-recursive-substr": Departure(
        "P8.2: /batches is no batch",
        status=200,
        body={"responses": ["/v1/batches"]},
        parts=[Response(404, {"content-type": "application/json", "content-length": ""}, MISSING)],
    ),
    "b-503": Departure(
        "P8.4, P11.4: a failure of the server inside fails the whole",
        status=503,
        body=UNAVAILABLE,
        headers={"retry-after": "30"},
        parts=[],
    ),
    "dc-nomatch": Departure("P4.4, P11.8", headers={"etag": '"1795490377854"'}),
    "dc-since": Departure("P4.4, P11.8", headers={"etag": '"1795490377854"'}),
}


# -- What is otherwise in many exchanges


def _media_type(request: Request, response: Response) -> None:
    if response.headers.get("content-type") == "application/json; charset=UTF-8":
        response.headers["content-type"] = "application/json"


def _exposed(request: Request, response: Response) -> None:
    exposed = response.headers.setdefault(
        EXPOSE, "Backoff, Retry-After, Alert, Content-Length, Vary"
    )
    if request.is_write and response.status not in {307, 405, 413}:
        response.headers[EXPOSE] = exposed + ", Last-Modified, ETag"


def _vary(request: Request, response: Response) -> None:
    if response.status >= 400:
        # Errors inside a batch were without.
        response.headers.setdefault("vary", "Authorization")
    if response.headers.get("access-control-allow-origin", "*") != "*":
        response.headers["vary"] += ", Origin"


def _version_of_writes(request: Request, response: Response) -> None:
    if request.is_write and request.method in {"POST", "DELETE"} and response.status in {200, 201}:
        data = response.body["data"]
        times = [one["last_modified"] for one in (data if isinstance(data, list) else [data])]
        if times:
            response.headers.setdefault("etag", f'"{max(times)}"')
        response.headers.setdefault("last-modified", "")


def _private_caches(request: Request, response: Response) -> None:
    if "cache-control" in response.headers and request.user:
        response.headers["cache-control"] = "no-cache, no-store"


def _deleted_field(request: Request, response: Response) -> None:
    if "_fields=title" in request.path and response.status == 200:
        for record in response.body["data"]:
            # Articles have a title, tombstones have none.
            record.update({} if "title" in record else {"deleted": True})


def _prefixed_principal(request: Request, response: Response) -> None:
    if request.collection == "private" and response.status == 200:
        response.body["principals"].append(response.body["user"]["id"])


def _no_length(request: Request, response: Response) -> None:
    if response.status == 304:
        response.headers.pop("content-length", None)


def _no_sniffing(request: Request, response: Response) -> None:
    # Browsers are to take an answer for what its Content-Type says, and for nothing else.
    if response.status != 413:
        response.headers["x-content-type-options"] = "nosniff"


@dataclass(frozen=True)
class Rule:
    """A departure of many exchanges: *apply* changes the recorded response where it holds."""

    clause: str
    apply: Callable[[Request, Response], None]


RULES = (
    Rule("P1.1: the charset of JSON may be left out", _media_type),
    Rule("P1.6: the common headers are always exposed, and those of writes", _exposed),
    Rule("P1.4: errors vary too, and an origin that is named is varied by", _vary),
    Rule("P4.4, P11.8: every write tells the version it made", _version_of_writes),
    Rule("P10.4, P11.8: nothing is kept of the authenticated", _private_caches),
    Rule("P6.7, P11.8: tombstones keep their mark whatever the fields", _deleted_field),
    Rule("P7.7: the prefixed id is a principal", _prefixed_principal),
    Rule("RFC 9110 8.6: the length of a 304 would be that of the 200", _no_length),
    Rule("P1.1: JSON and nothing else", _no_sniffing),
)
