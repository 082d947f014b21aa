"""Errors that HTTP itself has names for, and media types (protocol P2.5, P2.8)."""

from __future__ import annotations

import io

import pytest
import webtest
from pyramid import httpexceptions
from pyramid.security import NO_PERMISSION_REQUIRED

from cliquet import errors
from cliquet.authentication import BasicAuthAuthenticationPolicy
from tests.protocol.test_p2_errors import app_with
from tests.support import ALICE, make_app, make_config

RECORD = "/v1/mushrooms/11111111-1111-4111-8111-111111111111"
UNKNOWN = "/v1/mushrooms/ffffffff-ffff-4fff-8fff-ffffffffffff"
JSON_TYPES = "['application/json']"


@pytest.fixture(scope="module")
def app():
    """Return an application with one record."""
    app = make_app(headers=ALICE)
    app.put_json(RECORD, {"data": {"name": "x"}})
    return app


@pytest.fixture(scope="module")
def anonymous():
    """Return an application that is asked by nobody."""
    return make_app()


# -- P2.5: 401 and 403

UNAUTHORIZED = {
    "code": 401,
    "errno": 104,
    "error": "Unauthorized",
    "message": "Please authenticate yourself to use this endpoint.",
}


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "/v1/mushrooms"),
        ("HEAD", "/v1/mushrooms"),
        ("POST", "/v1/mushrooms"),
        ("DELETE", "/v1/mushrooms"),
        ("GET", RECORD),
        ("PUT", RECORD),
        ("PATCH", RECORD),
        ("DELETE", RECORD),
        ("GET", "/v1/private"),
    ],
)
def test_anonymous_users_are_asked_to_authenticate(anonymous, method, path):  # P2.5
    response = anonymous.request(path, method=method, status=401)
    assert method == "HEAD" or response.json == UNAUTHORIZED
    assert response.headers["WWW-Authenticate"] == 'Basic realm="Realm"'


class SecondPolicy(BasicAuthAuthenticationPolicy):
    """A second policy, with a challenge of its own."""

    def forget(self, request):
        """Return the challenge."""
        return [("WWW-Authenticate", 'Second realm="x"')]


def test_the_challenges_of_every_policy_are_there():  # P2.5
    app = make_app(
        {
            "multiauth.policies": "basicauth second",
            "multiauth.policy.second.use": f"{__name__}.SecondPolicy",
        }
    )
    response = app.get("/v1/mushrooms", status=401)
    challenges = response.headers.getall("WWW-Authenticate")
    assert challenges == ['Basic realm="Realm"', 'Second realm="x"']


FORBIDDEN = {
    "code": 403,
    "errno": 121,
    "error": "Forbidden",
    "message": "This user cannot access this resource.",
}


def raise_forbidden(request):
    """Fail as a view does that leaves the words to us."""
    raise httpexceptions.HTTPForbidden


def test_users_without_the_right_are_forbidden():  # P2.5
    response = app_with(raise_forbidden).get("/v1/odd", headers=ALICE, status=403)
    assert response.json == FORBIDDEN
    assert "WWW-Authenticate" not in response.headers


def test_the_anonymous_without_the_right_are_asked_to_authenticate():  # P2.5
    assert app_with(raise_forbidden).get("/v1/odd", status=401).json == UNAUTHORIZED


@pytest.mark.parametrize("headers", [ALICE, {}])
def test_a_forbidden_with_a_body_of_its_own_keeps_it(headers):  # P2.5
    def view(request):
        raise errors.http_error(httpexceptions.HTTPForbidden(), errno=121, message="Not you.")

    response = app_with(view).get("/v1/odd", headers=headers, status=403)
    assert response.json["message"] == "Not you."


# -- P2.5: 404 and 405


@pytest.mark.parametrize("path", ["/v1/unknown", "/v1//mushrooms", "/v1unknown", "/v1/%C3%A9"])
def test_an_unknown_url_is_not_found(app, path):  # P2.5
    response = app.get(path, status="*")
    assert response.status_code == 404
    assert response.json["errno"] == 111


@pytest.mark.parametrize("method", ["GET", "PATCH", "DELETE"])
def test_an_unknown_record_is_not_found_in_the_same_words(app, method):  # P2.5
    body = '{"data": {}}' if method == "PATCH" else ""
    response = app.request(
        UNKNOWN, method=method, body=body.encode(), content_type="application/json", status=404
    )
    assert response.json == app.get("/v1/unknown", status=404).json


def test_the_records_of_others_are_not_found(app):  # P2.5, P7.1
    headers = {"Authorization": "Basic Ym9iOnNlY3JldA=="}
    assert app.get(RECORD, headers=headers, status=404).json["errno"] == 111


