"""
What of a query shapes its statement, and what only fills the parameters.

Queries of one shape share one statement, composed once: the values of their filters differ, but
for the types of some, which decide how a field is compared.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Final, NamedTuple

from sqlalchemy import ColumnElement, bindparam

from cliquet import jsonlib
from cliquet.query import COMPARISON, Filter, sort_key

Clause = ColumnElement[Any]

STRING: Final = sort_key("")[0]
NUMBER: Final = sort_key(0)[0]
BOOLEAN: Final = sort_key(True)[0]
ARRAY: Final = sort_key([])[0]

#: Stands for the texts of a list, which travel as one parameter, where ranks stand for its values.
TEXTS: Final = -1

_ONE_OF = frozenset({COMPARISON.IN, COMPARISON.EXCLUDE})
_LISTS = frozenset(
    {COMPARISON.IN, COMPARISON.EXCLUDE, COMPARISON.CONTAINS, COMPARISON.CONTAINS_ANY}
)


class Condition(NamedTuple):
    """
    The shape of a filter.

    Attributes:
        field: Name of the field.
        operator: How it is compared.
        kind: The rank of the value's type in the order of sorting, one for each value of a list;
            for ``HAS`` the value itself.
        is_long: Whether the value is a text that indexes of fields do not hold.
        is_timestamp: Whether it is an integer of 64 bits, as timestamps are.
    """

    field: str
    operator: COMPARISON
    kind: Any
    is_long: bool = False
    is_timestamp: bool = False


class Binding(NamedTuple):
    """
    A parameter of a statement, and where its value comes from.

    Attributes:
        name: Of the parameter.
        place: Of the filter in the query.
        item: Of the value in the filter's list; ``None`` for the value itself.
        form: Makes the parameter's value of the filter's.
    """

    name: str
    place: int
    item: int | None
    form: Callable[[Any], Any]


class Parameter:
    """
    A value that a statement is composed for, before it is known.

    Args:
        kind: The rank of its type.
        place, item: Where it will come from, see :class:`Binding`.
        bindings: Gets the parameters that the statement uses of it.
        is_long: See :class:`Condition`.
    """

    def __init__(
        self,
        kind: int,
        place: int,
        item: int | None,
        bindings: dict[str, Binding],
        *,
        is_long: bool = False,
    ) -> None:
        self.rank = kind
        self.is_long = is_long
        self._place = place
        self._item = item
        self._bindings = bindings

    def document(self) -> Clause:
        """Return the value as JSON text."""
        return self._bound("document", as_document)

    def key(self) -> Clause:
        """Return what a string, number or boolean is compared by."""
        return self._bound("key", as_key)

    def texts(self) -> Clause:
        """Return the value, a list of texts."""
        return self._bound("texts", list)

    def pattern(self) -> Clause:
        """Return the value as a pattern of ``LIKE``, folded."""
        return self._bound("pattern", as_pattern)

    def _bound(self, name: str, form: Callable[[Any], Any]) -> Clause:
        item = "" if self._item is None else f"_{self._item}"
        name = f"v{self._place}{item}_{name}"
        self._bindings[name] = Binding(name, self._place, self._item, form)
        return bindparam(name)


class Texts(list[str]):
    """The texts of a list, as one value of it."""


def gathered(one: Filter, longest: int | None) -> Filter:
    """Return a filter that means the same, the texts in its list as one value of the list."""
    if one.operator not in _ONE_OF:
        return one
    texts = Texts(item for item in one.value if _is_short(item, longest))
    if len(texts) < 2:
        return one
    others = [item for item in one.value if not _is_short(item, longest)]
    return one._replace(value=[*others, texts])


def _is_short(item: Any, longest: int | None) -> bool:
    return isinstance(item, str) and (longest is None or len(item) <= longest)


def condition_of(one: Filter, longest: int | None) -> Condition:
    """Return the shape of a filter; texts of more than *longest* characters are long."""
    field, value, operator = one
    if operator in _LISTS:
        return Condition(field, operator, tuple(map(_kind, value)))
    if operator is COMPARISON.HAS:
        return Condition(field, operator, bool(value))
    is_long = longest is not None and isinstance(value, str) and len(value) > longest
    is_timestamp = type(value) is int and -(2**63) <= value < 2**63
    return Condition(field, operator, sort_key(value)[0], is_long, is_timestamp)


def _kind(item: Any) -> int:
    return TEXTS if isinstance(item, Texts) else sort_key(item)[0]


def values_of(bindings: Sequence[Binding], filters: Sequence[Filter]) -> dict[str, Any]:
    """Return the values of the parameters of a statement, for the filters of a query."""
    return {
        name: form(filters[place].value if item is None else filters[place].value[item])
        for name, place, item, form in bindings
    }


def as_document(value: Any) -> str:
    """Return *value* as JSON text."""
    return jsonlib.dumps(value).decode()


def as_key(value: Any) -> Any:
    """Return what a scalar is compared by: booleans are 0 and 1."""
    return int(value) if isinstance(value, bool) else value


def as_pattern(value: Any) -> str:
    """Return a pattern of SQL for one of ``like_``: A-Z folded, ``*`` for anything."""
    folded = str(value).encode().lower().decode()
    escaped = (
        part.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")
        for part in folded.split("*")
        if part
    )
    return "%".join(["", *escaped, ""]) or "%"
