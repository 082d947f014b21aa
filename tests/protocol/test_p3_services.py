"""Hello and heartbeats (protocol P3.1 to P3.3)."""

from __future__ import annotations

import threading

import pytest
import webtest
from pyramid.config import Configurator

import cliquet
from tests.support import ALICE, SETTINGS, make_app, make_config

ALICE_ID = "basicauth:97b9de4692598e206a21666d0c2a2d243f8e434a16aacd2955773853a650671d"
MEMORY = {
    "cache_backend": "cliquet.cache.memory",
    "permission_backend": "cliquet.permission.memory",
}


@pytest.fixture(scope="module")
def app():
    """Return an application that nothing here writes to."""
    return make_app()


def served(config):
    """Return the application that *config* makes."""
    return webtest.TestApp(config.make_wsgi_app())


# -- P3.1


def test_hello_tells_what_the_service_is(app):  # P3.1
    assert app.get("/v1/").json == {
        "project_name": "origapp",
        "project_version": "1.2.3",
        "http_api_version": "1.2",
        "project_docs": "https://origapp.readthedocs.io/",
        "cliquet_protocol_version": "2",
        "url": "http://localhost/v1/",
        "settings": {"batch_max_requests": 25, "readonly": False},
        "capabilities": {},
    }


def test_hello_tells_the_address_that_it_was_asked_at(app):  # P3.1
    response = app.get("/v1/", headers={"Host": "service.example:8888"})
    assert response.json["url"] == "http://service.example:8888/v1/"


def test_hello_tells_the_scheme_and_the_host_of_the_settings():  # P3.1
    app = make_app({"http_scheme": "https", "http_host": "api.example"})
    assert app.get("/v1/").json["url"] == "https://api.example/v1/"


def test_hello_tells_the_version_of_the_api():  # P3.1
    app = make_app({"http_api_version": "4.20"})
    assert app.get("/v4/").json["http_api_version"] == "4.20"


def test_hello_shows_the_values_of_public_settings():  # P3.1
    app = make_app({"batch_max_requests": 7, "readonly": True})
    assert app.get("/v1/").json["settings"] == {"batch_max_requests": 7, "readonly": True}


@pytest.mark.parametrize(
    "name", ["retry_after_seconds", "cliquet.retry_after_seconds", "origapp.retry_after_seconds"]
)
def test_public_settings_are_shown_under_the_name_they_were_added_with(name):  # P3.1
    config = make_config()
    config.registry.public_settings.add(name)
    assert served(config).get("/v1/").json["settings"][name] == 30


def test_public_settings_of_a_plugin_have_its_prefix():  # P3.1
    config = make_config({"plugin.size": "12"})
    config.registry.public_settings.add("plugin.size")
    assert served(config).get("/v1/").json["settings"]["plugin.size"] == 12


def test_hello_shows_capabilities():  # P3.1
    config = make_config()
    config.add_api_capability(
        "attachments", description="Files", url="http://a.example", limits={"max": 3}
    )
    config.add_api_capability("other")
    assert served(config).get("/v1/").json["capabilities"] == {
        "attachments": {"description": "Files", "url": "http://a.example", "limits": {"max": 3}},
        "other": {"description": "", "url": ""},
    }


def test_a_capability_cannot_be_added_twice():  # P3.1
    config = make_config()
    config.add_api_capability("attachments")
    with pytest.raises(ValueError, match="attachments"):
        config.add_api_capability("attachments")


def test_hello_tells_the_end_of_the_service_when_it_is_set():  # P3.1
    assert make_app({"eos": "2100-01-01"}).get("/v1/").json["eos"] == "2100-01-01"


def test_hello_knows_who_asks():  # P3.1
    assert make_app(headers=ALICE).get("/v1/").json["user"] == {"id": ALICE_ID}


@pytest.mark.parametrize("header", ["Carrier pigeon", "Basic notbase64!", "Basic", "", "Token x"])
def test_hello_has_no_user_when_credentials_are_none(app, header):  # P3.1
    assert "user" not in app.get("/v1/", headers={"Authorization": header}).json


def test_a_plugin_may_tell_more_of_the_user():  # P3.1
    def more(request):
        return {"id": request.prefixed_userid, "name": "Alice"}

    config = make_config()
    config.commit()
    config.add_request_method(more, "get_user_info")
    user = served(config).get("/v1/", headers=ALICE).json["user"]
    assert user == {"id": ALICE_ID, "name": "Alice"}


# -- P3.2