def test_a_method_that_an_endpoint_lacks_is_not_allowed(app):  # P2.5
    response = app.request("/v1/mushrooms", method="PATCH", status=405)
    assert response.json == {
        "code": 405,
        "errno": 115,
        "error": "Method Not Allowed",
        "message": "Method not allowed on this endpoint.",
    }


@pytest.mark.parametrize(
    ("method", "path", "allowed"),
    [
        ("PUT", "/v1/mushrooms", {"GET", "HEAD", "POST", "DELETE", "OPTIONS"}),
        ("POST", RECORD, {"GET", "HEAD", "PUT", "PATCH", "DELETE", "OPTIONS"}),
        ("TRACE", RECORD, {"GET", "HEAD", "PUT", "PATCH", "DELETE", "OPTIONS"}),
        ("PROPFIND", RECORD, {"GET", "HEAD", "PUT", "PATCH", "DELETE", "OPTIONS"}),
        ("POST", "/v1/", {"GET", "HEAD", "OPTIONS"}),
        ("DELETE", "/v1/__heartbeat__", {"GET", "HEAD", "OPTIONS"}),
    ],
)
def test_the_methods_that_are_allowed_are_told(app, method, path, allowed):  # P2.5
    request = webtest.TestRequest.blank(path, method=method)
    response = request.get_response(app.app)
    assert response.status_code == 405
    assert {name.strip() for name in response.headers["Allow"].split(",")} == allowed


def test_an_overriding_method_header_is_ignored(app):  # P2.5
    headers = {"X-HTTP-Method-Override": "DELETE"}
    app.post(RECORD, headers=headers, status=405)
    app.get(RECORD, status=200)


@pytest.mark.parametrize(
    "exception", [httpexceptions.HTTPMethodNotAllowed, httpexceptions.HTTPServiceUnavailable]
)
def test_a_405_or_503_with_a_body_of_its_own_keeps_it(exception):  # P2.5
    def view(request):
        raise errors.http_error(exception(), errno=7, message="My own.")

    response = app_with(view).get("/v1/odd", status=exception.code)
    assert response.json["errno"] == 7
    assert response.json["message"] == "My own."


@pytest.mark.parametrize(
    ("exception", "title"),
    [
        (httpexceptions.HTTPConflict, "Conflict"),
        (httpexceptions.HTTPPaymentRequired, "Payment Required"),
        (httpexceptions.HTTPLengthRequired, "Length Required"),
        (httpexceptions.HTTPInternalServerError, "Internal Server Error"),
        (httpexceptions.HTTPBadGateway, "Bad Gateway"),
    ],
)
def test_an_http_exception_without_json_is_given_some(exception, title):  # P2.5, P11.8
    def view(request):
        raise exception

    response = app_with(view).get("/v1/odd", status=exception.code)
    assert response.content_type == "application/json"
    body = response.json
    assert (body["code"], body["errno"], body["error"]) == (exception.code, 999, title)


def test_a_not_found_of_a_view_has_the_words_of_all(app):  # P2.5
    def view(request):
        raise httpexceptions.HTTPNotFound

    expected = app.get("/v1/unknown", status=404).json
    assert app_with(view).get("/v1/odd", status=404).json == expected


def test_redirections_of_a_view_are_left_alone():  # P2.5
    def view(request):
        raise httpexceptions.HTTPSeeOther("http://b.example/")

    response = app_with(view).get("/v1/odd", status=303)
    assert response.headers["Location"] == "http://b.example/"


# -- P2.5: 413


def test_a_body_that_is_too_large_is_refused():  # P2.5
    app = make_app({"max_body_bytes": 30}, headers=ALICE)
    response = app.post_json("/v1/mushrooms", {"data": {"name": "x" * 30}}, status=413)
    assert (response.json["code"], response.json["errno"]) == (413, 113)
    assert response.json["error"] == "Request Entity Too Large"


def test_a_body_of_the_largest_size_is_accepted():  # P2.5
    body = '{"data":{"name":"x"}}'
    app = make_app({"max_body_bytes": len(body)}, headers=ALICE)
    app.post("/v1/mushrooms", body, content_type="application/json", status=201)


def test_a_body_of_untold_length_is_refused_when_too_large():  # P2.5
    # As a server hands over a body in chunks: without length, and with an end.
    app = make_app({"max_body_bytes": 30}, headers=ALICE)
    request = webtest.TestRequest.blank("/v1/mushrooms", method="POST", environ=app.extra_environ)
    request.content_type = "application/json"
    request.environ["wsgi.input"] = io.BytesIO(b'{"data":{"name":"' + b"x" * 30 + b'"}}')
    request.environ["wsgi.input_terminated"] = True
    request.environ.pop("CONTENT_LENGTH", None)
    response = request.get_response(app.app)
    assert (response.status_code, response.json["errno"]) == (413, 113)


