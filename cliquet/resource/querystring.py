"""
Query strings of lists, read into filters, sort keys, limits and projections.

Source: protocol P6.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from cliquet.exceptions import InvalidParameter
from cliquet.query import COMPARISON, Filter, Sort
from cliquet.resource.schema import MAX_TIMESTAMP
from cliquet.utils import is_storable, native_value

#: Most keys in one ``_sort``: the rules of pagination grow with their square.
MAX_SORT_KEYS = 16
#: Most filters of a list, and most names between the dots of a field.
MAX_FILTERS = 100
# Most values of a list that are a condition each: any but texts.
MAX_VALUES = 500
MAX_PARTS = 50

_TIME_PARAMETERS = {
    "_since": COMPARISON.GT,
    "_before": COMPARISON.LT,
    "_to": COMPARISON.LT,
}
_PREFIXES = {
    "min": COMPARISON.MIN,
    "max": COMPARISON.MAX,
    "lt": COMPARISON.LT,
    "gt": COMPARISON.GT,
    "not": COMPARISON.NOT,
    "in": COMPARISON.IN,
    "exclude": COMPARISON.EXCLUDE,
    "has": COMPARISON.HAS,
    "like": COMPARISON.LIKE,
    "contains": COMPARISON.CONTAINS,
    "contains_any": COMPARISON.CONTAINS_ANY,
}
_LISTS = (COMPARISON.IN, COMPARISON.EXCLUDE)
_ARRAYS = (COMPARISON.CONTAINS, COMPARISON.CONTAINS_ANY)
_INTEGER = re.compile(r'"(-?[0-9]{1,19})"|(-?[0-9]{1,19})')
_SORT_KEY = re.compile(r"([-+]?)(.+)", re.DOTALL)


@dataclass(frozen=True)
class Vocabulary:
    """
    The fields of a resource, as query strings may name them.

    Attributes:
        declared: Fields that the schema declares, and the model's three.
        is_known: Tells whether a field may be filtered and sorted by; dots reach into objects.
        id_field, modified_field, deleted_field: The model's names.
    """

    declared: frozenset[str]
    is_known: Callable[[str], bool]
    id_field: str
    modified_field: str
    deleted_field: str


def read_filters(parameters: Iterable[tuple[str, str]], fields: Vocabulary) -> list[Filter]:
    """
    Return the filters that *parameters* ask for; all of them are to be met.

    Raises:
        InvalidParameter: An unknown field, a value that its filter cannot take, or more than
            :data:`MAX_FILTERS` of them.

    Source: protocol P6.1 to P6.4, P6.9.
    """
    found: list[Filter] = []
    for one in _filters(parameters, fields):
        # Said twice, it asks for nothing more.
        if one not in found:
            found.append(one)
        if len(found) > MAX_FILTERS:
            raise InvalidParameter(f"There should be at most {MAX_FILTERS} filters")
    return found


def _filters(parameters: Iterable[tuple[str, str]], fields: Vocabulary) -> Iterator[Filter]:
    for name, text in parameters:
        parameter = name.strip()
        if parameter in _TIME_PARAMETERS:
            value = read_timestamp(parameter, text)
            yield Filter(fields.modified_field, value, _TIME_PARAMETERS[parameter])
        elif parameter in fields.declared or not parameter.startswith("_"):
            yield _filter(parameter, text, fields)


def _filter(parameter: str, text: str, fields: Vocabulary) -> Filter:
    field, comparison = _split_prefix(parameter, fields)
    if not _is_field(field, fields):
        raise InvalidParameter(f"Unknown filter field '{parameter}'", name=parameter)
    try:
        value = _filter_value(field, comparison, text, fields)
    except ValueError as error:
        raise _invalid_value(parameter) from error
    if _costly_values(comparison, value) > MAX_VALUES:
        raise InvalidParameter(
            f"{parameter} should have at most {MAX_VALUES} such values", name=parameter
        )
    return Filter(field, value, comparison)


def _costly_values(comparison: COMPARISON, value: Any) -> int:
    """Return how many conditions a filter is made of: the texts of a list are one."""
    if comparison in _ARRAYS:
        return len(value)
    if comparison in _LISTS:
        return sum(not isinstance(item, str) for item in value)
    return 1


def _is_field(field: str, fields: Vocabulary) -> bool:
    return "\0" not in field and field.count(".") < MAX_PARTS and fields.is_known(field)


def _split_prefix(parameter: str, fields: Vocabulary) -> tuple[str, COMPARISON]:
    """Return the field and the comparison that a parameter's name stands for."""
    if parameter in fields.declared:
        return parameter, COMPARISON.EQ
    prefix, _, rest = parameter.partition("_")
    if prefix == "contains" and rest.startswith("any_") and rest not in fields.declared:
        prefix, rest = "contains_any", rest.removeprefix("any_")
    if prefix in _PREFIXES and rest:
        return rest, _PREFIXES[prefix]
    return parameter, COMPARISON.EQ


def _filter_value(field: str, comparison: COMPARISON, text: str, fields: Vocabulary) -> Any:
    if comparison is COMPARISON.HAS:
        return _boolean(native_value(text))
    if comparison is COMPARISON.LIKE:
        value = native_value(text)
        return value if isinstance(value, str) else text
    if comparison in _ARRAYS:
        value = native_value(text)
        return value if isinstance(value, list) else [value]
    if comparison in _LISTS:
        return [_value(field, item, fields, is_listed=True) for item in _split(text)]
    return _value(field, text, fields)


