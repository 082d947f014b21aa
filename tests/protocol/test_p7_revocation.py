"""Who lost a permission sees nothing that was written afterwards (protocol P7.4, P7.9)."""

from __future__ import annotations

from collections.abc import Callable
from threading import Thread
from typing import Any

import pytest

from tests.protocol.sharing import BACKENDS, ONE_ID, Sharing, user_id

URI = f"/psilos/{ONE_ID}"
#: Longest that Alice is waited for; where she has to wait for Bob, he goes on.
MEANWHILE_SECONDS = 0.15


@pytest.fixture(params=BACKENDS)
def sharing(request: pytest.FixtureRequest) -> Sharing:
    """Return an application with a record that Bob may write."""
    app = Sharing(request.param)
    rights = {"write": [user_id("bob")]}
    app.call("alice", "PUT", URI, {"data": {"name": "known"}, "permissions": rights})
    return app


@pytest.fixture
def before_question(sharing, monkeypatch):
    """Return a function that makes something happen before a question to the backends."""

    def arrange(number: int, work: Callable[[], Any]) -> Thread:
        other, asked = Thread(target=work), []

        def arranged(question: Callable[..., Any]) -> Callable[..., Any]:
            def put(*args: Any, **kwargs: Any) -> Any:
                asked.append(question)
                if len(asked) == number:
                    other.start()
                    other.join(MEANWHILE_SECONDS)
                return question(*args, **kwargs)

            return put

        for backend, name in (
            (sharing.storage, "get"),
            (sharing.storage, "prepare_writes"),
            (sharing.permission, "access"),
        ):
            if hasattr(backend, name):
                monkeypatch.setattr(backend, name, arranged(getattr(backend, name)))
        return other

    return arrange


def revoke(sharing: Sharing) -> None:
    """Take Bob's right away, and then write what he is not to see."""
    sharing.call("alice", "PATCH", URI, {"permissions": {"write": []}})
    sharing.call("alice", "PATCH", URI, {"data": {"name": "sesame"}})


@pytest.mark.parametrize("method", ["GET", "PUT", "PATCH", "DELETE"])
def test_what_is_written_after_a_revocation_is_hidden(  # P7.9
    sharing, before_question, method
):
    alice = before_question(2, lambda: revoke(sharing))
    body = {"data": {"size": 1}} if method in ("PUT", "PATCH") else None
    answer = sharing.call("bob", method, URI, body)
    alice.join()
    assert "sesame" not in answer.text
    assert sharing.permissions(URI) == {"write": [user_id("alice")]}


@pytest.mark.parametrize("number", [2, 3])
def test_what_is_written_after_a_revocation_is_hidden_from_batches(  # P7.9, P8.4
    sharing, before_question, number
):
    alice = before_question(number, lambda: revoke(sharing))
    parts = [{"method": "PATCH", "path": URI, "body": {"data": {"size": one}}} for one in (1, 2)]
    answer = sharing.call("bob", "POST", "/batch", {"requests": parts})
    alice.join()
    assert "sesame" not in answer.text
    assert sharing.permissions(URI) == {"write": [user_id("alice")]}


@pytest.mark.parametrize("method", ["GET", "PATCH"])
def test_what_a_revocation_writes_is_hidden(sharing, monkeypatch, method):  # P7.9
    update, answers = sharing.storage.update, []
    body = {"data": {"size": 1}} if method == "PATCH" else None
    bob = Thread(target=lambda: answers.append(sharing.call("bob", method, URI, body)))

    def followed(*args: Any, **kwargs: Any) -> Any:
        monkeypatch.setattr(sharing.storage, "update", update)
        updated = update(*args, **kwargs)
        bob.start()
        bob.join(MEANWHILE_SECONDS)
        return updated

    monkeypatch.setattr(sharing.storage, "update", followed)
    secret = {"data": {"name": "sesame"}, "permissions": {"write": []}}
    assert sharing.call("alice", "PATCH", URI, secret).status_code == 200
    bob.join()
    assert "sesame" not in answers[0].text
    assert sharing.permissions(URI) == {"write": [user_id("alice")]}


def test_a_change_that_is_refused_takes_nothing_away(sharing):  # P7.3
    uri = f"/badges/{ONE_ID}"
    rights = {"read": [user_id("bob")]}
    sharing.call("alice", "PUT", uri, {"data": {"number": 1}, "permissions": rights})
    sharing.call("alice", "POST", "/badges", {"data": {"number": 2}})
    refused = {"data": {"number": 2}, "permissions": {"read": []}}
    assert sharing.call("alice", "PATCH", uri, refused).status_code == 409
    assert sharing.permissions(uri) == {**rights, "write": [user_id("alice")]}


def test_permissions_are_never_older_than_the_etag_beside_them(  # P5.2, P7.3
    sharing, before_question
):
    rights = {"read": ["group:new"], "write": [user_id("bob")]}
    alice = before_question(2, lambda: sharing.call("alice", "PATCH", URI, {"permissions": rights}))
    answer = sharing.call("bob", "GET", URI)
    alice.join()
    again = sharing.call("bob", "GET", URI, If_None_Match=answer.headers["ETag"])
    known = (answer if again.status_code == 304 else again).json["permissions"]
    assert known == sharing.permissions(URI)
