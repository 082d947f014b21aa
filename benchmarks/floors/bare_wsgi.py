"""The lowest floor: a WSGI callable, with no framework at all."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, NamedTuple
from urllib.parse import parse_qsl
from wsgiref.types import StartResponse, WSGIApplication, WSGIEnvironment

import orjson

from benchmarks.floors import work

OK, CREATED = "200 OK", "201 Created"
NOT_MODIFIED, NOT_FOUND = "304 Not Modified", "404 Not Found"

ROOT, RECORDS = "/v1/", "/v1/articles"


class Answer(NamedTuple):
    """A status line, headers, and what is to be JSON; ``None`` is no body."""

    status: str
    headers: work.Headers
    content: Any = None


class Application:
    """The callable, with its records."""

    def __init__(self, store: work.Store) -> None:
        self._store = store

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        """Answer a request."""
        status, headers, content = self._answer(environ)
        if content is None:
            start_response(status, headers)
            return [b""]
        body = orjson.dumps(content)
        about_body = [("Content-Type", "application/json"), ("Content-Length", str(len(body)))]
        start_response(status, [*headers, *about_body])
        return [body]

    def _answer(self, environ: WSGIEnvironment) -> Answer:
        method, path = environ["REQUEST_METHOD"], environ["PATH_INFO"]
        if path == ROOT:
            return Answer(OK, [], work.hello(_host_url(environ)))
        if path == RECORDS:
            return self._list(environ) if method == "GET" else self._create(environ)
        record_id = path.removeprefix(f"{RECORDS}/")
        if method == "GET":
            return self._get(record_id, environ)
        write = self._store.put if method == "PUT" else self._store.patch
        return _described(write(record_id, work.read_record(_body(environ))))

    def _list(self, environ: WSGIEnvironment) -> Answer:
        known = work.known_list(self._store, environ.get("HTTP_IF_NONE_MATCH"))
        if known is not None:
            return Answer(NOT_MODIFIED, work.version_of(known))
        page = work.page_of(self._store, dict(parse_qsl(environ["QUERY_STRING"])))
        list_url = f"{_host_url(environ)}{RECORDS}"
        return Answer(OK, work.description_of(page, list_url), {"data": page.records})

    def _create(self, environ: WSGIEnvironment) -> Answer:
        record = self._store.put(work.new_id(), work.read_record(_body(environ)))
        return _described(record, status=CREATED)

    def _get(self, record_id: str, environ: WSGIEnvironment) -> Answer:
        record = self._store.get(record_id)
        known = environ.get("HTTP_IF_NONE_MATCH")
        if record is not None and work.is_known(record["last_modified"], known):
            return Answer(NOT_MODIFIED, work.version_of(record["last_modified"]))
        return _described(record, work.CACHE_CONTROL)


def _described(record: work.Record | None, *headers: tuple[str, str], status: str = OK) -> Answer:
    if record is None:
        return Answer(NOT_FOUND, [], {"code": 404})
    version = work.version_of(record["last_modified"])
    return Answer(status, [*version, *headers], {"data": record})


def _body(environ: WSGIEnvironment) -> bytes:
    body: bytes = environ["wsgi.input"].read(int(environ["CONTENT_LENGTH"]))
    return body


def _host_url(environ: WSGIEnvironment) -> str:
    return f"{environ['wsgi.url_scheme']}://{environ['HTTP_HOST']}"


def make_app(store: work.Store) -> WSGIApplication:
    """Return the floor."""
    return Application(store)
