"""
The elements of SQL that SQLite has in its own way.

JSON is text. Texts, booleans, null and integers of up to 18 digits are compared by SQL alone; the
functions of :mod:`cliquet.drivers.functions` are called for all other values only.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

from sqlalchemy import BindParameter, ColumnElement
from sqlalchemy.ext.compiler import compiles

from cliquet.storage.sql.elements import (
    AsDocument,
    DocumentText,
    FoldedText,
    JSONEquals,
    JSONHash,
    JSONHolds,
    JSONNumber,
    JSONRank,
    JSONText,
    JSONValue,
    MeetsPattern,
    NumberKey,
    PresentTime,
    quoted,
)

# Paths of SQLite know no escapes, and compare names as JSON has them written.
_PLAIN_NAME = re.compile(r'[^"\\\x00-\x1f]*')

_RANK = (
    "(CASE {type} WHEN 'null' THEN 0 WHEN 'text' THEN 1 WHEN 'integer' THEN 2 WHEN 'real' THEN 2"
    " WHEN 'true' THEN 3 WHEN 'false' THEN 3 WHEN 'array' THEN 4 WHEN 'object' THEN 5 ELSE 6 END)"
)
_TEXT = "(CASE {type} WHEN 'text' THEN {scalar} END)"
# What cliquet_number makes of the same numbers.
_NUMBER = (
    "(CASE {type} WHEN 'integer' THEN CASE WHEN length({value}) < 19"
    " THEN printf('%019d', {scalar} + 1000000000000000000) ELSE cliquet_number({value}) END"
    " WHEN 'real' THEN cliquet_number({value}) WHEN 'true' THEN '1000000000000000001'"
    " WHEN 'false' THEN '1000000000000000000' END)"
)
# What cliquet_canonical makes of the same values.
_CANONICAL = (
    "(CASE {type} WHEN 'real' THEN cliquet_canonical({value})"
    " WHEN 'array' THEN cliquet_canonical({value}) WHEN 'object' THEN cliquet_canonical({value})"
    " ELSE {value} END)"
)


def _parts(clause: ColumnElement[Any], compiler: Any, kwargs: dict[str, Any]) -> dict[str, str]:
    """Return what templates are made of: a JSON value, its type, and it as a value of SQL."""
    document, path = clause, "'$'"
    if isinstance(clause, JSONValue) and _PLAIN_NAME.fullmatch(clause.name):
        document, place = clause.clauses
        path = _path(place, clause.name, compiler, kwargs)
    text = compiler.process(document, **kwargs)
    return {
        "value": text if document is clause else f"({text} -> {path})",
        "scalar": f"({text} ->> {path})",
        "type": f"json_type({text}, {path})",
    }


def _path(place: ColumnElement[Any], name: str, compiler: Any, kwargs: dict[str, Any]) -> str:
    if isinstance(place, BindParameter):
        return f"('$.\"' || {compiler.process(place, **kwargs)} || '\"')"
    return quoted(f'$."{name}"')


def _compiles(element: type[Any]) -> Callable[[Callable[..., str]], Callable[..., str]]:
    """Compile *element* by a function of the compiler, its keywords and its arguments."""

    def decorate(compile_arguments: Callable[..., str]) -> Callable[..., str]:
        def compile_element(node: Any, compiler: Any, **kwargs: Any) -> str:
            return compile_arguments(compiler, kwargs, *node.clauses)

        compiles(element, "sqlite")(compile_element)
        return compile_arguments

    return decorate


def _on_sqlite(element: type[Any], template: str) -> None:
    """Compile *element* of one JSON value, see :func:`_parts`, or of ``{0}`` and ``{1}``."""

    @_compiles(element)
    def compile_arguments(compiler: Any, kwargs: dict[str, Any], *clauses: Any) -> str:
        if "{value}" in template or "{type}" in template:
            return template.format(**_parts(clauses[0], compiler, kwargs))
        return template.format(*(compiler.process(clause, **kwargs) for clause in clauses))


@compiles(JSONValue, "sqlite")
def _json_value(node: JSONValue, compiler: Any, **kwargs: Any) -> str:
    if _PLAIN_NAME.fullmatch(node.name):
        return _parts(node, compiler, kwargs)["value"]
    document, place = (compiler.process(clause, **kwargs) for clause in node.clauses)
    return f"cliquet_value({document}, {place})"


@_compiles(JSONEquals)
def _json_equals(compiler: Any, kwargs: dict[str, Any], one: Any, other: Any) -> str:
    sides = (_CANONICAL.format(**_parts(side, compiler, kwargs)) for side in (one, other))
    return f"coalesce({' = '.join(sides)}, 0)"


@_compiles(JSONHolds)
def _json_holds(compiler: Any, kwargs: dict[str, Any], array: Any, item: Any) -> str:
    parts = _parts(array, compiler, kwargs)
    form = f"cliquet_canonical({compiler.process(item, **kwargs)})"
    return "(CASE {type} WHEN 'array' THEN cliquet_holds({value}, {form}) ELSE 0 END)".format(
        **parts, form=form
    )


_on_sqlite(JSONRank, _RANK)
_on_sqlite(JSONText, _TEXT)
_on_sqlite(JSONNumber, _NUMBER)
_on_sqlite(JSONHash, f"NULLIF({_CANONICAL}, 'null')")
_on_sqlite(NumberKey, "cliquet_number({0})")
_on_sqlite(FoldedText, "lower({0})")
_on_sqlite(MeetsPattern, r"({0} LIKE {1} ESCAPE '\')")
_on_sqlite(PresentTime, "CAST(round((julianday('now') - 2440587.5) * 86400000) AS INTEGER)")
_on_sqlite(AsDocument, "{0}")
_on_sqlite(DocumentText, "{0}")
