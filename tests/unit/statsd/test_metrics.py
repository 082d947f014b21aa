"""Metrics of a running application, as StatsD and Prometheus get them."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from threading import Barrier, Thread
from typing import Any

import pytest
import webtest
from pyramid.config import Configurator
from pyramid.exceptions import ConfigurationError

import cliquet
from cliquet import prometheus
from cliquet.metrics import Watched
from cliquet.prometheus import Prometheus, Tallies
from cliquet.statsd import statsd_count
from cliquet.storage import StorageBase
from cliquet.storage.memory import Storage
from tests.support import ALICE, SETTINGS
from tests.unit.statsd.server import Server

AppOf = Callable[..., webtest.TestApp]

UNKNOWN = "8fd1a0a6-1f0c-4f6b-9c1e-0d3a1f0a5c4a"


@pytest.fixture
def app_of() -> Iterator[AppOf]:
    """Return a function: the application that tests share, with more settings."""
    with ExitStack() as stack:

        def app_of(**settings: Any) -> webtest.TestApp:
            config = Configurator(settings={**SETTINGS, **settings})
            cliquet.initialize(config)
            config.scan("tests.support")
            config.add_route("mails", "/mails")
            config.add_view(send_mail, route_name="mails", renderer="json")
            if config.registry.statsd is not None:
                stack.callback(config.registry.statsd.close)
            return webtest.TestApp(config.make_wsgi_app(), lint=False)

        yield app_of


def load_from_config(config: Any, prefix: str) -> Callable[[Any], None]:
    """Return a listener: this module is one, for the applications here."""
    return lambda event: None


def send_mail(request: Any) -> dict[str, Any]:
    """Count something of the application's own."""
    statsd_count(request, "mails.sent")
    return {}


def scraped(app: webtest.TestApp) -> dict[str, float]:
    """Return the figures of an application, by name and labels."""
    response = app.get("/v1/__metrics__")
    assert response.content_type == "text/plain"
    lines = [line for line in response.text.splitlines() if not line.startswith("#")]
    return {name: float(value) for name, _, value in (one.rpartition(" ") for one in lines)}


def counted(figures: dict[str, float], metric: str) -> dict[str, float]:
    """Return the figures of a metric that has names, by name."""
    found = {
        re.fullmatch(rf'{metric}{{name="(.*)"}}', key): value for key, value in figures.items()
    }
    return {match[1]: value for match, value in found.items() if match}


def in_threads(number: int, function: Callable[[], None]) -> None:
    """Call a function in so many threads at once."""
    threads = [Thread(target=function) for _ in range(number)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)


def post_batch(app: webtest.TestApp) -> None:
    """Ask for a list twice and for a record that is not there, in one request."""
    paths = ["/mushrooms", "/mushrooms", f"/mushrooms/{UNKNOWN}"]
    body = {"requests": [{"path": path} for path in paths]}
    answers = app.post_json("/v1/batch", body, headers=ALICE).json["responses"]
    assert [one["status"] for one in answers] == [200, 200, 404]


# StatsD.


def test_a_request_sends_its_counts_and_the_times_of_what_it_used(
    app_of: AppOf, server: Server
) -> None:
    app = app_of(statsd_url=f"udp://127.0.0.1:{server.port}")
    app.get("/v1/mushrooms", headers=ALICE)
    names = server.names()
    assert {
        "origapp.view.mushroom-collection.GET",
        "origapp.users",
        "origapp.authn_type.basicauth",
        "origapp.authentication.basicauth.authenticated_userid",
        "origapp.storage.storage.get_page",
    } <= set(names)


def test_metrics_are_as_many_whatever_clients_ask_for(app_of: AppOf, server: Server) -> None:
    # Lesson 40.
    app = app_of(statsd_url=f"udp://127.0.0.1:{server.port}")
    app.get(f"/v1/mushrooms/{UNKNOWN}", headers=ALICE, status=404)
    known = set(server.names())
    for number in range(5):
        app.get(f"/v1/mushrooms/{UNKNOWN[:-1]}{number}", headers=ALICE, status=404)
        app.get(f"/v1/nowhere{number}", status=404)
    assert set(server.names()) == known


def test_statsd_without_its_address_is_refused(app_of: AppOf) -> None:
    with pytest.raises(ConfigurationError, match=r"metrics = statsd needs statsd_url"):
        app_of(metrics="statsd")


