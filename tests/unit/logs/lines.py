"""What the tests of logs share: what is logged, and a renderer that keeps it."""

from __future__ import annotations

import enum
from collections import UserDict
from typing import Any, cast

from hypothesis import strategies as st

from cliquet.logs import AppLogger

SUMMARY: dict[str, Any] = {
    "agent": "curl/8.1",
    "path": "/v1/articles",
    "method": "GET",
    "querystring": {"_limit": "2"},
    "lang": None,
    "uid": "basicauth:f00",
    "authn_type": "basicauth",
    "errno": None,
    "code": 200,
    "t": 12,
    "time": "2026-01-01T00:00:00",
}

# Whatever a client may send, and more: surrogates too.
TEXTS = st.text(st.characters(codec=None, exclude_categories=()), max_size=30)
HOSTILE = TEXTS | st.sampled_from(
    ["\n", "a\r\nb", "\x1b[31mred", "\ud800", "\x00", "\x7f", "\x85", "\u2028", "\u202e", '" 200']
)
VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.integers(min_value=2**63)
    | st.floats()
    | HOSTILE
    | st.binary(max_size=10)
    | st.builds(object),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.tuples(inner, inner)
        | st.dictionaries(HOSTILE | st.integers() | st.none(), inner, max_size=4)
        | st.sets(HOSTILE, max_size=3)
    ),
    max_leaves=8,
)


class Unprintable:
    """An object that cannot be turned into text."""

    def __str__(self) -> str:
        raise KeyError("no text")

    __repr__ = __str__


class BrokenMapping(UserDict[str, Any]):
    """A mapping that cannot be read."""

    def __getitem__(self, key: str) -> Any:
        raise OSError("gone")

    def __str__(self) -> str:
        return "broken\nmapping"


class Colour(enum.IntEnum):
    RED = 31


def raised(message: str = "boom") -> ValueError:
    """Return an exception that was raised, so that it has a traceback."""
    try:
        raise ValueError(message)
    except ValueError as error:
        return error


class Fixed:
    """A renderer that keeps the events it was given, and writes a name in front of them."""

    def __init__(self, settings: Any) -> None:
        self.name = settings.get("project_name", "")
        self.events: list[dict[str, Any]] = []

    def __call__(self, logger: Any, name: str, event_dict: Any) -> str:
        self.events.append(dict(event_dict))
        return f"{self.name} {event_dict.get('event')}"


def events(app: AppLogger) -> list[dict[str, Any]]:
    """Return the events that the application's renderer was given."""
    return cast(Fixed, app.renderer).events
