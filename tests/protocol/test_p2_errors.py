"""Errors: their form, their numbers, their words (protocol P2.1 to P2.4, P2.6, P2.7)."""

from __future__ import annotations

import json
import logging

import colander
import pytest
from pyramid import httpexceptions
from pyramid.security import NO_PERMISSION_REQUIRED

from cliquet import Service, errors
from cliquet.errors import ERRORS
from cliquet.http.body import body_validator
from tests.support import ALICE, make_app, make_config

RECORD = "/v1/mushrooms/11111111-1111-4111-8111-111111111111"
INVALID_JSON = "Invalid JSON request body: "


@pytest.fixture(scope="module")
def app():
    """Return an application that nothing here writes to."""
    return make_app(headers=ALICE)


def app_with(view, method="GET", **arguments):
    """Return an application that has *view* at /v1/odd, open to all."""
    import webtest

    config = make_config()
    service = Service("odd", "/odd")
    service.add_view(method, view, permission=NO_PERMISSION_REQUIRED, **arguments)
    config.add_cornice_service(service)
    return webtest.TestApp(config.make_wsgi_app())


def details_of(app, body, path="/v1/mushrooms", method="POST"):
    """Return the message and the details of the 400 that *body* gets."""
    response = app.request(
        path, method=method, body=body.encode(), content_type="application/json", status=400
    )
    assert response.json["code"] == 400
    assert response.json["errno"] == 107
    assert response.json["error"] == "Invalid parameters"
    return response.json["message"], response.json["details"]


def body_error(name, description):
    """Return a detail about the body."""
    return {"location": "body", "name": name, "description": description}


# -- P2.1


def test_an_error_has_a_code_a_number_a_title_and_a_message(app):  # P2.1
    assert app.get("/v1/unknown", status=404).json == {
        "code": 404,
        "errno": 111,
        "error": "Not Found",
        "message": "The resource you are looking for could not be found.",
    }


def test_an_error_can_have_info_and_details():  # P2.1
    def view(request):
        raise errors.http_error(
            httpexceptions.HTTPConflict(), errno=122, info="http://i", details={"a": [1]}
        )

    assert app_with(view).get("/v1/odd", status=409).json == {
        "code": 409,
        "errno": 122,
        "error": "Conflict",
        "info": "http://i",
        "details": {"a": [1]},
    }


def test_details_that_are_empty_are_not_absent(app):  # P2.1, P5.4
    response = app.get("/v1/mushrooms", headers={"If-Match": '"12"'}, status=412)
    assert response.json["details"] == {}


def test_an_error_can_be_returned_as_well_as_raised():  # P2.1
    def view(request):
        return errors.http_error(
            httpexceptions.HTTPTooManyRequests(), errno=ERRORS.CLIENT_REACHED_CAPACITY
        )

    response = app_with(view).get("/v1/odd", status=429)
    assert response.json == {"code": 429, "errno": 117, "error": "Too Many Requests"}


# -- P2.2


def test_errors_have_the_numbers_that_clients_know():  # P2.2
    assert {error.name: error.value for error in ERRORS} == {
        "MISSING_AUTH_TOKEN": 104,
        "INVALID_AUTH_TOKEN": 105,
        "BADJSON": 106,
        "INVALID_PARAMETERS": 107,
        "MISSING_PARAMETERS": 108,
        "INVALID_POSTED_DATA": 109,
        "INVALID_RESOURCE_ID": 110,
        "MISSING_RESOURCE": 111,
        "MISSING_CONTENT_LENGTH": 112,
        "REQUEST_TOO_LARGE": 113,
        "MODIFIED_MEANWHILE": 114,
        "METHOD_NOT_ALLOWED": 115,
        "VERSION_NOT_AVAILABLE": 116,
        "CLIENT_REACHED_CAPACITY": 117,
        "FORBIDDEN": 121,
        "CONSTRAINT_VIOLATED": 122,
        "BACKEND": 201,
        "SERVICE_DEPRECATED": 202,
        "UNDEFINED": 999,
    }


# -- P2.3


def test_every_error_is_in_the_details(app):  # P2.3
    _, details = details_of(app, '{"data": {"position": "far", "rating": "x"}}', "/v1/articles")
    assert sorted(detail["name"] for detail in details) == [
        "data.position",
        "data.rating",
        "data.title",
    ]
    assert {detail["location"] for detail in details} == {"body"}


def test_the_message_is_that_of_the_first_error_by_name(app):  # P2.3
    message, _ = details_of(app, '{"data": {"position": "far"}}', "/v1/articles")
    assert message == 'data.position in body: "far" is not a number'


def test_a_description_that_has_the_name_is_the_message_alone(app):  # P2.3
    message, details = details_of(app, '{"data": {"name": "x"}, "extra": 1}')
    assert message == "extra is not allowed"
    assert details == [body_error("extra", "extra is not allowed")]


