"""Services beside resources: cliquet's own and plain ones of Cornice, made at import time."""

from __future__ import annotations

from unittest.mock import patch

import pytest
import webtest
from pyramid.security import NO_PERMISSION_REQUIRED

import cliquet
from cliquet import Service
from cliquet.authorization import AuthorizationPolicy
from tests.compat.apps import syncto
from tests.compat.support import ALICE, MEMORY, served

ORIGIN = {"Origin": "http://a.example"}


@pytest.fixture
def app():
    """The application like Syncto."""
    return webtest.TestApp(syncto.main({}, **MEMORY))


class TestSchema:
    """``schema=`` in the old style."""

    def test_the_top_level_lands_in_validated(self, app):  # P2.3
        """Services: a mapping of the body's top level lands in `request.validated`."""
        body = {"text": "hello", "size": 3}
        assert app.post_json("/v1/messages", body).json == body

    def test_missing_values_are_those_of_the_schema(self, app):  # P2.3
        """Services: `cliquet.Service` with `schema=` in the old style."""
        assert app.post_json("/v1/messages", {"text": "a"}).json == {"text": "a", "size": 1}

    def test_unknown_top_level_keys_are_400(self, app):  # P4.8
        """Services: unknown top-level keys are 400."""
        response = app.post_json("/v1/messages", {"text": "a", "other": 1}, status=400)
        assert response.json["message"] == "other is not allowed"

    def test_a_missing_key_is_400(self, app):  # P2.3
        """Services: a required key of the schema that is missing is 400."""
        response = app.post_json("/v1/messages", {}, status=400)
        assert response.json["message"] == "text is missing"

    def test_a_wrong_value_is_400(self, app):  # P2.3
        """Services: colander's words are told."""
        response = app.post_json("/v1/messages", {"text": "a", "size": "b"}, status=400)
        detail = response.json["details"][0]
        assert (detail["location"], detail["name"]) == ("body", "size")
        assert response.json["errno"] == 107

    def test_malformed_json_is_400(self, app):  # P2.4
        """Services: malformed JSON is one of the errors."""
        headers = {"Content-Type": "application/json"}
        response = app.post("/v1/messages", "{", headers=headers, status=400)
        assert response.json["details"][0]["description"].startswith("Invalid JSON request body: ")

    def test_a_view_may_refuse_a_header(self, app):  # P2.3
        """Services: a view of an old service calls `raise_invalid(location="headers")`."""
        response = app.post_json("/v1/messages", {"text": "a", "size": 11}, status=400)
        assert response.json["details"][0]["location"] == "headers"

    def test_a_service_that_lists_the_validator_works(self, app):  # dependencies: Cornice
        """Services: one that lists `validators=(colander_body_validator,)` itself works."""
        assert app.post_json("/v1/listed", {"text": "a"}).json == {"text": "a", "size": 1}

    def test_a_listed_validator_runs_the_schema_once(self, app):  # dependencies: Cornice
        """Services: the schema then runs once."""
        syncto.CountingSchema.runs.clear()
        app.post_json("/v1/listed", {"text": "a"})
        assert len(syncto.CountingSchema.runs) == 1

    def test_validators_see_what_the_schema_found(self, app):  # dependencies: Cornice
        """Services: `schema=` in the old style comes before `validators=`."""
        assert app.put_json("/v1/messages", {"text": "a", "size": 2}).json["size"] == 2
        response = app.put_json("/v1/messages", {"text": "a", "size": 0}, status=400)
        assert response.json["message"] == "size is not positive"

    def test_errors_of_the_listed_validator_have_our_form(self, app):  # P2.3
        """Services: one that lists the validator answers errors of our form."""
        response = app.post_json("/v1/listed", {"text": "a", "size": "b"}, status=400)
        assert response.json["errno"] == 107
        assert response.json["details"][0]["name"] == "size"


