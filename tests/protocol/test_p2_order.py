"""What is checked before what, and preflights (protocol P2.9, P2.10)."""

from __future__ import annotations

import pytest

from tests.support import ALICE, make_app

ID = "11111111-1111-4111-8111-111111111111"
RECORD = f"/v1/mushrooms/{ID}"
UNKNOWN = "/v1/mushrooms/ffffffff-ffff-4fff-8fff-ffffffffffff"
EVIL = {"Origin": "http://evil.example"}
PICKY = {"Accept": "text/html"}
STALE = {"If-Match": '"12"'}
GARBLED = {"If-Match": "abc"}


@pytest.fixture
def app():
    """Return an application that only one origin may use, with one record."""
    app = make_app({"cors_origins": "http://a.example"}, headers=ALICE)
    app.put_json(RECORD, {"data": {"name": "x"}})
    return app


def send(app, method, path, body=b"", content_type="application/json", **headers):
    """Return the response to a request, whatever its status."""
    return app.request(
        path,
        method=method,
        body=body,
        content_type=content_type,
        headers={name.replace("_", "-"): text for name, text in headers.items()},
        status="*",
    )


def anonymously(app):
    """Make *app* send requests of nobody."""
    app.extra_environ.pop("HTTP_AUTHORIZATION")
    return app


# -- P2.9


@pytest.mark.parametrize("method", ["GET", "POST", "PUT", "DELETE"])
def test_an_unknown_route_comes_before_everything(app, method):  # P2.9
    response = send(
        anonymously(app), method, "/v1/unknown?_limit=x", b"{", "text/plain", **PICKY, **EVIL
    )
    assert response.status_code == 404


def test_the_method_comes_before_types_and_users(app):  # P2.9
    response = send(anonymously(app), "PUT", "/v1/mushrooms", b"x", "text/plain", **PICKY, **EVIL)
    assert response.status_code == 405


def test_the_type_of_the_body_comes_before_what_is_accepted(app):  # P2.9
    response = send(anonymously(app), "POST", "/v1/mushrooms", b"x", "text/plain", **PICKY)
    assert response.status_code == 415


def test_what_is_accepted_comes_before_the_user(app):  # P2.9
    assert send(anonymously(app), "GET", "/v1/mushrooms", **PICKY, **EVIL).status_code == 406


@pytest.mark.parametrize(("method", "path"), [("POST", "/v1/mushrooms"), ("PUT", RECORD)])
def test_the_user_comes_before_the_origin_and_the_body(app, method, path):  # P2.9
    assert send(anonymously(app), method, path, b"{", **EVIL).status_code == 401


def test_the_user_comes_before_the_id_and_the_query(app):  # P2.9
    app = anonymously(app)
    assert send(app, "GET", "/v1/mushrooms/abc?_limit=x", **GARBLED).status_code == 401


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("GET", "/v1/mushrooms?_limit=abc", b""),
        ("GET", "/v1/mushrooms/abc", b""),
        ("GET", UNKNOWN, b""),
        ("GET", "/v1/", b""),
        ("POST", "/v1/mushrooms", b"{"),
        ("PUT", RECORD, b"[]"),
        ("PATCH", RECORD, b""),
        ("DELETE", RECORD, b"{"),
        ("DELETE", "/v1/mushrooms", b""),
    ],
)
def test_the_origin_comes_before_body_id_and_query(app, method, path, body):  # P2.9
    response = send(app, method, path, body, **EVIL, **GARBLED)
    description = "http://evil.example not allowed"
    assert response.json["message"] == f"Origin in header: {description}"
    assert response.json["details"] == [
        {"location": "header", "name": "Origin", "description": description}
    ]
    assert response.status_code == 400


def test_a_view_does_not_run_for_an_origin_that_is_not_allowed(app):  # P2.9
    send(app, "DELETE", "/v1/mushrooms", **EVIL)
    send(app, "POST", "/v1/mushrooms", b'{"data": {"name": "y"}}', **EVIL)
    assert [record["name"] for record in app.get("/v1/mushrooms").json["data"]] == ["x"]


def test_the_body_comes_before_the_id(app):  # P2.9
    response = send(app, "PUT", "/v1/mushrooms/abc", b"{}")
    assert response.json["details"][0]["location"] == "body"


def test_the_id_of_a_posted_record_comes_before_preconditions(app):  # P2.9
    response = send(app, "POST", "/v1/mushrooms", b'{"data":{"name":"y","id":"?"}}', **STALE)
    assert response.json["message"] == "path: Invalid record id"


@pytest.mark.parametrize("method", ["GET", "PUT", "PATCH", "DELETE"])
def test_the_id_comes_before_preconditions(app, method):  # P2.9
    response = send(app, method, "/v1/mushrooms/abc", b'{"data":{"name":"y"}}', **GARBLED)
    assert response.json["message"] == "path: Invalid record id"


@pytest.mark.parametrize("method", ["GET", "PATCH", "DELETE"])
@pytest.mark.parametrize("precondition", [STALE, GARBLED])
def test_an_unknown_record_comes_before_preconditions(app, method, precondition):  # P2.9
    response = send(app, method, UNKNOWN, b'{"data":{"name":"y"}}', **precondition)
    assert response.status_code == 404


