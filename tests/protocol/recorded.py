"""
Exchanges recorded with a server of version 3.1, to be replayed against this one.

What was that day's (ids made by the server, timestamps, dates) is translated: a recorded value
stands for one present value, from the first answer that shows it until the end of the replay.
"""

from __future__ import annotations

import json
import re
import time
from dataclasses import dataclass, field
from email.utils import formatdate
from pathlib import Path
from typing import Any

EXCHANGES = Path(__file__).parent / "exchanges.jsonl"
PARSERS_WORDS = "Invalid JSON request body: "

#: Collections of all users.
SHARED = frozenset({"psilos", "spores", "toadstools", "moistures"})

_UUID = re.compile(r"\b[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}\b")
_THAT_DAY = re.compile(r"1795490\d{6}(?!\d)")
_FIRST = 1795490360000
#: Timestamps that were restored or forced lie ahead by this, so that each answer, stamped with
#: the present time or one above the last, keeps the recorded order.
_AHEAD_MS = 60_000

#: Headers that hold names, of which the order is free.
NAMES = frozenset(
    {
        "access-control-allow-headers",
        "access-control-allow-methods",
        "access-control-expose-headers",
        "allow",
        "cache-control",
        "vary",
    }
)


@dataclass(frozen=True)
class Request:
    """A recorded request."""

    method: str
    path: str
    headers: dict[str, str]
    body: str

    @property
    def user(self) -> str:
        """Return whom it was sent by, as the header says it."""
        return self.headers.get("Authorization", "")

    @property
    def place(self) -> str:
        """Return what tells one collection from another: its owner, if it has one, and name."""
        return self.collection if self.collection in SHARED else self.user + self.collection

    @property
    def collection(self) -> str:
        """Return the name of the collection in the URL, or of what is there instead."""
        names = re.split(r"[/?]", self.path.removeprefix("/v1/"))
        return "spores" if "spores" in names else names[0]

    @property
    def is_write(self) -> bool:
        """Tell whether it is to write records."""
        is_of_resource = self.collection in {"mushrooms", "articles", *SHARED}
        return is_of_resource and self.method in {"POST", "PUT", "PATCH", "DELETE"}

    @property
    def parts(self) -> list[Request]:
        """Return the requests inside a batch that is well formed."""
        batch = json.loads(self.body)
        defaults = batch.get("defaults", {})
        return [self._part({**defaults, **described}) for described in batch["requests"]]

    def _part(self, described: dict[str, Any]) -> Request:
        headers = {**self.headers, **described.get("headers", {})}
        body = json.dumps(described["body"]) if "body" in described else ""
        return Request(described.get("method", "GET"), f"/v1{described['path']}", headers, body)


@dataclass
class Response:
    """
    A response; names of headers are in lower case.

    Of a batch, the body has the paths, and *parts* what is answered inside.
    """

    status: int
    headers: dict[str, str]
    body: Any
    parts: list[Response] = field(default_factory=list)

    @classmethod
    def read(cls, status: int, headers: list[Any], body: str) -> Response:
        """Return a response whose body is the value that its JSON stands for, else its text."""
        names = {name.lower(): text for name, text in headers}
        try:
            value = json.loads(body)
        except ValueError:
            return cls(status, names, body)
        if not isinstance(value, dict) or "responses" not in value:
            return cls(status, names, value)
        inside = value["responses"]
        paths = {"responses": [one["path"] for one in inside]}
        return cls(status, names, paths, [cls._of_part(one) for one in inside])

    @classmethod
    def _of_part(cls, part: dict[str, Any]) -> Response:
        headers = {name.lower(): text for name, text in part["headers"].items()}
        return cls(part["status"], headers, part["body"])


@dataclass(frozen=True)
class Exchange:
    """A recorded request with its response."""

    id: str
    request: Request
    response: Response


def read_exchanges() -> list[Exchange]:
    """Return the recorded exchanges, in the order they were sent in."""
    with EXCHANGES.open(encoding="utf-8") as file:
        lines = [json.loads(line) for line in file]
    return [
        Exchange(line["id"], Request(**line["request"]), Response.read(**line["response"]))
        for line in lines
    ]