def test_a_message_without_name_begins_with_the_location(app):  # P2.3
    response = app.get("/v1/mushrooms?_limit=abc", status=400)
    assert response.json["message"] == "querystring: _limit should be an integer"
    assert response.json["details"] == [
        {"location": "querystring", "name": None, "description": "_limit should be an integer"}
    ]


def test_an_error_without_name_comes_first(app):  # P2.3
    message, _ = details_of(app, "[]")
    assert message == "body: Invalid JSON: Should be a JSON object, got []"


def test_an_application_raises_invalid_at_any_location():  # P2.3
    for location in ("body", "querystring", "path", "headers", "header"):

        def view(request, location=location):
            errors.raise_invalid(request, location, "field", "is odd")

        response = app_with(view).get("/v1/odd", status=400)
        assert response.json["message"] == f"field in {location}: is odd"


def test_bytes_in_a_description_are_told_as_text():  # P2.3
    def view(request):
        errors.raise_invalid(request, "body", "field", b"d\xc3\xa9j\xc3\xa0 \xff")

    assert "déjà" in app_with(view).get("/v1/odd", status=400).json["message"]


class Inner(colander.MappingSchema):
    """An object within a body."""

    n = colander.SchemaNode(colander.Integer())


class Outer(colander.MappingSchema):
    """A body of an application's own."""

    inner = Inner()
    numbers = colander.SchemaNode(
        colander.Sequence(), colander.SchemaNode(colander.Integer()), missing=()
    )


def test_fields_are_named_from_the_root_of_the_body():  # P2.3
    app = app_with(lambda request: {}, "POST", schema=Outer(), validators=(body_validator,))
    _, details = details_of(app, '{"inner": {"n": "x"}, "numbers": [1, "y"]}', "/v1/odd")
    assert sorted(detail["name"] for detail in details) == ["inner.n", "numbers.1"]


# -- P2.4


@pytest.mark.parametrize("text", ["{", '{"data": ', "nope", '{"data": {}} xx', "{'a': 1}", "\\"])
@pytest.mark.parametrize(("method", "path"), [("POST", "/v1/mushrooms"), ("PUT", RECORD)])
def test_malformed_json_is_told_in_the_words_of_the_parser(app, method, path, text):  # P2.4
    message, details = details_of(app, text, path, method)
    assert details[0]["name"] is None
    assert details[0]["description"].startswith(INVALID_JSON)
    assert len(details[0]["description"]) > len(INVALID_JSON)
    assert message == "body: " + details[0]["description"]
    assert details[1:] == [body_error("data", "data is missing")]


def test_a_malformed_body_of_delete_is_refused(app):  # P2.4
    for path in ("/v1/mushrooms", RECORD):
        message, details = details_of(app, "{", path, "DELETE")
        assert message.startswith("body: " + INVALID_JSON)
        assert len(details) == 1


@pytest.mark.parametrize(
    ("text", "shown"),
    [("[1, 2]", "[1, 2]"), ('"abc"', "abc"), ("42", "42"), ("null", "None"), ("true", "True")],
)
@pytest.mark.parametrize(("method", "path"), [("POST", "/v1/mushrooms"), ("PATCH", RECORD)])
def test_json_that_is_no_mapping_is_shown(app, method, path, text, shown):  # P2.4
    _, details = details_of(app, text, path, method)
    assert details == [
        body_error(None, f"Invalid JSON: Should be a JSON object, got {shown}"),
        body_error("data", "data is missing"),
    ]


@pytest.mark.parametrize("text", ["{}", "", '{"permissions": {}}'])
def test_a_body_without_data_lacks_it(app, text):  # P2.4
    _, details = details_of(app, text)
    assert body_error("data", "data is missing") in details


def test_null_data_are_required(app):  # P2.4
    message, details = details_of(app, '{"data": null}')
    assert message == "data in body: Required"
    assert details == [body_error("data", "Required")]


@pytest.mark.parametrize("data", ["{}", '{"name": null}', '{"name": ""}'])
def test_a_missing_field_is_required(app, data):  # P2.4
    message, details = details_of(app, f'{{"data": {data}}}')
    assert message == "data.name in body: Required"
    assert details == [body_error("data.name", "Required")]


@pytest.mark.parametrize(("data", "shown"), [("[]", "[]"), ('"abc"', "abc"), ("12", "12")])
def test_schema_errors_keep_the_wording_of_colander(app, data, shown):  # P2.4
    _, details = details_of(app, f'{{"data": {data}}}')
    words = f'"{shown}" is not a mapping type: Does not implement dict-like functionality.'
    assert details == [body_error("data", words)]


def test_a_byte_order_mark_is_accepted():  # P2.4
    app = make_app(headers=ALICE)
    body = b'\xef\xbb\xbf{"data":{"name":"bom"}}'
    response = app.post("/v1/mushrooms", body, content_type="application/json", status=201)
    assert response.json["data"]["name"] == "bom"


# -- P2.6


