"""
What SQLite is taught on each connection: JSON values compared exactly.

SQLite reads numbers as doubles or integers of 64 bits, the former not always to the last digit.
SQL alone deals with texts, booleans and integers of common size; these functions deal with the
rest. Indexes hold what they return: a function that comes to return something else needs another
name, and a migration that builds these indexes anew.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any, Final

from cliquet import jsonlib

# Added to integers, so that all below it in size have the same number of digits, and no sign.
_OFFSET: Final = 10**18
_COMPLEMENTS = str.maketrans("0123456789", "9876543210")
_ENCODER = json.JSONEncoder(
    sort_keys=True, ensure_ascii=False, allow_nan=False, separators=(",", ":")
)
#: Digits of the longest integer, and more: Python reads none that are this long.
_MOST_DIGITS: Final = 99_999


def number_key(number: int | float | str) -> str:
    """
    Return a text that compares with those of other numbers as the numbers do, exactly.

    Args:
        number: A number, or the text of one in JSON.
    """
    value: int | float = json.loads(number) if isinstance(number, str) else number
    whole, divisor = value.as_integer_ratio()
    whole, rest = divmod(whole, divisor)
    if -_OFFSET < whole < _OFFSET:
        # The divisor is a power of two: its digits behind the point are as many as its bits.
        places = divisor.bit_length() - 1
        fraction = f".{rest * 5**places:0{places}}" if rest else ""
        return f"{whole + _OFFSET:019}{fraction}"
    digits = str(abs(whole))
    if whole > 0:
        return f"2{len(digits):05}{digits}"
    return f"-{_MOST_DIGITS - len(digits):05}{digits.translate(_COMPLEMENTS)}"


def canonical(text: str) -> str:
    """Return JSON that is the same for values that are equal, deeply, as the protocol has it."""
    return _written(jsonlib.loads(text))


def holds(text: str, item: str) -> bool:
    """Tell whether a JSON array holds the value whose canonical form is *item*."""
    return any(_written(one) == item for one in jsonlib.loads(text))


def value_of(text: str, name: str) -> str | None:
    """Return the value of a field of a JSON object, as JSON; ``None`` where there is none."""
    value = jsonlib.loads(text)
    if not isinstance(value, dict) or name not in value:
        return None
    return jsonlib.dumps(value[name]).decode()


def _written(value: Any) -> str:
    return _ENCODER.encode(_plain(value))


def _plain(value: Any) -> Any:
    """Return *value* with integers in place of floats that are whole."""
    if isinstance(value, float) and value.is_integer():
        return int(value)
    if isinstance(value, dict):
        return {key: _plain(item) for key, item in value.items()}
    return [_plain(item) for item in value] if isinstance(value, list) else value


#: By name in SQL: the number of arguments, and the function. Those of NULL are NULL.
FUNCTIONS: dict[str, tuple[int, Callable[..., Any]]] = {
    "cliquet_number": (1, number_key),
    "cliquet_canonical": (1, canonical),
    "cliquet_holds": (2, holds),
    "cliquet_value": (2, value_of),
}


def register(connection: Any) -> None:
    """Teach a connection of SQLite the functions."""
    for name, (count, function) in FUNCTIONS.items():
        connection.create_function(name, count, _null_safe(function), deterministic=True)


def _null_safe(function: Callable[..., Any]) -> Callable[..., Any]:
    return lambda *values: None if None in values else function(*values)
