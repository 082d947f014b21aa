"""What the log says of a request in one line: what was asked, and how it ended."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from cliquet.http.request import shown_path


def facts_of(request: Any) -> dict[str, Any]:
    """Return what was asked."""
    environ = request.environ
    return {
        "agent": environ.get("HTTP_USER_AGENT"),
        "path": shown_path(environ),
        "method": request.method,
        "querystring": _querystring(request) if environ.get("QUERY_STRING") else {},
        "lang": environ.get("HTTP_ACCEPT_LANGUAGE"),
        "uid": None,
        "authn_type": None,
    }


def _querystring(request: Any) -> Any:
    try:
        return dict(request.GET)
    except UnicodeDecodeError:
        return request.query_string


def outcome_of(request: Any, response: Any, seconds: float) -> dict[str, Any]:
    """Return how it ended, after that time; what is known of the user is not looked for here."""
    outcome = {
        "errno": getattr(response, "errno", 0),
        "code": response.status_code,
        "t": round(seconds * 1000),
        "time": datetime.now(UTC).isoformat(timespec="milliseconds"),
    }
    # Who asked is told when the request was authenticated; it is not authenticated to be told.
    identity = getattr(request, "_multiauth_identity", None)
    if identity is not None:
        outcome["uid"] = identity.userid
        outcome["authn_type"] = request.authn_type
    return outcome
