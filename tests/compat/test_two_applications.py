"""Several applications in one process, which do not disturb each other."""

from __future__ import annotations

import json
import logging

import cornice.service
import pytest
import webtest

import cliquet
from tests.compat.apps import kinto, readinglist, stamps, syncto
from tests.compat.support import ALICE, MEMORY, served

ORIGIN = {"Origin": "http://a.example"}


def syncto_app(**settings):
    """Return an application of module-level services."""
    return webtest.TestApp(syncto.main({}, **MEMORY, **settings))


class TestSettings:
    """Each has its own settings."""

    def test_defaults_of_one_are_not_the_others(self):  # settings
        """Start-up: two applications: the defaults of one are not the other's."""
        first, second = served(default_settings={"paginate_by": 3}), served()
        assert first.app.registry.settings["paginate_by"] == 3
        assert second.app.registry.settings["paginate_by"] is None
        assert cliquet.DEFAULT_SETTINGS["paginate_by"] is None

    def test_public_settings_of_one_are_not_the_others(self):  # P3.1
        """Start-up: two applications: `public_settings`."""
        served(setup=lambda config: config.registry.public_settings.add("backoff"))
        assert "backoff" not in served().get("/v1/").json["settings"]

    def test_capabilities_of_one_are_not_the_others(self):  # P3.1
        """Start-up: two applications: the same capability in both is no conflict."""
        setup = lambda config: config.add_api_capability("a")  # noqa: E731
        first, second, third = served(setup=setup), served(setup=setup), served()
        assert "a" in first.get("/v1/").json["capabilities"]
        assert "a" in second.get("/v1/").json["capabilities"]
        assert third.get("/v1/").json["capabilities"] == {}

    def test_heartbeats_of_one_are_not_the_others(self):  # P3.2
        """Start-up: two applications: `heartbeats`."""
        served(setup=lambda config: config.registry.heartbeats.update(a=lambda request: False))
        assert served().get("/v1/__heartbeat__").json == {"storage": True}

    def test_prefixes_of_one_are_not_the_others(self):  # P3.4
        """Start-up: two applications: each has its own version."""
        first, second = served(version="1.0"), served(version="2.0")
        assert first.get("/").location == "http://localhost/v1/"
        assert second.get("/").location == "http://localhost/v2/"

    def test_plugins_of_one_are_not_the_others(self):  # settings: includes
        """Start-up: two applications: what a plugin overrides in one stays in it."""
        served({"includes": "tests.compat.apps.plugin"})
        user = served().get("/v1/", headers=ALICE).json["user"]
        assert set(user) == {"id"}

    def test_users_of_one_are_not_the_others(self):  # P7.2
        """Start-up: two applications: each has its own secret."""
        secrets = ("one", "two")
        apps = [served({"userid_hmac_secret": secret}) for secret in secrets]
        first, second = [app.get("/v1/", headers=ALICE).json["user"]["id"] for app in apps]
        assert first != second

    def test_the_first_goes_on_when_the_second_has_started(self):  # settings
        """Start-up: two applications: the one that started first still has its settings."""
        first = served({"backoff": "10"})
        served({"backoff": "20"})
        assert first.get("/v1/").headers["Backoff"] == "10"


class TestServices:
    """Services at module level, used by two applications."""

    def test_origins_of_one_are_not_the_others(self):  # P1.6
        """Services: services at module level used by two applications with other origins."""
        first = syncto_app(cors_origins="http://a.example")
        second = syncto_app(cors_origins="http://b.example")
        allowed = first.get("/v1/collections/x", headers=ORIGIN)
        assert allowed.headers["Access-Control-Allow-Origin"] == "http://a.example"
        second.get("/v1/collections/x", headers=ORIGIN, status=400)

    def test_preflights_of_one_are_not_the_others(self):  # P2.10
        """Services: services at module level used by two applications with other origins."""
        first = syncto_app(cors_origins="http://a.example", cors_max_age_seconds="1")
        second = syncto_app(cors_max_age_seconds="2")
        headers = {**ORIGIN, "Access-Control-Request-Method": "GET"}
        for app, age in ((first, "1"), (second, "2")):
            response = app.options("/v1/collections/x", headers=headers)
            assert response.headers["Access-Control-Max-Age"] == age

    def test_validators_do_not_pile_up(self):  # dependencies: Cornice
        """Services: a service at module level gains nothing with each application."""
        syncto_app()
        syncto.CountingSchema.runs.clear()
        syncto_app().post_json("/v1/listed", {"text": "a"})
        assert len(syncto.CountingSchema.runs) == 1

    def test_views_do_not_pile_up(self):  # dependencies: Cornice
        """Services: a service at module level has one OPTIONS, however often it is used."""
        for _ in range(3):
            syncto_app()
        methods = [method for method, _, _ in syncto.messages.definitions]
        assert sorted(methods) == ["OPTIONS", "POST", "PUT"]

    def test_services_of_resources_are_not_kept_for_ever(self):  # dependencies: Cornice
        """Services: `cornice.service.SERVICES` does not grow with each application."""
        kinto.main({}, **MEMORY)
        before = len(cornice.service.SERVICES)
        kinto.main({}, **MEMORY)
        assert len(cornice.service.SERVICES) == before


