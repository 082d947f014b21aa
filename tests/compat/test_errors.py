"""Errors that applications make, raise, return and format."""

from __future__ import annotations

import json

import colander
import pytest
import webtest
from cornice.errors import Errors
from pyramid import httpexceptions
from pyramid.httpexceptions import HTTPBadRequest, HTTPError, HTTPNotFound, HTTPServiceUnavailable
from pyramid.security import NO_PERMISSION_REQUIRED

from cliquet.errors import ERRORS, http_error, json_error_handler, raise_invalid, send_alert
from cliquet.storage.exceptions import BackendError
from cliquet.testing import DummyRequest
from cliquet.views.errors import authorization_required, service_unavailable
from tests.compat.apps import syncto
from tests.compat.support import ALICE, MEMORY, served

POLICIES = {
    "multiauth.policies": "token basicauth modern",
    "multiauth.policy.token.use": "tests.compat.apps.policies.TokenPolicy",
    "multiauth.policy.modern.use": "tests.compat.apps.policies.ModernPolicy",
}


def raising(error):
    """Return a view that raises *error*."""

    def view(request):
        raise error

    return view


class TestHTTPError:
    """``http_error(…)``."""

    @pytest.mark.parametrize("errno", [ERRORS.INVALID_POSTED_DATA, 109])
    def test_a_number_is_a_member_or_an_integer(self, errno):  # P2.1
        """Errors: `http_error(HTTPException(), errno=ERRORS.X, message=)`; a member or an int."""
        error = http_error(HTTPBadRequest(), errno=errno, message="m")
        expected = {"code": 400, "errno": 109, "error": "Bad Request", "message": "m"}
        assert error.json_body == expected

    def test_it_returns_that_exception(self):  # P2.1
        """Errors: returns that exception as JSON."""
        given = HTTPBadRequest()
        assert http_error(given, errno=ERRORS.BADJSON) is given
        assert given.content_type == "application/json"

    @pytest.mark.parametrize("is_raised", [True, False])
    def test_it_is_raised_or_returned(self, is_raised):  # P2.1
        """Errors: to raise or return."""

        def view(request):
            error = http_error(HTTPNotFound(), errno=ERRORS.MISSING_RESOURCE, info="http://i")
            if is_raised:
                raise error
            return error

        body = served(view=view).get("/v1/probe", status=404).json
        assert body == {"code": 404, "errno": 111, "error": "Not Found", "info": "http://i"}

    @pytest.mark.parametrize("code", [400, 403, 405, 409, 412, 429, 503])
    def test_a_body_of_the_applications_own_is_kept(self, code):  # P2.5
        """Errors: a view that raises with its own JSON body keeps that body."""
        error = http_error(httpexceptions.status_map[code](), errno=999, message="mine")
        app = served(view=raising(error))
        assert app.get("/v1/probe", headers=ALICE, status=code).json["message"] == "mine"

    def test_all_of_it_can_be_said(self):  # P2.1
        """Errors: `http_error` with `code`, `error`, `info` and `details`."""
        more = {"code": 499, "error": "E", "message": "m", "info": "i", "details": {"a": 1}}
        assert http_error(HTTPBadRequest(), errno=1, **more).json_body == {"errno": 1, **more}

    def test_what_is_not_said_is_left_out(self):  # P2.1
        """Errors: absent keys are left out, not null."""
        body = http_error(HTTPBadRequest()).json_body
        assert body == {"code": 400, "errno": 999, "error": "Bad Request"}

    def test_numbers_are_an_enum(self):  # P2.2
        """Errors: `ERRORS` is an Enum."""
        assert ERRORS(107) is ERRORS.INVALID_PARAMETERS
        assert ERRORS.BACKEND.value == 201


