"""Listeners that settings name: what they hear of, and what is refused at start-up."""

from __future__ import annotations

import contextlib
import socket
import sys
import types
from typing import Any

import pytest
import webtest
from pyramid.exceptions import ConfigurationError

from cliquet import statsd
from cliquet.events import (
    ACTIONS,
    AfterResourceChanged,
    AfterResourceRead,
    ResourceChanged,
    ResourceRead,
    has_subscribers,
)
from cliquet.listeners import ListenerBase, setup_listeners
from tests.unit.events_app import Heard, make_config

ALL = "/v1/articles/a?do=create&do=update&do=delete&do=read"


def load_from_config(config: Any, prefix: str) -> Heard:
    """Make a listener of this module, and keep it under its prefix."""
    config.registry.settings.setdefault("made", {})[prefix] = heard = Heard()
    return heard


def start(*, statsd_client: Any = None, **settings: Any) -> webtest.TestApp:
    """Return the application with listeners: ``a__use`` stands for ``event_listeners.a.use``."""
    names = {name: f"event_listeners.{name.replace('__', '.')}" for name in settings}
    names["event_listeners"] = "event_listeners"
    config = make_config({names[name]: value for name, value in settings.items()})
    config.registry.statsd = statsd_client
    setup_listeners(config)
    return webtest.TestApp(config.make_wsgi_app())


def heard_by(app: webtest.TestApp, name: str, url: str = ALL) -> list[Any]:
    """Return what the listener *name* hears of a request for *url*: actions, sorted."""
    app.get(url)
    heard = app.app.registry.settings["made"][f"event_listeners.{name}."]
    return sorted(action for action, _ in heard.told)


def test_a_base_listener_takes_any_arguments_and_hears_nothing_yet() -> None:
    listener = ListenerBase("redis://", size=3)
    with pytest.raises(NotImplementedError):
        listener(object())


def test_no_listener_is_set_up_when_none_is_named() -> None:
    assert "made" not in start(event_listeners="").app.registry.settings


def test_a_listener_hears_of_changes_by_default() -> None:  # P9.4
    app = start(event_listeners="a", a__use=__name__)
    assert heard_by(app, "a") == ["create", "delete", "update"]


@pytest.mark.parametrize("actions", ["create read", "create, read", ["create", "read"]])
def test_a_listener_hears_of_the_actions_that_it_asks_for(actions: Any) -> None:  # P9.4
    app = start(event_listeners="a", a__use=__name__, a__actions=actions)
    assert heard_by(app, "a") == ["create", "read"]


def test_a_listener_for_changes_does_not_make_reads_be_kept() -> None:
    registry = start(event_listeners="a", a__use=__name__).app.registry
    assert has_subscribers(registry, ACTIONS.CREATE)
    assert not has_subscribers(registry, ACTIONS.READ)


@pytest.mark.parametrize(
    ("after_commit", "classes"),
    [
        (None, {ResourceRead, ResourceChanged}),
        (False, {ResourceRead, ResourceChanged}),
        (True, {AfterResourceRead, AfterResourceChanged}),
    ],
)
def test_reads_and_changes_are_events_of_their_classes(  # P9.4
    after_commit: bool | None, classes: set[type]
) -> None:
    settings = {"a__use": __name__, "a__after_commit": after_commit}
    app = start(event_listeners="a", a__actions="read create", **settings)
    app.get(ALL)
    heard = app.app.registry.settings["made"]["event_listeners.a."]
    assert {type(event) for event in heard} == classes


def test_a_listener_for_reads_only_does_not_end_the_list() -> None:  # P9.4, lesson 43
    app = start(event_listeners="a b", a__use=__name__, a__actions="read", b__use=__name__)
    app.get(ALL)
    made = app.app.registry.settings["made"].values()
    assert [len(heard) for heard in made] == [1, 3]


@pytest.mark.parametrize(("resources", "told"), [("page book", []), ("page article", ["create"])])
def test_a_listener_hears_of_the_resources_that_it_asks_for(  # P9.4
    resources: str, told: list[str]
) -> None:
    app = start(event_listeners="a", a__use=__name__, a__resources=resources)
    assert heard_by(app, "a", "/v1/articles/a?do=create") == told


def test_a_name_may_be_the_module_itself() -> None:  # P9.4
    app = start(event_listeners=__name__, test_listeners__actions="delete")
    assert heard_by(app, "test_listeners") == ["delete"]


def test_the_error_of_a_listener_is_the_answer(monkeypatch: pytest.MonkeyPatch) -> None:  # P9.1
    module = types.ModuleType("faulty_listener")
    module.load_from_config = lambda config, prefix: ListenerBase()  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "faulty_listener", module)
    app = start(event_listeners="faulty_listener")
    assert app.get(ALL, status=500).json["errno"] == 999


# Start-up.


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"a__use": "no.such.module"}, r"Listener 'a': event_listeners.a.use = no.such.module "),
        ({"a__use": "json"}, r"'a'.*a dotted module that has load_from_config\(config, prefix\)"),
        ({"a__use": ":x"}, "Listener 'a'"),
        ({}, "Listener 'a': event_listeners = a should be a dotted module.*No module"),
        (
            {"event_listeners": "json"},
            "'json': event_listeners = json .*set event_listeners.json.use",
        ),
        (
            {"a__use": __name__, "a__actions": "create destroy"},
            "event_listeners.a.actions: Unknown action 'destroy'.*create, delete, read, update",
        ),
        (
            {"a__use": __name__, "a__after_commit": "later"},
            "event_listeners.a.after_commit: later is not true or false",
        ),
    ],
)
def test_a_wrong_setting_fails_at_start_up_by_name(settings: Any, message: str) -> None:
    with pytest.raises(ConfigurationError, match=message):
        start(**{"event_listeners": "a", **settings})


def test_a_module_that_makes_nothing_callable_fails_at_start_up(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    module = types.ModuleType("idle_listener")
    module.load_from_config = lambda config, prefix: None  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "idle_listener", module)
    with pytest.raises(ConfigurationError, match=r"'idle_listener'.*callable: got None"):
        start(event_listeners="idle_listener")


# Metrics.


def test_a_listener_is_timed_when_it_hears_of_something() -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as server:
        server.bind(("127.0.0.1", 0))
        server.settimeout(5)
        client = statsd.Client("127.0.0.1", server.getsockname()[1], "app")
        with contextlib.closing(client):
            app = start(statsd_client=client, event_listeners=__name__)
            app.get("/v1/articles/a?do=create")
        assert server.recv(512).startswith(b"app.listeners.test_listeners:")
