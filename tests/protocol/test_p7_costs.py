"""What a request on a shareable resource asks of its backends, and what events tell of it."""

from __future__ import annotations

from typing import Any

import pytest

from cliquet.events import ResourceChanged, ResourceRead
from tests.protocol.shareable import SETTINGS
from tests.protocol.sharing import BACKENDS, headers_of, migrated, settings_of, user_id
from tests.support import make_config


class Counted:
    """A backend that notes which of its methods are called from outside."""

    def __init__(self, backend: Any, calls: list[str]) -> None:
        self._backend, self._calls = backend, calls

    def __getattr__(self, name: str) -> Any:
        value = getattr(self._backend, name)
        if not callable(value):
            return value

        def noted(*args: Any, **kwargs: Any) -> Any:
            self._calls.append(name)
            return value(*args, **kwargs)

        return noted


@pytest.fixture
def events():
    """Return where events go."""
    return []


@pytest.fixture
def calls():
    """Return where calls go."""
    return []


# An older storage is asked more than once: it cannot compare and write in one step.
@pytest.fixture(params=[name for name in BACKENDS if name != "older storage"])
def app(request, events, calls):
    """Return an application whose backends are counted."""
    config = make_config({**SETTINGS, **settings_of(request.param)})
    config.scan("tests.protocol.shareable")
    config.add_subscriber(events.append, ResourceChanged, for_resources=("psilo",))
    config.add_subscriber(events.append, ResourceRead, for_resources=("psilo",))
    app = migrated(config)
    registry = app.app.registry
    registry.permission = Counted(registry.permission, calls)
    registry.storage = Counted(registry.storage, calls)
    return app


@pytest.fixture
def uri(app):
    """Return the URI of a record of Alice that Bob may read."""
    body = {"data": {}, "permissions": {"read": [user_id("bob")]}}
    created = app.post_json("/v1/psilos", body, headers=headers_of("alice"))
    return f"/v1/psilos/{created.json['data']['id']}"


def essential(calls: list[str]) -> list[str]:
    """Return the calls without those that events cost, and that the lack of transactions does."""
    return [name for name in calls if name not in ("collection_timestamp", "locked")]


@pytest.mark.parametrize(
    ("user", "method", "asked"),
    [
        ("alice", "GET", ["get", "access"]),
        ("bob", "GET", ["get", "access"]),
        (None, "GET", ["get", "access"]),
        ("carol", "GET", ["get", "access"]),
        ("carol", "PATCH", ["get", "access"]),
        ("alice", "PATCH", ["get", "access", "update"]),
        ("alice", "PUT", ["get", "access", "update"]),
        ("alice", "DELETE", ["get", "access", "delete", "delete_object_trees"]),
    ],
)
def test_a_record_costs_one_look_at_permissions(app, uri, calls, user, method, asked):  # P7.4
    del calls[:]
    body = b'{"data": {}}' if method in ("PUT", "PATCH") else b""
    app.request(
        uri,
        method=method,
        headers=headers_of(user),
        body=body,
        content_type="application/json",
        expect_errors=True,
    )
    assert essential(calls) == asked


def test_a_creation_writes_the_record_and_then_its_permissions(app, calls):  # P7.3
    app.post_json("/v1/psilos", {"data": {}}, headers=headers_of("alice"), status=201)
    assert essential(calls) == ["access", "create", "replace_object_permissions"]


def test_permissions_that_are_changed_are_written_once(app, uri, calls):  # P7.3
    del calls[:]
    body = {"permissions": {"write": ["group:friends"]}}
    app.patch_json(uri, body, headers=headers_of("alice"))
    assert calls.count("replace_object_permissions") == 1
    assert "add_principal_to_ace" not in calls


def test_who_writes_in_a_transaction_locks_nothing_beside_it(app, uri, calls):  # P7.3
    del calls[:]
    app.delete(uri, headers=headers_of("alice"))
    app.post_json("/v1/psilos", {"data": {}}, headers=headers_of("alice"))
    has_transactions = getattr(app.app.registry.storage, "is_transactional", False)
    assert calls.count("locked") == (0 if has_transactions else 2)


def test_a_list_of_the_whole_costs_one_look_at_permissions(app, calls):  # P7.4
    app.app.registry.permission.add_principal_to_ace("/psilos", "read", user_id("bob"))
    del calls[:]
    app.get("/v1/psilos", headers=headers_of("bob"), status=200)
    assert calls == ["access", "get_page"]


def test_events_do_not_tell_of_permissions(app, uri, events):  # P9.2
    app.get(uri, headers=headers_of("alice"))
    app.put_json(uri, {"data": {"size": 1}}, headers=headers_of("alice"))
    app.patch_json(uri, {"permissions": {"read": ["x"]}}, headers=headers_of("alice"))
    app.delete(uri, headers=headers_of("alice"))
    told = [event.payload["action"] for event in events]
    assert told == ["create", "read", "update", "update", "delete"]
    records = [getattr(one, "impacted_records", getattr(one, "read_records", 0)) for one in events]
    assert "permissions" not in str(records)


def test_events_tell_of_a_change_of_permissions_alone(app, uri, events):  # P4.6, P9.2
    del events[:]
    app.patch_json(uri, {"permissions": {"read": ["x"]}}, headers=headers_of("alice"))
    ((impacted,),) = [event.impacted_records for event in events]
    assert impacted["new"]["last_modified"] > impacted["old"]["last_modified"]