class TestPlain:
    """A service of Cornice beside ours."""

    def test_it_answers(self, app):  # dependencies: Cornice
        """Services: a plain `cornice.Service` lives beside it."""
        assert app.get("/v1/plain").json == {"plain": True}

    def test_its_body_is_validated_by_cornice(self, app):  # dependencies: Cornice
        """Services: a plain `cornice.Service` with `colander_body_validator`."""
        assert app.post_json("/v1/plain", {"text": "a"}).json == {"text": "a", "size": 1}

    @pytest.mark.parametrize("body", [{"text": "a", "size": "b"}, {"text": "a", "size": 0}])
    def test_it_may_name_our_error_handler(self, app, body):  # P2.3
        """Services: it may name `cliquet.errors.json_error_handler` as its `error_handler`."""
        response = app.post_json("/v1/plain", body, status=400)
        assert (response.json["errno"], response.json["error"]) == (107, "Invalid parameters")
        assert response.json["details"][0]["name"] == "size"

    def test_a_method_that_it_lacks_is_405_in_our_form(self, app):  # P2.5
        """Services: a plain `cornice.Service` lives beside ours, its errors in our form."""
        assert app.put_json("/v1/plain", {}, status=405).json["errno"] == 115

    def test_its_origins_are_its_own(self, app):  # P1.6
        """Services: CORS of a plain `cornice.Service` is as it says itself."""
        allowed = app.get("/v1/plain", headers={"Origin": "http://plain.example"})
        assert allowed.headers["Access-Control-Allow-Origin"] == "http://plain.example"
        refused = app.get("/v1/plain", headers=ORIGIN, status=400)
        assert "Access-Control-Allow-Origin" not in refused.headers


class TestImported:
    """Services made when a module was imported."""

    def test_the_origins_of_the_settings_reach_them(self):  # P1.6
        """Services: CORS settings reach services created at import time too."""
        app = webtest.TestApp(syncto.main({}, **MEMORY, cors_origins="http://a.example"))
        allowed = app.get("/v1/collections/x", headers=ORIGIN)
        assert allowed.headers["Access-Control-Allow-Origin"] == "http://a.example"
        app.get("/v1/collections/x", headers={"Origin": "http://b.example"}, status=400)

    def test_the_age_of_preflights_reaches_them(self):  # P1.6
        """Services: CORS settings reach services created at import time too."""
        app = webtest.TestApp(syncto.main({}, **MEMORY, cors_max_age_seconds="7"))
        headers = {**ORIGIN, "Access-Control-Request-Method": "GET"}
        response = app.options("/v1/collections/x", headers=headers)
        assert response.headers["Access-Control-Max-Age"] == "7"

    def test_headers_of_a_service_are_exposed(self, app):  # P1.6
        """Services: `cors_headers=` of a service are exposed beside those of every answer."""
        exposed = app.get("/v1/collections/x", headers=ORIGIN)
        names = exposed.headers["Access-Control-Expose-Headers"].split(", ")
        assert {"X-Last-Modified", "X-Weave-Records", "Backoff", "Alert"} <= set(names)

    def test_headers_are_allowed_to_errors_too(self, app):  # P1.6
        """Services: CORS headers are there on errors of services created at import time."""
        response = app.get("/v1/collections/503", headers=ORIGIN, status=503)
        assert response.headers["Access-Control-Allow-Origin"] == "*"

    def test_the_decorator_names_a_permission(self):  # P7.1
        """Services: `cliquet.Service` with a view for authenticated users only."""
        service = Service(name="mine", path="/mine")
        service.add_view("GET", lambda request: {"mine": True}, permission="private")
        app = served(setup=lambda config: config.add_cornice_service(service))
        app.get("/v1/mine", status=401)
        assert app.get("/v1/mine", headers=ALICE).json == {"mine": True}
        with patch.object(AuthorizationPolicy, "permits", lambda *args: False):
            app.get("/v1/mine", headers=ALICE, status=403)

    def test_writes_do_not_pass_the_views_of_head(self):  # dependencies: Cornice
        """Services: the view of HEAD that comes with one of GET is behind those of writes."""
        service = Service(name="mine", path="/mine")
        for method in ("GET", "PUT"):
            service.add_view(method, lambda request: {}, permission=NO_PERMISSION_REQUIRED)
        app = served(setup=lambda config: config.add_cornice_service(service))
        methods = [method for method, _, _ in service.definitions]
        assert methods == ["GET", "PUT", "OPTIONS", "HEAD"]
        assert app.head("/v1/mine").status_code == 200

    def test_every_answer_has_the_headers_of_all(self):  # P1.2 P1.4
        """Services: services created at import time follow `backoff` and `vary`."""
        app = webtest.TestApp(syncto.main({}, **MEMORY, backoff="10", vary="Accept"))
        for path in ("/v1/plain", "/v1/collections/x"):
            headers = app.get(path).headers
            assert headers["Backoff"] == "10"
            assert headers["Vary"].startswith("Accept")

    def test_the_service_is_the_packages(self):  # names: Service
        """Services: `cliquet.Service`."""
        assert isinstance(syncto.messages, cliquet.Service)
