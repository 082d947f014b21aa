"""The two forms of a log line: for people (classic) and for machines (Mozilla's Heka)."""

from __future__ import annotations

import math
import os
import socket
import sys
import time
import traceback
from collections.abc import Callable, Collection, Iterator, Mapping
from collections.abc import Set as AbstractSet
from functools import lru_cache
from typing import Any
from urllib.parse import quote

from structlog.typing import EventDict

from cliquet.logs.records import exception_of
from cliquet.logs.text import CONTAINERS, escaped, guarded, json_text, quoted, text_of, word

_BOLD, _RED, _GREEN, _YELLOW, _BLUE, _CYAN = "1", "31", "32", "33", "34", "36"
_STATUS_COLOURS = {2: _GREEN, 3: _CYAN, 4: _YELLOW}
_QUERY_SAFE = "/:,*@!~'()\""

# Severities of syslog (RFC 5424), by the name of the method called.
_SEVERITIES = {
    "debug": 7,
    "info": 6,
    "warning": 4,
    "error": 3,
    "critical": 2,
    "exception": 2,
}
_HEKA_SCALARS = frozenset({str, int, bool, type(None)})


class ClassicLogRenderer:
    """
    Lines for people: ``"GET   /v1/articles?_limit=2" 200 (12 ms) request.summary uid=…``.

    An event that has a ``method`` and a ``path`` starts with the request; any other with the
    event's name. The other fields follow as ``key=value``, sorted; a value with blanks, quotes,
    equals signs or characters that do not print is quoted. A traceback follows on lines of its
    own, each indented, so that none passes for a log line.

    Args:
        settings: The application's; ``logging_colour`` (true or false) overrules the terminal.
        colour: Whether to write ANSI colours. By default: what ``logging_colour`` says, else
            whether standard error is a terminal.
    """

    def __init__(self, settings: Mapping[str, Any], *, colour: bool | None = None) -> None:
        if colour is None:
            colour = _wants_colour(settings)
        self._paint = _painted if colour else _unpainted

    def __call__(self, logger: Any, name: str, event_dict: Mapping[str, Any]) -> str:
        """Return the text of one event; *event_dict* is left alone. Never raises."""
        fields = dict(event_dict)
        trace = _take_traceback(fields)
        event = self._paint(_BOLD, escaped(text_of(fields.pop("event", ""))))
        parts = [*self._request(fields), event] if _is_about_request(fields) else [event]
        parts += [
            f"{_key_text(key, self._paint)}={word(value)}" for key, value in sorted(fields.items())
        ]
        return " ".join(parts) + _indented(trace)

    def _request(self, fields: dict[str, Any]) -> Iterator[str]:
        """Yield the request line, the status and the duration, taking them out of *fields*."""
        method = text_of(fields.pop("method")).ljust(5)
        path = text_of(fields.pop("path"))
        query = guarded(_query_text, fields.pop("querystring", None))
        yield self._paint(_BOLD, quoted(f"{method} {path}{query}"))
        if "code" in fields:
            code = fields.pop("code")
            yield self._paint(_status_colour(code), word(code))
        if "t" in fields:
            yield f"({word(fields.pop('t'))} ms)"