class TestResources:
    """Resources used by two applications."""

    def test_records_of_one_are_not_the_others(self):  # P7.1
        """Resources: two applications on memory: each has its own storage."""
        first, second = [served(setup=lambda config: config.scan(stamps)) for _ in range(2)]
        first.post_json("/v1/called", {}, headers=ALICE)
        assert second.get("/v1/called", headers=ALICE).json["data"] == []

    def test_what_is_disabled_in_one_is_not_in_the_other(self):  # P10.3
        """Resources: two applications: an endpoint disabled in one serves in the other."""
        setup = lambda config: config.scan(stamps)  # noqa: E731
        first = served({"collection_called_get_enabled": "false"}, setup=setup)
        second = served(setup=setup)
        first.get("/v1/called", headers=ALICE, status=405)
        second.get("/v1/called", headers=ALICE)

    def test_read_only_in_one_is_not_in_the_other(self):  # P10.2
        """Resources: two applications: one is read-only."""
        setup = lambda config: config.scan(stamps)  # noqa: E731
        first = served({"readonly": "true"}, setup=setup)
        second = served(setup=setup)
        first.post_json("/v1/called", {}, headers=ALICE, status=405)
        second.post_json("/v1/called", {}, headers=ALICE)

    def test_both_serve_in_turn(self):  # P4.1
        """Resources: two applications of other projects serve in one process."""
        first = webtest.TestApp(kinto.main({}, **MEMORY))
        second = webtest.TestApp(readinglist.main({}, **MEMORY))
        for _ in range(2):
            assert first.get("/v1/buckets", headers=ALICE).json["data"] == []
            assert second.get("/v2/articles", headers=ALICE).json["data"] == []

    def test_one_asks_the_other(self):  # settings
        """Resources: an application that calls the other while it serves is not disturbed."""
        inner = served({"backoff": "20"})

        def view(request):
            answer = inner.get("/v1/")
            return [answer.headers["Backoff"], request.registry.settings["backoff"]]

        response = served({"backoff": "10"}, view=view).get("/v1/probe")
        assert response.json == ["20", 10]
        assert response.headers["Backoff"] == "10"


class TestLogs:
    """Each logs in its own form."""

    @pytest.fixture
    def lines(self, caplog):
        """The lines that are written during the test."""
        caplog.set_level(logging.INFO, "cliquet")
        return lambda: [record.getMessage() for record in caplog.records]

    def test_each_has_its_own_renderer(self, lines, caplog):  # settings: logging_renderer
        """Start-up: two applications: one logs in JSON, the other in colour."""
        heka = served({"logging_renderer": "cliquet.logs.MozillaHekaRenderer"})
        classic = served()
        caplog.clear()
        heka.get("/v1/")
        classic.get("/v1/")
        first, second = lines()
        assert json.loads(first)["Fields"]["code"] == 200
        assert not second.startswith("{")

    def test_lines_of_a_view_have_the_form_of_their_application(self, lines, caplog):
        """Utilities: `cliquet.logger.info` in a view of either application."""

        def view(request):
            cliquet.logger.info("said")
            return "ok"

        settings = {"logging_renderer": "cliquet.logs.MozillaHekaRenderer"}
        heka = served(settings, view=view)
        served(view=view)
        caplog.clear()
        heka.get("/v1/probe")
        assert [json.loads(line)["Logger"] for line in lines()] == ["compat", "compat"]