class TestRaiseInvalid:
    """``raise_invalid(…)``."""

    @pytest.mark.parametrize("location", ["headers", "header", "body", "querystring", "path"])
    def test_locations_of_old_and_of_today(self, location):  # P2.3
        """Errors: locations `headers` and `header` both (Cornice 6 knows only one)."""
        view = lambda request: raise_invalid(request, location, name="n", description="d")  # noqa: E731
        body = served(view=view).get("/v1/probe", status=400).json
        assert body["details"] == [{"location": location, "name": "n", "description": "d"}]
        assert body["message"] == f"n in {location}: d"

    def test_the_body_is_the_location_by_default(self):  # P2.3
        """Errors: `raise_invalid(request, location="body", name=None, description=)`."""
        request = DummyRequest()
        with pytest.raises(HTTPBadRequest) as caught:
            raise_invalid(request, description="wrong")
        assert caught.value.json_body["message"] == "body: wrong"
        assert request.errors == [{"location": "body", "name": None, "description": "wrong"}]

    def test_it_works_in_a_service(self):  # P2.3
        """Errors: `raise_invalid` in a view of a service."""
        app = webtest.TestApp(syncto.main({}, **MEMORY))
        response = app.post_json("/v1/messages", {"text": "a", "size": 11}, status=400)
        assert response.json["message"] == "X-Size is off"


class TestErrorHandler:
    """``json_error_handler``."""

    def test_it_takes_a_request(self):  # P2.3
        """Errors: Cornice 6 passes the request, callers of old an `Errors` list: take both."""
        request = DummyRequest()
        request.errors.add("body", "n", "n is wrong")
        assert json_error_handler(request).json_body["message"] == "n is wrong"

    def test_it_takes_a_list_of_errors(self):  # P2.3
        """Errors: Cornice 6 passes the request, callers of old an `Errors` list: take both."""
        errors = Errors()
        errors.add("querystring", "b", "b is wrong")
        errors.add("querystring", "a", "is wrong")
        body = json_error_handler(errors).json_body
        assert body["message"] == "a in querystring: is wrong"
        assert len(body["details"]) == 2

    def test_it_takes_a_plain_list(self):  # P2.3
        """Errors: an `Errors` list, or any list of errors."""
        errors = [{"location": "body", "name": None, "description": "d"}]
        assert json_error_handler(errors).code == 400

    def test_descriptions_may_be_bytes(self):  # dependencies: Cornice
        """Errors: Cornice's own descriptions of 406 and 415 are bytes."""
        errors = Errors(status=415)
        errors.add("header", "Content-Type", b"Content-Type is off")
        assert json_error_handler(errors).code == 415


class TestAlert:
    """``send_alert(…)``."""

    def test_the_link_is_that_of_the_project(self):  # P1.5
        """Errors: `send_alert(request, message, url=project_docs, code="soft-eol")`."""

        def view(request):
            send_alert(request, "Upgrade")

        app = served({"project_docs": "http://docs.example/"}, view=view)
        alert = json.loads(app.get("/v1/probe").headers["Alert"])
        expected = {"code": "soft-eol", "message": "Upgrade", "url": "http://docs.example/"}
        assert alert == expected

    def test_all_of_it_can_be_said(self):  # P1.5
        """Errors: `send_alert(request, message, url, code)`, by position too."""
        request = DummyRequest()
        send_alert(request, "m", "http://u.example/", "hard-eol")
        assert '"code": "hard-eol"' in request.response.headers["Alert"]
        assert '"url": "http://u.example/"' in request.response.headers["Alert"]


class TestUnavailable:
    """503, wherever it comes from."""

    def test_the_view_adds_when_to_come_back(self):  # P1.3
        """Errors: `views.errors.service_unavailable(response, request)` adds Retry-After."""
        error = http_error(HTTPServiceUnavailable(), errno=ERRORS.BACKEND, message="mine")
        response = service_unavailable(error, DummyRequest())
        assert response.headers["Retry-After"] == "30"
        assert response.json_body["message"] == "mine"

    def test_any_of_them_is_formatted(self):  # P2.7
        """Errors: any `HTTPServiceUnavailable` is a formatted 503."""
        response = served(view=raising(HTTPServiceUnavailable())).get("/v1/probe", status=503)
        assert response.json["errno"] == 201
        assert response.headers["Retry-After"] == "30"

    def test_one_of_a_policy_is_formatted(self):  # P2.7
        """Errors: any `HTTPServiceUnavailable`, from an authentication policy too."""
        app = served(POLICIES, view=lambda request: request.prefixed_userid)
        response = app.get("/v1/probe", headers={"X-Token": "overloaded"}, status=503)
        assert response.json["errno"] == 201
        assert response.headers["Retry-After"] == "30"

    def test_one_of_a_policy_is_formatted_on_private_views(self):  # P2.7
        """Errors: any `HTTPServiceUnavailable`, from an authentication policy too."""

        def setup(config):
            config.add_route("mine", "/mine")
            config.add_view(lambda r: {}, route_name="mine", renderer="json", permission="private")

        app = served(POLICIES, setup=setup)
        response = app.get("/v1/mine", headers={"X-Token": "overloaded"}, status=503)
        assert response.json["errno"] == 201

    def test_a_backend_that_fails_is_formatted(self):  # P2.7
        """Errors: a `BackendError` is a formatted 503, without the driver's words."""
        app = served(view=raising(BackendError(RuntimeError("secret"))))
        response = app.get("/v1/probe", status=503)
        assert response.json["errno"] == 201
        assert "secret" not in response.text


