"""P9 in batches: one event for many parts, and none for what was undone."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from cliquet.events import AfterResourceChanged, ResourceChanged, ResourceRead
from tests.protocol.batching import DATABASES, Batching, part
from tests.protocol.hooked import make_hooked
from tests.protocol.sharing import ONE_ID, TWO_ID, headers_of, user_id

ONE, TWO = f"/notes/{ONE_ID}", f"/notes/{TWO_ID}"
HEARD: list[Any] = []


def told() -> list[tuple[str, str, int]]:
    """Return what was heard of: class, action and number of records of each event."""
    return [(type(one).__name__, one.payload["action"], len(records_of(one))) for one in HEARD]


def records_of(event: Any) -> list[Any]:
    """Return the records of an event."""
    found: list[Any] = getattr(event, "impacted_records", None) or event.read_records
    return found


@pytest.fixture(params=["memory", *DATABASES])
def batch(request: pytest.FixtureRequest) -> Batching:
    events = (ResourceChanged, ResourceRead, AfterResourceChanged)
    batch = Batching(app=make_hooked(request.param, *((HEARD.append, one) for one in events)))
    batch.registry.permission.add_principal_to_ace("/shys", "shy:create", "system.Everyone")
    batch.send(part("PUT", "/notes/33333333-3333-4333-8333-333333333333", {}))
    HEARD.clear()
    return batch


def test_parts_are_told_of_by_one_event_of_each_action(batch: Batching) -> None:  # P9.2
    answers = batch.send(
        part("PUT", ONE, {"n": 1}),
        part("GET", ONE),
        part("POST", "/notes", {"n": 2}),
        part("PATCH", ONE, {"n": 3}),
        part("DELETE", ONE),
    )
    changed = ("ResourceChanged", "AfterResourceChanged")
    assert told() == [
        ("ResourceChanged", "create", 2),
        ("ResourceRead", "read", 1),
        *(("ResourceChanged", action, 1) for action in ("update", "delete")),
        *((changed[1], action, n) for action, n in (("create", 2), ("update", 1), ("delete", 1))),
    ]
    created, _, updated, deleted = HEARD[:4]
    assert [one["new"]["n"] for one in created.impacted_records] == [1, 2]
    assert updated.impacted_records[0]["old"]["n"] == 1
    assert deleted.impacted_records[0]["previous"]["n"] == 3
    assert (created.payload["uri"], created.payload["user_id"]) == (ONE, user_id("alice"))
    first = answers[0]["body"]["data"]["last_modified"]
    assert {one.payload["timestamp"] < first for one in HEARD if one is not HEARD[1]} == {True}


def test_users_and_collections_have_events_of_their_own(batch: Batching) -> None:  # P11.7
    bob = headers_of("bob")
    paths = [ONE, TWO, f"/pairs/{ONE_ID}"]
    batch.send(*(part("PUT", path, {}, **user) for path in paths for user in ({}, bob)))
    changed = [one for one in HEARD if isinstance(one, ResourceChanged)]
    assert [
        (one.payload["user_id"], one.payload["resource_name"], len(one.impacted_records))
        for one in changed
    ] == [
        (user_id(user), name, count)
        for name, count in (("note", 2), ("pair", 1))
        for user in ("alice", "bob")
    ]


def test_a_part_that_failed_after_it_wrote_is_not_told_of(batch: Batching) -> None:  # P9.2
    paths = [f"/shys/{one}" for one in (ONE_ID, TWO_ID)]
    parts = [part("PUT", paths[0], {"late": 1}), part("PUT", paths[1], {"n": 1})]
    assert batch.statuses(*parts, part("PATCH", paths[1], {"late": 1})) == [409, 201, 409]
    assert [one[:2] for one in told()] == [
        ("ResourceChanged", "create"),
        ("AfterResourceChanged", "create"),
    ]
    assert {record["new"]["id"] for one in HEARD for record in one.impacted_records} == {TWO_ID}


@pytest.mark.parametrize("failing", ["/write?raise=503", "/write?return=500", "/write?raise=0"])
def test_nothing_is_told_when_the_whole_failed(batch: Batching, failing: str) -> None:  # P9.1
    parts = [part("PUT", ONE, {}), part("GET", failing)]
    status = 503 if "503" in failing else 500
    batch.post({"requests": parts}, status=status)
    assert told() == []


# Listeners, which settings name.


def load_from_config(config: Any, prefix: str) -> Any:
    """Return a listener that cannot do what it should."""

    def fail(event: Any) -> None:
        raise ValueError("cannot listen")

    return fail


@pytest.fixture(params=DATABASES)
def listened(request: pytest.FixtureRequest) -> Callable[[bool], Batching]:
    """Return what makes an application whose listener fails, before or after the commit."""

    def make(after_commit: bool) -> Batching:
        given = {"use": __name__, "after_commit": after_commit}
        settings = {f"event_listeners.faulty.{name}": value for name, value in given.items()}
        return Batching(app=make_hooked(request.param, event_listeners="faulty", **settings))

    return make


def test_a_listener_that_fails_within_the_transaction_undoes_all(  # P9.1, P8.4
    listened: Callable[[bool], Batching],
) -> None:
    app = listened(False)
    app.post({"requests": [{"path": "/write"}, part("PUT", ONE, {})]}, status=500)
    app.app.put_json(f"/v1{TWO}", {"data": {}}, headers=headers_of("alice"), status=500)
    assert (app.written(), app.get("/notes")["data"]) == ((0, False), [])


def test_a_listener_that_fails_after_the_commit_is_logged_and_changes_nothing(  # P9.1
    listened: Callable[[bool], Batching], caplog: pytest.LogCaptureFixture
) -> None:
    app = listened(True)
    assert app.statuses({"path": "/write"}, part("PUT", ONE, {})) == [200, 201]
    app.app.put_json(f"/v1{TWO}", {"data": {}}, headers=headers_of("alice"), status=201)
    assert (app.written(), len(app.get("/notes")["data"])) == ((2, True), 2)
    assert sum("cannot listen" in one for one in caplog.messages) == 2