@dataclass
class Translation:
    """What recorded values are today; timestamps are those of one user's collection."""

    offset_ms: int = field(default_factory=lambda: time.time_ns() // 1_000_000 - _FIRST + _AHEAD_MS)
    ids: dict[str, str] = field(default_factory=dict)
    times: dict[tuple[str, str], dict[int, int]] = field(default_factory=dict)

    def known(self, request: Request, kind: str = "last_modified") -> dict[int, int]:
        """Return the timestamps of a kind that answers to requests like this one have shown."""
        place = "" if kind == "stored_on" else request.place
        return self.times.setdefault((place, kind), {})

    def sent(self, text: str, request: Request) -> str:
        """Return *text* of a request, or of an answer to it, with the values of today."""
        known = self.known(request)

        def present(match: re.Match[str]) -> str:
            recorded = int(match[0])
            return str(known.get(recorded, recorded + self.offset_ms))

        text = _UUID.sub(lambda match: self.ids.setdefault(match[0], match[0]), text)
        return _THAT_DAY.sub(present, text)

    def forced(self, recorded: int, request: Request, kind: str = "last_modified") -> int:
        """Return what a timestamp that is forced on a record is, from now on."""
        if _THAT_DAY.fullmatch(str(recorded)) is None:
            return recorded
        return self.known(request, kind).setdefault(recorded, recorded + self.offset_ms)

    def is_id(self, recorded: str, actual: object) -> bool:
        """Tell whether *actual* is what a recorded id stands for; it is, when first seen."""
        if recorded not in self.ids and actual in self.ids.values():
            return False
        return isinstance(actual, str) and self.ids.setdefault(recorded, actual) == actual

    def is_time(self, recorded: int, actual: object, request: Request, kind: str) -> bool:
        """Tell whether *actual* is what a recorded timestamp stands for, and keeps the order."""
        if _THAT_DAY.fullmatch(str(recorded)) is None:
            return recorded == actual
        known = self.known(request, kind)
        if type(actual) is not int or known.setdefault(recorded, actual) != actual:
            return False
        if kind == "stored_on":
            return True
        return all((recorded < one) == (actual < other) for one, other in known.items())


class Comparison:
    """The differences between a recorded response and the one of today."""

    def __init__(self, request: Request, translation: Translation) -> None:
        self._request = request
        self._translation = translation
        self.differences: list[str] = []

    def compare(self, expected: Response, actual: Response) -> None:
        """Find the differences in status, body and headers."""
        self._expect("status", expected.status, actual.status)
        self._value("body", expected.body, actual.body)
        for name in sorted(expected.headers.keys() | actual.headers.keys()):
            self._header(name, expected.headers.get(name), actual.headers.get(name))
        if expected.parts and len(expected.parts) == len(actual.parts):
            self._parts(expected.parts, actual.parts)

    def _parts(self, expected: list[Response], actual: list[Response]) -> None:
        trios = zip(self._request.parts, expected, actual, strict=True)
        for index, (request, recorded, answer) in enumerate(trios):
            inside = Comparison(request, self._translation)
            inside.compare(recorded, answer)
            self.differences += [f"responses.{index}, {found}" for found in inside.differences]

    def _expect(self, where: str, expected: Any, actual: Any) -> None:
        if expected != actual or type(expected) is not type(actual):
            self.differences.append(f"{where}: recorded {expected!r}, is {actual!r}")

    def _value(self, where: str, expected: Any, actual: Any) -> None:
        if where == "body.principals":
            # A set, that JSON has no form for.
            self._expect(where, sorted(expected), sorted(actual))
        elif isinstance(expected, dict) and isinstance(actual, dict):
            self._expect(f"{where}, names", sorted(expected), sorted(actual))
            for name in expected.keys() & actual.keys():
                self._value(f"{where}.{name}", expected[name], actual[name])
        elif isinstance(expected, list) and isinstance(actual, list):
            self._expect(f"{where}, length", len(expected), len(actual))
            for index, pair in enumerate(zip(expected, actual, strict=False)):
                self._value(f"{where}.{index}", *pair)
        else:
            self._leaf(where, expected, actual)

    def _leaf(self, where: str, expected: Any, actual: Any) -> None:
        kind = where.rpartition(".")[2]
        if kind in {"last_modified", "stored_on"} and isinstance(expected, int):
            if not self._translation.is_time(expected, actual, self._request, kind):
                self._expect(where, expected, actual)
        elif isinstance(expected, str) and _UUID.fullmatch(expected):
            if not self._translation.is_id(expected, actual):
                self._expect(where, expected, actual)
        elif isinstance(expected, str) and PARSERS_WORDS in expected:
            kept = expected.partition(PARSERS_WORDS)[0] + PARSERS_WORDS
            self._expect(where, kept, str(actual)[: len(kept)])
        elif isinstance(expected, str):
            self._expect(where, self._translation.sent(expected, self._request), actual)
        else:
            self._expect(where, expected, actual)

    def _header(self, name: str, expected: str | None, actual: str | None) -> None:
        if expected is None or actual is None:
            self._expect(name, expected, actual)
        elif name == "content-length":
            # Of the body as it is spelled today: slashes, letters and spaces are free in JSON.
            self._expect(name, True, actual.isdigit())
        elif name == "etag":
            known = self._translation.is_time
            times = int(expected.strip('"')), int(actual.strip('"'))
            if not known(*times, self._request, "last_modified"):
                self._expect(name, expected, actual)
        elif name in NAMES:
            self._expect(name, _names(expected), _names(actual))
        elif name == "expires":
            # As long after that day's request as after today's.
            self._expect(name, True, actual.endswith("GMT"))
        elif name == "next-page":
            self._expect(name, *map(_without_token, (expected, actual)))
        elif name == "alert":
            self._expect(name, json.loads(expected), json.loads(actual))
        else:
            self._expect(name, expected, actual)


def _names(header: str) -> set[str]:
    return {name.strip().lower() for name in header.split(",")}


def _without_token(url: str) -> str:
    # Tokens are opaque (protocol P6.6): that there is one is what can be compared.
    return re.sub(r"_token=[^&]+", "_token=...", url)


def http_date(etag: str) -> str:
    """Return the date of ``Last-Modified`` beside the ``ETag``."""
    return formatdate(int(etag.strip('"')) // 1000, usegmt=True)
