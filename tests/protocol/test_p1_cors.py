"""What scripts of other origins may read (protocol P1.6)."""

from __future__ import annotations

import pytest

from tests.protocol.test_p1_responses import ANSWERS, ORIGIN, names_of, send
from tests.support import ALICE, make_app

RECORD = "/v1/mushrooms/11111111-1111-4111-8111-111111111111"
ALWAYS = {"backoff", "retry-after", "alert", "content-length", "vary"}
CACHED = {"last-modified", "etag", "cache-control", "expires", "pragma"}
LISTED = {"next-page", "total-records"}
VERSION = {"last-modified", "etag"}


@pytest.fixture(scope="module")
def app():
    """Return an application with one record."""
    app = make_app(headers=ALICE)
    app.put_json(RECORD, {"data": {"name": "x"}})
    return app


def exposed(response):
    """Return the names of the headers that scripts may read."""
    return names_of(response.headers["Access-Control-Expose-Headers"])


@pytest.mark.parametrize(("method", "path", "status"), ANSWERS)
def test_any_origin_may_read_any_answer_by_default(app, method, path, status):  # P1.6
    response = send(app, method, path, **ORIGIN)
    assert response.status_code == status
    # Where no service answers, the origin itself is named.
    assert response.headers["Access-Control-Allow-Origin"] in {"*", "http://a.example"}


def test_an_allowed_origin_may_read_what_has_a_service_by_star(app):  # P1.6
    assert send(app, "GET", "/v1/", **ORIGIN).headers["Access-Control-Allow-Origin"] == "*"


@pytest.mark.parametrize(
    ("path", "headers", "status"),
    [
        ("/v1/mushrooms", {"Accept": "text/html"}, 406),
        ("/v1/mushrooms", {"If-Match": '"12"'}, 412),
        ("/v1/mushrooms", {"If-None-Match": "*"}, 304),
        ("/v1/mushrooms", {"Authorization": "Token x"}, 401),
        ("/mushrooms", {}, 307),
    ],
)
def test_errors_of_every_kind_may_be_read(app, path, headers, status):  # P1.6
    response = app.get(path, headers={**ORIGIN, **headers}, status=status)
    assert response.headers["Access-Control-Allow-Origin"] in {"*", "http://a.example"}


def test_refused_bodies_may_be_read():  # P1.6
    app = make_app({"max_body_bytes": 20}, headers=ALICE)
    for content_type, body, status in (
        ("text/plain", "x", 415),
        ("application/json", "{", 400),
        ("application/json", '{"data":{"name":"too long"}}', 413),
    ):
        response = app.post(
            "/v1/mushrooms", body, content_type=content_type, headers=ORIGIN, status=status
        )
        assert response.headers["Access-Control-Allow-Origin"] in {"*", "http://a.example"}


def test_the_end_of_the_service_may_be_read():  # P1.6
    response = make_app({"eos": "2001-01-01"}).get("/v1/", headers=ORIGIN, status=410)
    assert response.headers["Access-Control-Allow-Origin"] in {"*", "http://a.example"}


def test_there_is_no_allowed_origin_without_an_origin(app):  # P1.6
    assert "Access-Control-Allow-Origin" not in app.get("/v1/").headers


def test_allowed_origins_are_a_setting():  # P1.6
    app = make_app({"cors_origins": "http://a.example http://b.example"})
    for origin in ("http://a.example", "http://b.example"):
        response = app.get("/v1/", headers={"Origin": origin})
        assert response.headers["Access-Control-Allow-Origin"] == origin


def test_errors_name_the_origin_when_not_all_are_allowed():  # P1.6
    app = make_app({"cors_origins": "http://a.example"})
    for path, status in (("/v1/mushrooms", 401), ("/v1/unknown", 404), ("/v1/boom", 500)):
        response = app.get(path, headers=ORIGIN, status=status)
        assert response.headers["Access-Control-Allow-Origin"] == "http://a.example"


