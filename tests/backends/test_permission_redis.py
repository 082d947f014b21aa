"""Permissions in Redis: names, round trips, costs, memory, keys. Needs a real server."""

from __future__ import annotations

from collections.abc import Iterator
from types import SimpleNamespace
from typing import Any

import pytest
import redis as driver
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pyramid.exceptions import ConfigurationError

from cliquet.drivers.formats import UnknownFormat
from cliquet.drivers.redis import _Node
from cliquet.permission import Share, memory, redis
from cliquet.permission import heartbeat as check_of
from cliquet.permission.redis.scripts import ACES, FORMAT_KEY, USERS
from cliquet.storage.exceptions import BackendError
from cliquet.testing.servers import redis_server
from tests.protocol.sharing import TWO_ID, Sharing, user_id
from tests.support import make_config, run_together

TO_BOB = Share(frozenset({"bob", "group"}), frozenset({"read", "write"}), "/a/")


def made(url: str, **settings: Any) -> redis.Permission:
    given = {"permission_url": url, **settings}
    return redis.load_from_config(SimpleNamespace(get_settings=lambda: given))


@pytest.fixture
def backend(cliquet_redis: str) -> redis.Permission:
    permission = made(cliquet_redis)
    permission.flush()
    return permission


@pytest.fixture
def client(cliquet_redis: str) -> Iterator[driver.Redis]:
    with driver.Redis.from_url(cliquet_redis) as client:
        yield client


@pytest.fixture
def sent(monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    """What travels to the server: a command a round trip."""
    commands: list[Any] = []
    execute = _Node.execute

    def counting(self: Any, *command: Any) -> Any:
        # EVAL: the first time that this server sees a script.
        commands.extend([] if command[0] == "EVAL" else [command])
        return execute(self, *command)

    monkeypatch.setattr(_Node, "execute", counting)
    return commands


# Names.

LETTERS = "a/*{}:%'\"\\\x7f\x80þÿ\uffff😀"
names = st.text(LETTERS, max_size=4)
#: What is asked about may be no name.
texts = st.text(LETTERS + "\0\udcfe", max_size=4)


@settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(st.sets(st.tuples(names, names, names), max_size=6), texts, texts)
def test_names_of_any_characters_are_themselves(backend, aces, uri, name):  # P7.7, lessons 23, 28
    reference = memory.Permission()
    backend.flush()
    found = []
    for one in (backend, reference):
        for ace in aces:
            one.add_principal_to_ace(*ace)
            one.add_user_principal(*ace[:2])
        one.delete_object_trees(uri)
        one.remove_principal(name)
        users = [one.user_principals(user) for user, _, _ in sorted(aces)]
        objects = [one.object_permissions(other) for other, _, _ in sorted(aces)]
        shares = [
            one.principals_accessible_objects([principal], permission, uri)
            for _, permission, principal in sorted(aces)
        ]
        found.append((users, objects, shares))
    assert found[0] == found[1]


# Round trips.


def test_a_record_costs_a_round_trip_and_one_for_its_permissions(sent):  # P7.4
    app = Sharing("redis")
    uri = app.create("alice", permissions={"read": ["group:friends"]})
    app.permission.add_user_principal(user_id("bob"), "group:friends")
    sent.clear()
    assert app.call("bob", "GET", uri).status_code == 200
    assert len(sent) == 2


def test_each_method_costs_one_round_trip(backend, sent):
    backend.add_user_principal("bob", "group")
    backend.replace_object_permissions("/a/1", {"read": ["bob", "group"], "write": ["eve"]})
    backend.access("bob", [("/a", "read"), ("/a", "write")], "/a/1")
    backend.is_shared(TO_BOB)
    backend.accessible_ids(TO_BOB)
    backend.remove_principal("group")
    backend.delete_object_trees("/a/1", "/a/2")
    assert len(sent) == 7


# Costs.


def test_what_is_shared_is_read_in_portions(backend, sent, monkeypatch):  # P7.6
    monkeypatch.setattr(redis, "PORTION", 3)
    for number in range(10):
        for name in ("read", "write"):
            principal = ("bob", "group")[number % 2]
            backend.add_principal_to_ace(f"/a/{number}", name, principal)
    sent.clear()
    assert backend.accessible_ids(TO_BOB) == set(map(str, range(10)))
    # Twenty entries, by three at a time.
    assert len(sent) == 7


def test_a_list_does_not_pay_for_what_is_around_it(backend, sent, monkeypatch):  # P7.6
    monkeypatch.setattr(redis, "PORTION", 3)
    for uri in ("/a/1/b/{}", "/{}", "/a0/{}", "/b/{}"):
        for number in range(4):
            backend.add_principal_to_ace(uri.format(number), "read", "bob")
    for number in range(4):
        backend.add_principal_to_ace(f"/a/{number}", "read", "eve")
    backend.add_principal_to_ace("/a/5", "read", "bob")
    sent.clear()
    assert backend.accessible_ids(TO_BOB) == {"5"}
    assert backend.is_shared(TO_BOB)
    assert len(sent) == 2


# Other writers.


def turned(entries: list[bytes], size: int) -> set[tuple[bytes, ...]]:
    """Return entries that are kept backward as they are kept forward."""
    split = (one.split(b"\xfe") for one in entries)
    return {(b"".join(parts[size:]), *parts[:size]) for parts in split}


def test_both_directions_agree_whatever_is_written_at_once(backend, client):  # lessons 5
    def work(number: int) -> None:
        me, other = f"user{number}", f"user{(number + 1) % 8}"
        for turn in range(20):
            uri = f"/a/{turn % 3}"
            backend.add_user_principal(me, "group")
            backend.replace_object_permissions(uri, {"read": [me, other], "write": [me]})
            backend.add_principal_to_ace(f"{uri}/b/{number}", "read", other)
            backend.remove_principal_from_ace(uri, "read", other)
            backend.delete_object_trees(f"/a/{(turn + number) % 3}")
            backend.remove_principal("group")

    run_together(work)
    for (forward, backward), size in ((USERS, 1), (ACES, 2)):
        entries = {tuple(one.split(b"\xfe")) for one in client.zrange(forward, 0, -1)}
        assert turned(client.zrange(backward, 0, -1), size) == entries
    assert client.zcard(USERS[0]) == 0


# Memory, and servers that are gone.


def test_a_full_server_refuses_what_it_cannot_keep_and_still_takes_rights_away():
    with redis_server("--maxmemory-policy", "noeviction") as server:
        backend = made(server.url)
        backend.replace_object_permissions("/a/1", {"read": ["bob", "eve"]})
        server.run("CONFIG", "SET", "maxmemory", "1")
        with pytest.raises(BackendError):
            backend.replace_object_permissions("/a/1", {"read": ["bob"], "write": ["bob"]})
        assert backend.object_permissions("/a/1") == {"read": {"bob", "eve"}}
        backend.replace_object_permissions("/a/1", {"read": ["bob"]})
        assert backend.object_permissions("/a/1") == {"read": {"bob"}}
        backend.delete_object_trees("/a")
        assert backend.accessible_ids(TO_BOB) == set()


def test_a_server_that_is_gone_is_a_failure_of_the_backend():  # P3.2
    request = SimpleNamespace(registry=SimpleNamespace(settings={}))
    with redis_server() as server:
        backend = made(server.url, permission_socket_timeout_seconds=1)
        assert check_of(backend)(request)
        assert server.run("EXISTS", *USERS) == 0
    for action in (lambda: check_of(backend)(request), backend.flush, lambda: backend.access("a")):
        with pytest.raises(BackendError):
            action()


# What breaks off between a record and its permissions; see docs/permissions.rst.


@pytest.fixture
def sharing() -> Sharing:
    app = Sharing("redis")
    app.uri = app.create("alice", permissions={"read": [user_id("bob")]})
    return app


def fail(*args: Any) -> None:
    raise BackendError(None)


def test_a_creation_that_breaks_off_leaves_a_record_that_nobody_was_given(sharing):
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sharing.permission, "replace_object_permissions", fail)
        assert sharing.call("carol", "PUT", f"/psilos/{TWO_ID}", {"data": {}}).status_code == 503
    assert sharing.storage.get("psilo", "", TWO_ID)
    for user in ("alice", "bob", "carol"):
        assert sharing.call(user, "GET", f"/psilos/{TWO_ID}").status_code == 403


