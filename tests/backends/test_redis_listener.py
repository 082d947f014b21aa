"""The listener that hands events to other programs, through Redis. Needs a real server."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from types import SimpleNamespace
from typing import Any

import pytest
import redis
import webtest
from pyramid.exceptions import ConfigurationError
from pyramid.httpexceptions import HTTPConflict

from cliquet.events import ResourceChanged
from cliquet.listeners.redis import load_from_config
from cliquet.testing.servers.redisserver import redis_server
from tests.faults.clients import wait_until
from tests.support import ALICE, make_config

#: Nobody listens there.
NOWHERE = "redis://127.0.0.1:1/0"


@pytest.fixture
def client(cliquet_redis: str) -> Iterator[redis.Redis]:
    with redis.Redis.from_url(cliquet_redis, decode_responses=True) as client:
        client.delete("cliquet", "queue")
        yield client


def make_app(url: str, *subscribers: Any, **options: Any) -> webtest.TestApp:
    """Return an application with the listener, and subscribers that are told after it."""
    given = {"use": "cliquet.listeners.redis", "url": url, "listname": "queue", **options}
    settings = {f"event_listeners.redis.{name}": value for name, value in given.items()}
    config = make_config({"event_listeners": "redis", **settings})
    for subscriber in subscribers:
        config.add_subscriber(subscriber, ResourceChanged)
    app = webtest.TestApp(config.make_wsgi_app())
    app.extra_environ["HTTP_AUTHORIZATION"] = ALICE["Authorization"]
    return app


def post(app: webtest.TestApp, status: int = 201, **fields: Any) -> Any:
    return app.post_json("/v1/notes", {"data": fields}, status=status).json


def listener(**options: Any) -> Any:
    """Return the listener of settings without their prefix."""
    settings = {f"event_listeners.a.{name}": value for name, value in options.items()}
    config = SimpleNamespace(get_settings=lambda: settings)
    return load_from_config(config, "event_listeners.a.")


# What is pushed.


def test_a_list_gets_the_payload_and_the_records(client, cliquet_redis):  # P9.4
    heard: list[Any] = []
    record = post(make_app(cliquet_redis, heard.append), title="Łódź", n=2**70)["data"]
    pushed = json.loads(client.rpop("queue"))
    assert pushed == {**heard[0].payload, "impacted_records": [{"new": record}]}
    assert (pushed["action"], pushed["resource_name"], pushed["uri"]) == (
        "create",
        "note",
        "/notes",
    )


def test_the_oldest_event_is_at_the_end_of_the_list(client, cliquet_redis):  # P9.4
    app = make_app(cliquet_redis)
    path = f"/v1/notes/{post(app)['data']['id']}"
    app.put_json(path, {"data": {}})
    app.delete(path)
    actions = [json.loads(client.rpop("queue"))["action"] for _ in range(client.llen("queue"))]
    assert actions == ["create", "update", "delete"]


def test_reads_are_pushed_with_what_was_read(client, cliquet_redis):  # P9.4
    app = make_app(cliquet_redis, actions="read")
    record = post(app, title="a")["data"]
    app.get("/v1/notes")
    (pushed,) = map(json.loads, client.lrange("queue", 0, -1))
    assert pushed["read_records"] == [record]
    assert "impacted_records" not in pushed


def test_a_stream_gets_the_same_text_as_a_field(client, cliquet_redis):  # P9.4
    record = post(make_app(cliquet_redis, mode="stream"), title="a")["data"]
    ((_, fields),) = client.xrange("queue")
    assert list(fields) == ["event"]
    assert json.loads(fields["event"])["impacted_records"] == [{"new": record}]


def test_a_stream_forgets_the_oldest(client, cliquet_redis):
    push = listener(url=cliquet_redis, listname="queue", mode="stream", maxlen=10)
    for number in range(300):
        push(SimpleNamespace(payload={"number": number}, impacted_records=[]))
    (_, last), *_ = client.xrevrange("queue", count=1)
    assert 10 <= client.xlen("queue") < 300
    assert json.loads(last["event"])["number"] == 299


def test_the_list_has_a_name_by_default(client, cliquet_redis):
    listener(url=cliquet_redis, listname="")(SimpleNamespace(payload={}, impacted_records=[]))
    assert client.lrange("cliquet", 0, -1) == ['{"impacted_records":[]}']


# When it fails.


@pytest.mark.parametrize("options", [{}, {"after_commit": True}, {"mode": "stream"}])
def test_a_redis_that_is_away_is_logged_and_the_request_goes_on(options, caplog):  # P9.1
    app = make_app(NOWHERE, **options)
    post(app, status=201)
    assert [one for one in caplog.messages if "not pushed to Redis" in one and "uri=/notes" in one]


def test_a_redis_that_hangs_holds_one_event_and_not_each(caplog):  # P9.1
    with redis_server() as server:
        app = make_app(server.url, socket_timeout_seconds=0.5)
        post(app)
        path = f"/notes/{post(app)['data']['id']}"
        methods = ("PUT", "PATCH", "DELETE", "POST")
        parts = [{"method": one, "path": "/notes" if one == "POST" else path} for one in methods]
        server.pause()
        start = time.monotonic()
        app.post_json("/v1/batch", {"defaults": {"body": {"data": {}}}, "requests": parts})
        assert 0.5 <= time.monotonic() - start < 1
        lost = [one for one in caplog.messages if "not pushed to Redis" in one]
        assert [("a moment ago" in one) for one in lost] == [False, True, True]
        server.resume()
        wait_until(lambda: post(app) and server.run("LLEN", "queue") > 3)


@pytest.mark.parametrize(("after_commit", "pushed"), [("false", 1), ("true", 0)])
def test_only_after_the_commit_what_is_rolled_back_is_not_pushed(
    after_commit, pushed, client, cliquet_redis
):  # P9.1
    def refuse(event: Any) -> None:
        raise HTTPConflict

    post(make_app(cliquet_redis, refuse, after_commit=after_commit), status=409)
    assert client.llen("queue") == pushed


# Settings.


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"url": "http://localhost"}, "url: http://… should be redis://"),
        ({"pool_size": "many"}, "pool_size: 'many' is not an integer from 0"),
        ({"socket_timeout_seconds": "0"}, "socket_timeout_seconds: 0 is not a number from 0.001"),
        ({"mode": "queue"}, "mode: 'queue' is not list or stream"),
        ({"maxlen": 0}, "maxlen: 0 is not an integer from 1"),
        ({"mode": "stream", "maxlen": "10.5"}, "maxlen: 10.5 is not an integer from 1"),
        ({"mode": "stream", "maxlen": "all"}, "maxlen: 'all' is not an integer from 1"),
    ],
)
def test_a_wrong_setting_fails_at_start_up_and_is_named_in_full(options, message):
    with pytest.raises(ConfigurationError, match=rf"Setting event_listeners\.a\.{message}"):
        listener(**options)
