"""Small applications for one test, written as applications of the old cliquet were."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import webtest
from pyramid.config import Configurator
from pyramid.security import NO_PERMISSION_REQUIRED

import cliquet
from cliquet.authorization import RouteFactory
from tests.support import ALICE, BOB

__all__ = ["ALICE", "BOB", "MEMORY", "answer", "configured", "served"]

MEMORY = {
    "storage_backend": "cliquet.storage.memory",
    "userid_hmac_secret": "b4c96a8692291d88fe5a97dd91846eb4",
}


def configured(
    settings: dict[str, Any] | None = None, *, version: str = "1.0.0", **initialize: Any
) -> Configurator:
    """Return a configurator of an application's own making, after ``cliquet.initialize()``."""
    config = Configurator(settings={**MEMORY, **(settings or {})}, root_factory=RouteFactory)
    initialize = {"project_name": "compat", **initialize}
    cliquet.initialize(config, version=version, **initialize)
    return config


def served(
    settings: dict[str, Any] | None = None,
    setup: Callable[[Any], Any] = lambda config: None,
    view: Callable[[Any], Any] | None = None,
    **initialize: Any,
) -> webtest.TestApp:
    """
    Return an application.

    Args:
        settings: Over those of :data:`MEMORY`.
        setup: Adds to the configuration.
        view: Answers every method at ``/v1/probe``, to everybody.
    """
    config = configured(settings, **initialize)
    setup(config)
    if view is not None:
        config.add_route("probe", "/probe")
        config.add_view(
            view, route_name="probe", renderer="json", permission=NO_PERMISSION_REQUIRED
        )
    return webtest.TestApp(config.make_wsgi_app())


def answer(
    view: Callable[[Any], Any],
    headers: dict[str, str] | None = None,
    settings: dict[str, Any] | None = None,
    **more: Any,
) -> Any:
    """Return the JSON value that *view* answers to a GET with *headers*."""
    app = served(settings, view=view, **more)
    return app.get("/v1/probe", headers=headers).json
