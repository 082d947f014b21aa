"""
Statements: compiled once, run one by one or several in one round trip.

A storage composes its statements with SQLAlchemy Core, once; here they are text with named
parameters. What a database makes of the text (prepared statements, scripts) is its wire's business.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, NamedTuple

from sqlalchemy.engine import Dialect
from sqlalchemy.sql import ClauseElement

# Literals come first, so that nothing within them is taken for a parameter.
_PARAMETER = re.compile(r"'(?:[^']|'')*'|(?<![:\w]):([a-z_][a-z0-9_]*)")


@dataclass(frozen=True)
class Statement:
    """
    A statement of SQL.

    Attributes:
        name: Unique in its database; a prepared statement has this name.
        text: SQL, parameters as ``:name``.
        is_prepared: Whether preparing it pays: it is run often, and planned alike for all values.
        constants: Values of parameters that are part of the statement, by name.
    """

    name: str
    text: str
    is_prepared: bool = True
    constants: Mapping[str, Any] = field(default_factory=dict, compare=False)

    @classmethod
    def compiled(
        cls, name: str, clause: ClauseElement, dialect: Dialect, *, is_prepared: bool = True
    ) -> Statement:
        """Return the statement that *clause* is in a dialect of parameter style ``named``."""
        compiled = clause.compile(dialect=dialect, compile_kwargs={"render_postcompile": True})
        constants = {name: value for name, value in compiled.params.items() if value is not None}
        return cls(name, str(compiled), is_prepared, constants)

    @cached_property
    def parameters(self) -> tuple[str, ...]:
        """Names of the parameters, in order of their first appearance."""
        return tuple(dict.fromkeys(name for name in _PARAMETER.findall(self.text) if name))

    @cached_property
    def numbered(self) -> str:
        """The text with parameters as ``$1``, in the order of :attr:`parameters`."""
        numbers = {name: f"${place}" for place, name in enumerate(self.parameters, 1)}
        return _PARAMETER.sub(lambda match: numbers[match[1]] if match[1] else match[0], self.text)

    @cached_property
    def pyformat(self) -> str:
        """The text with parameters as ``%(name)s``."""
        return _PARAMETER.sub(
            lambda match: f"%({match[1]})s" if match[1] else match[0], self.text.replace("%", "%%")
        )


class Step(NamedTuple):
    """A statement, and the values of its parameters by name."""

    statement: Statement
    values: Mapping[str, Any]

    @property
    def arguments(self) -> dict[str, Any]:
        """The values of all parameters, the statement's own among them."""
        return {**self.statement.constants, **self.values}
