"""
What a batch asks for: descriptions of requests, and what they have in common.

Source: protocol P8.1, P8.2.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any
from urllib.parse import unquote

import colander

from cliquet.errors import add_error
from cliquet.http.body import body_validator
from cliquet.jsonlib import copied
from cliquet.utils import merge_dicts, strip_uri_prefix

PATH = "/batch"
RECURSIVE = f"Recursive call on {PATH} endpoint is forbidden."

_METHODS = ("GET", "HEAD", "DELETE", "TRACE", "POST", "PUT", "PATCH")
_PLAIN_MEMBERS = frozenset({"method", "path", "body"})
# Tokens, as RFC 9110 has them (section 5.6.2).
_HEADER_NAME = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")
_HEADER_VALUE = re.compile(r"[^\x00-\x08\x0a-\x1f\x7f]*")


class _Headers(colander.Mapping):
    """Headers by name in lower case; all of them are text."""

    def __init__(self) -> None:
        super().__init__(unknown="preserve")

    def deserialize(self, node: Any, cstruct: Any) -> Any:
        headers = super().deserialize(node, cstruct)
        if headers is colander.null:
            return headers
        wrong = colander.Invalid(node)
        for name, value in headers.items():
            problem = _problem_of_header(name, value)
            if problem:
                wrong.add(
                    colander.Invalid(colander.SchemaNode(colander.String(), name=name), problem)
                )
        if wrong.children:
            raise wrong
        return {name.lower(): value for name, value in headers.items()}


class _Body(colander.Mapping):
    """Any mapping, taken as it is: the body was parsed for this request, and is nobody else's."""

    def deserialize(self, node: Any, cstruct: Any) -> Any:
        return cstruct if isinstance(cstruct, dict) else super().deserialize(node, cstruct)


class _Part(colander.Mapping):
    """A request; one that is plainly right is not looked at member by member."""

    def deserialize(self, node: Any, cstruct: Any) -> Any:
        return cstruct if _is_plain(cstruct) else super().deserialize(node, cstruct)


def _is_plain(part: Any) -> bool:
    if not isinstance(part, dict) or not part.keys() <= _PLAIN_MEMBERS:
        return False
    path, method, body = part.get("path"), part.get("method", "GET"), part.get("body", {})
    is_path = isinstance(path, str) and path.startswith("/")
    return is_path and method in _METHODS and isinstance(body, dict)


def _problem_of_header(name: str, value: object) -> str | None:
    if _HEADER_NAME.fullmatch(name) is None:
        return f'"{name}" is not the name of a header'
    if not isinstance(value, str):
        return f'"{value}" is not a string'
    if _HEADER_VALUE.fullmatch(value) is None:
        return "should hold no control characters"
    return None


def _check_path(node: Any, value: str) -> None:
    if not value.startswith("/"):
        raise colander.Invalid(node, f'"{value}" should start with "/"')


def _part(name: str, *, path_missing: Any, missing: Any = colander.required) -> Any:
    """Return the schema of one request, or of the defaults of all."""
    optional = {"missing": colander.drop}
    return colander.SchemaNode(
        _Part(),
        colander.SchemaNode(
            colander.String(), name="method", validator=colander.OneOf(_METHODS), **optional
        ),
        colander.SchemaNode(
            colander.String(), name="path", validator=_check_path, missing=path_missing
        ),
        colander.SchemaNode(_Headers(), name="headers", **optional),
        colander.SchemaNode(_Body(), name="body", **optional),
        name=name,
        missing=missing,
    )


def _batch(*, path_missing: Any) -> Any:
    part = _part("request", path_missing=path_missing)
    return colander.SchemaNode(
        colander.Mapping(unknown="preserve"),
        _part("defaults", path_missing=colander.drop, missing=colander.drop),
        colander.SchemaNode(colander.Sequence(), part, name="requests"),
    )


_WITH_PATHS = _batch(path_missing=colander.required)
_WITH_DEFAULT_PATH = _batch(path_missing=colander.drop)


def validate_batch(request: Any, **kwargs: Any) -> None:
    """Validate, for Cornice: put ``requests`` and ``defaults`` into ``request.validated``."""
    body = _peeked(request)
    limit, parts = request.registry.settings["batch_max_requests"], body.get("requests")
    # Before anything else of them is looked at: there may be very many.
    if limit and isinstance(parts, list) and len(parts) > limit:
        _refuse(request, f"Number of requests is limited to {limit}")
        return
    defaults = body.get("defaults")
    has_path = isinstance(defaults, dict) and bool(defaults.get("path"))
    body_validator(request, schema=_WITH_DEFAULT_PATH if has_path else _WITH_PATHS)
    validated = request.validated
    paths = [one.get("path") for one in validated.get("requests", ())]
    if any(map(is_batch, [*paths, validated.get("defaults", {}).get("path")])):
        _refuse(request, RECURSIVE)


def _peeked(request: Any) -> dict[str, Any]:
    try:
        body = request.json
    except ValueError:
        return {}
    return body if isinstance(body, dict) else {}


def _refuse(request: Any, description: str) -> None:
    add_error(request, location="body", name="requests", description=description)


def is_batch(path: str | None) -> bool:
    """Tell whether *path* is that of the endpoint, however it is written."""
    if path is None or ("batch" not in path and "%" not in path):
        return False
    bare = unquote(path.partition("?")[0]).rstrip("/")
    return PATH in (bare, strip_uri_prefix(bare))


def described(part: Mapping[str, Any], defaults: Mapping[str, Any]) -> dict[str, Any]:
    """
    Return the description of a request, with what it leaves out.

    It is made when the request is, one at a time: the defaults may be large, and what one request
    makes of its own must not show in the next.
    """
    description = dict(part)
    if defaults:
        description = copied(description)
        merge_dicts(description, copied(defaults))
    return description
