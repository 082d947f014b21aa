"""A record and its permissions are one write to all others (protocol P5.6, P5.7, P7.3)."""

from __future__ import annotations

from collections.abc import Callable
from threading import Thread
from typing import Any

import pytest

from tests.protocol.sharing import BACKENDS, Sharing, user_id

URI = "/psilos/11111111-1111-4111-8111-111111111111"
#: Longest that a writer lets others try to come between; most are done, or wait, long before.
MEANWHILE_SECONDS = 0.15


#: Of databases, there are two forms: one transaction a request, and none.
ALONE = [f"{name}, no transactions" for name in ("sqlite", "postgresql")]


@pytest.fixture(params=[*BACKENDS, *ALONE])
def sharing(request: pytest.FixtureRequest) -> Sharing:
    """Return an application with a record of Alice."""
    backends, _, is_alone = request.param.partition(",")
    app = Sharing(backends, transaction_per_request=not is_alone)
    app.call("alice", "PUT", URI, {"data": {}})
    return app


@pytest.fixture
def between(sharing, monkeypatch):
    """Return a function that makes others try something before permissions are written."""

    def arrange(name: str, work: Callable[[], Any]) -> Thread:
        write, other = getattr(sharing.permission, name), Thread(target=work)

        def late(*args: Any) -> None:
            monkeypatch.setattr(sharing.permission, name, write)
            other.start()
            other.join(MEANWHILE_SECONDS)
            write(*args)

        monkeypatch.setattr(sharing.permission, name, late)
        return other

    return arrange


def polled(sharing: Sharing, since: str = "0") -> tuple[set[str], str]:
    """Return the ids of what Bob sees that changed since, and the timestamp to poll from."""
    answer = sharing.call("bob", "GET", f"/psilos?_since={since}")
    return {one["id"] for one in answer.json["data"]}, answer.headers["ETag"].strip('"')


@pytest.mark.parametrize("method", ["PUT", "PATCH"])
def test_a_poller_between_a_record_and_its_permissions_misses_nothing(  # P5.7
    sharing, between, method
):
    first = sharing.create("alice", permissions={"read": [user_id("bob")]})
    if method == "PUT":
        sharing.call("alice", "DELETE", URI)
    seen = []
    poller = between("replace_object_permissions", lambda: seen.append(polled(sharing)))
    shared = {"data": {}, "permissions": {"read": [user_id("bob")]}}
    assert sharing.call("alice", method, URI, shared).status_code in (200, 201)
    poller.join()
    ((ids, timestamp),) = seen
    ids |= polled(sharing, timestamp)[0]
    assert ids == {first.rpartition("/")[2], URI.rpartition("/")[2]}


def test_of_two_changes_of_permissions_the_later_wins(sharing, between):  # P5.6
    answers = []

    def change(principal: str) -> None:
        body = {"permissions": {"read": [principal]}}
        answers.append(sharing.call("alice", "PATCH", URI, body).json)

    other = between("replace_object_permissions", lambda: change("group:two"))
    change("group:one")
    other.join()
    last = max(answers, key=lambda answer: answer["data"]["last_modified"])
    assert sharing.permissions(URI) == last["permissions"]


def test_a_deleted_record_leaves_no_permissions_of_a_change_beside_it(sharing, between):  # P7.9
    other = between("replace_object_permissions", lambda: sharing.call("alice", "DELETE", URI))
    sharing.call("alice", "PATCH", URI, {"permissions": {"read": ["group:one"]}})
    other.join()
    assert sharing.permissions(URI) == {}


@pytest.mark.parametrize("uri", [URI, "/psilos"])
def test_a_creation_keeps_its_permissions_from_the_deletion_before_it(  # P7.3
    sharing, between, uri
):
    sharing.grant("/psilos", "write", "alice")
    create = {"data": {}, "permissions": {"read": ["group:one"]}}
    other = between("delete_object_trees", lambda: sharing.call("alice", "PUT", URI, create))
    assert sharing.call("alice", "DELETE", uri).status_code == 200
    other.join()
    assert sharing.permissions(URI) == {"read": ["group:one"], "write": [user_id("alice")]}
