"""What every response has, whatever it answers (protocol P1, and P11.8 on ETags)."""

from __future__ import annotations

import json

import pytest

from tests.support import ALICE, make_app

ORIGIN = {"Origin": "http://a.example"}
UNKNOWN = "ffffffff-ffff-4fff-8fff-ffffffffffff"

ANSWERS = [
    ("GET", "/v1/", 200),
    ("GET", "/v1/__heartbeat__", 200),
    ("GET", "/v1/__lbheartbeat__", 200),
    ("GET", "/v1/mushrooms", 200),
    ("GET", "/v1/mushrooms?_limit=abc", 400),
    ("GET", "/v1/mushrooms?a=%FF", 400),
    ("GET", "/v1/mushrooms/abc", 400),
    ("GET", f"/v1/mushrooms/{UNKNOWN}", 404),
    ("GET", "/v1/unknown", 404),
    ("GET", "/v9/", 404),
    ("PUT", "/v1/mushrooms", 405),
    ("OPTIONS", "/v1/mushrooms", 400),
    ("GET", "/v1/boom", 500),
    ("POST", "/v1/boom", 503),
    ("PUT", "/v1/boom", 503),
    ("PATCH", "/v1/boom", 409),
    ("DELETE", "/v1/boom", 400),
]


@pytest.fixture(scope="module")
def app():
    """Return an application that nothing here writes to."""
    return make_app(headers=ALICE)


def send(app, method, path, **headers):
    """Return the response to a request without body, whatever its status."""
    names = {name.replace("_", "-"): text for name, text in headers.items()}
    return app.request(path, method=method, headers=names, status="*")


def names_of(header):
    """Return the names that a list in a header holds, in lower case."""
    return {name.strip().lower() for name in header.split(",")}


# -- P1.1


@pytest.mark.parametrize(("method", "path", "status"), ANSWERS)
def test_every_body_is_json_in_utf_8(app, method, path, status):  # P1.1
    response = send(app, method, path)
    assert response.status_code == status
    assert response.content_type == "application/json"
    assert response.charset in {None, "UTF-8"}
    json.loads(response.body.decode())


def test_a_created_record_is_answered_as_json(app):  # P1.1
    response = make_app(headers=ALICE).post_json("/v1/mushrooms", {"data": {"name": "cèpe 🍄"}})
    assert response.content_type == "application/json"
    assert response.json["data"]["name"] == "cèpe 🍄"


def test_forward_slashes_are_not_escaped_in_records():  # P1.1
    response = make_app(headers=ALICE).post_json("/v1/mushrooms", {"data": {"name": "a/b"}})
    assert b'"a/b"' in response.body


def test_forward_slashes_are_not_escaped_in_errors(app):  # P1.1
    response = app.post("/v1/mushrooms", "x", content_type="text/plain", status=415)
    assert b"['application/json']" in response.body


def test_head_has_the_headers_of_get_and_no_body(app):  # P1.1
    for path in ("/v1/", "/v1/__lbheartbeat__"):
        got, head = app.get(path), app.head(path)
        assert head.body == b""
        assert dict(head.headers) == dict(got.headers)


# -- P1.2


@pytest.fixture(scope="module")
def busy():
    """Return an application that asks clients to slow down."""
    return make_app({"backoff": 10}, headers=ALICE)


@pytest.mark.parametrize(("method", "path", "status"), ANSWERS)
def test_backoff_is_on_every_response(busy, method, path, status):  # P1.2
    response = send(busy, method, path)
    assert response.status_code == status
    assert response.headers["Backoff"] == "10"


def test_backoff_is_on_304(busy):  # P1.2
    etag = busy.get("/v1/mushrooms").headers["ETag"]
    response = busy.get("/v1/mushrooms", headers={"If-None-Match": etag}, status=304)
    assert response.headers["Backoff"] == "10"


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({"Authorization": "Token x"}, 401),
        ({"Accept": "text/html"}, 406),
        ({"If-Match": '"12"'}, 412),
    ],
)
def test_backoff_is_on_refusals(busy, headers, status):  # P1.2
    response = busy.get("/v1/mushrooms", headers=headers, status=status)
    assert response.headers["Backoff"] == "10"


def test_backoff_is_on_415(busy):  # P1.2
    response = busy.post("/v1/mushrooms", "x", content_type="text/plain", status=415)
    assert response.headers["Backoff"] == "10"


def test_backoff_is_on_redirections(busy):  # P1.2
    assert busy.get("/mushrooms", status=307).headers["Backoff"] == "10"


def test_backoff_is_on_413():  # P1.2
    app = make_app({"backoff": 10, "max_body_bytes": 10}, headers=ALICE)
    response = app.post_json("/v1/mushrooms", {"data": {"name": "x"}}, status=413)
    assert response.headers["Backoff"] == "10"


def test_backoff_is_on_410():  # P1.2
    app = make_app({"backoff": 10, "eos": "2001-01-01"})
    assert app.get("/v1/", status=410).headers["Backoff"] == "10"


def test_backoff_is_on_preflights(busy):  # P1.2
    response = send(busy, "OPTIONS", "/v1/", **ORIGIN, Access_Control_Request_Method="GET")
    assert response.headers["Backoff"] == "10"


def test_there_is_no_backoff_unless_it_is_set(app):  # P1.2
    assert "Backoff" not in app.get("/v1/").headers


# -- P1.3


@pytest.mark.parametrize("method", ["POST", "PUT"])
def test_503_says_when_to_come_back(app, method):  # P1.3
    assert send(app, method, "/v1/boom").headers["Retry-After"] == "30"