def test_an_unhandled_exception_is_a_500(app):  # P2.6
    assert app.get("/v1/boom", status=500).json == {
        "code": 500,
        "errno": 999,
        "error": "Internal Server Error",
        "message": "A programmatic error occured, developers have been informed.",
        "info": "https://github.com/mozilla-services/cliquet/issues/",
    }


def test_the_link_for_more_about_errors_is_a_setting():  # P2.6
    app = make_app({"error_info_link": "https://help.example"})
    assert app.get("/v1/boom", status=500).json["info"] == "https://help.example"


def test_the_traceback_goes_to_the_log_and_not_to_the_client(app, caplog):  # P2.6
    response = app.get("/v1/boom", status=500)
    assert "Traceback" not in response.text
    assert "ValueError" not in response.text
    record = next(record for record in caplog.records if record.levelno >= logging.ERROR)
    assert "boom" in record.getMessage()
    assert "Traceback" in record.getMessage() or record.exc_info


def test_an_exception_that_cannot_be_shown_is_a_500_all_the_same():  # P2.6
    class Odd(Exception):
        def __str__(self):
            raise RuntimeError("no words")

    def view(request):
        raise Odd

    app_with(view).get("/v1/odd", status=500)


@pytest.mark.parametrize("error", [KeyError("é"), UnicodeDecodeError("utf-8", b"\xff", 0, 1, "x")])
def test_any_exception_of_a_view_is_a_500(error):  # P2.6
    def view(request):
        raise error

    assert app_with(view).get("/v1/odd", status=500).json["errno"] == 999


# -- P2.7

UNAVAILABLE = {
    "code": 503,
    "errno": 201,
    "error": "Service Unavailable",
    "message": (
        "Service temporary unavailable due to overloading or maintenance, please retry later."
    ),
}


@pytest.mark.parametrize("method", ["POST", "PUT"])
def test_a_failing_backend_is_a_503(app, method):  # P2.7
    response = app.request("/v1/boom", method=method, status=503)
    assert response.json == UNAVAILABLE
    assert response.headers["Retry-After"] == "30"


def test_the_words_of_the_driver_go_to_the_log_as_critical(app, caplog):  # P2.7
    response = app.put("/v1/boom", status=503)
    assert "driver" not in response.text
    record = next(record for record in caplog.records if record.levelno == logging.CRITICAL)
    shown = record.getMessage() + str(record.exc_info)
    assert "driver's own words" in shown


def test_a_storage_that_fails_is_a_503(monkeypatch):  # P2.7
    from cliquet.storage.exceptions import BackendError

    def fail(*args, **kwargs):
        raise BackendError(RuntimeError("gone"))

    app = make_app(headers=ALICE)
    for name in ("get_page", "get", "create"):
        monkeypatch.setattr(app.app.registry.storage, name, fail)
    assert app.get("/v1/mushrooms", status=503).json == UNAVAILABLE
    assert app.get(RECORD, status=503).json == UNAVAILABLE
    body = json.dumps({"data": {"name": "x"}})
    response = app.post("/v1/mushrooms", body, content_type="application/json", status=503)
    assert response.json == UNAVAILABLE


# -- P2.7, P2.5: errors that are returned


@pytest.mark.parametrize(
    ("response", "errno", "message"),
    [
        (httpexceptions.HTTPServiceUnavailable, 201, errors.UNAVAILABLE_MESSAGE),
        (httpexceptions.HTTPNotFound, 111, errors.NOT_FOUND_MESSAGE),
        (lambda: httpexceptions.HTTPNotFound("gone"), 111, errors.NOT_FOUND_MESSAGE),
        (httpexceptions.HTTPForbidden, 121, "This user cannot access this resource."),
        (httpexceptions.HTTPMethodNotAllowed, 115, "Method not allowed on this endpoint."),
        (lambda: httpexceptions.HTTPConflict("twice"), 999, "twice"),
        (httpexceptions.HTTPBadGateway, 999, None),
    ],
)
def test_an_http_exception_that_is_returned_is_given_json_too(  # P1.1, P2.5, P2.7
    response, errno, message
):
    returned = app_with(lambda request: response()).get("/v1/odd", status="*")
    assert returned.content_type == "application/json"
    assert returned.json["code"] == returned.status_code
    assert (returned.json["errno"], returned.json.get("message")) == (errno, message)
    assert ("Retry-After" in returned.headers) is (returned.status_code == 503)


@pytest.mark.parametrize(
    "response",
    [
        httpexceptions.HTTPConflict(text="own words", content_type="text/plain"),
        httpexceptions.HTTPSeeOther("/v1/"),
        httpexceptions.HTTPNotModified(),
    ],
)
def test_one_that_is_returned_with_a_body_or_is_no_error_is_left_alone(response):  # P2.5
    returned = app_with(lambda request: response).get("/v1/odd", status=response.code)
    assert returned.content_type != "application/json"
