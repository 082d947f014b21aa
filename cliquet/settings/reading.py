"""How the value of one setting is read: native values, dates, lists; and shown in messages."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, time
from typing import Any

from cliquet.settings.defaults import PRINCIPALS, TEXTS_WITHOUT_DEFAULT, VERBATIM

_WORDS: dict[str, bool | None] = {
    **dict.fromkeys(("true", "yes", "on"), True),
    **dict.fromkeys(("false", "no", "off"), False),
    **dict.fromkeys(("none", "null"), None),
}
# Without exponent and without leading zeros: "1e5" and "007" are more often names than numbers.
_NUMBER = re.compile(r"-?((0|[1-9][0-9]*)(\.[0-9]+)?|\.[0-9]+)")
_LONGEST_NUMBER = 64
_SECRET = re.compile(r"secret|password|passwd|url|key|dsn|token|credential", re.IGNORECASE)
_LONGEST_SHOWN = 80

#: What stands in place of a secret.
MASK = "********"
_WHOLLY_SECRET = re.compile(r"secret|passw|dsn|token|credential|(^|[_.-])key$", re.IGNORECASE)
# Up to the last @, for passwords may hold anything.
_PASSWORD = re.compile(r"(://[^:@/\s]*:)\S*@")
_PARAMETER = re.compile(r"([?&][^=&\s]*(?:secret|passw|token|key)[^=&\s]*=)[^&\s]*", re.IGNORECASE)


def read_native(value: object) -> object:
    """
    Return the boolean, None or number that *value* spells, else *value* as it is.

    Words are read in any case, and blanks around them are ignored: ``true yes on``,
    ``false no off``, ``none null``. Numbers are integers and plain decimals. Dates, versions of
    three parts, numbers with an exponent or with leading zeros, numbers of more than 64
    characters, lists and empty text stay text. Never raises.
    """
    word = _read_word(value)
    if not isinstance(word, str):
        return word
    text = word.strip()
    if len(text) > _LONGEST_NUMBER or not _NUMBER.fullmatch(text):
        return word
    return float(text) if "." in text else int(text)


def _read_word(value: object) -> object:
    """Return the boolean or None that *value* spells, else *value* as it is."""
    if not isinstance(value, str):
        return value
    return _WORDS.get(value.strip().lower(), value)


def read_setting(name: str, value: object, default: object = None) -> object:
    """
    Return *value* as the setting *name* has it, read as a native value where it is text.

    Where *default* is text, or the setting is a text by nature, what looks like a number stays
    text. Secrets, prefixes, names and principals stay exactly as they were written.
    """
    if name in VERBATIM or PRINCIPALS.fullmatch(name):
        return value
    if isinstance(default, str) or name in TEXTS_WITHOUT_DEFAULT:
        return _read_word(value)
    return read_native(value)


def read_date(value: str | date) -> datetime:
    """
    Return the moment that an ISO 8601 date, or date and time, stands for.

    A date alone is its midnight; without a time zone it is UTC.

    Raises:
        ValueError: *value* is no ISO 8601 date.
    """
    if isinstance(value, str):
        value = datetime.fromisoformat(value.strip())
    if not isinstance(value, datetime):
        return datetime.combine(value, time(), UTC)
    return value if value.tzinfo else value.replace(tzinfo=UTC)


def aslist(value: object) -> list[Any]:
    """
    Return the items of a setting that is a list.

    Args:
        value: Text whose items are separated by blanks, newlines or commas; or a list or tuple,
            whose items are returned as they are; or None or False for no item.

    Returns:
        A new list, without empty texts when *value* is text. A number is a list of its text.

    Raises:
        ValueError: *value* is of another kind.
    """
    if value is None or value is False:
        return []
    if isinstance(value, str):
        return [item for item in re.split(r"[\s,]+", value) if item]
    if isinstance(value, list | tuple):
        return list(value)
    if isinstance(value, int | float) and value is not True:
        return [str(value)]
    raise ValueError(f"{type(value).__name__} is no list: give texts separated by blanks or commas")


def is_secret(name: str) -> bool:
    """Return whether the value of the setting *name* must stay out of messages and logs."""
    return _SECRET.search(name) is not None


def shown(name: str, value: object) -> str:
    """Return *value* for a message: shortened, and hidden when it is secret or holds a URL."""
    text = repr(value)
    if is_secret(name) or "://" in text:
        return "(hidden)"
    return text if len(text) <= _LONGEST_SHOWN else f"{text[:_LONGEST_SHOWN]}…"


def without_passwords(text: str) -> str:
    """Return *text* with the password of each URL in it hidden, and nothing else."""
    return _PASSWORD.sub(rf"\1{MASK}@", text)


def masked(name: str, value: object) -> str:
    """
    Return *value* for its owner to look at: as text, without what is secret in it.

    Of a URL the password is hidden, and nothing else; so are parameters that are secrets.
    """
    text = " ".join(map(str, value)) if isinstance(value, list | tuple) else str(value)
    if text and _WHOLLY_SECRET.search(name):
        return MASK
    return _PARAMETER.sub(rf"\1{MASK}", without_passwords(text))
