"""Any value as text for one line of a log: nothing raises, breaks the line or moves the cursor."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Callable, Mapping
from collections.abc import Set as AbstractSet
from typing import Any

from cliquet import jsonlib

#: What is written as JSON text rather than by ``str()``.
CONTAINERS = (Mapping, list, tuple, AbstractSet)

_SCALARS = frozenset({str, int, float, bool, type(None)})
_BARE_WORD = re.compile(r'[^\s="\\]+')
_NOT_PRINTABLE_ASCII = re.compile(r"[^\x20-\x7e]+")
# Python refuses to write integers of more than 4,300 digits in decimal.
_MAX_DECIMAL_BITS = 14_000


def text_of(value: object) -> str:
    """Return *value* as text, whatever it is: bytes are read as UTF-8, objects by ``str()``."""
    if type(value) is str:
        return value
    try:
        if isinstance(value, (bytes, bytearray)):
            return value.decode("utf-8", "backslashreplace")
        return str(value)
    except Exception:  # noqa: BLE001 - __str__ may raise anything; a log line must not.
        return f"<unprintable {type(value).__name__}>"


def guarded(convert: Callable[[Any], Any], value: object) -> Any:
    """Return ``convert(value)``, or the value's text when that raises."""
    try:
        return convert(value)
    except Exception:  # noqa: BLE001 - methods of *value* may raise anything; a log line must not.
        return text_of(value)


def escaped(text: str) -> str:
    r"""Return *text* with each character that does not print, a blank excepted, as ``\x1b``."""
    if text.isprintable():
        return text
    return "".join(
        char if char.isprintable() else char.encode("unicode_escape").decode() for char in text
    )


def quoted(text: str) -> str:
    """Return *text* in double quotes, with nothing inside that could end them."""
    return '"' + escaped(text.replace("\\", "\\\\").replace('"', '\\"')) + '"'


def word(value: object) -> str:
    """Return *value* in the form ``key=value`` has it: JSON, a bare word, or quoted text."""
    # The exact types first: to ask whether a value is a Mapping costs more than all the rest.
    if type(value) not in _SCALARS and isinstance(value, CONTAINERS):
        return escaped(guarded(json_text, value))
    text = text_of(value)
    return text if _BARE_WORD.fullmatch(text) and text.isprintable() else quoted(text)


def json_text(value: Any) -> str:
    """
    Return *value* as JSON in printable ASCII, which any stream takes and no reader splits.

    What JSON has no form for is written as its text.

    Raises:
        RecursionError: *value* is too deep, or contains itself. Its own methods may raise more.
    """
    try:
        raw = jsonlib.dumps(value)
    except (TypeError, ValueError):
        raw = jsonlib.dumps(_plain(value))
    if raw.isascii() and b"\x7f" not in raw:
        return raw.decode()
    return _NOT_PRINTABLE_ASCII.sub(_unicode_escape, raw.decode())


def _unicode_escape(found: re.Match[str]) -> str:
    return json.dumps(found[0])[1:-1]


def _plain(value: Any) -> Any:
    """Return *value* with all that JSON has no form for as text."""
    if isinstance(value, Mapping):
        return {_plain(text_of(key)): _plain(item) for key, item in value.items()}
    if isinstance(value, AbstractSet):
        value = sorted(value, key=text_of)
    if isinstance(value, (list, tuple)):
        return [_plain(item) for item in value]
    if _has_json_form(value):
        return value
    # Lone surrogates have no form in UTF-8.
    return text_of(value).encode("utf-8", "backslashreplace").decode()


def _has_json_form(value: Any) -> bool:
    if isinstance(value, int):
        return value.bit_length() < _MAX_DECIMAL_BITS
    return value is None or (isinstance(value, float) and math.isfinite(value))
