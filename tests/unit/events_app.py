"""A small Pyramid application whose only view notes the events that the URL tells it to."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from types import SimpleNamespace
from typing import Any

import webtest
from pyramid import httpexceptions
from pyramid.config import Configurator
from pyramid.events import ApplicationCreated, NewRequest

from cliquet import events, logs
from cliquet.http.request import (
    Request,
    bound_data,
    extend_foreign_request,
    fold_extensions,
)
from cliquet.http.subrequests import build_request
from cliquet.settings import DEFAULT_SETTINGS

TOMBSTONE = {"id": "a", "last_modified": 9, "deleted": True}
NEW = {"id": "a", "last_modified": 9, "title": "new"}
OLD = {"id": "a", "last_modified": 5, "title": "old"}

#: What is noted for each action that a URL names.
NOTES: dict[str, dict[str, Any]] = {
    "create": {"data": NEW},
    "update": {"data": NEW, "old": OLD},
    "delete": {"data": TOMBSTONE, "old": OLD},
    "read": {"data": NEW},
    "read_list": {"data": [NEW, OLD], "action": "read"},
    "read_none": {"data": [], "action": "read"},
    "delete_list": {"data": [TOMBSTONE] * 2, "old": [OLD, NEW], "action": "delete"},
    "delete_none": {"data": [], "old": [], "action": "delete"},
    "delete_blind": {"data": [TOMBSTONE] * 2, "action": "delete"},
}


class Heard(list[Any]):
    """A subscriber that keeps the events it hears of."""

    def __call__(self, event: Any) -> None:
        self.append(event)

    @property
    def told(self) -> list[tuple[str, int]]:
        """Which actions it heard of, each with the number of records."""
        return [(event.payload["action"], len(list(_records(event)))) for event in self]


def _records(event: Any) -> Iterator[Any]:
    yield from getattr(event, "read_records", None) or getattr(event, "impacted_records", ())


def note(request: Any, what: str) -> None:
    """Note what *what* stands for, on behalf of the user in a header."""
    request.notify_resource_event(
        **{
            "action": what,
            "parent_id": request.prefixed_userid or "",
            "timestamp": int(request.GET.get("at", 7)),
            **NOTES[what],
        }
    )


def articles(request: Any) -> Any:
    """Note each ``do=`` of the query string, then end as its ``end=`` says."""
    for what in request.GET.getall("do"):
        note(request, what)
    verb, _, status = request.GET.get("end", "return 200").partition(" ")
    response = httpexceptions.status_map[int(status)]()
    if verb == "raise":
        raise response
    return response


def batch(request: Any) -> list[int]:
    """Run the paths in the body as sub-requests; one that raises is undone alone."""
    statuses = []
    for path in request.json:
        mark = events.mark_resource_events(request)
        subrequest = build_request(request, {"path": path})
        try:
            response = request.invoke_subrequest(subrequest, use_tweens="tweens=1" in path)
        except httpexceptions.HTTPException as error:
            events.drop_resource_events(request, since=mark)
            response = error
        statuses.append(response.status_code)
    return statuses


def make_config(settings: dict[str, Any] | None = None) -> Configurator:
    """Return a configurator with the view, the errors and the events."""
    config = Configurator(
        settings={**DEFAULT_SETTINGS, **(settings or {})}, request_factory=Request
    )
    config.registry.logger = logs.setup(DEFAULT_SETTINGS)
    config.registry.route_prefix = "v1"
    config.add_request_method(bound_data, reify=True)
    config.add_request_method(lambda r: r.headers.get("X-User"), "prefixed_userid", reify=True)
    config.add_request_method(
        lambda r: r.matched_route.name.partition("-")[0], "current_resource_name", reify=True
    )
    config.add_request_method(
        lambda r: SimpleNamespace(type=r.matched_route.name.partition("-")[2]),
        "current_service",
        reify=True,
    )
    config.add_subscriber(fold_extensions, ApplicationCreated)
    config.add_subscriber(extend_foreign_request, NewRequest)
    events.setup_transaction_hook(config)
    config.include("cliquet.views.errors")
    routes = {
        "article-collection": "/v1/articles",
        "article-record": "/v1/articles/{id}",
        "page-collection": "/v1/articles/{id}/pages",
        "page-record": "/v1/articles/{article_id}/pages/{id}",
        "odd-record": "/v1/odd/{action}/{uri}/{id}",
    }
    for name, pattern in routes.items():
        config.add_route(name, pattern)
        config.add_view(articles, route_name=name)
    config.add_route("batch", "/v1/batch")
    config.add_view(batch, route_name="batch", renderer="json")
    return config


def make_app(
    *subscriptions: tuple[Callable[[Any], Any], type], settings: dict[str, Any] | None = None
) -> webtest.TestApp:
    """Return the application, with subscribers to classes of events."""
    config = make_config(settings)
    for subscriber, event_class in subscriptions:
        config.add_subscriber(subscriber, event_class)
    return webtest.TestApp(config.make_wsgi_app())


def serve(
    view: Callable[[Any], Any], *subscriptions: tuple[Callable[[Any], Any], type]
) -> webtest.TestApp:
    """Return the application with *view*, which returns JSON, at ``/v1/x``."""
    config = make_config()
    config.add_route("x-record", "/v1/x")
    config.add_view(view, route_name="x-record", renderer="json")
    for subscriber, event_class in subscriptions:
        config.add_subscriber(subscriber, event_class)
    return webtest.TestApp(config.make_wsgi_app())
