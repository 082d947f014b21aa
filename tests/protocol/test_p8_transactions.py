"""P8.4 and P11.4: what is kept of a batch, what is undone, and what its parts see."""

from __future__ import annotations

from typing import Any

import pytest
from pyramid import httpexceptions

from cliquet.events import AfterResourceChanged, ResourceChanged
from tests.protocol.batching import DATABASES, PLACE, Batching, make_batching, part
from tests.protocol.sharing import ONE_ID, TWO_ID, UNKNOWN_ID, headers_of, user_id

ONE, TWO, UNKNOWN = (f"/notes/{one}" for one in (ONE_ID, TWO_ID, UNKNOWN_ID))
ALL = ("memory", *DATABASES)


@pytest.fixture(params=DATABASES)
def database(request: pytest.FixtureRequest) -> Batching:
    return Batching(request.param)


@pytest.fixture(params=ALL)
def batch(request: pytest.FixtureRequest) -> Batching:
    return Batching(request.param)


def tag(answer: dict[str, Any]) -> str:
    """Return the tag of an answer."""
    text: str = answer["headers"]["ETag"]
    return text


# Failures of the server


@pytest.mark.parametrize(
    ("path", "status"),
    [("/write?raise=0", 500), ("/write?raise=503", 503), ("/write?return=500", 500)],
)
def test_a_failure_of_the_server_undoes_all(  # P8.4, P11.4
    database: Batching, path: str, status: int
) -> None:
    shared = {**part("PUT", f"/psilos/{ONE_ID}", {}), "body": {"permissions": {"read": ["a"]}}}
    parts = [part("PUT", ONE, {}), shared, part("GET", "/write"), part("GET", path)]
    database.post({"requests": [*parts, part("PUT", TWO, {})]}, status=status)
    assert database.written() == (0, False)
    assert database.get("/notes")["data"] == []
    assert database.registry.storage.get_all("psilo", "") == ([], 0)
    assert not database.permission_of(f"/psilos/{ONE_ID}")


def test_the_error_of_a_backend_is_503(database: Batching) -> None:  # P8.4
    database.post({"requests": [part("PUT", ONE, {}), part("PUT", "/boom")]}, status=503)
    assert database.get("/notes")["data"] == []


# Failures of one request


@pytest.mark.parametrize("status", [400, 401, 403, 404, 409, 412])
def test_a_4xx_that_is_raised_undoes_its_own_request(database: Batching, status: int) -> None:
    # P8.4
    parts = ["GET /write", f"GET /write?raise={status}", part("PUT", ONE, {"a": 1})]
    assert database.statuses(*parts) == [200, status, 201]
    assert database.written() == (2, True)
    assert database.get(ONE)["data"]["a"] == 1


def test_permissions_of_a_part_that_raised_are_undone(database: Batching) -> None:  # P8.4
    assert database.statuses("GET /write?raise=409", "GET /") == [409, 200]
    assert database.written() == (0, False)


def test_a_4xx_that_is_returned_keeps_what_was_written(database: Batching) -> None:  # P8.4
    assert database.statuses("GET /write?return=409", "GET /write?raise=409") == [409, 409]
    assert database.written() == (2, True)


def test_a_redirection_that_is_raised_undoes_its_own(database: Batching) -> None:  # P8.4
    assert database.statuses("GET /write?raise=304", part("PUT", ONE, {})) == [304, 201]
    assert database.written() == (0, False)


def test_writes_after_one_that_was_undone_know_what_is_there(database: Batching) -> None:  # P8.4
    parts = [
        part("PUT", ONE, {"a": 1}),
        part("GET", "/write?raise=409"),
        part("PUT", ONE, {"a": 2}, If_None_Match="*"),
        part("PATCH", ONE, {"b": 3}),
        part("GET", ONE),
    ]
    answers = database.send(*parts)
    assert [one["status"] for one in answers] == [201, 409, 412, 200, 200]
    assert answers[-1]["body"]["data"].items() >= {"a": 1, "b": 3}.items()


