"""The line that sums each request up, in the log."""

from __future__ import annotations

import json
import logging
from datetime import datetime

import pytest

from tests.support import ALICE, make_app

HEKA = {"logging_renderer": "cliquet.logs.MozillaHekaRenderer"}


class Kept:
    """A renderer that keeps the fields of the lines it was given."""

    lines: list = []

    def __init__(self, settings):
        self.lines.clear()

    def __call__(self, logger, name, event_dict):
        self.lines.append(dict(event_dict))
        return "line"


@pytest.fixture(autouse=True)
def _levels(caplog):
    caplog.set_level(logging.INFO, "cliquet")


def summary_of(method, path, settings=None, status="*", **options):
    """Return the fields of the summary of one request."""
    app = make_app({**(settings or {}), "logging_renderer": f"{__name__}.Kept"})
    Kept.lines.clear()
    app.request(path, method=method, status=status, **options)
    (line,) = [one for one in Kept.lines if one["event"] == "request.summary"]
    return line


def test_a_summary_tells_what_was_asked():  # lessons: logs
    headers = {"User-Agent": "curl/8", "Accept-Language": "fr"}
    line = summary_of("GET", "/v1/?a=1", headers=headers)
    expected = {
        "agent": "curl/8",
        "lang": "fr",
        "path": "/v1/",
        "method": "GET",
        "querystring": {"a": "1"},
    }
    assert {name: line[name] for name in expected} == expected


def test_a_summary_tells_how_it_ended():  # lessons: logs
    line = summary_of("GET", "/v1/")
    assert (line["code"], line["errno"]) == (200, 0)
    assert isinstance(line["t"], int)
    assert datetime.fromisoformat(line["time"]).tzinfo is not None


@pytest.mark.parametrize(
    ("method", "path", "code", "errno"),
    [
        ("GET", "/v1/mushrooms", 401, 104),
        ("GET", "/v1/unknown", 404, 111),
        ("PUT", "/v1/", 405, 115),
        ("GET", "/v1/boom", 500, 999),
        ("POST", "/v1/boom", 503, 201),
        ("GET", "/unknown", 307, 0),
    ],
)
def test_a_summary_tells_the_number_of_the_error(method, path, code, errno):  # P2.2
    line = summary_of(method, path)
    assert (line["code"], line["errno"]) == (code, errno)


def test_a_summary_tells_who_asked():  # P7.1
    line = summary_of("GET", "/v1/mushrooms", headers=ALICE)
    assert line["authn_type"] == "basicauth"
    assert len(line["uid"]) == 64


def test_a_summary_of_the_anonymous_has_nobody():  # P7.1
    line = summary_of("GET", "/v1/mushrooms")
    assert (line["uid"], line["authn_type"]) == (None, None)


def test_a_list_tells_what_it_listed():  # P4.1
    line = summary_of("GET", "/v1/mushrooms?_limit=5", headers=ALICE)
    assert (line["collection_id"], line["nb_records"], line["limit"]) == ("mushroom", 0, 5)
    assert isinstance(line["collection_timestamp"], int)


@pytest.mark.parametrize("settings", [{}, HEKA])
def test_a_line_has_no_secret(settings, caplog):  # lessons: logs
    app = make_app(settings)
    body = {"data": {"name": "hidden-value"}}
    app.post_json("/v1/mushrooms", body, headers=ALICE, status=201)
    assert "request.summary" in caplog.text or "GET" in caplog.text or "POST" in caplog.text
    secrets = ("secret", "hidden-value", ALICE["Authorization"].split()[1])
    assert [one for one in secrets if one in caplog.text] == []


def test_a_classic_line_reads_as_a_request(caplog):  # settings: logging_renderer
    make_app().get("/v1/")
    assert '"GET' in caplog.messages[-1]
    assert "200" in caplog.messages[-1]


def test_a_heka_line_is_json(caplog):  # settings: logging_renderer
    make_app(HEKA).get("/v1/")
    line = json.loads(caplog.messages[-1])
    assert line["Type"] == "request.summary"
    assert (line["Fields"]["code"], line["Fields"]["path"]) == (200, "/v1/")
