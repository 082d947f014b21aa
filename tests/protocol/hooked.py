"""Resources and views that do more than they are asked to, in an application for batches."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

from pyramid import httpexceptions
from pyramid.response import Response
from pyramid.security import NO_PERMISSION_REQUIRED

from cliquet import resource
from cliquet.errors import raise_invalid
from cliquet.http.subrequests import build_request
from tests.protocol.batching import PLACE, add_services
from tests.protocol.resources import Free
from tests.protocol.shareable import SETTINGS as SHAREABLE
from tests.protocol.sharing import TWO_ID, migrated, settings_of, user_id
from tests.support import make_config


def write_elsewhere(request: Any) -> None:
    """Write a record and a permission that no client asked for."""
    request.registry.storage.create(**PLACE, record={})
    request.registry.permission.add_principal_to_ace("/written", "read", "someone")


@resource.register()
class Order(resource.BaseResource):
    """Records that are told of elsewhere, before one knows that they are right."""

    mapping = Free()

    def process_record(self, new: dict[str, Any], old: dict[str, Any] | None = None) -> Any:
        """Write elsewhere, and fail as the record says."""
        write_elsewhere(self.request)
        if "fail" in new:
            raise httpexceptions.status_map[new["fail"]]
        if "invalid" in new:
            raise_invalid(self.request, location="body", name="invalid", description="is there")
        return new


@resource.register()
class Shy(resource.ShareableResource):
    """Shared records whose writing is refused after it was done."""

    mapping = Free()

    def postprocess(self, result: Any, *args: Any, **kwargs: Any) -> dict[str, Any]:
        """Refuse what was written, if it says so."""
        body = super().postprocess(result, *args, **kwargs)
        if "late" in body["data"]:
            raise httpexceptions.HTTPConflict
        return body


@resource.register()
class Sight(resource.BaseResource):
    """Records that note which of them was seen last, in the one that says so."""

    mapping = Free()

    def postprocess(self, result: Any, *args: Any, **kwargs: Any) -> dict[str, Any]:
        """Note what is read in another record."""
        if self.request.method == "GET":
            self.model.update_record({"id": TWO_ID, "last": self.record_id})
        return super().postprocess(result, *args, **kwargs)


def nested(request: Any) -> Any:
    """Send a batch, as a view may, whose first part writes and fails."""
    body = {"requests": [{"path": "/write?raise=409"}, {"path": "/echo"}]}
    part = build_request(request, {"method": "POST", "path": "/batch", "body": body})
    return request.invoke_subrequest(part, use_tweens="tweens" in request.GET)


def nested_failure(request: Any) -> Response:
    """Write, send a batch that writes and fails, and be content whatever the answer."""
    write_elsewhere(request)
    order = {"method": "POST", "path": "/orders", "body": {"data": {}}}
    body = {"requests": [order, {"path": f"/write?{request.query_string}"}]}
    part = build_request(request, {"method": "POST", "path": "/batch", "body": body})
    return Response(json_body=request.invoke_subrequest(part, use_tweens=False).status_code)


def careless(request: Any) -> Response:
    """Send a request that writes, and be content whatever the answer."""
    part = build_request(request, {"method": "POST", "path": f"/write?{request.query_string}"})
    request.invoke_subrequest(part, use_tweens=True)
    return Response(json_body={})


def join(request: Any) -> Response:
    """Make Alice a friend."""
    request.registry.permission.add_user_principal(user_id("alice"), "group:friends")
    return Response(json_body={})


def manager(request: Any) -> Response:
    """Tell whether the transaction is that of the batch."""
    return Response(json_body=request.tm is request.parent.tm)


@functools.cache
def make_hooked(
    backends: str, *subscriptions: tuple[Callable[[Any], Any], type], **settings: Any
) -> Any:
    """Return the application, on a pair of backends; subscribers are given with their event."""
    config = make_config({**SHAREABLE, **settings_of(backends), **settings})
    for module in ("shareable", "resources", "hooked"):
        config.scan(f"tests.protocol.{module}")
    add_services(config)
    for view in (nested, nested_failure, careless, join, manager):
        config.add_route(view.__name__, f"/{view.__name__}")
        config.add_view(view, route_name=view.__name__, permission=NO_PERMISSION_REQUIRED)
    for subscriber, event_class in subscriptions:
        config.add_subscriber(subscriber, event_class)
    return migrated(config)
