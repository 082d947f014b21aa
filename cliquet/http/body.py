"""
Bodies of requests: read as JSON, held against a schema, and what is wrong with them told.

Source: protocol P2.3, P2.4, P2.8, P11.2.
"""

from __future__ import annotations

import functools
from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

import colander

from cliquet import jsonlib
from cliquet.errors import add_error

JSON_TYPE = "application/json"

_CONTAINERS = (colander.Mapping, colander.Sequence)


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
    if media_type(request) != JSON_TYPE or not (raw := request.body):
        return {}
    try:
        body = request.json
        # JSON has one spelling of NUL: without it there is nothing to look for.
        if b"\\u0000" in raw and jsonlib.has_nul(body):
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
    node, shape = _ready(schema, request)
    body = read_mapping(request)
    for name, description in _errors(node, shape, body or {}, request.validated):
        if body is not None or description.endswith("is missing"):
            add_error(request, location="body", name=name, description=description)


class _Shape(NamedTuple):
    """
    What a schema says of the members of a body, whatever is in them.

    Attributes:
        names: Of all that it knows.
        required: Names of those that may not be missing, sorted.
        containers: Names of those that are objects or arrays.
        is_open: Whether others are preserved.
    """

    names: frozenset[str]
    required: tuple[str, ...]
    containers: tuple[str, ...]
    is_open: bool

    @classmethod
    def of(cls, node: colander.SchemaNode) -> _Shape:
        """Return the shape of a mapping."""
        children = node.children
        return cls(
            frozenset(child.name for child in children),
            tuple(sorted(child.name for child in children if child.required)),
            tuple(child.name for child in children if isinstance(child.typ, _CONTAINERS)),
            getattr(node.typ, "unknown", None) == "preserve",
        )


def _errors(
    node: colander.SchemaNode, shape: _Shape, body: dict[str, Any], validated: dict[str, Any]
) -> Iterator[tuple[str, str]]:
    if not (shape.is_open or body.keys() <= shape.names):
        yield from ((name, f"{name} is not allowed") for name in body if name not in shape.names)
        body = {name: value for name, value in body.items() if name in shape.names}
    missing = [name for name in shape.required if name not in body]
    # An object or array that is null is as one that is missing (protocol P2.4).
    nulls = {name: colander.null for name in shape.containers if body.get(name, name) is None}
    yield from ((name, f"{name} is missing") for name in missing)
    try:
        validated.update(node.deserialize(body | nulls if nulls else body))
    except colander.Invalid as error:
        told = described(error)
        yield from ((name, text) for name, text in told.items() if name not in missing)


def described(error: colander.Invalid) -> Mapping[str, str]:
    """Return colander's words by the dotted name of the field, from the body's root."""
    return error.asdict(translate=_told)


def _told(message: Any) -> str:
    return str(message.interpolate() if hasattr(message, "interpolate") else message)


def bound_schema(schema: Any, request: Any) -> colander.SchemaNode:
    """Return a schema ready for *request*: made, if it is a class, and its deferred parts bound."""
    return _ready(schema, request)[0]


def _ready(schema: Any, request: Any) -> tuple[colander.SchemaNode, _Shape]:
    node, shape = _node(schema)
    if shape is None:
        node = node.bind(request=request)
        shape = _Shape.of(node)
    return node, shape


@functools.lru_cache(maxsize=1024)
def _node(schema: Any) -> tuple[colander.SchemaNode, _Shape | None]:
    """Return the schema made, if it is a class; no shape, if it is to be bound to requests."""
    node = schema() if isinstance(schema, type) else schema
    return node, None if _has_deferred(node) else _Shape.of(node)


def _has_deferred(node: Any) -> bool:
    # What colander itself looks at when it binds: any attribute, and a hook that a node may have.
    values = (getattr(node, name, None) for name in dir(node))
    if any(isinstance(value, colander.deferred) for value in values):
        return True
    own_hook = getattr(node.after_bind, "__func__", node.after_bind)
    if own_hook is not colander.SchemaNode.after_bind:
        return True
    return any(_has_deferred(child) for child in node.children)
