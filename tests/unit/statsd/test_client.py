"""Metrics, as a StatsD server receives them."""

from __future__ import annotations

import asyncio
import re
import socket
from collections.abc import Callable, Iterator
from contextlib import closing
from functools import cached_property
from types import SimpleNamespace
from typing import Any

import pytest
from pyramid.config import Configurator
from pyramid.events import NewResponse
from pyramid.exceptions import ConfigurationError
from webtest import TestApp

from cliquet import statsd
from cliquet.http.service import current_service
from cliquet.statsd import Client, count_response, load_from_config, statsd_count
from tests.unit.statsd.server import Server


@pytest.fixture
def ipv6_socket() -> Iterator[socket.socket]:
    """Return a socket that metrics are sent to by IPv6, on machines that have it."""
    with socket.socket(socket.AF_INET6, socket.SOCK_DGRAM) as receiver:
        try:
            receiver.bind(("::1", 0))
        except OSError as error:
            pytest.skip(f"no IPv6 on this machine: {error}")
        receiver.settimeout(10)
        yield receiver


class Backend:
    """Something with methods."""

    kind = dict

    def get(self, key: str, default: object = None) -> object:
        """Return the arguments."""
        return key, default

    def fail(self) -> None:
        """Raise."""
        raise KeyError("key")

    @classmethod
    def make(cls) -> type[Backend]:
        """Return the class."""
        return cls

    @staticmethod
    def pick() -> str:
        """Return a text."""
        return "picked"

    @cached_property
    def explosive(self) -> object:
        """Must not be looked at."""
        raise RuntimeError

    def _private(self) -> None:
        pass


class Derived(Backend):
    """Something that inherits methods."""


# Times of methods.


def test_each_public_method_is_timed_under_prefix_class_and_method(
    client: Client, server: Server
) -> None:
    backend = Backend()
    client.watch_execution_time(backend, prefix="storage")
    backend.get("key")
    (metric,) = server.received()
    assert re.fullmatch(r"app\.storage\.backend\.get:\d+\.\d+\|ms", metric)


def test_a_watched_method_does_what_it_did(client: Client) -> None:
    backend = Backend()
    client.watch_execution_time(backend)
    assert backend.get("key", default=1) == ("key", 1)
    assert backend.get.__name__ == "get"


def test_a_method_that_raises_is_timed_and_raises(client: Client, server: Server) -> None:
    backend = Backend()
    client.watch_execution_time(backend, prefix="x")
    with pytest.raises(KeyError):
        backend.fail()
    assert server.names() == ["app.x.backend.fail"]


def test_inherited_class_and_static_methods_are_timed(client: Client, server: Server) -> None:
    backend = Derived()
    client.watch_execution_time(backend, prefix="x")
    backend.get("key")
    assert (backend.make(), backend.pick()) == (Derived, "picked")
    assert server.names() == ["app.x.derived.get", "app.x.derived.make", "app.x.derived.pick"]


def test_a_method_set_on_the_object_itself_is_kept(client: Client) -> None:
    backend = Backend()
    vars(backend)["get"] = "{} of mine".format
    client.watch_execution_time(backend)
    assert backend.get("key") == "key of mine"


def test_private_methods_properties_and_classes_are_left_alone(
    client: Client, server: Server
) -> None:
    backend = Backend()
    client.watch_execution_time(backend)
    backend._private()
    assert backend.kind is dict
    assert server.received() == []


def test_other_objects_of_the_class_are_not_watched(client: Client, server: Server) -> None:
    client.watch_execution_time(Backend())
    Backend().get("key")
    assert server.received() == []


@pytest.mark.parametrize(
    ("options", "name"),
    [
        ({}, "app.backend.get"),
        ({"classname": "memory"}, "app.memory.get"),
        ({"prefix": "cache", "classname": "memory"}, "app.cache.memory.get"),
    ],
)
def test_the_parts_of_the_name_can_be_chosen(
    client: Client, server: Server, options: dict[str, str], name: str
) -> None:
    backend = Backend()
    client.watch_execution_time(backend, **options)
    backend.get("key")
    assert server.names() == [name]


