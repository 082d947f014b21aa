"""
Pages of errors: each failure, foreseen or not, in the one form that clients read.

Source: protocol P2.5 to P2.7, P3.4, P3.5.
"""

from __future__ import annotations

import re
from typing import Any

from pyramid import httpexceptions
from pyramid.security import forget
from webob.request import DisconnectionError

from cliquet.errors import (
    ERRORS,
    FORBIDDEN_MESSAGE,
    NOT_ALLOWED_MESSAGE,
    UNAVAILABLE_MESSAGE,
    http_error,
    invalid_parameter_response,
    not_found_response,
    unavailable_response,
)
from cliquet.exceptions import InvalidParameter
from cliquet.logs import logger
from cliquet.storage.exceptions import BackendError, RecordNotFoundError
from cliquet.utils import encode_header

_VERSIONED = re.compile(r"/(v[0-9]+)(/.*)?", re.DOTALL)


def authorization_required(request: Any) -> Any:
    """
    Answer 401 to the anonymous, with every policy's challenge, and 403 to all others.

    A JSON body of the exception's own is kept.
    """
    context = getattr(request, "exception", None)
    if has_json_body(context):
        return context
    if request.authenticated_userid is None:
        response = http_error(
            httpexceptions.HTTPUnauthorized(),
            errno=ERRORS.MISSING_AUTH_TOKEN,
            message="Please authenticate yourself to use this endpoint.",
        )
        response.headers.extend(forget(request))
        return response
    return http_error(
        httpexceptions.HTTPForbidden(),
        errno=ERRORS.FORBIDDEN,
        message=FORBIDDEN_MESSAGE,
    )


def page_not_found(response: Any, request: Any) -> Any:
    """Answer 404 to an unknown URL, or redirect to the one that was meant."""
    if has_json_body(response):
        return response
    if getattr(request, "matched_route", None) is not None:
        # The URL is known, and its view found nothing.
        return not_found_response()
    try:
        path, path_info = request.path, request.path_info
    except UnicodeDecodeError:
        return undecodable(response, request)
    prefix = request.registry.route_prefix
    base = f"/{prefix}" if prefix else ""
    if path_info == base or path_info.startswith(f"{base}/"):
        location = _without_slash(request, path, path_info.removeprefix(base))
    elif _VERSIONED.fullmatch(base) and _VERSIONED.fullmatch(path_info):
        return http_error(
            httpexceptions.HTTPNotFound(),
            errno=ERRORS.VERSION_NOT_AVAILABLE,
            message="The requested protocol version is not available on this server.",
        )
    else:
        location = _with_prefix(request, prefix)
    return not_found_response() if location is None else _redirection(request, location)


def _with_prefix(request: Any, prefix: str | None) -> str | None:
    if (
        not request.registry.redirects_to_version
        or not prefix
        or _VERSIONED.match(f"/{prefix}") is None
    ):
        return None
    if re.match(r"/v[0-9]", request.path_info) is not None:
        return None
    return f"{request.script_name}/{prefix}{request.path.removeprefix(request.script_name)}"


def _without_slash(request: Any, path: str, rest: str) -> str | None:
    if not request.registry.settings["trailing_slash_redirect_enabled"]:
        return None
    if not rest:
        return f"{path}/"
    return path.rstrip("/") or None if rest.endswith("/") else None


def _redirection(request: Any, location: str) -> Any:
    # The path is quoted; the query stays as it came, but for what may not stand in a header.
    query = f"?{encode_header(request.query_string)}" if request.query_string else ""
    return httpexceptions.HTTPTemporaryRedirect(f"{location}{query}")


def method_not_allowed(response: Any, request: Any) -> Any:
    """Answer 405 and say which methods there are."""
    if has_json_body(response):
        return response
    error = http_error(
        httpexceptions.HTTPMethodNotAllowed(),
        errno=ERRORS.METHOD_NOT_ALLOWED,
        message=NOT_ALLOWED_MESSAGE,
    )
    if response.allow:
        error.allow = response.allow
    return error


def service_unavailable(response: Any, request: Any) -> Any:
    """Answer 503 and say when to come back; a JSON body of the exception's own is kept."""
    if not has_json_body(response):
        response = http_error(response, errno=ERRORS.BACKEND, message=UNAVAILABLE_MESSAGE)
    response.headers["Retry-After"] = str(request.registry.settings["retry_after_seconds"])
    return response


def backend_error(error: BackendError, request: Any) -> Any:
    """Answer 503 for a backend that failed; what the driver said goes to the log."""
    logger.critical(error, exc_info=error.original or error)
    return unavailable_response(request, error)


def http_exception(response: Any, request: Any) -> Any:
    """Give any other HTTP exception the JSON form, unless it has it already."""
    if has_json_body(response) or response.empty_body or 300 <= response.code < 400:
        return response
    return http_error(response, message=response.detail)


def undecodable(error: Any, request: Any) -> Any:
    """Answer 400 for a URL that is not UTF-8; the same error from elsewhere is a fault of ours."""
    location = _undecodable_part(request)
    if location is None:
        return unexpected_error(error, request)
    wrong = InvalidParameter("Invalid UTF-8 in URL", location=location)
    return invalid_parameter_response(request, wrong)


def _undecodable_part(request: Any) -> str | None:
    for location, attribute in (("path", "path_info"), ("querystring", "GET")):
        try:
            getattr(request, attribute)
        except UnicodeDecodeError:
            return location
    return None


def invalid_parameter(error: InvalidParameter, request: Any) -> Any:
    """Answer 400 for a rule of the protocol that was broken outside of a resource's endpoint."""
    return invalid_parameter_response(request, error)


def incomplete_body(error: DisconnectionError, request: Any) -> Any:
    """Answer 400 for a body that ends before its length; who sent it may be gone."""
    wrong = InvalidParameter("Shorter than its Content-Length", location="body")
    return invalid_parameter_response(request, wrong)


def record_not_found(error: RecordNotFoundError, request: Any) -> Any:
    """Answer 404 for a record that a view looked for in vain."""
    return not_found_response(error)


def unexpected_error(error: Any, request: Any) -> Any:
    """Answer 500: the traceback goes to the log, never to the client (protocol P2.6)."""
    logger.error(error, exc_info=error)
    return http_error(
        httpexceptions.HTTPInternalServerError(),
        errno=ERRORS.UNDEFINED,
        message="A programmatic error occured, developers have been informed.",
        info=request.registry.settings["error_info_link"],
    )


def has_json_body(response: Any) -> bool:
    """Tell whether an HTTP exception was given a JSON body by who raised it."""
    return getattr(response, "content_type", None) == "application/json" and bool(response.body)


def includeme(config: Any) -> None:
    """Add the pages. An application's own exception views, more specific or later, win."""
    config.add_forbidden_view(authorization_required)
    config.add_notfound_view(page_not_found)
    pages = (
        (method_not_allowed, httpexceptions.HTTPMethodNotAllowed),
        (service_unavailable, httpexceptions.HTTPServiceUnavailable),
        (backend_error, BackendError),
        (http_exception, httpexceptions.HTTPException),
        (undecodable, UnicodeDecodeError),
        (incomplete_body, DisconnectionError),
        (invalid_parameter, InvalidParameter),
        (record_not_found, RecordNotFoundError),
        (unexpected_error, Exception),
    )
    for view, context in pages:
        config.add_exception_view(view, context=context)