def test_other_origins_may_read_nothing():  # P1.6
    app = make_app({"cors_origins": "http://a.example"})
    for path, status in (("/v1/", 400), ("/v1/mushrooms", 401), ("/v1/unknown", 404)):
        response = app.get(path, headers={"Origin": "http://evil.example"}, status=status)
        assert "Access-Control-Allow-Origin" not in response.headers


def test_every_answer_exposes_the_common_headers(app):  # P1.6
    for method, path in (("GET", "/v1/"), ("GET", "/v1/unknown"), ("GET", "/v1/boom")):
        assert exposed(send(app, method, path, **ORIGIN)) == ALWAYS


@pytest.mark.parametrize("method", ["GET", "HEAD"])
def test_lists_expose_their_headers(app, method):  # P1.6
    response = send(app, method, "/v1/mushrooms", **ORIGIN)
    assert exposed(response) == ALWAYS | CACHED | LISTED


@pytest.mark.parametrize("method", ["GET", "HEAD"])
def test_records_expose_their_headers(app, method):  # P1.6
    assert exposed(send(app, method, RECORD, **ORIGIN)) == ALWAYS | CACHED


def test_writes_expose_their_headers(app):  # P1.6
    body = {"data": {"name": "y"}}
    writes = (
        app.post_json("/v1/mushrooms", body, headers=ORIGIN),
        app.put_json(RECORD, body, headers=ORIGIN),
        app.patch_json(RECORD, body, headers=ORIGIN),
        app.delete("/v1/mushrooms?name=none", headers=ORIGIN),
    )
    for response in writes:
        assert exposed(response) == ALWAYS | VERSION


def test_errors_of_lists_expose_the_headers_of_lists(app):  # P1.6
    response = send(app, "GET", "/v1/mushrooms?_limit=abc", **ORIGIN)
    assert exposed(response) >= ALWAYS | CACHED | LISTED


def preflight(app, path="/v1/mushrooms"):
    """Return the answer to the question whether a script may GET *path*."""
    return send(app, "OPTIONS", path, **ORIGIN, Access_Control_Request_Method="GET")


def test_preflights_are_remembered_for_an_hour_by_default(app):  # P1.6
    assert preflight(app).headers["Access-Control-Max-Age"] == "3600"


def test_how_long_preflights_are_remembered_is_a_setting():  # P1.6
    app = make_app({"cors_max_age_seconds": 42})
    assert preflight(app).headers["Access-Control-Max-Age"] == "42"


@pytest.mark.parametrize("seconds", [0, "0", "", None])
def test_preflights_are_not_remembered_when_the_setting_is_empty(seconds):  # P1.6
    app = make_app({"cors_max_age_seconds": seconds})
    assert "Access-Control-Max-Age" not in preflight(app).headers


def test_applications_of_one_process_have_their_own_origins():  # P1.6
    one = make_app({"cors_origins": "http://a.example"})
    other = make_app({"cors_origins": "http://b.example"})
    assert "Access-Control-Allow-Origin" in one.get("/v1/", headers=ORIGIN).headers
    assert "Access-Control-Allow-Origin" not in other.get("/v1/", headers=ORIGIN, status=400)


@pytest.mark.parametrize(
    ("setting", "origin", "is_allowed"),
    [
        ("http://[::1]:3000", "http://[::1]:3000", True),
        ("http://[::1]:3000", "http://::3000", False),
        ("http://?.example", "http://a.example", False),
        ("http://*.example", "http://a.b.example", True),
        ("http://A.example", "http://a.example", True),
    ],
)
def test_only_the_star_stands_for_other_text_in_origins(setting, origin, is_allowed):  # P1.6
    app = make_app({"cors_origins": setting})
    response = app.get("/v1/", headers={"Origin": origin}, expect_errors=True)
    assert ("Access-Control-Allow-Origin" in response.headers) == is_allowed
