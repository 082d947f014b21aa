"""
Errors as clients see them: one JSON form, numbered.

Source: protocol P2.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from enum import Enum
from typing import Any, NoReturn

from pyramid import httpexceptions

from cliquet import jsonlib
from cliquet.exceptions import InvalidParameter
from cliquet.storage.exceptions import BackendError, RecordNotFoundError


class ERRORS(Enum):
    """The numbers of errors (protocol P2.2), in the field ``errno``."""

    MISSING_AUTH_TOKEN = 104
    INVALID_AUTH_TOKEN = 105
    BADJSON = 106
    INVALID_PARAMETERS = 107
    MISSING_PARAMETERS = 108
    INVALID_POSTED_DATA = 109
    INVALID_RESOURCE_ID = 110
    MISSING_RESOURCE = 111
    MISSING_CONTENT_LENGTH = 112
    REQUEST_TOO_LARGE = 113
    MODIFIED_MEANWHILE = 114
    METHOD_NOT_ALLOWED = 115
    VERSION_NOT_AVAILABLE = 116
    CLIENT_REACHED_CAPACITY = 117
    FORBIDDEN = 121
    CONSTRAINT_VIOLATED = 122
    UNDEFINED = 999
    BACKEND = 201
    SERVICE_DEPRECATED = 202


#: Most characters of one description: it may quote the request, which may be of any size.
MAX_DESCRIPTION_LENGTH = 4096

NOT_FOUND_MESSAGE = "The resource you are looking for could not be found."
UNAVAILABLE_MESSAGE = (
    "Service temporary unavailable due to overloading or maintenance, please retry later."
)
FORBIDDEN_MESSAGE = "This user cannot access this resource."
NOT_ALLOWED_MESSAGE = "Method not allowed on this endpoint."
_OF_STATUS = {
    403: (ERRORS.FORBIDDEN, FORBIDDEN_MESSAGE),
    404: (ERRORS.MISSING_RESOURCE, NOT_FOUND_MESSAGE),
    405: (ERRORS.METHOD_NOT_ALLOWED, NOT_ALLOWED_MESSAGE),
    503: (ERRORS.BACKEND, UNAVAILABLE_MESSAGE),
}


def http_error(  # noqa: PLR0913, PLR0917 - the signature that applications call
    httpexception: Any,
    errno: ERRORS | int | None = None,
    code: int | None = None,
    error: str | None = None,
    message: str | None = None,
    info: str | None = None,
    details: Any = None,
) -> Any:
    """
    Return *httpexception* with a JSON body, to be raised or returned.

    Args:
        httpexception: An instance of one of Pyramid's HTTP exceptions.
        errno: Its number; ``ERRORS.UNDEFINED`` unless given.
        code: The status in the body; the exception's own unless given.
        error: The title; the exception's own unless given.
        message: For a person to read.
        info: A URL where more can be read.
        details: Any JSON value.

    Source: protocol P2.1; what is ``None`` is left out of the body.
    """
    number = ERRORS.UNDEFINED if errno is None else errno
    body = {
        "code": code or httpexception.code,
        "errno": number.value if isinstance(number, ERRORS) else number,
        "error": error or httpexception.title,
        "message": message,
        "info": info,
        "details": details,
    }
    content = jsonlib.dumps({k: v for k, v in body.items() if v is not None})
    httpexception.body = httpexception.exact_json = content
    httpexception.content_type = "application/json"
    # WebOb gives HTTP exceptions a charset, which JSON has no use for (protocol P1.1).
    httpexception.charset = None
    httpexception.errno = body["errno"]
    return httpexception


def complete_error(response: Any) -> None:
    """
    Give a JSON body to an error that a view returns without any, as those that are raised have.

    Args:
        response: One of Pyramid's HTTP exceptions; one with a body, or below 400, is left alone.

    Source: protocol P1.1, P2.5, P2.7.
    """
    if response.status_code >= 400 and not response.has_body:
        errno, message = _OF_STATUS.get(response.status_code, (ERRORS.UNDEFINED, None))
        http_error(response, errno=errno, message=message or response.detail)


def json_error_handler(request_or_errors: Any) -> Any:
    """
    Return the response for the validation errors of a request.

    It may be the ``error_handler`` of any Cornice service.

    Args:
        request_or_errors: The request, or its list of errors as Cornice gave it of old.

    Source: protocol P2.3.
    """
    errors = getattr(request_or_errors, "errors", request_or_errors)
    details = [_detail(error) for error in errors]
    first = min(details, key=lambda detail: str(detail["name"] or ""))
    status = getattr(errors, "status", 400)
    exception = httpexceptions.status_map.get(status, httpexceptions.HTTPBadRequest)()
    return http_error(
        exception,
        code=exception.code,
        errno=ERRORS.INVALID_PARAMETERS,
        error="Invalid parameters",
        message=_message(first),
        details=details,
    )


def _detail(error: Mapping[str, Any]) -> dict[str, Any]:
    description = error.get("description")
    if isinstance(description, bytes):
        description = description.decode("utf-8", "replace")
    # Whatever a parser quotes of the request, a lone surrogate included, must make JSON.
    text = str(description or "").encode("utf-8", "replace").decode()
    if len(text) > MAX_DESCRIPTION_LENGTH:
        text = text[:MAX_DESCRIPTION_LENGTH] + "…"
    return {"location": error.get("location"), "name": error.get("name") or None} | {
        "description": text
    }


def _message(detail: Mapping[str, Any]) -> str:
    name, location, description = detail["name"], detail["location"], detail["description"]
    if name is None:
        return f"{location}: {description}"
    if str(name) in description:
        return str(description)
    return f"{name} in {location}: {description}"


def add_error(request: Any, *, location: str, name: str | None, description: str) -> None:
    """Add a validation error to those of *request*; unlike Cornice, at any location."""
    request.errors.append({"location": location, "name": name, "description": description})


def raise_invalid(
    request: Any,
    location: str = "body",
    name: str | None = None,
    description: str | None = None,
    **kwargs: Any,
) -> NoReturn:
    """
    Raise a 400 for what a client sent (protocol P2.3).

    Args:
        request: The current request; the error joins those it has already.
        location: ``body``, ``querystring``, ``path``, ``headers`` or ``header``.
        name: Field, parameter or header.
        description: What is wrong.
        kwargs: Members of the error beside these, for the log's sake.
    """
    error = {"location": location, "name": name, "description": description, **kwargs}
    request.errors.append(error)
    raise json_error_handler(request)


def invalid_parameter_response(request: Any, error: InvalidParameter) -> Any:
    """Return the 400 for a rule of the protocol that was broken."""
    add_error(request, location=error.location, name=error.name, description=error.description)
    return json_error_handler(request)


def not_found_response(error: RecordNotFoundError | None = None) -> Any:
    """Return the 404 of unknown records and URLs (protocol P2.5)."""
    return http_error(
        httpexceptions.HTTPNotFound(), errno=ERRORS.MISSING_RESOURCE, message=NOT_FOUND_MESSAGE
    )


def unavailable_response(request: Any, error: BackendError | None = None) -> Any:
    """Return the 503 of a backend that failed, with ``Retry-After`` (protocol P2.7)."""
    response = http_error(
        httpexceptions.HTTPServiceUnavailable(), errno=ERRORS.BACKEND, message=UNAVAILABLE_MESSAGE
    )
    retry_after = request.registry.settings["retry_after_seconds"]
    response.headers["Retry-After"] = str(retry_after)
    return response


def send_alert(
    request: Any, message: str | None = None, url: str | None = None, code: str = "soft-eol"
) -> None:
    """
    Add an ``Alert`` header to the response of *request* (protocol P1.5).

    Args:
        request: The current request.
        message: For the people who run the client.
        url: Where more can be read; the setting ``project_docs`` unless given.
        code: ``soft-eol`` or ``hard-eol``.
    """
    if url is None:
        url = request.registry.settings["project_docs"]
    alert = {"code": code, "message": message, "url": url}
    # ASCII, so that it may stand in a header whatever the message.
    request.response.headers["Alert"] = json.dumps(alert)