class TestViews:
    """Exception views of applications."""

    def test_an_applications_view_wins_over_the_catch_all(self):  # P2.6
        """Errors: an application's exception view (`context=HTTPError`) wins over the catch-all."""
        app = webtest.TestApp(syncto.main({}, **MEMORY))
        response = app.get("/v1/collections/418", status=503)
        assert response.json["message"] == "It answered 418"
        assert response.headers["Retry-After"] == "30"
        assert app.get("/v1/collections/401", status=401).json["errno"] == 105

    def test_an_applications_view_wins_for_errors_of_pyramid(self):  # P2.5
        """Errors: an application's exception view (`context=HTTPError`) wins, of Pyramid's."""

        def setup(config):
            config.add_view(
                lambda error, request: {"mine": error.code},
                context=HTTPError,
                renderer="json",
                permission=NO_PERMISSION_REQUIRED,
            )

        app = served(setup=setup, view=raising(HTTPBadRequest()))
        assert app.get("/v1/probe").json == {"mine": 400}

    def test_an_applications_view_of_everything_wins(self):  # P2.6
        """Errors: an application's exception view wins over the catch-all of the same context."""

        def setup(config):
            config.add_view(
                lambda error, request: {"mine": str(error)},
                context=Exception,
                renderer="json",
                permission=NO_PERMISSION_REQUIRED,
            )

        app = served(setup=setup, view=raising(ValueError("v")))
        assert app.get("/v1/probe").json == {"mine": "v"}

    def test_an_applications_forbidden_view_wins(self):  # P2.5
        """Errors: an application's own forbidden view wins."""

        def setup(config):
            config.add_forbidden_view(lambda request: {"mine": True}, renderer="json")

        app = served(setup=setup, view=raising(httpexceptions.HTTPForbidden()))
        assert app.get("/v1/probe").json == {"mine": True}

    def test_the_forbidden_page_can_be_called(self):  # P2.5
        """Errors: `views.errors.authorization_required`, called by a view of an application."""

        def view(request):
            return authorization_required(request)

        app = served(view=view)
        assert app.get("/v1/probe", status=401).json["errno"] == 104
        assert app.get("/v1/probe", headers=ALICE, status=403).json["errno"] == 121

    def test_a_challenge_of_every_policy_is_in_a_401(self):  # P2.5
        """Errors: a 401 carries every policy's `forget()` headers."""
        app = served(POLICIES, view=raising(httpexceptions.HTTPForbidden()))
        response = app.get("/v1/probe", status=401)
        challenges = response.headers.getall("WWW-Authenticate")
        assert challenges == ['Token realm="token"', 'Basic realm="Realm"', "Modern"]

    def test_a_user_without_permission_is_403(self):  # P2.5
        """Errors: `authorization_required`: 403 for who is known."""
        app = served(view=raising(httpexceptions.HTTPForbidden()))
        body = app.get("/v1/probe", headers=ALICE, status=403).json
        assert (body["errno"], body["message"]) == (121, "This user cannot access this resource.")

    def test_an_exception_of_colander_is_no_500_when_it_is_raised_as_invalid(self):  # P2.3
        """Errors: applications turn `colander.Invalid` into `raise_invalid` by hand."""

        def view(request):
            try:
                syncto.MessageSchema().deserialize({})
            except colander.Invalid as error:
                for name, text in error.asdict().items():
                    raise_invalid(request, name=name, description=text)

        assert served(view=view).get("/v1/probe", status=400).json["message"] == (
            "text in body: Required"
        )