def test_the_parts_of_a_batch_are_told_with_it_and_their_user_once(
    app_of: AppOf, server: Server
) -> None:
    app = app_of(statsd_url=f"udp://127.0.0.1:{server.port}")
    post_batch(app)
    told = [line for line in server.received() if not line.endswith("|ms")]
    assert sorted(told) == [
        "origapp.authn_type.basicauth:3|c",
        told[-1],
        "origapp.view.batch.POST:1|c",
        "origapp.view.mushroom-collection.GET:2|c",
        "origapp.view.mushroom-record.GET:1|c",
    ]
    assert re.fullmatch(r"origapp\.users:basicauth%3A\w+\|s", told[-1])


def test_unknown_metrics_are_refused(app_of: AppOf) -> None:
    with pytest.raises(ConfigurationError, match=r"graphite is neither statsd nor prometheus"):
        app_of(metrics="graphite")


# Prometheus.


def test_prometheus_fetches_counts_times_and_histograms(app_of: AppOf) -> None:
    app = app_of(metrics="prometheus")
    app.get("/v1/mushrooms", headers=ALICE)
    app.get(f"/v1/mushrooms/{UNKNOWN}", headers=ALICE, status=404)
    figures = scraped(app)
    assert figures['cliquet_events_total{name="view.mushroom-collection.GET"}'] == 1
    assert figures['cliquet_events_total{name="authn_type.basicauth"}'] == 2
    assert figures['cliquet_call_seconds_count{name="storage.storage.get_page"}'] == 1
    labels = 'method="GET",service="mushroom-record",status="404"'
    assert figures[f"cliquet_request_seconds_count{{{labels}}}"] == 1


def test_prometheus_is_told_of_each_part_of_a_batch(app_of: AppOf) -> None:
    app = app_of(metrics="prometheus")
    post_batch(app)
    figures = scraped(app)
    assert counted(figures, "cliquet_events_total") == {
        "authn_type.basicauth": 3,
        "view.batch.POST": 1,
        "view.mushroom-collection.GET": 2,
        "view.mushroom-record.GET": 1,
    }
    # Parts are no requests of their own: their time is within that of the batch.
    requests = {key: value for key, value in figures.items() if "request_seconds_count" in key}
    labels = 'method="POST",service="batch",status="200"'
    assert requests == {f"cliquet_request_seconds_count{{{labels}}}": 1}


def test_nothing_is_lost_where_threads_count_at_once() -> None:
    told = Prometheus()
    observe = told.observer("call")

    def tell() -> None:
        for _ in range(10_000):
            told.count("visits")
            observe(0.5)
            told.observe_request("article", "GET", "200", 0.25)

    in_threads(8, tell)
    lines = set(told.text().decode().splitlines())
    labels = 'method="GET",service="article",status="200"'
    assert lines >= {
        'cliquet_events_total{name="visits"} 80000.0',
        'cliquet_call_seconds_count{name="call"} 80000.0',
        'cliquet_call_seconds_sum{name="call"} 40000.0',
        f"cliquet_request_seconds_count{{{labels}}} 80000.0",
        f"cliquet_request_seconds_sum{{{labels}}} 20000.0",
    }


def test_threads_at_one_time_add_to_numbers_of_their_own() -> None:
    tallies, rows, both = Tallies(1), [], Barrier(2)

    def take() -> None:
        both.wait(10)
        rows.append(tallies.own("visits"))
        both.wait(10)

    in_threads(2, take)
    assert rows[0] is not rows[1]


def test_a_thread_goes_on_where_one_that_ended_left_off() -> None:
    tallies, rows = Tallies(1), []

    def add() -> None:
        rows.append(tallies.own("visits"))
        rows[-1][0] += 1

    for _ in range(3):
        in_threads(1, add)
    assert rows[0] is rows[1] is rows[2]
    assert tallies.totals() == {"visits": [3]}


def test_labels_are_as_many_whatever_clients_ask_for(app_of: AppOf) -> None:
    # Lesson 40.
    app = app_of(metrics="prometheus")
    app.request("/v1/nowhere", method="X1", status="*")
    scraped(app)
    known = set(scraped(app))
    for number in range(5):
        app.request(f"/v1/nowhere{number}", method=f"X{number}", status="*")
    assert set(scraped(app)) == known