def test_an_unknown_record_comes_before_the_query(app):  # P2.9
    assert send(app, "DELETE", UNKNOWN + "?last_modified=abc").status_code == 404
    assert send(app, "GET", UNKNOWN + "?_fields=%00").status_code == 404


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "/v1/mushrooms?_limit=abc"),
        ("GET", "/v1/articles?unknown=1"),
        ("DELETE", "/v1/articles?unknown=1"),
        ("GET", RECORD + "?_fields=%00"),
        ("DELETE", RECORD + "?last_modified=abc"),
    ],
)
def test_preconditions_come_before_the_query(app, method, path):  # P2.9
    assert send(app, method, path, **STALE).status_code == 412


def test_not_modified_comes_before_the_query(app):  # P2.9
    etag = app.get("/v1/mushrooms").headers["ETag"]
    for query in ("_limit=abc", "_sort=%00", "_token=abc", "_since=abc"):
        response = send(app, "GET", f"/v1/mushrooms?{query}", If_None_Match=etag)
        assert response.status_code == 304


# -- P2.10


def preflight(app, path="/v1/mushrooms", method="GET", **headers):
    """Return the answer to a browser that asks whether a script may use *method*."""
    headers = {"Origin": "http://a.example", "Access-Control-Request-Method": method, **headers}
    return app.request(path, method="OPTIONS", headers=headers, status="*")


@pytest.mark.parametrize(
    ("path", "methods"),
    [
        ("/v1/", {"GET", "HEAD", "OPTIONS"}),
        ("/v1/__heartbeat__", {"GET", "HEAD", "OPTIONS"}),
        ("/v1/mushrooms", {"GET", "HEAD", "POST", "DELETE", "OPTIONS"}),
        (RECORD, {"GET", "HEAD", "PUT", "PATCH", "DELETE", "OPTIONS"}),
    ],
)
def test_a_preflight_tells_the_methods(app, path, methods):  # P2.10
    response = preflight(anonymously(app), path)
    assert response.status_code == 200
    assert set(response.headers["Access-Control-Allow-Methods"].split(",")) == methods
    assert response.headers["Access-Control-Allow-Origin"] == "http://a.example"


@pytest.mark.parametrize("method", ["POST", "DELETE", "HEAD"])
def test_a_preflight_asks_for_any_method_there_is(app, method):  # P2.10
    assert preflight(app, method=method).status_code == 200


def test_a_preflight_allows_the_exposed_and_the_requested_headers(app):  # P2.10
    asked = {"Access-Control-Request-Headers": "Content-Type, Authorization,X-Custom"}
    allowed = preflight(app, method="POST", **asked).headers["Access-Control-Allow-Headers"]
    names = {name.strip().lower() for name in allowed.split(",")}
    assert names >= {"content-type", "authorization", "x-custom"}
    assert names >= {"backoff", "retry-after", "alert", "content-length", "vary"}
    assert names >= {"next-page", "total-records", "last-modified", "etag", "cache-control"}


def mandatory(name):
    """Return the error about a header that a preflight lacks."""
    return {"location": "header", "name": name, "description": "this header is mandatory"}


@pytest.mark.parametrize(
    ("headers", "missing"),
    [
        ({}, ["Origin", "Access-Control-Request-Method"]),
        ({"Origin": "http://a.example"}, ["Access-Control-Request-Method"]),
        ({"Access-Control-Request-Method": "GET"}, ["Origin"]),
    ],
)
def test_a_preflight_without_its_headers_is_refused(app, headers, missing):  # P2.10
    response = app.options("/v1/mushrooms", headers=headers, status=400)
    key = lambda detail: detail["name"]  # noqa: E731 - shorter than a function.
    assert sorted(response.json["details"], key=key) == sorted(map(mandatory, missing), key=key)
    assert response.json["message"] == f"{min(missing)} in header: this header is mandatory"


@pytest.mark.parametrize("method", ["PUT", "FOO", "get"])
def test_a_preflight_for_a_method_that_is_not_there_is_refused(app, method):  # P2.10
    response = preflight(app, method=method)
    name = "Access-Control-Request-Method"
    assert response.status_code == 400
    assert response.json["message"] == f"{name} in header: Method not allowed"
    assert response.json["details"] == [
        {"location": "header", "name": name, "description": "Method not allowed"}
    ]


def test_a_preflight_of_an_origin_that_is_not_allowed_is_refused(app):  # P2.10
    response = preflight(app, Origin="http://evil.example")
    assert response.status_code == 400
    assert response.json["message"] == "Origin in header: http://evil.example not allowed"
    assert "Access-Control-Allow-Origin" not in response.headers
    assert "Access-Control-Allow-Methods" not in response.headers


def test_a_preflight_of_an_unknown_url_is_not_found(app):  # P2.10
    assert preflight(app, "/v1/unknown").status_code == 404


def test_a_preflight_needs_no_user(app):  # P2.10
    assert preflight(anonymously(app), RECORD, "DELETE").status_code == 200


def test_a_preflight_does_not_offer_what_is_disabled():  # P2.10
    app = make_app({"record_mushroom_delete_enabled": "false", "readonly": "false"})
    response = preflight(app, RECORD, "DELETE")
    assert response.json["message"].endswith("Method not allowed")
