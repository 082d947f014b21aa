"""A request that no server received, to drive resources, models and schemas with."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from urllib.parse import urlencode

from cornice.errors import Errors
from pyramid.authorization import Authenticated, Everyone
from pyramid.registry import Registry
from pyramid.testing import DummyRequest as PyramidDummyRequest
from webob.headers import EnvironHeaders
from webob.multidict import MultiDict

from cliquet import events
from cliquet.cache.memory import Cache
from cliquet.http.request import get_user_info
from cliquet.http.subrequests import follow_subrequest
from cliquet.permission.memory import Permission
from cliquet.settings import load
from cliquet.storage.generators import UUID4
from cliquet.storage.memory import Storage


def dummy_registry(settings: Mapping[str, Any] | None = None) -> Registry:
    """
    Return the registry of an application that does not exist.

    It has what cliquet puts there: the settings, backends in memory, an id generator, and so on.

    Args:
        settings: Over the defaults, under their names without prefix.
    """
    registry = Registry("testing")
    registry.settings = load(settings or {}, environ={})
    registry.storage = Storage()
    registry.cache = Cache()
    registry.permission = Permission()
    registry.id_generator = UUID4()
    registry.statsd = None
    registry.prometheus = None
    registry.authentication_policy = None
    registry.route_prefix = "v0"
    registry.cors_origins = ("*",)
    registry.heartbeats = {}
    registry.public_settings = set()
    registry.api_capabilities = {}
    registry.cornice_services = {}
    registry.response_headers = {}
    return registry


class DummyRequest(PyramidDummyRequest):
    """
    A request of the user ``basicauth:bob``, with a storage of its own, that no route matched.

    Every attribute can be assigned, or given by keyword: ``DummyRequest(matchdict={"id": "a"})``.

    Args:
        params: The query string, a mapping of texts: :attr:`GET`.
        headers: Request headers.
        registry: That of an application; one of :func:`dummy_registry` unless given.
        kwargs: Attributes, and what :class:`pyramid.testing.DummyRequest` takes.

    Attributes:
        validated: What validation found in the body: ``{"data": {…}}``.
        json: The body as it was sent.
        errors: What was wrong with it, as Cornice keeps it.
        response: Where views set status and headers.
    """

    authn_type: str | None = "basicauth"
    selected_userid: str | None = "bob"
    authenticated_userid: str | None = "bob"
    prefixed_userid: str | None = "basicauth:bob"
    effective_principals: Any = (Everyone, Authenticated, "bob", "basicauth:bob")

    content_type = "application/json"
    matched_route: Any = None
    current_service: Any = None
    current_resource_name: str | None = None
    parent: Any = None

    def __init__(
        self,
        params: Mapping[str, str] | None = None,
        *,
        headers: Mapping[str, str] | None = None,
        registry: Registry | None = None,
        path: str = "/v0/",
        **kwargs: Any,
    ) -> None:
        super().__init__(params=MultiDict(params or {}), path=path)
        self.registry = dummy_registry() if registry is None else registry
        # Names are compared without case, as those of real requests are.
        self.headers = EnvironHeaders(self.environ)
        self.headers.update(headers or {})
        self.effective_principals = list(self.effective_principals)
        self.validated: dict[str, Any] = {}
        self.json: Any = {}
        self.errors = Errors()
        self.info: dict[str, Any] = {}
        self.bound_data: dict[str, Any] = {}
        for name, value in kwargs.items():
            setattr(self, name, value)

    def get_user_info(self) -> dict[str, Any] | None:
        """Return what hello says of the user."""
        return get_user_info(self)

    def follow_subrequest(self, subrequest: Any, **kwargs: Any) -> tuple[Any, Any]:
        """See :func:`cliquet.http.subrequests.follow_subrequest`."""
        return follow_subrequest(self, subrequest, **kwargs)

    def notify_resource_event(self, **event: Any) -> None:
        """See :func:`cliquet.events.notify_resource_event`; it is noted, and never announced."""
        events.notify_resource_event(self, **event)

    def get_resource_events(self, after_commit: bool = False) -> list[Any]:
        """See :func:`cliquet.events.get_resource_events`."""
        return events.get_resource_events(self, after_commit)

    def route_url(self, route_name: str, *elements: Any, **kw: Any) -> str:
        """
        Return a URL made of the name of the route and *elements*: there are no routes.

        Args:
            route_name: Stands for the path of the route.
            elements: Follow it, each after a slash.
            kw: ``_app_url``, ``_scheme``, ``_host``, ``_query`` and ``_anchor`` as Pyramid has
                them. Values of placeholders are left out.
        """
        scheme, host = kw.get("_scheme", "http"), kw.get("_host", self.domain)
        root = kw.get("_app_url", f"{scheme}://{host}")
        path = "/".join([self.registry.route_prefix, route_name, *map(str, elements)])
        query = f"?{urlencode(kw['_query'])}" if kw.get("_query") else ""
        anchor = f"#{kw['_anchor']}" if kw.get("_anchor") else ""
        return f"{root}/{path}{query}{anchor}"
