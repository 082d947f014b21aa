"""What every response carries, of whatever kind it is."""

from __future__ import annotations

from typing import Any

from pyramid.events import NewResponse
from pyramid.httpexceptions import HTTPException

from cliquet.errors import complete_error
from cliquet.http.cors import apply_cors, origins_of


def finish_response(event: NewResponse) -> None:
    """
    Set the headers of a response that are not its view's business, and the body of a bare error.

    Source: protocol P1.1 to P1.6.
    """
    request, response = event.request, event.response
    if isinstance(response, HTTPException):
        complete_error(response)
    _keep_alert(request, response)
    apply_cors(request, response)
    headers = response.headers
    for name, value in request.registry.response_headers.items():
        headers.setdefault(name, value)
    if response.status_code == 503 and "Retry-After" not in headers:
        headers["Retry-After"] = str(request.registry.settings["retry_after_seconds"])
    if _depends_on_origin(request, headers) and "origin" not in headers.get("Vary", "").lower():
        headers["Vary"] = ", ".join(filter(None, [headers.get("Vary"), "Origin"]))


def _depends_on_origin(request: Any, headers: Any) -> bool:
    # Answers to no origin and to refused ones too, where there is a choice: a cache that kept
    # one of them would hand it to an origin that may read it, and cannot without the header.
    name = "Access-Control-Allow-Origin"
    return "*" not in origins_of(request) or (name in headers and headers[name] != "*")


def _keep_alert(request: Any, response: Any) -> None:
    # An alert that a view sent survives the error that it raised afterwards.
    sent = request.__dict__.get("response")
    if sent is not None and sent is not response and "Alert" in sent.headers:
        response.headers.setdefault("Alert", sent.headers["Alert"])