def test_the_seconds_to_come_back_after_are_a_setting():  # P1.3
    app = make_app({"retry_after_seconds": 12})
    assert app.post("/v1/boom", status=503).headers["Retry-After"] == "12"


def test_a_failing_heartbeat_says_when_to_come_back():  # P1.3, P11.8
    app = make_app({"retry_after_seconds": 12})
    app.app.registry.heartbeats["sick"] = lambda request: False
    assert app.get("/v1/__heartbeat__", status=503).headers["Retry-After"] == "12"


def test_other_answers_do_not_say_when_to_come_back(app):  # P1.3
    assert "Retry-After" not in app.get("/v1/").headers
    assert "Retry-After" not in app.get("/v1/boom", status=500).headers


# -- P1.4


@pytest.mark.parametrize(("method", "path", "status"), ANSWERS)
def test_responses_vary_by_authorization(app, method, path, status):  # P1.4
    assert send(app, method, path).headers["Vary"] == "Authorization"


def test_304_varies_by_authorization(app):  # P1.4
    etag = app.get("/v1/mushrooms").headers["ETag"]
    response = app.get("/v1/mushrooms", headers={"If-None-Match": etag}, status=304)
    assert response.headers["Vary"] == "Authorization"


def test_what_responses_vary_by_is_a_setting():  # P1.4
    app = make_app({"vary": "Authorization Accept-Language"})
    vary = names_of(app.get("/v1/").headers["Vary"])
    assert vary == {"authorization", "accept-language"}


def test_responses_vary_by_origin_when_not_all_are_allowed():  # P1.4
    app = make_app({"cors_origins": "http://a.example"})
    vary = names_of(app.get("/v1/", headers=ORIGIN).headers["Vary"])
    assert vary == {"authorization", "origin"}


def test_responses_to_no_origin_vary_by_it_too_when_not_all_are_allowed():  # P1.4
    # Else a cache hands the answer, which lets no script read it, to a page that may.
    app = make_app({"cors_origins": "http://a.example"})
    assert names_of(app.get("/v1/").headers["Vary"]) == {"authorization", "origin"}


def test_refused_origins_vary_by_origin_too():  # P1.4
    app = make_app({"cors_origins": "http://a.example"})
    response = app.get("/v1/", headers={"Origin": "http://evil.example"}, status=400)
    assert "origin" in names_of(response.headers["Vary"])


def test_responses_do_not_vary_by_origin_when_all_are_allowed(app):  # P1.4
    assert app.get("/v1/", headers=ORIGIN).headers["Vary"] == "Authorization"


# -- P1.5


def test_an_alert_has_a_code_a_message_and_a_url(app):  # P1.5
    alert = json.loads(app.get("/v1/alert").headers["Alert"])
    assert alert == {
        "code": "soft-eol",
        "message": "Some message",
        "url": "http://example.com/alert",
    }


def test_an_alert_without_url_points_to_the_documentation(app):  # P1.5
    alert = json.loads(app.post("/v1/alert").headers["Alert"])
    assert alert == {
        "code": "hard-eol",
        "message": "No url",
        "url": "https://origapp.readthedocs.io/",
    }


def test_a_deprecated_parameter_is_alerted(app):  # P1.5, P6.3
    alert = json.loads(app.get("/v1/articles?_to=12").headers["Alert"])
    assert alert["code"] == "soft-eol"
    assert "_to" in alert["message"]


def test_an_alert_survives_an_error_that_follows_it(app):  # P1.5
    response = app.get("/v1/articles?_to=12&unknown=1", status=400)
    assert json.loads(response.headers["Alert"])["code"] == "soft-eol"


# -- P1.7


def test_a_redirection_stays_one_header_whatever_is_in_the_path(app):  # P1.7
    response = app.get("/mushrooms%0D%0AX-Evil:%201", status=307)
    assert "X-Evil" not in response.headers
    assert response.headers["Location"] == "http://localhost/v1/mushrooms%0D%0AX-Evil:%201"


def test_a_next_page_stays_one_header_whatever_is_in_the_query(app):  # P1.7
    app = make_app(headers=ALICE)
    for name in "ab":
        app.post_json("/v1/mushrooms", {"data": {"name": name, "é\r\nX-Evil: 1": 1}})
    response = app.get("/v1/mushrooms?_limit=1&%C3%A9%0D%0AX-Evil:%201=1")
    assert "%0D%0A" in response.headers["Next-Page"]
    assert "X-Evil" not in response.headers


def test_an_alert_is_ascii_whatever_its_message():  # P1.7
    app = make_app({"eos": "2100-01-01", "eos_message": "Fini, été 🍄\r\nX: y"})
    alert = app.get("/v1/").headers["Alert"]
    assert alert.isascii()
    assert json.loads(alert)["message"] == "Fini, été 🍄\r\nX: y"


def test_an_origin_with_line_breaks_is_not_echoed():  # P1.7
    for settings in ({}, {"cors_origins": "http://*"}):
        app = make_app(settings)
        app.lint = False
        headers = {"Origin": "http://a\r\nX-Evil: 1", "Access-Control-Request-Method": "GET"}
        for method, path in (("GET", "/v1/unknown"), ("OPTIONS", "/v1/"), ("GET", "/v1/")):
            response = app.request(path, method=method, headers=headers, status="*")
            assert not any("\n" in text or "\r" in text for text in response.headers.values())


def test_requested_headers_with_line_breaks_are_not_echoed():  # P1.7
    app = make_app()
    headers = {
        **ORIGIN,
        "Access-Control-Request-Method": "GET",
        "Access-Control-Request-Headers": "X-A, X-B\r\nX-Evil: 1, X-C",
    }
    response = app.options("/v1/", headers=headers, status="*")
    assert not any("\n" in text or "\r" in text for text in response.headers.values())