# Timers.


def test_a_timer_starts_and_stops(client: Client, server: Server) -> None:
    timer = client.timer("work")
    timer.start()
    assert server.received() == []
    timer.stop()
    assert server.names() == ["app.work"]


def test_a_timer_is_a_context_manager(client: Client, server: Server) -> None:
    with client.timer("work"):
        assert server.received() == []
    assert server.names() == ["app.work"]


def test_a_timer_is_a_decorator(client: Client, server: Server) -> None:
    @client.timer("work")
    def work(number: int) -> int:
        return number + 1

    assert [work(1), work(2)] == [2, 3]
    assert server.names() == ["app.work"] * 2


def test_a_timer_decorates_coroutines(client: Client, server: Server) -> None:
    @client.timer("work")
    async def work(number: int) -> int:
        return number + 1

    assert asyncio.run(work(1)) == 2
    assert server.names() == ["app.work"]


# Counts.


def test_a_counter_is_added_to(client: Client, server: Server) -> None:
    client.count("visits")
    client.count("visits", 3)
    client.count("visits", count=-1)
    assert server.received() == ["app.visits:3|c"]


def test_unique_values_are_sent_to_a_set(client: Client, server: Server) -> None:
    client.count("users", unique="alice")
    client.count("users", unique="")
    client.count("users", unique=0)
    client.count("users", unique="alice")
    assert server.received() == ["app.users:alice|s", "app.users:|s", "app.users:0|s"]


def test_no_value_breaks_the_line_it_is_sent_in(client: Client, server: Server) -> None:
    client.count("users", unique="basicauth:é|c\n/\ud800")
    assert server.received() == ["app.users:basicauth%3A%C3%A9%7Cc%0A%2F%ED%A0%80|s"]


@pytest.mark.parametrize("key", ["a:1|c\nb", "a é/\ud800b", "a@b"])
def test_no_name_breaks_the_line_it_is_sent_in(client: Client, server: Server, key: str) -> None:
    client.count(key)
    (metric,) = server.received()
    assert re.fullmatch(r"app\.a_[\w.]*b:1\|c", metric)


@pytest.mark.parametrize(
    ("prefix", "name"), [("Reading list", "Reading_list.visits"), ("", "visits")]
)
def test_the_prefix_is_cleaned_as_names_are_and_left_out_when_empty(
    server: Server, prefix: str, name: str
) -> None:
    with closing(Client("127.0.0.1", server.port, prefix)) as client:
        client.count("visits")
    assert server.names() == [name]


def test_a_server_that_is_gone_disturbs_nobody(client: Client, server: Server) -> None:
    server.close()
    client.count("visits")
    client.count("visits")


def test_an_address_of_ipv6_is_one(ipv6_socket: socket.socket) -> None:
    with closing(Client("::1", ipv6_socket.getsockname()[1], "app")) as client:
        client.count("visits")
    assert ipv6_socket.recv(100) == b"app.visits:1|c"


# Requests.


def test_statsd_count_adds_one(client: Client, server: Server) -> None:
    statsd_count(SimpleNamespace(registry=SimpleNamespace(statsd=client)), "visits")
    assert server.received() == ["app.visits:1|c"]


@pytest.mark.parametrize("registry", [SimpleNamespace(statsd=None), SimpleNamespace()])
def test_statsd_count_does_nothing_without_statsd(registry: object) -> None:
    statsd_count(SimpleNamespace(registry=registry), "visits")


def count(client: Client | None, method: str = "GET", **attributes: Any) -> None:
    """Count the response to a request of a service."""
    registry, service = SimpleNamespace(statsd=client), SimpleNamespace(name="article-record")
    request = SimpleNamespace(
        registry=registry, method=method, current_service=service, **attributes
    )
    count_response(NewResponse(request, None))