def test_errors_in_the_middle_leave_the_rest_working(batch: Batching) -> None:  # P8.4, lesson 11
    pair = {"one": "same"}
    parts = [
        part("PUT", f"/pairs/{ONE_ID}", pair),
        part("PUT", f"/pairs/{TWO_ID}", pair),
        part("POST", "/pairs", pair),
        part("PUT", f"/pairs/{ONE_ID}", pair, If_Match='"1"'),
        part("GET", f"/pairs/{UNKNOWN_ID}"),
        part("DELETE", f"/pairs/{UNKNOWN_ID}"),
        part("PATCH", f"/pairs/{UNKNOWN_ID}", {}),
        part("PUT", f"/pairs/{TWO_ID}", {"one": "other"}),
        part("GET", "/pairs"),
    ]
    answers = batch.send(*parts)
    assert [one["status"] for one in answers] == [201, 409, 200, 412, 404, 404, 404, 201, 200]
    assert {one["id"] for one in answers[-1]["body"]["data"]} == {ONE_ID, TWO_ID}
    assert len(batch.get("/pairs")["data"]) == 2


# A request sees the effects of those before


def test_a_request_sees_the_effects_of_those_before(batch: Batching) -> None:  # P8.4
    parts = [
        part("GET", ONE),
        part("PUT", ONE, {"a": 1}),
        part("GET", ONE),
        part("PATCH", ONE, {"b": 2}),
        part("GET", "/notes"),
        part("DELETE", ONE),
        part("GET", ONE),
        part("PUT", ONE, {"c": 3}),
        part("GET", ONE),
        part("GET", "/notes?_since=0"),
    ]
    answers = batch.send(*parts)
    assert [one["status"] for one in answers] == [404, 201, 200, 200, 200, 200, 404, 201, 200, 200]
    assert "a" not in answers[-2]["body"]["data"]
    assert len(answers[-1]["body"]["data"]) == 1


def test_timestamps_increase_from_part_to_part(batch: Batching) -> None:  # P8.4, P5.6
    parts = [part("PUT", path, {}) for path in (ONE, TWO, ONE)] + [part("POST", "/notes", {})]
    answers = batch.send(*parts, part("DELETE", TWO))
    times = [one["body"]["data"]["last_modified"] for one in answers]
    assert times == sorted(set(times))
    assert [tag(one) for one in answers] == [f'"{one}"' for one in times]
    (listed,) = batch.send("GET /notes")
    assert tag(listed) == tag(answers[-1])


def test_tags_of_earlier_parts_are_compared_within_a_run(batch: Batching) -> None:  # P8.4, P5.2
    old = tag(batch.send(part("PUT", ONE, {}))[0])
    parts = [
        part("PATCH", ONE, {"a": 1}, If_Match=old),
        part("PATCH", ONE, {"a": 2}, If_Match=old),
        part("PUT", ONE, {"a": 3}, If_None_Match="*"),
        part("DELETE", ONE, If_Match=old),
    ]
    assert batch.statuses(*parts) == [200, 412, 412, 412]
    assert batch.get(ONE)["data"]["a"] == 1


def test_tombstones_are_known_within_a_run(batch: Batching) -> None:  # P8.4, P5.2
    batch.send(part("PUT", ONE, {}))
    gone = tag(batch.send(part("DELETE", ONE))[0])
    parts = [
        part("PATCH", ONE, {}),
        part("DELETE", ONE),
        part("PUT", ONE, {}, If_Match='"1"'),
        part("PUT", ONE, {"back": True}, If_Match=gone),
    ]
    assert batch.statuses(*parts) == [404, 404, 412, 201]


def test_runs_of_reads_and_deletions(batch: Batching) -> None:  # P8.4
    batch.send(part("PUT", ONE, {"a": 1}), part("PUT", TWO, {"a": 2}))
    reads = [f"GET {path}" for path in (ONE, UNKNOWN, TWO, ONE, "/notes/bad id", TWO)]
    parts = [dict(zip(("method", "path"), one.split(" ", 1), strict=True)) for one in reads]
    answers = batch.send(*parts)
    assert [one["status"] for one in answers] == [200, 404, 200, 200, 400, 200]
    assert [one["body"]["data"]["a"] for one in answers if one["status"] == 200] == [1, 2, 1, 2]
    gone = [part("DELETE", path) for path in (ONE, ONE, UNKNOWN, TWO)]
    assert batch.statuses(*gone) == [200, 404, 404, 200]


