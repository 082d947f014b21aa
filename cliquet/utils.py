"""
Small pure helpers, under the names that applications have imported for years.

The names that are about requests live in :mod:`cliquet.http` today; they can still be imported
from here, and are loaded when first asked for.
"""

from __future__ import annotations

import base64
import hmac
import importlib
import json as json
import os
import re
import time
import warnings
from collections.abc import Iterable, Mapping
from typing import Any
from urllib.parse import unquote

from cliquet import jsonlib
from cliquet.query import COMPARISON as COMPARISON

#: Longest literal read in a query string, in characters, and its deepest nesting.
MAX_LITERAL_LENGTH = 8192
MAX_LITERAL_DEPTH = 64

_MOVED = {
    "build_request": "cliquet.http.subrequests",
    "build_response": "cliquet.http.subrequests",
    "follow_subrequest": "cliquet.http.subrequests",
    "current_resource_name": "cliquet.http.service",
    "current_service": "cliquet.http.service",
    "reapply_cors": "cliquet.http.cors",
}

_WORDS: dict[str, bool | None] = {
    "true": True,
    "yes": True,
    "on": True,
    "false": False,
    "no": False,
    "off": False,
    "null": None,
    "none": None,
}
_REFUSED_WORDS = frozenset({"NaN", "Infinity", "-Infinity"})
_JSON_START = frozenset('"[{-0123456789')
# A resource may be named "v2things": only a whole segment is a version.
_VERSION_PREFIX = re.compile(r"/v\d+(?=/|$)")
_NUMBER = re.compile(r"-?\d+(\.\d+)?([eE][+-]?\d+)?", re.ASCII)