def test_a_response_is_counted_by_service_and_method(client: Client, server: Server) -> None:
    count(client, "PATCH")
    assert server.received() == ["app.view.article-record.PATCH:1|c"]


def test_a_method_that_a_client_invents_makes_no_metric(client: Client, server: Server) -> None:
    # Lesson 40.
    count(client, "X1234")
    assert server.received() == []


def test_a_user_is_counted_once_and_the_policy_each_time(client: Client, server: Server) -> None:
    # Lesson 40: however many users there are, their names are values and not metrics.
    identity = SimpleNamespace(userid="alice")
    count(client, _multiauth_identity=identity, selected_policy_name="basicauth")
    assert server.received()[1:] == [
        "app.authn_type.basicauth:1|c",
        "app.users:basicauth%3Aalice|s",
    ]


def test_a_user_that_was_refused_is_not_counted(client: Client, server: Server) -> None:
    count(client, _multiauth_identity=None, selected_policy_name="basicauth")
    assert server.names() == ["app.view.article-record.GET"]


def test_responses_are_not_counted_without_statsd() -> None:
    identity = SimpleNamespace(userid="alice")
    count(None, _multiauth_identity=identity, selected_policy_name="basicauth")


def test_a_url_without_route_is_answered_and_not_counted(client: Client, server: Server) -> None:
    # Lesson 46.
    config = Configurator()
    config.include("cornice")
    config.add_request_method(current_service, reify=True)
    config.add_subscriber(count_response, NewResponse)
    config.registry.statsd = client
    TestApp(config.make_wsgi_app()).get("/nowhere", status=404)
    assert server.received() == []


# Settings.


def config_of(**settings: object) -> Any:
    """Return a configurator with settings."""
    return SimpleNamespace(get_settings=lambda: settings)


@pytest.mark.parametrize(
    ("settings", "prefix"),
    [
        ({}, "cliquet"),
        ({"project_name": ""}, "cliquet"),
        ({"project_name": "reading-list"}, "reading-list"),
        ({"project_name": "reading-list", "statsd_prefix": "cliquet"}, "reading-list"),
        ({"project_name": "reading-list", "statsd_prefix": "production"}, "production"),
        ({"project_name": "", "statsd_prefix": "production"}, "production"),
    ],
)
def test_the_prefix_is_the_one_set_else_the_name_of_the_project(
    server: Server, settings: dict[str, object], prefix: str
) -> None:
    url = f"udp://127.0.0.1:{server.port}"
    with closing(load_from_config(config_of(statsd_url=url, **settings))) as client:
        client.count("visits")
    assert server.received() == [f"{prefix}.visits:1|c"]


@pytest.mark.parametrize(
    "url",
    [
        *("udp://localhost", "udp://:8125", "localhost:8125", "http://localhost:8125", ""),
        *("udp://localhost:port", "udp://localhost:0", "udp://localhost:99999", "udp://[::1", None),
    ],
)
def test_a_malformed_url_is_refused_with_the_form_accepted(url: object) -> None:
    with pytest.raises(ValueError, match=r"statsd_url: .* is not of the form udp://host:port"):
        load_from_config(config_of(statsd_url=url))


def test_an_unknown_server_is_refused_at_start_up() -> None:
    with pytest.raises(ConfigurationError, match=r"StatsD server no host:8125"):
        Client("no host", 8125, "app")


@pytest.mark.parametrize(
    "start",
    [
        lambda: Client("127.0.0.1", 8125, "app"),
        lambda: load_from_config(config_of(statsd_url="")),
    ],
)
def test_without_the_library_the_remedy_is_told(
    monkeypatch: pytest.MonkeyPatch, start: Callable[[], object]
) -> None:
    monkeypatch.setattr(statsd, "statsd_module", None)
    with pytest.raises(ConfigurationError, match=r'needs: pip install "cliquet\[monitoring\]"'):
        start()
