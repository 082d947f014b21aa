"""The command ``cliquet routes``: what an application answers to, and who may ask for it."""

from __future__ import annotations

import argparse
from collections.abc import Iterable, Iterator
from typing import Any, NamedTuple

from pyramid.security import NO_PERMISSION_REQUIRED

from cliquet.authorization import DYNAMIC, PRIVATE, RouteFactory
from cliquet.http.cors import preflight
from cliquet.http.service import resource_name_of

#: A PUT creates where there is nothing yet.
_OF_PUT = "write or create"
_WHO = {None: "everyone", NO_PERMISSION_REQUIRED: "everyone", PRIVATE: "any user"}


class Row(NamedTuple):
    """
    A method of a path.

    Attributes:
        method: Of HTTP; ``*`` for all of them.
        path: With the prefix of the version.
        resource: Name of the resource; ``-`` where it is none's.
        view: What answers.
        permission: Who may: ``everyone``, ``any user``, or those with that permission.
    """

    method: str
    path: str
    resource: str
    view: str
    permission: str


def run(env: Any, options: argparse.Namespace) -> None:
    """Print a line for each method of each path; HEAD goes with GET, and OPTIONS with all."""
    rows = [Row(*(field.upper() for field in Row._fields)), *rows_of(env["registry"])]
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    for row in rows:
        cells = (cell.ljust(width) for cell, width in zip(row, widths, strict=True))
        print("  ".join(cells).rstrip())


def rows_of(registry: Any) -> Iterator[Row]:
    """Iterate over the methods of paths, in the order in which they are looked at."""
    services = {
        service.pyramid_route or service.name: service
        for service in registry.cornice_services.values()
    }
    views: dict[str, list[tuple[Any, str | None]]] = {}
    for item in registry.introspector.get_category("views", ()):
        route = item["introspectable"]["route_name"]
        views.setdefault(route, []).append(_view(item))
    for item in registry.introspector.get_category("routes", (), lambda one: one.order):
        route = item["introspectable"]
        name, path = route["name"], "/" + route["pattern"].lstrip("/")
        if name in services:
            yield from _rows_of_service(path, services[name])
        else:
            yield from _rows_of_views(path, views.get(name, ()))


def _rows_of_service(path: str, service: Any) -> Iterator[Row]:
    resource = resource_name_of(service)
    for method, view, arguments in service.definitions:
        if method == "HEAD" or view is preflight:
            continue
        if resource is None:
            name = getattr(view, "__name__", str(view))
        else:
            name = f"{service.resource.__name__}.{service.viewset.get_view(service.type, method)}"
        permission = _permission(arguments.get("permission"), method)
        yield Row(method, path, resource or "-", name, permission)


def _view(item: Any) -> tuple[Any, str | None]:
    related = (one for one in item["related"] if one.category_name == "permissions")
    return item["introspectable"], next((one["value"] for one in related), None)


def _rows_of_views(path: str, views: Iterable[tuple[Any, str | None]]) -> Iterator[Row]:
    for view, permission in views:
        methods = view["request_methods"] or "*"
        name = getattr(view["callable"], "__name__", str(view["callable"]))
        for method in [methods] if isinstance(methods, str) else methods:
            if method != "HEAD":
                yield Row(method, path, "-", name, _permission(permission, method))


def _permission(permission: str | None, method: str) -> str:
    if permission == DYNAMIC:
        of_methods = {**RouteFactory.method_permissions, "put": _OF_PUT}
        return of_methods.get(method.lower(), "nobody")
    return _WHO.get(permission, str(permission))