def _value(field: str, text: str, fields: Vocabulary, *, is_listed: bool = False) -> Any:
    if field == fields.modified_field:
        return _integer(text)
    value = native_value(text)
    if is_listed and field == fields.id_field and not isinstance(value, str):
        raise ValueError("ids are strings")
    return value


def read_timestamp(parameter: str, text: str) -> int:
    """
    Return the integer, bare or in double quotes, that *text* is.

    Raises:
        InvalidParameter: It is something else, or beyond 64 bits.

    Source: protocol P6.3.
    """
    try:
        return _integer(text)
    except ValueError as error:
        raise _invalid_value(parameter) from error


def read_forced_timestamp(parameter: str, text: str) -> int:
    """
    Return the timestamp that a client forces on a deletion, in milliseconds.

    Raises:
        InvalidParameter: It is no integer, bare or in double quotes, or after the year 9999.

    Source: protocol P4.7, P4.12.
    """
    try:
        timestamp = _integer(text)
        if timestamp > MAX_TIMESTAMP:
            raise ValueError("after the year 9999")
    except ValueError as error:
        raise InvalidParameter(f"Invalid value for {text}", name=parameter) from error
    return timestamp


def _integer(text: str) -> int:
    match = _INTEGER.fullmatch(text.strip())
    if match is None:
        raise ValueError("not an integer")
    value = int(match[1] or match[2])
    if not is_storable(value):
        raise ValueError("beyond 64 bits")
    return value


def _boolean(value: object) -> bool:
    if not isinstance(value, bool):
        raise ValueError("not a boolean")
    return value


def _invalid_value(parameter: str) -> InvalidParameter:
    return InvalidParameter(f"Invalid value for {parameter}", name=parameter)


def _split(text: str) -> list[str]:
    """Split at the commas that stand outside of JSON strings, arrays and objects."""
    if not any(char in text for char in '"[{'):
        return text.split(",")
    items, depth, start, is_quoted, is_escaped = [], 0, 0, False, False
    for position, char in enumerate(text):
        if is_quoted:
            is_quoted = is_escaped or char != '"'
            is_escaped = char == "\\" and not is_escaped
        elif char == '"':
            is_quoted = True
        elif char == "," and depth <= 0:
            items.append(text[start:position])
            start = position + 1
        else:
            depth += (char in "[{") - (char in "]}")
    # What never closes is no JSON: its commas separate like any others.
    return text.split(",") if is_quoted or depth else [*items, text[start:]]


def read_sorting(text: str | None, fields: Vocabulary) -> list[Sort]:
    """
    Return the sort keys that ``_sort`` asks for, made total by the timestamp and the id.

    Raises:
        InvalidParameter: An unknown field, or more than :data:`MAX_SORT_KEYS` of them.

    Source: protocol P6.5.
    """
    directions: dict[str, int] = {}
    for item in filter(None, map(str.strip, (text or "").split(","))):
        match = _SORT_KEY.fullmatch(item)
        field = match[2].strip() if match else ""
        if not field or not _is_field(field, fields):
            raise InvalidParameter(f"Unknown sort field '{field}'")
        directions.setdefault(field, -1 if match and match[1] == "-" else 1)
    if len(directions) > MAX_SORT_KEYS:
        raise InvalidParameter(f"_sort should have at most {MAX_SORT_KEYS} fields")
    directions.setdefault(fields.modified_field, -1)
    directions.setdefault(fields.id_field, list(directions.values())[-1])
    return [Sort(field, direction) for field, direction in directions.items()]


def read_limit(text: str | None, *, paginate_by: int | None, max_fetch_size: int) -> int:
    """
    Return the size of the page: what ``_limit`` asks for, within what the settings allow.

    Raises:
        InvalidParameter: It is no integer, or negative.

    Source: protocol P6.6.
    """
    cap = min(paginate_by or max_fetch_size, max_fetch_size)
    stripped = (text or "").strip()
    if not stripped:
        return cap
    if re.fullmatch(r"[-+]?[0-9]+", stripped) is None:
        raise InvalidParameter("_limit should be an integer")
    if stripped.startswith("-") and stripped.strip("-0"):
        raise InvalidParameter("_limit should be a positive integer")
    # Length first: the interpreter refuses to read numbers of thousands of digits.
    digits = stripped.lstrip("+-0") or "0"
    limit = cap if len(digits) > len(str(cap)) else int(digits)
    return min(limit, cap) or cap


def read_fields(
    text: str | None, fields: Vocabulary, *, preserve_unknown: bool
) -> list[str] | None:
    """
    Return the paths that ``_fields`` asks for and the model's own; ``None`` for whole records.

    Raises:
        InvalidParameter: A root that the schema does not know.

    Source: protocol P6.7.
    """
    names = list(filter(None, map(str.strip, (text or "").split(","))))
    if not names:
        return None
    unknown = [name for name in names if not fields.is_known(name.partition(".")[0])]
    unknown = [name for name in unknown if name not in fields.declared]
    if unknown and not preserve_unknown:
        raise InvalidParameter(f"Fields {','.join(unknown)} do not exist", name="_fields")
    return [*names, fields.id_field, fields.modified_field, fields.deleted_field]
