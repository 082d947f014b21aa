"""
JSON as cliquet reads and writes it: by orjson, and exact where orjson is not.

Integers of any size survive; NaN, infinities, lone surrogates and documents nested deeper than
:data:`MAX_DEPTH` are refused, so that whatever was read can be stored, compared and written again.
"""

from __future__ import annotations

import json
import math
from collections.abc import Sequence
from typing import Any, NoReturn

import orjson

#: Deepest nesting of arrays and objects accepted. Values are copied and compared by recursion, so
#: the limit keeps every document far from the interpreter's own.
MAX_DEPTH = 200

_BOM = b"\xef\xbb\xbf"
# orjson turns integers beyond 64 bits into floats, silently. They have at least 19 digits, and
# mapping each digit to "0" lets one substring search find such a run.
_DIGITS = bytes(0x30 if 0x30 <= code <= 0x39 else code for code in range(256))
_LONG_RUN = b"0" * 19
# Every byte that does not open or close a container is dropped before the depth is counted.
_NOT_BRACKETS = bytes(set(range(256)) - set(b"[]{}"))
# Values that nobody can change: told by their class, which is the cheapest question.
_SCALARS = frozenset({str, int, float, bool, type(None)})
_ALL_SQUARE = bytes.maketrans(b"{}", b"[]")


def loads(text: bytes | str) -> Any:
    """
    Return the value that a JSON document stands for.

    Args:
        text: UTF-8 bytes (a byte order mark is accepted) or text.

    Raises:
        ValueError: The document is malformed, too deep, or holds a value that cannot be stored.
    """
    raw = text if isinstance(text, bytes) else _encoded(text)
    raw = raw.removeprefix(_BOM)
    if raw.count(b"[") + raw.count(b"{") > MAX_DEPTH and _depth(raw) > MAX_DEPTH:
        raise ValueError(f"nested deeper than {MAX_DEPTH} levels")
    if _LONG_RUN in raw.translate(_DIGITS):
        return _exact_loads(raw)
    return orjson.loads(raw)


def loads_stored(raw: bytes) -> Any:
    """
    Return the value of a document made of those that :func:`dumps` made.

    It is trusted to be neither malformed nor too deep, which costs much to tell of a long list.
    """
    return _exact_loads(raw) if _LONG_RUN in raw.translate(_DIGITS) else orjson.loads(raw)


def loads_many(texts: Sequence[str]) -> list[Any]:
    """Return the values of documents that :func:`dumps` made, by one call of the parser."""
    values: list[Any] = loads_stored(f"[{','.join(texts)}]".encode())
    return values


def dumps(value: Any) -> bytes:
    """
    Return the compact UTF-8 JSON of *value*: slashes are not escaped, integers are exact.

    Raises:
        TypeError: *value* holds something JSON has no form for.
        ValueError: *value* holds NaN or an infinity beside an integer beyond 64 bits.
    """
    try:
        return orjson.dumps(value)
    except TypeError:
        # Integers beyond 64 bits, and mappings whose keys are not text.
        text = json.dumps(value, ensure_ascii=False, allow_nan=False, separators=(",", ":"))
        return text.encode()


def fragment(text: bytes) -> Any:
    """Return what :func:`dumps` writes as *text*, which it made itself, within another value."""
    return orjson.Fragment(text)


def copied(value: Any) -> Any:
    """Return a copy of a JSON value that shares no array and no object with it."""
    if isinstance(value, dict):
        copy: Any = value.copy()
        for key, item in value.items():
            if item.__class__ not in _SCALARS:
                copy[key] = copied(item)
        return copy
    if isinstance(value, list):
        return [item if item.__class__ in _SCALARS else copied(item) for item in value]
    return value


def has_nul(value: Any) -> bool:
    """Tell whether a string or a key anywhere in *value* holds the character NUL."""
    if isinstance(value, str):
        return "\0" in value
    if isinstance(value, dict):
        return any(has_nul(key) or has_nul(item) for key, item in value.items())
    return isinstance(value, list) and any(has_nul(item) for item in value)


def is_finite(value: Any) -> bool:
    """Tell whether no number anywhere in *value* is NaN or infinite: JSON has no form for those."""
    if isinstance(value, float):
        return math.isfinite(value)
    if isinstance(value, dict):
        return all(map(is_finite, value.values()))
    return not isinstance(value, (list, tuple)) or all(map(is_finite, value))


def _encoded(text: str) -> bytes:
    try:
        return text.encode()
    except UnicodeEncodeError as error:
        raise ValueError("lone surrogate in text") from error


def _exact_loads(raw: bytes) -> Any:
    try:
        value = json.loads(raw, parse_float=_finite, parse_constant=_refuse_constant)
        # The standard library reads lone surrogates, which no UTF-8 document can give back.
        json.dumps(value, ensure_ascii=False).encode()
    except (RecursionError, UnicodeError) as error:
        raise ValueError("unpaired surrogate or too deep") from error
    return value


def _finite(digits: str) -> float:
    number = float(digits)
    if math.isinf(number):
        raise ValueError("number is infinity when parsed as double")
    return number


def _refuse_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is not JSON")


def _depth(raw: bytes) -> int:
    # Strings are taken out first: the brackets within them open nothing.
    structure = b"".join(raw.replace(b"\\\\", b"").replace(b'\\"', b"").split(b'"')[::2])
    levels = structure.translate(_ALL_SQUARE, _NOT_BRACKETS)
    depth = 0
    # Each pass takes out the innermost pairs, which are one level.
    while depth <= MAX_DEPTH and b"[]" in levels:
        levels = levels.replace(b"[]", b"")
        depth += 1
    # What is never closed is malformed, and as deep as it is opened all the same.
    return depth + levels.count(b"[")