def test_a_body_of_untold_length_is_read():  # P2.5
    app = make_app(headers=ALICE)
    request = webtest.TestRequest.blank("/v1/mushrooms", method="POST", environ=app.extra_environ)
    request.content_type = "application/json"
    request.environ["wsgi.input"] = io.BytesIO(b'{"data":{"name":"chunked"}}')
    request.environ["wsgi.input_terminated"] = True
    request.environ.pop("CONTENT_LENGTH", None)
    response = request.get_response(app.app)
    assert (response.status_code, response.json["data"]["name"]) == (201, "chunked")


# -- P2.8


def refusal(header):
    """Return the error about a media type."""
    description = f"{header} header should be one of {JSON_TYPES}"
    return {
        "errno": 107,
        "error": "Invalid parameters",
        "message": description,
        "details": [{"location": "header", "name": header, "description": description}],
    }


@pytest.mark.parametrize("method", ["GET", "HEAD", "PUT", "PATCH", "DELETE"])
@pytest.mark.parametrize("accept", ["text/html", "application/xml, text/*", "application/json;q=0"])
def test_resources_answer_json_only(app, method, accept):  # P2.8
    response = app.request(RECORD, method=method, headers={"Accept": accept}, status=406)
    assert method == "HEAD" or response.json == {"code": 406, **refusal("Accept")}


@pytest.mark.parametrize(
    "accept",
    [
        "application/json",
        "Application/JSON",
        "application/json; charset=utf-8",
        "*/*",
        "application/*;q=0.1",
        "text/html, application/json;q=0.5",
        "text/html,*/*;q=0.8",
    ],
)
def test_who_takes_json_among_others_gets_it(app, accept):  # P2.8
    app.get("/v1/mushrooms", headers={"Accept": accept}, status=200)


@pytest.mark.parametrize("path", ["/v1/", "/v1/__heartbeat__", "/v1/__lbheartbeat__"])
def test_hello_and_heartbeats_take_any_accept(app, path):  # P2.8
    response = app.get(path, headers={"Accept": "text/html"}, status=200)
    assert response.content_type == "application/json"


@pytest.mark.parametrize(
    ("method", "path"), [("POST", "/v1/mushrooms"), ("PUT", RECORD), ("PATCH", RECORD)]
)
@pytest.mark.parametrize(
    "content_type",
    [
        "text/plain",
        "application/x-www-form-urlencoded",
        "application/vnd.api+json",
        "application/jsonp",
        "multipart/form-data; boundary=x",
        "application/json-patch+json",
        "text/plain; a=application/json",
    ],
)
def test_resources_take_json_only(app, method, path, content_type):  # P2.8
    response = app.request(
        path, method=method, body=b'{"data":{}}', content_type=content_type, status=415
    )
    assert response.json == {"code": 415, **refusal("Content-Type")}


@pytest.mark.parametrize(
    "content_type",
    [
        "application/json",
        "application/json; charset=utf-8",
        "application/json;charset=latin-1",
        "Application/JSON",
        "APPLICATION/JSON ; Charset=UTF-8",
    ],
)
def test_the_case_and_the_parameters_of_a_type_do_not_matter(content_type):  # P2.8, P11.8
    app = make_app(headers=ALICE)
    body = '{"data":{"name":"é"}}'.encode()
    response = app.post("/v1/mushrooms", body, content_type=content_type, status=201)
    assert response.json["data"]["name"] == "é"


def test_a_body_without_any_type_is_not_read(app):  # P2.8
    environ = {"REQUEST_METHOD": "POST", **app.extra_environ}
    request = webtest.TestRequest.blank("/v1/mushrooms", environ=environ, body=b'{"data":{}}')
    request.environ.pop("CONTENT_TYPE", None)
    response = request.get_response(app.app)
    assert (response.status_code, response.json["message"]) == (400, "data is missing")


@pytest.mark.parametrize("method", ["GET", "DELETE"])
def test_a_type_of_no_body_does_not_matter(method):  # P2.8
    app = make_app(headers=ALICE)
    app.put_json(RECORD, {"data": {"name": "x"}})
    app.request(RECORD, method=method, headers={"Content-Type": "text/plain"}, status=200)


def test_services_of_an_application_take_any_accept(app):  # P2.8
    app.get("/v1/alert", headers={"Accept": "text/html"}, status=200)


def test_pages_outside_of_services_take_any_accept(app):  # P2.8
    response = app.get("/v1/unknown", headers={"Accept": "text/html"}, status=404)
    assert response.content_type == "application/json"


def test_views_that_are_no_services_live_beside_them():  # P2.5
    config = make_config()
    config.add_route("plain", "/plain")
    config.add_view(
        lambda request: request.response, route_name="plain", permission=NO_PERMISSION_REQUIRED
    )
    app = webtest.TestApp(config.make_wsgi_app())
    app.get("/v1/plain", status=200)
