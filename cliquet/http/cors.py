"""
Cross-origin requests: what browsers may read, from whom, on every kind of answer.

The origins are the application's, read from its settings at each request: services made when a
module was imported follow them too, unless they have ``cors_origins`` of their own.

Source: protocol P1.4, P1.6, P2.9, P2.10.
"""

from __future__ import annotations

import functools
import re
from typing import Any

from cliquet.errors import add_error, raise_invalid
from cliquet.utils import encode_header

#: Response headers that scripts may read on every answer.
EXPOSED_HEADERS = ("Backoff", "Retry-After", "Alert", "Content-Length", "Vary")


def is_allowed(origin: str, origins: tuple[str, ...]) -> bool:
    """Tell whether *origin* is one of *origins*; ``*`` stands for any text in them."""
    return "*" in origins or any(_pattern(one).fullmatch(origin) for one in origins)


@functools.lru_cache(maxsize=1024)
def _pattern(origin: str) -> re.Pattern[str]:
    # Not by fnmatch, to which the brackets of an IPv6 address are a set of characters.
    return re.compile(".*".join(map(re.escape, origin.split("*"))), re.IGNORECASE)


def check_origin(request: Any, **kwargs: Any) -> None:
    """
    Validate, for Cornice: the request comes from no origin, or from one that is allowed.

    What another origin sends is not looked at any further (protocol P2.9).
    """
    origin = request.headers.get("Origin")
    if origin and not is_allowed(origin, origins_of(request)):
        raise_invalid(request, "header", "Origin", f"{origin} not allowed")


def apply_cors(request: Any, response: Any) -> None:
    """Set the CORS headers of *response*, whatever it is."""
    service = request.current_service
    headers = response.headers
    # A view that is no service's may hand on the answer of one: what that exposes stays.
    if service is not None or "Access-Control-Expose-Headers" not in headers:
        headers["Access-Control-Expose-Headers"] = exposed_headers(service, request.method)
    origin = request.headers.get("Origin")
    if not origin or "Access-Control-Allow-Origin" in headers:
        return
    origins = origins_of(request)
    if not is_allowed(origin, origins):
        return
    # Where no service answers (an unknown URL, a redirection) the origin itself is named.
    is_any = "*" in origins and service is not None
    headers["Access-Control-Allow-Origin"] = "*" if is_any else encode_header(origin)


def origins_of(request: Any) -> tuple[str, ...]:
    """Return the origins of the service that answers, where it has its own, else of all."""
    own = getattr(request.current_service, "cors_origins", None)
    return tuple(own) if own else request.registry.cors_origins


def reapply_cors(request: Any, response: Any) -> Any:
    """Return *response* with the CORS headers that answers to *request* carry."""
    apply_cors(request, response)
    return response


def exposed_headers(service: Any, method: str) -> str:
    """Return the headers that scripts may read in the answer of a service to a method."""
    cached = getattr(service, "_exposed_headers", None)
    if cached is None:
        cached = {}
        if service is not None:
            service._exposed_headers = cached
    if method not in cached:
        cached[method] = ", ".join(_names(service, method))
    return cached[method]


def _names(service: Any, method: str | None = None) -> list[str]:
    names = dict.fromkeys(EXPOSED_HEADERS)
    for defined, _, arguments in getattr(service, "definitions", ()):
        if method in (None, defined):
            names.update(dict.fromkeys(arguments.get("cors_headers") or ()))
    return list(names)


def preflight(request: Any) -> None:
    """
    Answer ``OPTIONS``: tell a browser what it may ask of the service.

    Source: protocol P2.10.
    """
    service, headers = request.current_service, request.response.headers
    origin = _mandatory(request, "Origin")
    method = _mandatory(request, "Access-Control-Request-Method")
    if not origin or not method:
        return
    if method not in service.defined_methods:
        add_error(
            request,
            location="header",
            name="Access-Control-Request-Method",
            description="Method not allowed",
        )
        return
    asked = request.headers.get("Access-Control-Request-Headers", "")
    names = dict.fromkeys([*_names(service), *filter(None, map(str.strip, asked.split(",")))])
    # What was asked for is echoed: nothing in it may end the header (protocol P1.7).
    headers["Access-Control-Allow-Headers"] = encode_header(",".join(names))
    headers["Access-Control-Allow-Methods"] = ",".join(service.defined_methods)
    max_age = request.registry.settings["cors_max_age_seconds"]
    if max_age:
        headers["Access-Control-Max-Age"] = str(max_age)


def _mandatory(request: Any, header: str) -> str | None:
    value = request.headers.get(header)
    if not value:
        add_error(request, location="header", name=header, description="this header is mandatory")
    return value
