"""``config.include("cliquet")`` alone, below any prefix."""

from __future__ import annotations

import pytest
import webtest
from pyramid.config import Configurator

from tests.compat.apps import stamps
from tests.compat.support import ALICE, MEMORY

PREFIXES = [None, "v7", "api", "api/v1", "a/b/c"]


def my_api(config):
    """An application that includes cliquet in an include of its own."""
    config.include("cliquet")
    config.scan(stamps)


def made(prefix, settings=None, **configurator):
    """Return an application below *prefix*, by including cliquet alone."""
    config = Configurator(settings={**MEMORY, **(settings or {})}, **configurator)
    config.include(my_api, route_prefix=prefix)
    return webtest.TestApp(config.make_wsgi_app())


def root(prefix):
    """Return the path of the prefix."""
    return f"/{prefix}" if prefix else ""


class TestAlone:
    """Without any setting."""

    def test_it_works_with_defaults(self):  # P3.1
        """Start-up: `config.include("cliquet")` alone, settings by defaults."""
        config = Configurator()
        config.include("cliquet")
        body = webtest.TestApp(config.make_wsgi_app()).get("/").json
        assert body["settings"] == {"batch_max_requests": 25, "readonly": False}
        assert body["project_name"] == ""

    def test_heartbeats_work_with_defaults(self):  # P3.2
        """Start-up: `config.include("cliquet")` alone, settings by defaults."""
        config = Configurator()
        config.include("cliquet")
        app = webtest.TestApp(config.make_wsgi_app())
        assert app.get("/__heartbeat__").json == {}
        assert app.get("/__lbheartbeat__").json == {}

    def test_settings_are_read_as_ever(self, monkeypatch):  # settings
        """Start-up: `config.include("cliquet")` alone reads prefixes and the environment."""
        monkeypatch.setenv("CLIQUET_RETRY_AFTER_SECONDS", "7")
        config = Configurator(settings={"cliquet.backoff": "12"})
        config.include("cliquet")
        settings = config.get_settings()
        assert (settings["backoff"], settings["retry_after_seconds"]) == (12, 7)

    def test_the_configurator_may_have_the_prefix(self):  # settings: route_prefix
        """Start-up: `Configurator(route_prefix=…)`, then `config.include("cliquet")`."""
        config = Configurator(settings=MEMORY, route_prefix="v3")
        my_api(config)
        app = webtest.TestApp(config.make_wsgi_app())
        assert app.get("/v3/called", headers=ALICE).json["data"] == []
        assert app.get("/").location == "http://localhost/v3/"

    def test_cliquet_alone_may_have_the_prefix(self):  # settings: route_prefix
        """Start-up: `config.include("cliquet", route_prefix="v1")`."""
        config = Configurator(settings=MEMORY)
        config.include("cliquet", route_prefix="v1")
        app = webtest.TestApp(config.make_wsgi_app())
        assert app.get("/v1/").json["url"] == "http://localhost/v1/"
        assert app.app.registry.route_prefix == "v1"

    def test_a_pyramid_application_keeps_its_own_pages(self):  # P2.6
        """Start-up: an application that has views already includes cliquet below a prefix."""
        config = Configurator(settings=MEMORY)
        config.add_route("home", "/home")
        config.add_view(lambda request: "home", route_name="home", renderer="string")
        config.include("cliquet", route_prefix="v1")
        app = webtest.TestApp(config.make_wsgi_app())
        assert app.get("/home").text == "home"


@pytest.mark.parametrize("prefix", PREFIXES)
class TestBelowAPrefix:
    """Everything below a prefix."""

    def test_hello_tells_its_url(self, prefix):  # P3.1
        """Start-up: `route_prefix` respected: hello."""
        body = made(prefix).get(f"{root(prefix)}/").json
        assert body["url"] == f"http://localhost{root(prefix)}/"

    def test_records_are_written_and_read(self, prefix):  # P4
        """Start-up: `route_prefix` respected: resources."""
        app, path = made(prefix), f"{root(prefix)}/called"
        record = app.post_json(path, {}, headers=ALICE, status=201).json["data"]
        assert app.get(f"{path}/{record['id']}", headers=ALICE).json["data"] == record
        assert app.get(path, headers=ALICE).json["data"] == [record]

    def test_pages_are_walked(self, prefix):  # P6.6
        """Start-up: `route_prefix` respected: `Next-Page`."""
        app, path = made(prefix), f"{root(prefix)}/called"
        for _ in range(2):
            app.post_json(path, {}, headers=ALICE)
        first = app.get(f"{path}?_limit=1", headers=ALICE)
        second = app.get(first.headers["Next-Page"], headers=ALICE)
        assert first.json["data"] != second.json["data"]

    def test_errors_and_cors_are_as_ever(self, prefix):  # P1.6 P2.5
        """Start-up: `route_prefix` respected: errors, CORS."""
        app, headers = made(prefix), {"Origin": "http://a.example"}
        refused = app.put(f"{root(prefix)}/called", headers=headers, status=405)
        assert refused.json["errno"] == 115
        assert refused.headers["Access-Control-Allow-Origin"] == "*"
        listed = app.get(f"{root(prefix)}/called", headers=ALICE)
        assert "Total-Records" in listed.headers["Access-Control-Expose-Headers"]

    def test_preflights_are_answered(self, prefix):  # P2.10
        """Start-up: `route_prefix` respected: preflights."""
        headers = {"Origin": "http://a.example", "Access-Control-Request-Method": "POST"}
        response = made(prefix).options(f"{root(prefix)}/called", headers=headers)
        assert "POST" in response.headers["Access-Control-Allow-Methods"]

    def test_methods_can_be_disabled(self, prefix):  # P10.3
        """Start-up: `route_prefix` respected: settings of endpoints."""
        app = made(prefix, {"collection_called_get_enabled": "false"})
        app.get(f"{root(prefix)}/called", headers=ALICE, status=405)

    def test_unknown_urls_are_404(self, prefix):  # P2.5
        """Start-up: `route_prefix` respected: unknown URLs."""
        response = made(prefix).get(f"{root(prefix)}/unknown", status=404)
        assert response.json["errno"] == 111

    def test_the_names_of_routes_serve(self, prefix):  # names: service names
        """Start-up: `route_prefix` respected: `route_path`."""
        config = Configurator(settings=MEMORY)
        config.include(my_api, route_prefix=prefix)
        config.add_route("probe", "/probe")
        config.add_view(
            lambda request: request.route_path("called-record", id="a"),
            route_name="probe",
            renderer="json",
        )
        path = webtest.TestApp(config.make_wsgi_app()).get("/probe").json
        assert path == f"{root(prefix)}/called/a"


@pytest.mark.parametrize("prefix", PREFIXES)
def test_a_trailing_slash_is_redirected(prefix):  # P3.5
    """Start-up: `route_prefix` respected: an unknown URL with a trailing slash."""
    response = made(prefix).get(f"{root(prefix)}/called/?a=1", status=307)
    assert response.location == f"http://localhost{root(prefix)}/called?a=1"
