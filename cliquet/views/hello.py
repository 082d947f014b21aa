"""Hello: what this service is, and what a client needs to know before it begins."""

from __future__ import annotations

from typing import Any

from pyramid.security import NO_PERMISSION_REQUIRED

from cliquet.http.service import Service, add_service, forget_service


def get_hello(request: Any) -> dict[str, Any]:
    """
    Describe the service (protocol P3.1).

    The public settings are read at each request: what an application or plugin adds to
    ``registry.public_settings`` shows, whenever it was added.
    """
    registry, settings = request.registry, request.registry.settings
    data = {
        "project_name": settings["project_name"],
        "project_version": settings["project_version"],
        "http_api_version": settings["http_api_version"],
        "project_docs": settings["project_docs"],
        "cliquet_protocol_version": registry.protocol_version,
        "url": request.route_url("hello"),
        "settings": _public_settings(registry),
        "capabilities": registry.api_capabilities,
    }
    if settings["eos"]:
        data["eos"] = settings["eos"]
    user = request.get_user_info()
    if user:
        data["user"] = user
    return data


def _public_settings(registry: Any) -> dict[str, Any]:
    prefixes = ("cliquet.", f"{registry.settings['project_name']}.")
    public = {}
    for name in sorted(registry.public_settings):
        bare = name
        for prefix in prefixes:
            bare = bare.removeprefix(prefix)
        public[name] = registry.settings.get(name, registry.settings.get(bare))
    return public


def includeme(config: Any) -> None:
    """Add the endpoint."""
    service = Service(name="hello", path="/", description="What the service is")
    forget_service(service)
    service.add_view("GET", get_hello, permission=NO_PERMISSION_REQUIRED)
    add_service(config, service)
