"""An application to send batches to, with services that write and then fail."""

from __future__ import annotations

import functools
from typing import Any

from pyramid import httpexceptions
from pyramid.response import Response
from pyramid.security import NO_PERMISSION_REQUIRED

from cliquet import Service
from tests.protocol.shareable import SETTINGS as SHAREABLE
from tests.protocol.sharing import headers_of, migrated, settings_of
from tests.support import make_config

#: Those of which all promises hold; the memory backend has no transactions.
DATABASES = ("sqlite", "postgresql")
PLACE = {"collection_id": "written", "parent_id": ""}


def write(request: Any) -> dict[str, Any]:
    """
    Write two records and a permission, and end as the query string says.

    ``raise`` and ``return`` are statuses; ``raise=0`` is an error of the program.
    """
    storage, permission = request.registry.storage, request.registry.permission
    for _ in range(2):
        storage.create(**PLACE, record={})
    permission.add_principal_to_ace("/written", "read", "someone")
    if "raise" in request.GET:
        status = int(request.GET["raise"])
        raise httpexceptions.status_map[status]() if status else ValueError("wrong")
    request.response.status_code = int(request.GET.get("return", 200))
    return {"written": 2}


def echo(request: Any) -> dict[str, Any]:
    """Return what came."""
    return {
        "method": request.method,
        "path": request.path,
        "query": request.query_string,
        "headers": {name.lower(): text for name, text in request.headers.items()},
        "body": request.body.decode(),
        "has_parent": request.parent is not None,
        "shared": request.bound_data is request.parent.bound_data if request.parent else None,
    }


def plain(request: Any) -> Response:
    """Return a text."""
    return Response("plain text é", content_type="text/plain", charset="utf-8")


def moved(request: Any) -> Response:
    """Redirect to where the query string says; else for ever."""
    return httpexceptions.HTTPTemporaryRedirect(request.GET.get("to", request.url))


METHODS = ("GET", "POST", "PUT", "PATCH", "DELETE", "TRACE")


def add_services(config: Any) -> None:
    """Add the services, one of them a view of Pyramid's own."""
    views = (("write", write, ("GET", "POST")), ("echo", echo, METHODS), ("moved", moved, METHODS))
    for name, view, methods in views:
        service = Service(name, f"/{name}")
        for method in methods:
            service.add_view(method, view, permission=NO_PERMISSION_REQUIRED)
        config.add_cornice_service(service)
    config.add_route("plain", "/plain")
    config.add_view(plain, route_name="plain", permission=NO_PERMISSION_REQUIRED)


def make_batching(backends: str, *, subscribers: Any = (), **settings: Any) -> Any:
    """Return a new application on a pair of backends."""
    config = make_config({**SHAREABLE, **settings_of(backends), **settings})
    config.scan("tests.protocol.shareable")
    config.scan("tests.protocol.resources")
    add_services(config)
    for subscriber in subscribers:
        config.add_subscriber(*subscriber)
    return migrated(config)


_shared = functools.cache(make_batching)


class Batching:
    """Sends batches to an empty application; requests are Alice's unless they say otherwise."""

    def __init__(self, backends: str = "memory", app: Any = None, **settings: Any) -> None:
        self.app = app or _shared(backends, **settings)
        self.registry = self.app.app.registry
        self.registry.storage.flush()
        self.registry.permission.flush()

    def post(self, body: Any, status: int = 200, user: str | None = "alice", **headers: str) -> Any:
        """Send the body of a batch, and return the answer."""
        sent = {name.replace("_", "-"): text for name, text in headers.items()}
        return self.app.post_json(
            "/v1/batch", body, headers={**headers_of(user), **sent}, status=status
        )

    def send(self, *parts: Any, defaults: Any = None, **kwargs: Any) -> list[Any]:
        """Send parts, ``GET /path`` or mappings, and return their answers."""
        described = [one if isinstance(one, dict) else part(*one.split(" ")) for one in parts]
        body: dict[str, Any] = {"requests": described}
        if defaults is not None:
            body["defaults"] = defaults
        answers: list[Any] = self.post(body, **kwargs).json["responses"]
        return answers

    def statuses(self, *parts: Any, **kwargs: Any) -> list[int]:
        """Send parts, and return the statuses of their answers."""
        return [one["status"] for one in self.send(*parts, **kwargs)]

    def get(self, path: str, user: str = "alice") -> Any:
        """Get something by a request of its own, and return its body."""
        return self.app.get(f"/v1{path}", headers=headers_of(user), expect_errors=True).json

    def permission_of(self, uri: str) -> Any:
        """Return what is stored of the permissions of an object."""
        return self.registry.permission.object_permissions(uri)

    def written(self) -> tuple[int, bool]:
        """Return how many records the service has written, and whether its permission is there."""
        _, count = self.registry.storage.get_all(**PLACE)
        return count, bool(self.permission_of("/written"))


def part(method: str, path: str, data: Any = None, **headers: str) -> dict[str, Any]:
    """Describe a request; *data* are those of a record."""
    described: dict[str, Any] = {"method": method, "path": path}
    if data is not None:
        described["body"] = {"data": data}
    if headers:
        described["headers"] = {name.replace("_", "-"): text for name, text in headers.items()}
    return described
