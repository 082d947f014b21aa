"""The views of the floors with a framework, the same functions under Pyramid and Cornice."""

from __future__ import annotations

from typing import Any

import orjson
from pyramid.config import Configurator
from pyramid.httpexceptions import HTTPNotFound, HTTPNotModified
from pyramid.renderers import JSON

from benchmarks.floors import work


def get_hello(request: Any) -> dict[str, Any]:
    """Describe the service."""
    return work.hello(request.host_url)


def list_records(request: Any) -> Any:
    """Return a page of records."""
    store = request.registry.store
    known = work.known_list(store, request.headers.get("If-None-Match"))
    if known is not None:
        return HTTPNotModified(headers=work.version_of(known))
    page = work.page_of(store, request.GET)
    request.response.headers.update(work.description_of(page, request.path_url))
    return {"data": page.records}


def create_record(request: Any) -> dict[str, Any]:
    """Create a record."""
    request.response.status_code = 201
    write = request.registry.store.put
    return _described(request, write(work.new_id(), work.read_record(request.body)))


def get_record(request: Any) -> Any:
    """Return a record."""
    record = _found(request.registry.store.get(request.matchdict["id"]))
    if work.is_known(record["last_modified"], request.headers.get("If-None-Match")):
        return HTTPNotModified(headers=work.version_of(record["last_modified"]))
    return _described(request, record, work.CACHE_CONTROL)


def put_record(request: Any) -> dict[str, Any]:
    """Create or replace a record."""
    write = request.registry.store.put
    return _described(request, write(request.matchdict["id"], work.read_record(request.body)))


def patch_record(request: Any) -> dict[str, Any]:
    """Change some fields of a record."""
    write = request.registry.store.patch
    record = _found(write(request.matchdict["id"], work.read_record(request.body)))
    return _described(request, record)


#: Views by path and method.
VIEWS = {
    "/v1/": {"GET": get_hello},
    "/v1/articles": {"GET": list_records, "POST": create_record},
    "/v1/articles/{id}": {"GET": get_record, "PUT": put_record, "PATCH": patch_record},
}


def make_config(store: work.Store) -> Configurator:
    """Return the configurator of a floor: with records, and JSON by orjson."""
    config = Configurator()
    config.registry.store = store
    config.add_renderer("json", JSON(serializer=_dumps))
    return config


def _found(record: work.Record | None) -> work.Record:
    if record is None:
        raise HTTPNotFound
    return record


def _described(request: Any, record: work.Record, *headers: tuple[str, str]) -> dict[str, Any]:
    request.response.headers.update([*work.version_of(record["last_modified"]), *headers])
    return {"data": record}


def _dumps(value: Any, **options: Any) -> bytes:
    return orjson.dumps(value)
