"""Requests of one user to one collection, for the tests of P4, P5, P6 and P11."""

from __future__ import annotations

import functools
import json
import string
from typing import Any
from urllib.parse import quote

import webtest

from tests.support import ALICE, make_config

UNKNOWN_ID = "ffffffff-ffff-4fff-8fff-ffffffffffff"
ONE_ID = "11111111-1111-4111-8111-111111111111"
TWO_ID = "22222222-2222-4222-8222-222222222222"

#: A timestamp long past, in milliseconds, and one far in the future.
PAST = 1234567890123
FUTURE = 4102444800000


def make_resources_app(settings: dict[str, Any] | None = None) -> Any:
    """Return a WSGI application with the resources of the tests beside those of all tests."""
    config = make_config(settings)
    config.scan("tests.protocol.resources")
    return config.make_wsgi_app()


@functools.cache
def _shared_app(settings: tuple[tuple[str, Any], ...]) -> Any:
    return make_resources_app(dict(settings))


class Client:
    """
    Requests of Alice to the collection at *path*; answers of any status are returned.

    Clients of the same *settings* share one application, without a record when one is made.
    Names of headers are given as keywords, with underscores: ``If_Match='"12"'``.
    """

    def __init__(self, path: str, settings: dict[str, Any] | None = None, app: Any = None) -> None:
        self.wsgi = app or _shared_app(tuple(sorted((settings or {}).items())))
        self.registry = self.wsgi.registry
        if app is None:
            self.registry.storage.flush()
        self._app = webtest.TestApp(self.wsgi)
        self._path = f"/v1/{path}"

    def at(self, path: str) -> Client:
        """Return a client of another collection of the same application."""
        return Client(path, app=self.wsgi)

    def call(self, method: str, suffix: str = "", body: Any = None, **headers: str) -> Any:
        """Send a request; a *body* that is no bytes is sent as JSON."""
        sent = {**ALICE, **{name.replace("_", "-"): text for name, text in headers.items()}}
        options: dict[str, Any] = {}
        if body is not None:
            raw = body if isinstance(body, bytes) else json.dumps(body).encode()
            options = {"body": raw, "content_type": "application/json"}
        path = self._path + quote(suffix, safe=string.punctuation)
        return self._app.request(path, method=method, headers=sent, expect_errors=True, **options)

    def get(self, suffix: str = "", **headers: str) -> Any:
        """Send a GET of the collection or, with ``"/<id>"`` or ``"?<query>"``, of less."""
        return self.call("GET", suffix, **headers)

    def post(self, data: Any, **headers: str) -> Any:
        """Create a record."""
        return self.call("POST", "", {"data": data}, **headers)

    def put(self, record_id: str, data: Any, **headers: str) -> Any:
        """Create or replace a record."""
        return self.call("PUT", f"/{record_id}", {"data": data}, **headers)

    def patch(self, record_id: str, data: Any, **headers: str) -> Any:
        """Change a record."""
        return self.call("PATCH", f"/{record_id}", {"data": data}, **headers)

    def delete(self, suffix: str = "", **headers: str) -> Any:
        """Delete a record (``"/<id>"``) or a list."""
        return self.call("DELETE", suffix, **headers)

    def create(self, **data: Any) -> dict[str, Any]:
        """Create a record and return it."""
        answer = self.post(data)
        assert answer.status_code == 201, answer.text
        return answer.json["data"]

    def remove(self, **data: Any) -> dict[str, Any]:
        """Create a record, delete it, and return the tombstone."""
        return self.delete(f"/{self.create(**data)['id']}").json["data"]

    def read(self, record_id: str) -> dict[str, Any]:
        """Return a record."""
        return self.get(f"/{record_id}").json["data"]

    def names(self, query: str = "") -> list[Any]:
        """Return the field ``name`` of the records listed, in their order."""
        return [record.get("name") for record in self.get(query).json["data"]]

    def timestamp(self) -> int:
        """Return the timestamp of the collection."""
        return etag_of(self.call("HEAD"))


def etag_of(answer: Any) -> int:
    """Return the timestamp in the ``ETag`` of an answer."""
    return int(answer.headers["ETag"].strip('"'))


def quoted(timestamp: int) -> str:
    """Return a timestamp as preconditions have it."""
    return f'"{timestamp}"'


def details_of(answer: Any) -> list[tuple[str, Any, str]]:
    """Return the errors of a 400: location, name and description of each."""
    assert answer.status_code == 400, answer.text
    assert answer.json["errno"] == 107
    found = answer.json["details"]
    return [(error["location"], error["name"], error["description"]) for error in found]
