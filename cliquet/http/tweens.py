"""Around every request: what is refused before any view, and the line that sums it up."""

from __future__ import annotations

import json
import logging
import time
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from pyramid import httpexceptions

from cliquet import logs
from cliquet.errors import ERRORS, http_error
from cliquet.http.summaries import facts_of, outcome_of
from cliquet.settings import read_date

Handler = Callable[[Any], Any]


def summary_tween_factory(handler: Handler, registry: Any) -> Handler:
    """Return the tween that writes a ``request.summary`` line for each request."""
    logger = registry.logger

    def tween(request: Any) -> Any:
        is_logged = logger.is_enabled_for(logging.INFO)
        start = time.perf_counter()
        token = logs.start_request(facts_of(request) if is_logged else {}, logger)
        try:
            response = handler(request)
            if is_logged:
                logs.summary(outcome_of(request, response, time.perf_counter() - start))
            return response
        finally:
            logs.end_request(token)

    return tween


def body_size_tween_factory(handler: Handler, registry: Any) -> Handler:
    """Return the tween that refuses bodies above ``max_body_bytes`` (protocol P2.5)."""
    limit = registry.settings["max_body_bytes"]

    def tween(request: Any) -> Any:
        if _body_bytes(request, limit) > limit:
            return http_error(
                httpexceptions.HTTPRequestEntityTooLarge(),
                errno=ERRORS.REQUEST_TOO_LARGE,
                message=f"Request body should be at most {limit} bytes.",
            )
        return handler(request)

    return tween


def _body_bytes(request: Any, limit: int) -> int:
    """Return the size of the body, in bytes; one of untold size is read, up to the limit."""
    if request.content_length is not None or not request.environ.get("wsgi.input_terminated"):
        return request.content_length or 0
    stream, body = request.environ["wsgi.input"], b""
    # A stream may give less than it is asked for, and nothing only at its end.
    while len(body) <= limit and (part := stream.read(limit + 1 - len(body))):
        body += part
    request.body = body
    return len(body)


def end_of_service_tween_factory(handler: Handler, registry: Any) -> Handler:
    """
    Return the tween that announces the end of the service, and then answers 410 to everything.

    Source: protocol P10.1.
    """
    settings = registry.settings
    end = read_date(settings["eos"])
    alert = {
        "message": settings["eos_message"],
        "url": settings["eos_url"] or settings["project_docs"],
    }

    def tween(request: Any) -> Any:
        is_over = end <= datetime.now(UTC)
        response = _gone() if is_over else handler(request)
        code = "hard-eol" if is_over else "soft-eol"
        response.headers["Alert"] = json.dumps({"code": code, **alert})
        return response

    return tween


def _gone() -> Any:
    return http_error(
        httpexceptions.HTTPGone(),
        errno=ERRORS.SERVICE_DEPRECATED,
        message="The service you are trying to connect no longer exists at this location.",
    )
