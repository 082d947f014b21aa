"""
Bodies of requests: read as JSON, held against a schema, and what is wrong with them told.

Source: protocol P2.3, P2.4, P2.8, P11.2.
"""

from __future__ import annotations

import functools
from collections.abc import Iterator, Mapping
from typing import Any

import colander

from cliquet import jsonlib
from cliquet.errors import add_error

JSON_TYPE = "application/json"


def media_type(request: Any) -> str:
    """Return the type of the body, in lower case and without parameters; ``""`` if untold."""
    return str(request.content_type or "").strip().lower()


def read_mapping(request: Any) -> dict[str, Any] | None:
    """
    Return the mapping that the JSON body of *request* is; an empty body is an empty mapping.

    Returns:
        ``None`` when the body is something else; the error is then among the request's.
    """
    # A body without a Content-Type is not read (protocol P2.8).
    if media_type(request) != JSON_TYPE or not request.body:
        return {}
    try:
        body = request.json
        # JSON has one spelling of NUL: without it there is nothing to look for.
        if b"\\u0000" in request.body and jsonlib.has_nul(body):
            raise ValueError("NUL character in a string")
    except ValueError as error:
        _refuse(request, f"Invalid JSON request body: {error}")
        return None
    if not isinstance(body, dict):
        _refuse(request, f"Invalid JSON: Should be a JSON object, got {body}")
        return None
    return body


def _refuse(request: Any, description: str) -> None:
    add_error(request, location="body", name=None, description=description)


def check_json_body(request: Any, **kwargs: Any) -> None:
    """Validate, for Cornice: a body, when there is one, is a JSON mapping."""
    read_mapping(request)


def body_validator(request: Any, schema: Any = None, **kwargs: Any) -> None:
    """
    Validate, for Cornice: put the members of the body into ``request.validated``.

    Members that the schema does not name are errors, unless it preserves unknown ones; required
    ones that are missing are errors of their own.

    Args:
        request: The current request.
        schema: A colander mapping of the body's top level, an instance or a class.
    """
    node = bound_schema(schema, request)
    body = read_mapping(request)
    for name, description in _errors(node, body or {}, request.validated):
        if body is not None or description.endswith("is missing"):
            add_error(request, location="body", name=name, description=description)


def _errors(
    node: colander.SchemaNode, body: dict[str, Any], validated: dict[str, Any]
) -> Iterator[tuple[str, str]]:
    names = {child.name for child in node.children}
    if node.typ.unknown != "preserve":
        yield from ((name, f"{name} is not allowed") for name in body if name not in names)
        body = {name: value for name, value in body.items() if name in names}
    missing = {child.name for child in node.children if child.required and child.name not in body}
    # An object or array that is null is as one that is missing (protocol P2.4).
    nulls = {child.name: colander.null for child in node.children if _is_null(child, body)}
    yield from ((name, f"{name} is missing") for name in sorted(missing))
    try:
        validated.update(node.deserialize(body | nulls))
    except colander.Invalid as error:
        told = described(error)
        yield from ((name, text) for name, text in told.items() if name not in missing)


def _is_null(child: colander.SchemaNode, body: dict[str, Any]) -> bool:
    is_container = isinstance(child.typ, (colander.Mapping, colander.Sequence))
    return is_container and body.get(child.name, child) is None


def described(error: colander.Invalid) -> Mapping[str, str]:
    """Return colander's words by the dotted name of the field, from the body's root."""
    return error.asdict(translate=_told)


def _told(message: Any) -> str:
    return str(message.interpolate() if hasattr(message, "interpolate") else message)


def bound_schema(schema: Any, request: Any) -> colander.SchemaNode:
    """Return a schema ready for *request*: made, if it is a class, and its deferred parts bound."""
    node, is_deferred = _node(schema)
    return node.bind(request=request) if is_deferred else node


@functools.lru_cache(maxsize=1024)
def _node(schema: Any) -> tuple[colander.SchemaNode, bool]:
    """Return the schema made, if it is a class, and whether it is to be bound to requests."""
    node = schema() if isinstance(schema, type) else schema
    return node, _has_deferred(node)


def _has_deferred(node: Any) -> bool:
    # What colander itself looks at when it binds: any attribute, and a hook that a node may have.
    values = (getattr(node, name, None) for name in dir(node))
    if any(isinstance(value, colander.deferred) for value in values):
        return True
    own_hook = getattr(node.after_bind, "__func__", node.after_bind)
    if own_hook is not colander.SchemaNode.after_bind:
        return True
    return any(_has_deferred(child) for child in node.children)