def __getattr__(name: str) -> Any:
    if name in _MOVED:
        return getattr(importlib.import_module(_MOVED[name]), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def strip_whitespace(value: Any) -> Any:
    """Return text without the blanks around it; ``colander.null`` and non-text pass untouched."""
    return value.strip() if isinstance(value, str) else value


def msec_time() -> int:
    """Return the present time, in milliseconds since the epoch."""
    return time.time_ns() // 1_000_000


def classname(obj: Any) -> str:
    """Return the name of the class of *obj*, in lower case."""
    return obj.__class__.__name__.lower()


def merge_dicts(target: dict[Any, Any], defaults: Mapping[Any, Any]) -> None:
    """Add to *target*, in place and deeply for mappings, what *defaults* has and it lacks."""
    for key, value in defaults.items():
        if isinstance(value, Mapping) and isinstance(target.get(key), dict):
            merge_dicts(target[key], value)
        else:
            target.setdefault(key, value)


def random_bytes_hex(bytes_length: int) -> str:
    """Return *bytes_length* random bytes as text, two hexadecimal digits each."""
    return os.urandom(bytes_length).hex()


def native_value(value: Any) -> Any:
    """
    Return the value that a literal of a query string stands for.

    JSON is read as JSON; ``true yes on``, ``false no off`` and ``None null`` are words in any
    case; single quotes make a string as double ones do. All else is a string as it stands, and
    what is no text is returned untouched.

    Raises:
        ValueError: NaN, an infinity, NUL, a number beyond 64 bits, or a literal longer than
            :data:`MAX_LITERAL_LENGTH` or nested deeper than :data:`MAX_LITERAL_DEPTH`.

    Source: protocol P6.2.
    """
    if not isinstance(value, str):
        return value
    _refuse_hostile(value)
    word = value.lower()
    if word in _WORDS:
        return _WORDS[word]
    if len(value) > 1 and value[0] == value[-1] == "'":
        return value[1:-1]
    if value[:1] not in _JSON_START:
        return value
    return _json_or_text(value)


def _refuse_hostile(text: str) -> None:
    if len(text) > MAX_LITERAL_LENGTH:
        raise ValueError(f"longer than {MAX_LITERAL_LENGTH} characters")
    if "\0" in text or text in _REFUSED_WORDS:
        raise ValueError("not a value of JSON")


def _json_or_text(text: str) -> Any:
    if text[0] in "[{" and text.count("[") + text.count("{") > MAX_LITERAL_DEPTH:
        raise ValueError("too many brackets")
    try:
        value = jsonlib.loads(text)
    except ValueError:
        if _is_number_or_lenient_json(text):
            raise
        return text
    if not is_storable(value):
        raise ValueError("beyond 64 bits, or NUL")
    return value


def _is_number_or_lenient_json(text: str) -> bool:
    # What only a lenient parser reads is no JSON, and no plain text either: NaN in an array.
    if _NUMBER.fullmatch(text) and not text.lstrip("-").startswith("0"):
        return True
    try:
        # Integers are not read: one of thousands of digits is JSON all the same.
        json.loads(text, parse_int=str)
    except ValueError:
        return False
    return True


def is_storable(value: Any) -> bool:
    """Tell whether every integer in *value* fits 64 bits, and no string in it holds NUL."""
    if isinstance(value, int):
        return -(2**63) <= value < 2**63
    if isinstance(value, list):
        return all(is_storable(item) for item in value)
    if isinstance(value, dict):
        return not any("\0" in key for key in value) and all(map(is_storable, value.values()))
    return not (isinstance(value, str) and "\0" in value)


def byte_length(text: str) -> int:
    """Return the length of *text* in UTF-8, as the limits of names are given."""
    return len(text) if text.isascii() else len(text.encode("utf-8", "surrogatepass"))


def read_env(key: str, value: Any) -> Any:
    """Return the native value of the environment variable that overrides setting *key*."""
    variable = key.replace(".", "_").replace("-", "_").upper()
    return native_value(os.environ.get(variable, value))


def encode64(content: str, encoding: str = "utf-8") -> str:
    """Return text encoded as base64 text."""
    return base64.b64encode(content.encode(encoding)).decode("ascii")


def decode64(encoded_content: str, encoding: str = "utf-8") -> str:
    """
    Return the text that base64 text stands for.

    Raises:
        ValueError: It is no base64, or no text.
    """
    return base64.b64decode(encoded_content.encode("ascii")).decode(encoding)


def hmac_digest(secret: str, message: str, encoding: str = "utf-8") -> str:
    """Return the hexadecimal HMAC-SHA256 of *message* keyed with *secret*."""
    key = secret.encode(encoding) if isinstance(secret, str) else secret
    return hmac.digest(key, message.encode(encoding), "sha256").hex()


def dict_subset(d: Mapping[str, Any], keys: Iterable[str]) -> dict[str, Any]:
    """
    Return the part of *d* that *keys* name; a dot reaches into an object.

    Paths into one object add up. Paths that lead nowhere are left out; one that meets a value
    that is no object gives that value.

    Source: protocol P6.7.
    """
    subset: dict[str, Any] = {}
    for key in keys:
        root, _, rest = key.partition(".")
        if key in d:
            subset[key] = d[key]
        elif rest and root in d:
            subset[root] = _merged_subset(subset.get(root), d[root], rest)
    return subset


def _merged_subset(present: Any, value: Any, path: str) -> Any:
    if not isinstance(value, Mapping):
        return value
    part = dict_subset(value, [path])
    if isinstance(present, dict):
        merge_dicts(part, present)
    return part


def encode_header(value: str | bytes, encoding: str = "utf-8") -> str:
    """Return *value* as text that may stand in a header: latin-1 without control characters."""
    text = value.decode(encoding) if isinstance(value, bytes) else value
    try:
        text.encode("latin-1")
    except UnicodeEncodeError:
        return _percent_encoded(text, lambda char: char > "\x7e")
    return _percent_encoded(text, lambda char: False)


def decode_header(value: str | bytes, encoding: str = "utf-8") -> str:
    """Return the text of a header's value, percent-encoded characters decoded."""
    text = value.decode(encoding) if isinstance(value, bytes) else value
    return unquote(text, encoding=encoding)


def strip_uri_prefix(path: str) -> str:
    """Return *path* without its version prefix (``/v1/articles/42`` → ``/articles/42``)."""
    text = str(path)
    prefix = _VERSION_PREFIX.match(text)
    return text if prefix is None else text[prefix.end() :]


def _percent_encoded(text: str, is_unsafe: Any) -> str:
    # Control characters always: CR and LF would begin another header (protocol P1.7).
    return "".join(
        "".join(f"%{byte:02X}" for byte in char.encode("utf-8", "replace"))
        if char < " " or char == "\x7f" or is_unsafe(char)
        else char
        for char in text
    )


class DeprecatedMeta(type):
    """
    Metaclass of a class kept under an old name: warns when it is subclassed or called.

    The class names its replacement in ``__deprecation_warning__``.
    """

    def __new__(mcs, name: str, bases: tuple[type, ...], attrs: dict[str, Any]) -> DeprecatedMeta:
        for base in bases:
            if isinstance(base, DeprecatedMeta):
                _warn_deprecated(base)
        return super().__new__(mcs, name, bases, attrs)

    def __call__(cls, *args: Any, **kwargs: Any) -> Any:
        # A subclass has been warned of when it was made, and a resource is made for each request.
        if not any(isinstance(base, DeprecatedMeta) for base in cls.__bases__):
            _warn_deprecated(cls)
        return super().__call__(*args, **kwargs)


def _warn_deprecated(cls: type) -> None:
    message = getattr(cls, "__deprecation_warning__", f"{cls.__name__} is deprecated.")
    warnings.warn(message, DeprecationWarning, stacklevel=3)
