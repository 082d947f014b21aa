"""
Media types of requests and answers, checked before the user is.

Source: protocol P2.8, P2.9.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from cliquet.errors import add_error, json_error_handler
from cliquet.http.body import media_type

View = Callable[[Any, Any], Any]


def media_types_deriver(view: View, info: Any) -> View:
    """
    Wrap a view that has the option ``media_types``: a pair (accept, content_type).

    Each is a sequence of media types, or ``None`` for any.
    """
    accepted, content_types = info.options.get("media_types") or (None, None)
    if not accepted and not content_types:
        return view

    def checked(context: Any, request: Any) -> Any:
        if content_types and not _is_sent_as(request, content_types):
            return _refusal(request, 415, "Content-Type", content_types)
        if accepted and not _is_wanted(request, accepted):
            return _refusal(request, 406, "Accept", accepted)
        return view(context, request)

    return checked


media_types_deriver.options = ("media_types",)  # type: ignore[attr-defined]


def _is_sent_as(request: Any, content_types: Sequence[str]) -> bool:
    # A body without any Content-Type is not read, and none is needed for no body.
    sent = media_type(request)
    return not sent or sent in content_types or not request.body


def _is_wanted(request: Any, accepted: Sequence[str]) -> bool:
    header = request.environ.get("HTTP_ACCEPT", "").strip()
    if not header or header == "*/*" or header in accepted:
        return True
    accept = request.accept
    return bool(accept.acceptable_offers(accepted)) or _is_named(accept, accepted)


def _is_named(accept: Any, accepted: Sequence[str]) -> bool:
    # Parameters such as charset narrow a type for WebOb; they never did for clients.
    ranges = ((name.partition(";")[0].strip().lower(), q) for name, q, *_ in accept.parsed or ())
    return any(name in accepted and quality > 0 for name, quality in ranges)


def _refusal(request: Any, status: int, header: str, types: Sequence[str]) -> Any:
    description = f"{header} header should be one of {list(types)}"
    add_error(request, location="header", name=header, description=description)
    request.errors.status = status
    return json_error_handler(request)
