"""
What differs between the databases: JSON in expressions, and the clock.

A database joins by compiling these elements; everything else is SQL that all of them read.
"""

from __future__ import annotations

from typing import Any

from sqlalchemy import BigInteger, Boolean, ColumnElement, Numeric, Text, literal_column
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.functions import FunctionElement

from cliquet.drivers.elements import InList as InList
from cliquet.storage.sql.tables import Document


class JSONValue(FunctionElement[Any]):
    """
    The value of a field, as JSON; NULL where it is missing.

    Args:
        document: JSON.
        name: Of the field.
        place: Stands for the name in the text; by default a literal, as in indexes.
    """

    type = Document()
    inherit_cache = True

    def __init__(
        self, document: ColumnElement[Any], name: str, place: ColumnElement[Any] | None = None
    ) -> None:
        super().__init__(document, literal_column(quoted(name)) if place is None else place)
        self.name = name


class JSONRank(FunctionElement[Any]):
    """The rank of a JSON value in the order of sorting: 0 for null, 5 for objects, 6 for NULL."""

    type = BigInteger()
    inherit_cache = True


class JSONText(FunctionElement[Any]):
    """The text of a JSON string, compared by code point; NULL for anything else."""

    type = Text()
    inherit_cache = True


class JSONNumber(FunctionElement[Any]):
    """The number that a JSON number is, or a boolean stands for; NULL for anything else."""

    type = Numeric()
    inherit_cache = True


class NumberKey(FunctionElement[Any]):
    """A number that is sent, as :class:`JSONNumber` is compared with it."""

    type = Numeric()
    inherit_cache = True


class JSONEquals(FunctionElement[Any]):
    """Whether two JSON values are equal, deeply; false where the first is NULL."""

    type = Boolean()
    inherit_cache = True


class JSONHolds(FunctionElement[Any]):
    """Whether a JSON array holds a value, deeply equal; false for what is no array."""

    type = Boolean()
    inherit_cache = True


class JSONHash(FunctionElement[Any]):
    """A hash of a JSON value, the same for values that are equal; NULL for null."""

    type = BigInteger()
    inherit_cache = True


class FoldedText(FunctionElement[Any]):
    """A text with A-Z folded, and no other letter."""

    type = Text()
    inherit_cache = True


class MeetsPattern(FunctionElement[Any]):
    """Whether a text meets a pattern of ``LIKE``, with the backslash as escape character."""

    type = Boolean()
    inherit_cache = True


class PresentTime(FunctionElement[Any]):
    """The clock of the database, in milliseconds since the epoch."""

    type = BigInteger()
    inherit_cache = True


class AsDocument(FunctionElement[Any]):
    """JSON text as the database keeps documents."""

    type = Document()
    inherit_cache = True


class DocumentText(FunctionElement[Any]):
    """A document as JSON text."""

    type = Text()
    inherit_cache = True


class Enclosed(FunctionElement[Any]):
    """A condition within parentheses, which stay there."""

    type = Boolean()
    inherit_cache = True


@compiles(Enclosed)
def _enclosed(node: Enclosed, compiler: Any, **kwargs: Any) -> str:
    return f"({compiler.process(node.clause_expr.element, **kwargs)})"


def quoted(text: str) -> str:
    """Return *text* as a literal of SQL: for names in schemas of applications, not for data."""
    return "'" + text.replace("'", "''") + "'"


def _on_postgresql(element: type[FunctionElement[Any]], template: str) -> None:
    """Compile *element* on PostgreSQL; ``{0}`` and ``{1}`` stand for its arguments."""

    def compile_element(node: Any, compiler: Any, **kwargs: Any) -> str:
        return template.format(*(compiler.process(clause, **kwargs) for clause in node.clauses))

    compiles(element, "postgresql")(compile_element)


_on_postgresql(JSONValue, "({0} -> {1})")
_on_postgresql(
    JSONRank,
    "(CASE jsonb_typeof({0}) WHEN 'null' THEN 0 WHEN 'string' THEN 1 WHEN 'number' THEN 2"
    " WHEN 'boolean' THEN 3 WHEN 'array' THEN 4 WHEN 'object' THEN 5 ELSE 6 END)",
)
_on_postgresql(
    JSONText, "(CASE jsonb_typeof({0}) WHEN 'string' THEN {0} #>> '{{}}' END COLLATE \"C\")"
)
_on_postgresql(
    JSONNumber,
    "(CASE jsonb_typeof({0}) WHEN 'number' THEN ({0} #>> '{{}}')::numeric"
    " WHEN 'boolean' THEN ({0} = 'true'::jsonb)::int::numeric END)",
)
_on_postgresql(NumberKey, "{0}")
_on_postgresql(JSONEquals, "coalesce({0} = ({1})::jsonb, false)")
_on_postgresql(
    JSONHolds,
    "EXISTS (SELECT 1 FROM jsonb_array_elements(CASE jsonb_typeof({0}) WHEN 'array' THEN {0}"
    " ELSE '[]'::jsonb END) AS held(item) WHERE held.item = ({1})::jsonb)",
)
_on_postgresql(JSONHash, "jsonb_hash_extended(NULLIF({0}, 'null'::jsonb), 0)")
_on_postgresql(FoldedText, 'lower({0} COLLATE "C")')
_on_postgresql(MeetsPattern, r"({0} LIKE {1} ESCAPE '\')")
_on_postgresql(PresentTime, "(extract(epoch FROM clock_timestamp()) * 1000)::bigint")
_on_postgresql(AsDocument, "({0})::jsonb")
_on_postgresql(DocumentText, "({0})::text")