class MozillaHekaRenderer:
    """
    Lines for machines: one JSON object a line, as Heka's JSON decoder reads it.

    ``{"Timestamp": ns, "Logger": project, "Type": event, "Hostname": …, "Severity": 0-7,
    "Pid": …, "EnvVersion": "2.0", "Fields": {…}}``, in ASCII. Within ``Fields``: text, numbers,
    booleans and ``null`` (a value that is not known) stay as they are, and so does a list of
    strings or a list of numbers; other lists and mappings become JSON text; NaN, bytes and
    objects become text; a traceback is the field ``traceback``.

    Args:
        settings: The application's; ``project_name`` becomes ``Logger`` (``cliquet`` without).
    """

    def __init__(self, settings: Mapping[str, Any]) -> None:
        self._project = text_of(settings.get("project_name") or "cliquet")
        self._hostname = socket.gethostname()

    def __call__(self, logger: Any, name: str, event_dict: Mapping[str, Any]) -> str:
        """Return the JSON of one event; *event_dict* is left alone. Never raises."""
        fields = dict(event_dict)
        trace = _take_traceback(fields)
        event = text_of(fields.pop("event", ""))
        for key, value in fields.items():
            if type(value) not in _HEKA_SCALARS:
                fields[key] = guarded(_heka_field, value)
        if trace:
            fields["traceback"] = trace
        return json_text(
            {
                "Timestamp": time.time_ns(),
                "Logger": self._project,
                "Type": event,
                "Hostname": self._hostname,
                "Severity": _SEVERITIES.get(name, _SEVERITIES["info"]),
                # Asked each time: servers fork after the application is made.
                "Pid": os.getpid(),
                "EnvVersion": "2.0",
                "Fields": fields,
            }
        )


def format_traceback(logger: Any, name: str, event_dict: EventDict) -> EventDict:
    """
    Replace ``exc_info`` by the text of the traceback, under ``exception``: a structlog processor.

    ``exc_info`` is true (the exception being handled), an exception, or what ``sys.exc_info``
    returns. Without any exception there is no traceback. Local variables are not shown.
    """
    error = exception_of(event_dict.pop("exc_info", None))
    if error is not None:
        event_dict["exception"] = "".join(traceback.format_exception(error)).rstrip()
    return event_dict


def _wants_colour(settings: Mapping[str, Any]) -> bool:
    wanted = settings.get("logging_colour")
    if wanted in (None, ""):
        return sys.stderr is not None and sys.stderr.isatty()
    return bool(wanted)


def _painted(colour: str, text: str) -> str:
    return f"\x1b[{colour}m{text}\x1b[0m"


def _unpainted(colour: str, text: str) -> str:
    return text


# A few names come again on every line.
@lru_cache(maxsize=256)
def _key_text(key: str, paint: Callable[[str, str], str]) -> str:
    return paint(_BLUE, word(key))


def _status_colour(code: object) -> str:
    return _STATUS_COLOURS.get(code // 100, _RED) if isinstance(code, int) else _RED


def _is_about_request(fields: Mapping[str, Any]) -> bool:
    return "method" in fields and "path" in fields


def _query_text(query: object) -> str:
    text = "&".join(_pairs(query)) if isinstance(query, Mapping) else text_of(query or "")
    return text and f"?{text.removeprefix('?')}"


def _pairs(query: Mapping[str, Any]) -> Iterator[str]:
    for name, value in query.items():
        for item in value if isinstance(value, (list, tuple)) else [value]:
            yield f"{_percent_encoded(name)}={_percent_encoded(item)}"


def _percent_encoded(value: object) -> str:
    return quote(text_of(value), safe=_QUERY_SAFE, errors="backslashreplace")


def _take_traceback(fields: dict[str, Any]) -> str:
    format_traceback(None, "", fields)
    if isinstance(fields.get("exception"), str):
        return text_of(fields.pop("exception"))
    return ""


def _indented(trace: str) -> str:
    return "".join(f"\n    {escaped(line)}" for line in trace.splitlines())


def _heka_field(value: Any) -> Any:
    # The methods of float and int themselves: those of a subclass may be anything.
    if isinstance(value, float):
        return float.__float__(value) if math.isfinite(value) else text_of(value)
    if isinstance(value, int):
        return int.__int__(value)
    if isinstance(value, AbstractSet):
        value = sorted(value, key=text_of)
    if isinstance(value, (list, tuple)) and _is_homogeneous(value):
        return list(value)
    return json_text(value) if isinstance(value, CONTAINERS) else text_of(value)


def _is_homogeneous(items: Collection[Any]) -> bool:
    kinds = {type(item) for item in items}
    if kinds <= {str} or kinds <= {int}:
        return True
    return kinds <= {int, float} and all(map(math.isfinite, items))
