"""The log line for people."""

from __future__ import annotations

import io
import re
import sys
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cliquet.logs import ClassicLogRenderer
from tests.unit.logs.lines import (
    HOSTILE,
    SUMMARY,
    VALUES,
    BrokenMapping,
    Colour,
    Unprintable,
    raised,
)


def classic(*, colour: bool = False, **fields: Any) -> str:
    """Return the line for people of an event."""
    return ClassicLogRenderer({}, colour=colour)(None, "info", fields)


def test_a_classic_summary_starts_with_the_request() -> None:
    assert classic(event="request.summary", **SUMMARY) == (
        '"GET   /v1/articles?_limit=2" 200 (12 ms) request.summary agent=curl/8.1'
        " authn_type=basicauth errno=None lang=None time=2026-01-01T00:00:00 uid=basicauth:f00"
    )


def test_a_classic_line_without_a_request_starts_with_the_event() -> None:
    assert classic(event="storage.flushed", rows=3, name="a") == "storage.flushed name=a rows=3"


@pytest.mark.parametrize("missing", ["path", "method"])
def test_a_classic_line_with_half_a_request_treats_it_as_fields(missing: str) -> None:
    fields: dict[str, Any] = {"path": "/a", "method": "GET", "code": 200, "t": 1}
    del fields[missing]
    assert classic(event="moved", **fields).startswith("moved code=200 ")


def test_a_classic_line_before_the_response_has_no_status() -> None:
    assert classic(event="bound", method="GET", path="/") == '"GET   /" bound'


@pytest.mark.parametrize(
    ("query", "text"),
    [
        ({}, ""),
        (None, ""),
        ("", ""),
        ({"a": "1", "b": "2"}, "?a=1&b=2"),
        ({"a": ["1", "2"]}, "?a=1&a=2"),
        ({"_since": '"123"', "_fields": "a,b"}, '?_since=\\"123\\"&_fields=a,b'),
        ({"q": "a b&c=é"}, "?q=a%20b%26c%3D%C3%A9"),
        ({"q": "\ud800\n"}, "?q=%5Cud800%0A"),
        ({"q": 1}, "?q=1"),
        ("a=1", "?a=1"),
        ("?a=1", "?a=1"),
        (BrokenMapping(a=1), "broken\\nmapping"),
    ],
)
def test_a_classic_line_joins_the_query_string_to_the_path(query: Any, text: str) -> None:
    line = classic(event="x", method="GET", path="/", querystring=query)
    assert line == f'"GET   /{text}" x'


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ("word", "word"),
        ("é", "é"),
        ("", '""'),
        ("two words", '"two words"'),
        ("a=b", '"a=b"'),
        ('say "x"', '"say \\"x\\""'),
        ("back\\slash", '"back\\\\slash"'),
        ("line\nbreak", '"line\\nbreak"'),
        ("\x1b[31m", '"\\x1b[31m"'),
        ("\u202e", '"\\u202e"'),
        ("\ud800", '"\\ud800"'),
        (None, "None"),
        (True, "True"),
        (1.5, "1.5"),
        (Colour.RED, "31"),
        (b"caf\xc3\xa9\xff", '"café\\\\xff"'),
        ({"a": [1, "b c"]}, '{"a":[1,"b c"]}'),
        (["a\n"], '["a\\n"]'),
        (BrokenMapping(a=1), "broken\\nmapping"),
        (Unprintable(), '"<unprintable Unprintable>"'),
    ],
)
def test_a_classic_value_is_one_unambiguous_word(value: object, text: str) -> None:
    assert classic(event="x", key=value) == f"x key={text}"


def test_a_classic_integer_too_long_to_write_is_named() -> None:
    # Python refuses to write integers of more than 4,300 digits in decimal.
    assert classic(event="x", key=10**5000) == 'x key="<unprintable int>"'