def test_both_get_the_figures_at_once(app_of: AppOf, server: Server) -> None:
    url = f"udp://127.0.0.1:{server.port}"
    app = app_of(metrics="statsd, prometheus", statsd_url=url)
    app.get("/v1/mushrooms", headers=ALICE)
    assert "origapp.storage.storage.get_page" in server.names()
    assert 'cliquet_call_seconds_count{name="storage.storage.get_page"}' in scraped(app)


def test_all_that_is_named_by_a_setting_is_timed_for_both(app_of: AppOf, server: Server) -> None:
    app = app_of(
        metrics="statsd, prometheus",
        statsd_url=f"udp://127.0.0.1:{server.port}",
        cache_backend="cliquet.cache.memory",
        permission_backend="cliquet.permission.memory",
        event_listeners=__name__,
    )
    app.post_json("/v1/mushrooms", {"data": {"name": "morel"}}, headers=ALICE)
    app.app.registry.cache.get("key")
    app.app.registry.permission.user_principals("alice")
    sent = {line.partition(":")[0] for line in server.received() if line.endswith("|ms")}
    told = counted(scraped(app), "cliquet_call_seconds_count")
    assert {f"origapp.{name}" for name in told} == sent
    families = {"storage.storage", "cache.cache", "permission.permission"}
    others = {"authentication.basicauth", "listeners.test_metrics"}
    assert {".".join(name.split(".")[:2]) for name in told} == families | others


def test_counters_of_the_application_itself_are_told_to_both(app_of: AppOf, server: Server) -> None:
    app = app_of(metrics="statsd, prometheus", statsd_url=f"udp://127.0.0.1:{server.port}")
    app.get("/v1/mails")
    assert "origapp.mails.sent:1|c" in server.received()
    assert counted(scraped(app), "cliquet_events_total")["mails.sent"] == 1


def test_two_applications_count_apart(app_of: AppOf) -> None:
    first, second = app_of(metrics="prometheus"), app_of(metrics="prometheus")
    first.get("/v1/mushrooms", headers=ALICE)
    name = 'cliquet_events_total{name="view.mushroom-collection.GET"}'
    assert name in scraped(first)
    assert name not in scraped(second)


def test_the_pool_of_a_database_is_told(app_of: AppOf, tmp_path: Path) -> None:
    app = app_of(
        metrics="prometheus",
        storage_backend="cliquet.storage.sqlite",
        storage_url=f"sqlite:///{tmp_path}/records.db",
        storage_pool_size=7,
    )
    figures = scraped(app)
    name = 'cliquet_pool_connections{{backend="storage",state="{}"}}'
    assert figures[name.format("size")] == 7
    assert figures[name.format("checked_out")] == 0
    assert figures[name.format("backlog")] == 0
    with app.app.registry.storage.locked("mushroom", "u"):
        assert scraped(app)[name.format("checked_out")] == 1


def test_a_batch_does_not_take_figures_past_a_proxy(app_of: AppOf) -> None:
    app = app_of(metrics="prometheus")
    answer = app.post_json("/v1/batch", {"requests": [{"path": "/__metrics__"}]})
    assert answer.json["responses"][0]["status"] == 404


def test_there_is_no_endpoint_unless_it_is_asked_for(app_of: AppOf) -> None:
    app_of().get("/v1/__metrics__", status=404)


def test_without_the_library_the_remedy_is_told(
    app_of: AppOf, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(prometheus, "prometheus_client", None)
    with pytest.raises(ConfigurationError, match=r'pip install "cliquet\[monitoring\]"'):
        app_of(metrics="prometheus")


# The proxy.


def test_a_watched_backend_is_what_it_was() -> None:
    backend = Storage()
    watched = Watched(backend, "storage.storage", [])
    assert isinstance(watched, StorageBase)
    assert watched.atomic is True
    assert watched.collection_timestamp("article", "alice") > 0
    assert re.search("Storage object", repr(watched))
    assert "collection_timestamp" not in vars(backend)


def test_what_is_set_on_a_watched_object_is_set_on_the_object() -> None:
    backend: Any = Storage()
    watched: Any = Watched(backend, "storage.storage", [])
    watched.flush()
    watched.flush = lambda: "replaced"
    assert (watched.flush(), backend.flush()) == ("replaced", "replaced")
    del watched.flush
    assert watched.flush() is None