def test_the_heartbeat_tells_of_what_is_configured():  # P3.2
    app = make_app(MEMORY)
    response = app.get("/v1/__heartbeat__", status=200)
    assert response.json == {"storage": True, "cache": True, "permission": True}


def test_the_heartbeat_tells_nothing_of_what_is_not_configured():  # P3.2
    config = Configurator(settings={**SETTINGS, "storage_backend": ""})
    cliquet.initialize(config)
    assert served(config).get("/v1/__heartbeat__", status=200).json == {}


def test_the_heartbeat_fails_when_one_check_does():  # P3.2
    app = make_app()
    app.app.registry.heartbeats["sick"] = lambda request: False
    response = app.get("/v1/__heartbeat__", status=503)
    assert response.json == {"storage": True, "sick": False}


@pytest.mark.parametrize(("answer", "status"), [(True, 200), (None, 200), (False, 503)])
def test_a_check_may_have_nothing_to_say(answer, status):  # P3.2
    app = make_app()
    app.app.registry.heartbeats["plugin"] = lambda request: answer
    response = app.get("/v1/__heartbeat__", status=status)
    assert response.json["plugin"] is (status == 200)


def test_a_check_is_given_the_request():  # P3.2
    app = make_app()
    app.app.registry.heartbeats["plugin"] = lambda request: request.path == "/v1/__heartbeat__"
    app.get("/v1/__heartbeat__", status=200)


def test_a_check_that_raises_is_false():  # P3.2
    def fail(request):
        raise RuntimeError("dead")

    app = make_app()
    app.app.registry.heartbeats["sick"] = fail
    response = app.get("/v1/__heartbeat__", status=503)
    assert response.json["sick"] is False
    assert "dead" not in response.text


def test_a_check_that_hangs_is_false_within_the_time_set():  # P3.2
    app = make_app({"heartbeat_timeout_seconds": 0.05})
    done = threading.Event()
    app.app.registry.heartbeats["hung"] = lambda request: done.wait(20)
    try:
        response = app.get("/v1/__heartbeat__", status=503)
        assert response.json == {"storage": True, "hung": False}
    finally:
        done.set()


def test_checks_run_side_by_side():  # P3.2
    app, all_of_them = make_app(), threading.Barrier(3)
    for number in range(3):
        # None ends before the others have begun.
        app.app.registry.heartbeats[f"slow{number}"] = lambda request: all_of_them.wait(10) >= 0
    app.get("/v1/__heartbeat__", status=200)


def test_a_check_that_hangs_does_not_pile_up():  # P3.2
    app = make_app({"heartbeat_timeout_seconds": 0.01})
    done, calls = threading.Event(), []

    def hang(request):
        calls.append(request)
        done.wait(20)

    app.app.registry.heartbeats["hung"] = hang
    try:
        for _ in range(5):
            app.get("/v1/__heartbeat__", status=503)
        assert len(calls) == 1
    finally:
        done.set()


def test_a_check_that_hung_is_asked_again_once_it_ended():  # P3.2
    app = make_app({"heartbeat_timeout_seconds": 5})
    answers = iter([False, True])
    app.app.registry.heartbeats["flaky"] = lambda request: next(answers)
    app.get("/v1/__heartbeat__", status=503)
    app.get("/v1/__heartbeat__", status=200)


def test_the_backends_are_only_read_in_read_only_mode():  # P3.2
    app = make_app({**MEMORY, "readonly": True})
    assert app.get("/v1/__heartbeat__", status=200).json["storage"] is True
    records, total = app.app.registry.storage.get_all("__heartbeat__", "__heartbeat__")
    assert (records, total) == ([], 0)


def test_the_heartbeat_leaves_no_tombstones_behind():  # P3.2
    app = make_app()
    for _ in range(3):
        app.get("/v1/__heartbeat__", status=200)
    storage = app.app.registry.storage
    records, _ = storage.get_all("__heartbeat__", "__heartbeat__", include_deleted=True)
    assert len(records) <= 1


@pytest.mark.parametrize("path", ["/v1/__heartbeat__", "/v1/__lbheartbeat__"])
def test_heartbeats_can_be_asked_by_head(app, path):  # P3.2, P3.3
    assert app.head(path, status=200).body == b""


# -- P3.3


def test_the_heartbeat_for_balancers_touches_no_backend():  # P3.3
    app = make_app()
    app.app.registry.heartbeats["sick"] = lambda request: False
    del app.app.registry.storage
    response = app.get("/v1/__lbheartbeat__", status=200)
    assert response.json == {}
