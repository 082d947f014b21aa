"""
Statements: compiled once, run one by one or several in one round trip.

A storage composes its statements with SQLAlchemy Core, once; here they are text with named
parameters. What a database makes of the text (prepared statements, scripts) is its wire's business.
"""

from __future__ import annotations

import re
from collections.abc import Hashable, Iterable, Mapping
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

    @cached_property
    def execution(self) -> str:
        """What runs the statement where it is prepared, with parameters as ``%(name)s``."""
        arguments = ",".join(f"%({name})s" for name in self.parameters)
        return f"EXECUTE {self.name}({arguments})" if arguments else f"EXECUTE {self.name}"


class Total(NamedTuple):
    """
    What steps add to, so that the last of them can do it for all.

    Attributes:
        key: Of steps of the same key, the last one's values hold, but for one.
        name: Of the value that is their sum.
    """

    key: Hashable
    name: str


class Step(NamedTuple):
    """
    A statement, and the values of its parameters by name.

    Attributes:
        total: What it adds to, if later steps may stand for it.
    """

    statement: Statement
    values: Mapping[str, Any]
    total: Total | None = None

    @property
    def arguments(self) -> Mapping[str, Any]:
        """The values of all parameters, the statement's own among them."""
        constants = self.statement.constants
        return {**constants, **self.values} if constants else self.values

    def after(self, earlier: Step) -> Step:
        """Return what does as much as *earlier* and this one do, of one total."""
        assert self.total is not None
        name = self.total.name
        return self._replace(values={**self.values, name: earlier.values[name] + self.values[name]})


def merged(steps: Iterable[Step]) -> list[Step]:
    """Return *steps*, those that add to one total made one, where the last of them is."""
    kept: dict[Hashable, Step] = {}
    for place, step in enumerate(steps):
        key = place if step.total is None else step.total
        earlier = kept.pop(key, None)
        kept[key] = step if earlier is None else step.after(earlier)
    return list(kept.values())
