"""The log line for machines."""

from __future__ import annotations

import json
import os
import socket
import time
from collections import ChainMap
from types import SimpleNamespace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cliquet.logs import MozillaHekaRenderer
from tests.unit.logs.lines import (
    HOSTILE,
    SUMMARY,
    VALUES,
    BrokenMapping,
    Colour,
    Unprintable,
    raised,
)


def heka(name: str = "info", **fields: Any) -> dict[str, Any]:
    """Return what the line for machines of an event says."""
    line = MozillaHekaRenderer({"project_name": "readinglist"})(None, name, fields)
    return dict(json.loads(line))


def heka_field(value: Any) -> Any:
    """Return what the line for machines has for a field."""
    return heka(event="x", field=value)["Fields"]["field"]


def test_a_heka_line_has_the_envelope_and_the_fields() -> None:
    before = time.time_ns()
    line = heka(event="request.summary", **SUMMARY)
    assert before <= line.pop("Timestamp") <= time.time_ns()
    assert line == {
        "Logger": "readinglist",
        "Type": "request.summary",
        "Hostname": socket.gethostname(),
        "Severity": 6,
        "Pid": os.getpid(),
        "EnvVersion": "2.0",
        "Fields": SUMMARY | {"querystring": '{"_limit":"2"}'},
    }


@pytest.mark.parametrize("project", [{}, {"project_name": ""}, {"project_name": None}])
def test_a_heka_line_of_a_project_without_a_name_is_that_of_cliquet(
    project: dict[str, Any],
) -> None:
    line = MozillaHekaRenderer(project)(None, "info", {"event": "x"})
    assert json.loads(line)["Logger"] == "cliquet"


@pytest.mark.parametrize(
    "value",
    [None, True, 0, -1, 2**70, 1.5, "", "a\nb", "é\u2028", [], ["a", "b"], [1, 2], [1, 2.5]],
)
def test_a_heka_field_of_a_simple_value_is_that_value(value: object) -> None:
    field = heka_field(value)
    assert field == value
    assert type(field) is type(value)


@pytest.mark.parametrize(
    "value",
    [{}, {"a": 1}, {"a": {"b": ["é\n", None]}}, [1, "a"], [None], [True], [[1]], [{"a": 1}]],
)
def test_a_heka_field_of_a_nested_value_is_its_json_text(value: object) -> None:
    field = heka_field(value)
    assert isinstance(field, str)
    assert json.loads(field) == value


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (("a", "b"), ["a", "b"]),
        ({"b", "a"}, ["a", "b"]),
        ({3, "a"}, '[3,"a"]'),
        (ChainMap({"a": 1}), '{"a":1}'),
        ({1: 2, None: 3}, '{"1":2,"null":3}'),
        ({(1, 2): {3}}, '{"(1, 2)":[3]}'),
        ({"a": b"a", "b": set("hgfedcba")}, '{"a":"a","b":["a","b","c","d","e","f","g","h"]}'),
        ({"a": float("nan"), "b": 2**70}, '{"a":"nan","b":1180591620717411303424}'),
        ({"a": b"\xff"}, '{"a":"\\\\xff"}'),
        (Colour.RED, 31),
        (float("nan"), "nan"),
        (float("-inf"), "-inf"),
        ([1, float("inf")], "[1,null]"),
        (b"caf\xc3\xa9", "café"),
        (b"\xff", "\\xff"),
        (bytearray(b"a"), "a"),
        (ValueError("boom"), "boom"),
        (Unprintable(), "<unprintable Unprintable>"),
        ([Unprintable()], '["<unprintable Unprintable>"]'),
        (BrokenMapping(a=1), "broken\nmapping"),
        ("\ud800", "\\ud800"),
        (["\udfff"], ["\\udfff"]),
        ({"\ud800": "\ud800"}, '{"\\\\ud800":"\\\\ud800"}'),
    ],
)
def test_a_heka_field_of_any_other_value_is_the_nearest_form(
    value: object, expected: object
) -> None:
    assert heka_field(value) == expected


def test_a_heka_integer_too_long_to_write_is_named() -> None:
    # Python refuses to write integers of more than 4,300 digits in decimal.
    assert heka_field(10**5000) == "<unprintable int>"
    assert heka_field([1, 10**5000]) == [1, "<unprintable int>"]


def test_a_heka_field_that_contains_itself_is_text() -> None:
    circular: dict[str, Any] = {}
    circular["self"] = circular
    assert heka_field(circular) == "{'self': {...}}"


def test_a_heka_field_of_any_depth_is_text() -> None:
    deep: list[Any] = []
    for _ in range(100_000):
        deep = [deep]
    assert isinstance(heka_field(deep), str)


@pytest.mark.parametrize("pretended", [int, float, list, dict, set])
def test_a_heka_field_that_only_says_it_is_of_a_simple_type_is_text(pretended: type) -> None:
    class Pretender(SimpleNamespace):
        __class__ = pretended

    assert heka_field(Pretender(a=1)) == "Pretender(a=1)"


def test_a_heka_traceback_is_a_field() -> None:
    fields = heka("error", event="failed", exc_info=raised("a\nb"))["Fields"]
    assert list(fields) == ["traceback"]
    assert fields["traceback"].startswith("Traceback (most recent call last):\n")
    assert fields["traceback"].endswith("ValueError: a\nb")


def test_a_heka_event_without_a_name_has_an_empty_type() -> None:
    assert heka(x=1)["Type"] == ""


@settings(max_examples=500)
@given(event=VALUES, fields=st.dictionaries(HOSTILE, VALUES, max_size=3))
def test_whatever_is_logged_is_one_heka_line_of_strict_json_in_printable_ascii(
    event: Any, fields: dict[str, Any]
) -> None:
    line = MozillaHekaRenderer({})(None, "info", fields | {"event": event})
    assert line.isascii()
    assert line.isprintable()

    def refuse(constant: str) -> None:
        raise AssertionError(constant)

    read = json.loads(line, parse_constant=refuse)
    json.dumps(read, ensure_ascii=False).encode()


@settings(max_examples=200)
@given(st.dictionaries(st.text(max_size=5), st.text(max_size=20) | st.integers() | st.booleans()))
def test_text_and_numbers_of_a_heka_line_survive_exactly(fields: dict[str, Any]) -> None:
    names = {"event", "exc_info", "exception"}
    wanted = {key: value for key, value in fields.items() if key not in names}
    line = MozillaHekaRenderer({})(None, "info", wanted | {"event": "x"})
    assert json.loads(line)["Fields"] == wanted