def test_what_a_read_writes_is_seen_by_the_next(batch: Batching) -> None:  # P8.4
    one, two = f"/visits/{ONE_ID}", f"/visits/{TWO_ID}"
    batch.send(part("PUT", one, {"counted_in": TWO_ID}), part("PUT", two, {}))
    assert batch.send(part("GET", one), part("GET", two))[1]["body"]["data"]["visits"] == 1


def test_a_run_of_two_users_keeps_them_apart(batch: Batching) -> None:  # P8.5
    batch.send(part("PUT", ONE, {"of": "alice"}))
    bob = headers_of("bob")
    answers = batch.send(
        part("GET", ONE, **bob),
        part("GET", ONE),
        part("PUT", ONE, {"of": "bob"}, **bob),
        part("PATCH", ONE, {"more": 1}),
        part("DELETE", ONE, **bob),
        part("GET", ONE, **bob),
        part("GET", ONE),
    )
    assert [one["status"] for one in answers] == [404, 200, 201, 200, 200, 404, 200]
    assert answers[-1]["body"]["data"]["of"] == "alice"


# Shareable resources


def test_permissions_that_a_part_grants_hold_for_the_next(batch: Batching) -> None:  # P8.4, P7.4
    uri, bob = f"/psilos/{ONE_ID}", headers_of("bob")
    grant = {**part("PUT", uri), "body": {"data": {}, "permissions": {"read": [user_id("bob")]}}}
    revoke = {**part("PATCH", uri), "body": {"permissions": {"read": []}}}
    read = part("GET", uri, **bob)
    (before, *rest) = batch.statuses(read, grant, read, revoke, read)
    assert (before in (403, 404), rest) == (True, [201, 200, 200, 403])


def test_what_others_may_not_read_is_not_told_in_a_run(batch: Batching) -> None:  # P7.9
    batch.send(part("PUT", f"/psilos/{ONE_ID}", {"name": "hidden"}))
    bob = headers_of("bob")
    parts = [
        part(method, f"/psilos/{one}", {} if method in ("PUT", "PATCH") else None, If_Match='"1"')
        for method in ("GET", "PATCH", "PUT", "DELETE")
        for one in (ONE_ID, ONE_ID)
    ]
    answers = batch.send(*parts, defaults={"headers": bob})
    assert {one["status"] for one in answers} <= {403, 404}
    assert "hidden" not in str(answers)


# Events


def test_events_are_merged_and_those_of_failed_parts_dropped() -> None:  # P9.2
    heard: list[Any] = []
    app = Batching(app=make_batching("sqlite", subscribers=[(heard.append, AfterResourceChanged)]))
    parts = [part("PUT", f"/pairs/{one}", {"one": 1}) for one in (ONE_ID, TWO_ID, UNKNOWN_ID)]
    parts[2]["body"]["data"]["one"] = 2
    assert app.statuses(*parts) == [201, 409, 201]
    (event,) = heard
    assert [one["new"]["id"] for one in event.impacted_records] == [ONE_ID, UNKNOWN_ID]


@pytest.mark.parametrize("backends", DATABASES)
def test_a_subscriber_that_raises_undoes_the_batch(backends: str) -> None:  # P9.1, P8.4
    def refuse(event: Any) -> None:
        event.request.registry.storage.create(**PLACE, record={})
        raise httpexceptions.HTTPConflict

    app = Batching(app=make_batching(backends, subscribers=[(refuse, ResourceChanged)]))
    app.post({"requests": [part("PUT", ONE, {}), part("PUT", TWO, {})]}, status=409)
    assert (app.written(), app.get("/notes")["data"]) == ((0, False), [])
