"""URLs that are not quite right (protocol P3.4, P3.5)."""

from __future__ import annotations

import pytest
import webtest
from pyramid.security import NO_PERMISSION_REQUIRED

from cliquet import Service
from tests.support import ALICE, make_app, make_config

METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS")


@pytest.fixture(scope="module")
def app():
    """Return an application that nothing here writes to."""
    return make_app(headers=ALICE)


def location(app, path, method="GET"):
    """Return where a request for *path* is sent, without scheme and host."""
    response = app.request(path, method=method, status=307)
    return response.headers["Location"].removeprefix("http://localhost")


# -- P3.4


@pytest.mark.parametrize("method", METHODS)
def test_a_url_without_version_is_sent_to_the_one_with_it(app, method):  # P3.4
    assert location(app, "/mushrooms?x=1", method) == "/v1/mushrooms?x=1"


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("/", "/v1/"),
        ("/?a=b", "/v1/?a=b"),
        ("/mushrooms?_since=42&x=%C3%A9", "/v1/mushrooms?_since=42&x=%C3%A9"),
        ("/%C3%A9t%C3%A9", "/v1/%C3%A9t%C3%A9"),
        ("/a%2520b%3Fc", "/v1/a%2520b%3Fc"),
        ("/unknown", "/v1/unknown"),
        ("/vintage", "/v1/vintage"),
        ("/version/1", "/v1/version/1"),
    ],
)
def test_path_and_query_are_kept(app, path, expected):  # P3.4
    assert location(app, path) == expected


def test_a_redirection_never_leads_to_another_host(app):  # P3.4
    for path in ("//evil.example", "//evil.example/", "/v1//evil.example/", "/\\evil.example"):
        response = app.get("http://localhost" + path, status="*")
        target = response.headers.get("Location", "http://localhost/")
        assert target.startswith("http://localhost/")
        assert not target.removeprefix("http://localhost").startswith(("//", "/\\"))


def test_what_follows_a_redirection_is_the_same_request(app):  # P3.4
    response = app.get("/mushrooms?_limit=abc", status=307).follow(status=400)
    assert "_limit" in response.json["message"]


def test_redirections_below_a_prefix_of_the_server_keep_it(app):  # P3.4
    response = app.get("/mushrooms", extra_environ={"SCRIPT_NAME": "/api"}, status=307)
    assert response.headers["Location"] == "http://localhost/api/v1/mushrooms"


def test_redirections_to_the_version_can_be_disabled():  # P3.4
    app = make_app({"version_prefix_redirect_enabled": "false"})
    assert app.get("/mushrooms", status=404).json["errno"] == 111


@pytest.mark.parametrize(
    "path", ["/v9/mushrooms", "/v9/", "/v9", "/v0/mushrooms", "/v12/", "/v12", "/v12/mushrooms"]
)
@pytest.mark.parametrize("method", ["GET", "POST"])
def test_another_version_is_not_available(app, path, method):  # P3.4, P11.8
    response = app.request(path, method=method, status=404)
    assert response.json == {
        "code": 404,
        "errno": 116,
        "error": "Not Found",
        "message": "The requested protocol version is not available on this server.",
    }


def test_another_version_is_not_available_without_redirections_either():  # P3.4
    app = make_app({"version_prefix_redirect_enabled": "false"})
    assert app.get("/v9/mushrooms", status=404).json["errno"] == 116


# -- P3.5


@pytest.mark.parametrize("method", METHODS)
def test_an_unknown_url_with_a_slash_is_sent_to_the_one_without(app, method):  # P3.5
    assert location(app, "/v1/mushrooms/", method) == "/v1/mushrooms"


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("/v1/mushrooms/?_limit=2&a=%2F", "/v1/mushrooms?_limit=2&a=%2F"),
        ("/v1/mushrooms///", "/v1/mushrooms"),
        ("/v1/unknown/", "/v1/unknown"),
        ("/v1/%C3%A9/", "/v1/%C3%A9"),
        ("/v1", "/v1/"),
        ("/v1?a=b", "/v1/?a=b"),
    ],
)
def test_the_query_is_kept(app, path, expected):  # P3.5
    assert location(app, path) == expected


def test_redirections_of_slashes_can_be_disabled():  # P3.5
    app = make_app({"trailing_slash_redirect_enabled": "false"})
    assert app.get("/v1/mushrooms/", status=404).json["errno"] == 111


def test_hello_is_never_redirected(app):  # P3.5
    app.get("/v1/", status=200)


def test_an_existing_url_with_a_slash_is_never_redirected():  # P3.5
    config = make_config()
    service = Service("slash", "/slash/")
    service.add_view("GET", lambda request: {"ok": True}, permission=NO_PERMISSION_REQUIRED)
    config.add_cornice_service(service)
    app = webtest.TestApp(config.make_wsgi_app())
    assert app.get("/v1/slash/", status=200).json == {"ok": True}
    assert app.post("/v1/slash/", status=405).json["errno"] == 115


def test_a_version_without_slash_below_others_is_not_redirected(app):  # P3.5
    app.get("/v1/unknown/v1", status=404)
