"""
Answers of resources: the headers of versions and caches, and errors of rules made HTTP.

Source: protocol P4.1, P4.4, P4.10, P5.2 to P5.4, P10.4.
"""

from __future__ import annotations

import functools
import time
from collections.abc import Callable, Mapping
from email.utils import formatdate
from typing import Any, TypeVar
from urllib.parse import urlencode

from pyramid import httpexceptions

from cliquet.errors import (
    ERRORS,
    http_error,
    invalid_parameter_response,
    not_found_response,
)
from cliquet.exceptions import InvalidParameter
from cliquet.resource.preconditions import NotModified
from cliquet.storage.exceptions import (
    ModifiedError,
    RecordNotFoundError,
    UnicityError,
)
from cliquet.utils import classname

F = TypeVar("F", bound=Callable[..., Any])


def endpoint(method: F) -> F:
    """Make an endpoint of a resource's method: what rules and storages raise becomes HTTP."""

    @functools.wraps(method)
    def wrapped(self: Any, *args: Any, **kwargs: Any) -> Any:
        try:
            self.check_place()
            return method(self, *args, **kwargs)
        except (InvalidParameter, RecordNotFoundError, ModifiedError, NotModified) as error:
            raise _response_for(self, error) from error
        except UnicityError as error:
            raise conflict(self, error) from error

    return wrapped  # type: ignore[return-value]


def _response_for(resource: Any, error: Exception) -> Any:
    if isinstance(error, InvalidParameter):
        return invalid_parameter_response(resource.request, error)
    if isinstance(error, RecordNotFoundError):
        return not_found_response(error)
    if isinstance(error, ModifiedError):
        return modified_meanwhile(resource, error.existing)
    assert isinstance(error, NotModified)
    response = httpexceptions.HTTPNotModified()
    add_version(response, error.timestamp)
    return response


def modified_meanwhile(resource: Any, existing: Mapping[str, Any] | None) -> Any:
    """Return the 412 for a record, or ``None`` for the collection (protocol P5.4, P7.9)."""
    shown = resource.shown(existing)
    response = http_error(
        httpexceptions.HTTPPreconditionFailed(),
        errno=ERRORS.MODIFIED_MEANWHILE,
        message="Resource was modified meanwhile",
        details={} if shown is None else {"existing": shown},
    )
    if shown is not None:
        add_version(response, shown[resource.model.modified_field])
    elif existing is None and resource.record_id is None and resource.shows_collection():
        add_version(response, resource.model.timestamp())
    return response


def conflict(resource: Any, error: UnicityError) -> Any:
    """Return the 409 for a value that must be unique (protocol P4.10, P7.9)."""
    shown = resource.shown(error.record)
    message = f"Conflict of field {error.field}"
    if shown is not None:
        message += f" on record {shown[resource.model.id_field]}"
    return http_error(
        httpexceptions.HTTPConflict(),
        errno=ERRORS.CONSTRAINT_VIOLATED,
        message=message,
        details={"field": error.field} | ({} if shown is None else {"existing": shown}),
    )


def add_version(response: Any, timestamp: int) -> None:
    """Set the headers that name a version: ``ETag`` and ``Last-Modified``."""
    headers = response.headers
    headers["ETag"] = f'"{timestamp}"'
    headers["Last-Modified"] = _http_date(timestamp // 1000)


@functools.lru_cache(maxsize=1024)
def _http_date(seconds: int) -> str:
    return formatdate(seconds, usegmt=True)


def add_cache_control(request: Any, resource: Any) -> None:
    """
    Tell caches what they may keep of a read (protocol P10.4).

    Args:
        request: The current request.
        resource: The setting ``<its name>_cache_expires_seconds`` is for the anonymous.
    """
    headers = request.response.headers
    if request.prefixed_userid is not None:
        headers["Cache-Control"] = "no-cache, no-store"
        return
    name = getattr(request, "current_resource_name", None) or classname(resource)
    seconds = request.registry.settings.get(f"{name}_cache_expires_seconds")
    if seconds is None:
        headers["Cache-Control"] = "no-cache"
        return
    headers["Cache-Control"] = f"max-age={int(seconds)}"
    headers["Expires"] = _http_date(int(time.time() + seconds))


def next_page_url(request: Any, limit: int, token: str) -> str:
    """Return the absolute URL of the page that *token* begins; other parameters stay."""
    parameters = [(k, v) for k, v in request.GET.items() if k not in ("_limit", "_token")]
    query = urlencode([*parameters, ("_limit", str(limit)), ("_token", token)])
    return f"{request.host_url}{request.path}?{query}"