def test_a_deletion_that_breaks_off_leaves_rights_on_nothing(sharing):  # lessons 30
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sharing.permission, "delete_object_trees", fail)
        assert sharing.call("alice", "DELETE", sharing.uri).status_code == 503
    assert sharing.call("bob", "GET", sharing.uri).status_code == 404
    assert sharing.call("bob", "GET", "/psilos").json["data"] == []
    assert sharing.call("carol", "PUT", sharing.uri, {"data": {}}).status_code == 201
    assert sharing.call("bob", "GET", sharing.uri).status_code == 403


# What is in the database, and what is not.


def configured(url: str) -> Any:
    given = {"permission_backend": "cliquet.permission.redis", "permission_url": url}
    return make_config(given).make_wsgi_app()


def test_a_cluster_is_refused_with_the_way_out():
    with pytest.raises(ConfigurationError, match=r"permission_url names a cluster.*sentinel"):
        configured("redis://127.0.0.1:1,127.0.0.1:2/?cluster=true")


def test_flush_deletes_its_own_keys_and_no_others(backend, client):
    client.set("cliquet:storage:x", "kept")
    backend.add_user_principal("bob", "group")
    backend.add_principal_to_ace("/a/1", "read", "bob")
    backend.flush()
    assert client.keys("cliquet:permission:*") == [FORMAT_KEY.encode()]
    assert client.getdel("cliquet:storage:x") == b"kept"


def test_permissions_of_version_3_1_are_refused_aloud():
    key = "permission:/articles:article:create"
    with redis_server() as server:
        server.run("SET", "permission:slip:x", "of others")
        server.run("SADD", key, "basicauth:x")
        with pytest.raises(UnknownFormat, match=key):
            configured(server.url)
        server.run("DEL", key)
        configured(server.url)
        server.run("SADD", key, "made since")
        configured(server.url)
