"""What tests share: an application with the resources that the recorded exchanges know."""

from __future__ import annotations

import base64
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from typing import Any, TypeVar

import colander
import webtest
from pyramid.config import Configurator
from pyramid.httpexceptions import HTTPConflict, HTTPServiceUnavailable
from pyramid.security import NO_PERMISSION_REQUIRED

import cliquet
from cliquet import Service, errors, resource
from cliquet.resource.schema import URL, TimeStamp
from cliquet.storage.exceptions import BackendError

T = TypeVar("T")

ALICE = {"Authorization": "Basic " + base64.b64encode(b"alice:secret").decode()}
BOB = {"Authorization": "Basic " + base64.b64encode(b"bob:secret").decode()}

SETTINGS = {
    "project_name": "origapp",
    "project_version": "1.2.3",
    "project_docs": "https://origapp.readthedocs.io/",
    "storage_backend": "cliquet.storage.memory",
    "userid_hmac_secret": "b4c96a8692291d88fe5a97dd91846eb4",
    "paginate_by": 20,
}


class MushroomSchema(resource.ResourceSchema):
    """A mushroom has a name, and anything else."""

    name = colander.SchemaNode(colander.String())

    class Options:
        preserve_unknown = True


@resource.register()
class Mushroom(resource.BaseResource):
    """Mushrooms of a user."""

    mapping = MushroomSchema()


class ArticleSchema(resource.ResourceSchema):
    """An article, strictly."""

    title = colander.SchemaNode(colander.String())
    archived = colander.SchemaNode(colander.Boolean(), missing=False)
    added_by = colander.SchemaNode(colander.String(), missing=colander.drop)
    url = URL(missing=colander.drop)
    position = colander.SchemaNode(colander.Integer(), missing=0)
    rating = colander.SchemaNode(colander.Float(), missing=colander.drop)
    stored_on = TimeStamp()

    class Options:
        unique_fields = ("url",)
        readonly_fields = ("added_by", "stored_on")


@resource.register()
class Article(resource.BaseResource):
    """Articles of a user."""

    mapping = ArticleSchema()


class FreeSchema(resource.ResourceSchema):
    """Anything at all."""

    class Options:
        preserve_unknown = True


@resource.register()
class Note(resource.BaseResource):
    """Notes of a user, schemaless, at /notes."""

    mapping = FreeSchema()


def boom(request: Any) -> None:
    """Fail, in as many ways as there are methods."""
    if request.method == "GET":
        raise ValueError("boom")
    if request.method == "POST":
        raise HTTPServiceUnavailable
    if request.method == "PUT":
        raise BackendError(RuntimeError("driver's own words"))
    if request.method == "PATCH":
        raise HTTPConflict
    errors.raise_invalid(request, "body", "field", "custom failure")


def alert(request: Any) -> dict[str, bool]:
    """Send an alert."""
    if request.method == "GET":
        errors.send_alert(request, "Some message", "http://example.com/alert")
    else:
        errors.send_alert(request, "No url", code="hard-eol")
    return {"ok": True}


def private(request: Any) -> dict[str, Any]:
    """Tell who asks."""
    return {"user": request.get_user_info(), "principals": request.effective_principals}


def add_services(config: Any) -> None:
    """Add the services beside the resources."""
    endpoints = (
        ("boom", boom, ("GET", "POST", "PUT", "PATCH", "DELETE"), NO_PERMISSION_REQUIRED),
        ("alert", alert, ("GET", "POST"), NO_PERMISSION_REQUIRED),
        ("private", private, ("GET",), "private"),
    )
    for name, view, methods, permission in endpoints:
        service = Service(name, f"/{name}")
        for method in methods:
            service.add_view(method, view, permission=permission)
        config.add_cornice_service(service)


def make_config(settings: dict[str, Any] | None = None) -> Configurator:
    """Return a configurator with the test application in it."""
    config = Configurator(settings={**SETTINGS, **(settings or {})})
    cliquet.initialize(config)
    config.scan(__name__)
    add_services(config)
    return config


def make_app(
    settings: dict[str, Any] | None = None, headers: dict[str, str] | None = None
) -> webtest.TestApp:
    """Return the test application; *headers* are sent with each request unless others are."""
    app = webtest.TestApp(make_config(settings).make_wsgi_app())
    app.extra_environ.update(
        {"HTTP_" + name.upper().replace("-", "_"): text for name, text in (headers or {}).items()}
    )
    return app


def run_together(work: Callable[[int], T], count: int = 8) -> list[T]:
    """Return what *work* returns in *count* threads that begin at one moment, given 0, 1, 2 …"""
    start = Barrier(count)

    def begin(number: int) -> T:
        start.wait(timeout=30)
        return work(number)

    with ThreadPoolExecutor(count) as pool:
        return list(pool.map(begin, range(count)))
