"""Metrics, for Prometheus to fetch."""

from __future__ import annotations

from typing import Any

from pyramid.httpexceptions import HTTPNotFound
from pyramid.response import Response
from pyramid.security import NO_PERMISSION_REQUIRED

from cliquet.http.service import Service, add_service, forget_service
from cliquet.prometheus import CONTENT_TYPE


def get_metrics(request: Any) -> Response:
    """
    Return the figures of this process.

    Not within a batch, which would take them past a proxy that keeps this path from the outside.
    """
    if getattr(request, "parent", None) is not None:
        raise HTTPNotFound
    return Response(request.registry.prometheus.text(), headerlist=[("Content-Type", CONTENT_TYPE)])


def includeme(config: Any) -> None:
    """Add the endpoint, where the setting ``metrics`` asks for Prometheus."""
    if config.registry.prometheus is None:
        return
    service = Service(name="metrics", path="/__metrics__")
    forget_service(service)
    service.add_view("GET", get_metrics, permission=NO_PERMISSION_REQUIRED)
    add_service(config, service)