def test_a_classic_field_cannot_pose_as_others() -> None:
    fields: dict[str, Any] = {"agent": "a uid=admin code=200", "k\n=": 1}
    line = classic(event="x", **fields)
    assert line == 'x agent="a uid=admin code=200" "k\\n="=1'


def test_a_classic_path_cannot_pose_as_the_end_of_the_request() -> None:
    line = classic(event="x", method="GET", path='/" 200 (1 ms) x\n"GET /', code=404)
    assert line == '"GET   /\\" 200 (1 ms) x\\n\\"GET /" 404 x'


def test_a_classic_traceback_follows_on_indented_lines() -> None:
    lines = classic(event="failed", x=1, exc_info=raised()).splitlines()
    assert lines[0] == "failed x=1"
    assert lines[1] == "    Traceback (most recent call last):"
    assert lines[-1] == "    ValueError: boom"


def test_a_traceback_shows_no_local_variables() -> None:
    def fail(password: str) -> None:
        raise ValueError(len(password))

    with pytest.raises(ValueError, match="6") as caught:
        fail("se" + "cret")
    assert "secret" not in classic(event="failed", exc_info=caught.value)


def test_the_message_of_an_exception_cannot_forge_a_classic_line() -> None:
    error = raised('a\n"GET   /" 200\r"GET   /" 200\x85"GET   /" 200\x1b[2J')
    line = classic(event="failed", exc_info=error)
    assert not re.search(r'[\r\n\x85]"GET', line)
    assert "\x1b" not in line


def test_a_classic_field_named_exception_is_an_ordinary_one_unless_it_is_text() -> None:
    assert classic(event="x", exception=ValueError("boom")) == "x exception=boom"


@pytest.mark.parametrize(
    ("code", "colour"), [(201, 32), (304, 36), (404, 33), (503, 31), (100, 31), ("200", 31)]
)
def test_the_colour_of_a_status_is_that_of_its_class(code: object, colour: int) -> None:
    line = classic(colour=True, event="x", method="GET", path="/", code=code)
    assert f"\x1b[{colour}m{code}\x1b[0m" in line


def test_keys_are_coloured_and_without_the_colours_the_line_is_the_same() -> None:
    line = classic(colour=True, event="request.summary", **SUMMARY)
    assert "\x1b[34muid\x1b[0m=basicauth:f00" in line
    assert re.sub(r"\x1b\[\d+m", "", line) == classic(event="request.summary", **SUMMARY)


class Terminal(io.StringIO):
    """A stream that says it is a terminal."""

    def isatty(self) -> bool:
        return True


@pytest.mark.parametrize(
    ("stream", "setting", "is_coloured"),
    [
        (Terminal(), {}, True),
        (Terminal(), {"logging_colour": None}, True),
        (Terminal(), {"logging_colour": False}, False),
        (io.StringIO(), {}, False),
        (Terminal(), {"logging_colour": ""}, True),
        (io.StringIO(), {"logging_colour": True}, True),
        (None, {}, False),
    ],
)
def test_colours_are_for_terminals_unless_the_setting_says(
    stream: io.StringIO | None,
    setting: dict[str, Any],
    is_coloured: bool,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(sys, "stderr", stream)
    line = ClassicLogRenderer(setting)(None, "info", {"event": "x"})
    assert ("\x1b" in line) is is_coloured


@settings(max_examples=500)
@given(event=VALUES, fields=st.dictionaries(HOSTILE, VALUES, max_size=3), request=HOSTILE)
def test_whatever_is_logged_is_one_printable_classic_line(
    event: Any, fields: dict[str, Any], request: str
) -> None:
    summary = {"method": request, "path": request, "querystring": request, "code": event}
    for extra in ({}, summary):
        logged = {key: value for key, value in fields.items() if key not in extra} | extra
        logged.pop("exception", None)
        line = ClassicLogRenderer({}, colour=False)(None, "info", logged | {"event": event})
        assert line.isprintable()
