"""P8.4: what hooks and views of an application do is kept, or undone, with their own request."""

from __future__ import annotations

import pytest

from tests.protocol.batching import DATABASES, Batching, part
from tests.protocol.hooked import make_hooked
from tests.protocol.sharing import ONE_ID, TWO_ID, UNKNOWN_ID, headers_of

ONE, TWO = f"/orders/{ONE_ID}", f"/orders/{TWO_ID}"


@pytest.fixture(params=DATABASES)
def database(request: pytest.FixtureRequest) -> Batching:
    return Batching(app=make_hooked(request.param))


@pytest.fixture(params=["memory", *DATABASES])
def batch(request: pytest.FixtureRequest) -> Batching:
    return Batching(app=make_hooked(request.param))


@pytest.mark.parametrize("method", ["PUT", "PATCH"])
@pytest.mark.parametrize(
    ("data", "status"), [({"fail": 403}, 403), ({"fail": 409}, 409), ({"invalid": 1}, 400)]
)
def test_what_a_hook_wrote_before_it_raised_is_undone(  # P8.4
    database: Batching, method: str, data: dict[str, int], status: int
) -> None:
    parts = [part("PUT", ONE, {"n": 1}), part(method, ONE, data), part("PUT", TWO, {})]
    assert database.statuses(*parts) == [201, status, 201]
    assert database.written() == (2, True)
    assert database.get(ONE)["data"]["n"] == 1


def test_the_first_that_writes_may_fail(database: Batching) -> None:  # P8.4
    parts = [part("PUT", ONE, {"fail": 409}), part("PATCH", ONE, {}), part("PUT", TWO, {})]
    assert database.statuses(*parts) == [409, 404, 201]
    assert database.written() == (1, True)
    assert database.get("/orders")["data"] == [database.get(TWO)["data"]]


def test_a_failure_of_the_server_in_a_hook_undoes_all(database: Batching) -> None:  # P8.4
    parts = [part("PUT", ONE, {}), part("POST", "/orders", {"fail": 502}), part("PUT", TWO, {})]
    database.post({"requests": parts}, status=502)
    assert database.written() == (0, False)
    assert database.get("/orders")["data"] == []


def test_a_record_that_was_written_is_undone_with_its_permissions(database: Batching) -> None:
    # P8.4: and what is known of the record is what is there, not what was undone.
    uri = f"/shys/{ONE_ID}"
    database.registry.permission.add_principal_to_ace("/shys", "shy:create", "system.Everyone")
    parts = [
        part("PUT", uri, {"late": 1}),
        part("GET", uri),
        part("PUT", uri, {"n": 1}),
        part("PATCH", uri, {"late": 1}),
        part("GET", uri),
        part("PUT", uri, {"n": 2}, If_None_Match="*"),
    ]
    answers = database.send(*parts)
    assert [one["status"] for one in answers] == [409, 403, 201, 409, 200, 412]
    assert answers[4]["body"]["data"] == answers[2]["body"]["data"]
    assert set(database.permission_of(uri)) == {"write"}
    assert "late" not in database.get(uri)["data"]


@pytest.mark.parametrize("status", [409, 503])
def test_deletions_are_undone_by_failures_of_the_server_alone(  # P8.4
    database: Batching, status: int
) -> None:
    path = f"/notes/{ONE_ID}"
    database.send(part("PUT", path, {"n": 1}))
    parts = [part("DELETE", path), part("GET", f"/write?raise={status}")]
    database.post({"requests": parts}, status=200 if status == 409 else status)
    assert ("data" in database.get(path)) == (status == 503)


@pytest.mark.parametrize("path", ["/nested", "/nested?tweens=1"])
def test_a_batch_that_a_view_sends_undoes_its_parts(database: Batching, path: str) -> None:
    # P8.4
    answer = database.app.post(f"/v1{path}", status=200)
    assert [one["status"] for one in answer.json["responses"]] == [409, 200]
    assert database.written() == (0, False)


def test_a_part_that_sends_a_batch_is_refused(batch: Batching) -> None:  # P8.2
    assert batch.statuses(part("POST", "/nested"), "POST /nested?tweens=1") == [400, 400]


def test_views_are_given_the_transaction_of_the_whole(database: Batching) -> None:  # P8.4
    assert database.send("GET /manager")[0]["body"] is True


@pytest.mark.parametrize("has_transaction", ["true", "false"])
@pytest.mark.parametrize("backends", ["memory", *DATABASES])
def test_what_reads_write_is_seen_by_those_that_follow(  # P8.4
    backends: str, has_transaction: str
) -> None:
    batch = Batching(app=make_hooked(backends, transaction_per_request=has_transaction))
    one, two = f"/sights/{ONE_ID}", f"/sights/{TWO_ID}"
    batch.send(part("PUT", one, {}), part("PUT", two, {}))
    answers = batch.send(*[part("GET", path) for path in (one, two, one, two)])
    read = [one["body"]["data"].get("last") for one in answers]
    assert read == [None, ONE_ID, None, ONE_ID]


# What is unique, and what lists do


def test_of_two_parts_with_a_unique_value_the_second_is_refused(batch: Batching) -> None:
    # P8.4, P4.10
    one, two = f"/pairs/{ONE_ID}", f"/pairs/{TWO_ID}"
    parts = [
        part("PUT", one, {"one": 1}),
        part("PUT", two, {"one": 1}),
        part("PUT", two, {"one": 2}),
        part("PATCH", two, {"one": 1}),
        part("PATCH", one, {"one": 3}),
        part("PATCH", two, {"one": 1}),
        part("POST", "/pairs", {"one": 3}),
        part("DELETE", one),
        part("POST", "/pairs", {"one": 3}),
    ]
    answers = batch.send(*parts)
    assert [one["status"] for one in answers] == [201, 409, 201, 409, 200, 200, 200, 200, 201]
    assert answers[1]["body"]["details"]["existing"]["id"] == ONE_ID
    assert answers[6]["body"]["data"]["id"] == ONE_ID
    assert sorted(one["one"] for one in batch.get("/pairs")["data"]) == [1, 3]


def test_records_may_follow_the_deletion_of_the_list(batch: Batching) -> None:  # P8.4, P4.5
    one, two = f"/notes/{ONE_ID}", f"/notes/{TWO_ID}"
    batch.send(part("PUT", one, {"n": 1}), part("PUT", two, {"n": 2}))
    parts = [
        part("PATCH", one, {"n": 3}),
        part("DELETE", "/notes?n=3"),
        part("PATCH", one, {}),
        part("PATCH", two, {"m": 1}),
        part("DELETE", "/notes"),
        part("PUT", one, {"n": 4}),
        part("GET", two),
        part("GET", "/notes?_since=0"),
    ]
    answers = batch.send(*parts)
    assert [one["status"] for one in answers] == [200, 200, 404, 200, 200, 201, 404, 200]
    assert [len(answers[index]["body"]["data"]) for index in (1, 4, 7)] == [1, 1, 2]
    assert answers[5]["body"]["data"]["last_modified"] > int(answers[4]["headers"]["ETag"][1:-1])


def test_an_answer_is_told_as_it_was_then(batch: Batching) -> None:  # P8.4
    path = f"/notes/{UNKNOWN_ID}"
    counted = [part("PATCH", path, {"n": number}) for number in range(5)]
    answers = batch.send(part("PUT", path, {"deep": {"a": [1]}}), *counted)
    assert [one["body"]["data"].get("n") for one in answers] == [None, 0, 1, 2, 3, 4]
    assert {str(one["body"]["data"]["deep"]) for one in answers} == {"{'a': [1]}"}


# Users


def test_a_group_that_a_part_joins_counts_for_the_next(batch: Batching) -> None:  # P8.4, P7.7
    uri = f"/psilos/{ONE_ID}"
    shared = {"data": {}, "permissions": {"read": ["group:friends"]}}
    shared_by_bob = {"path": uri, "method": "PUT", "headers": headers_of("bob"), "body": shared}
    parts = [shared_by_bob, f"GET {uri}", "GET /psilos", "GET /join", f"GET {uri}", "GET /psilos"]
    answers = batch.send(*parts)
    assert [one["status"] for one in answers] == [201, 403, 403, 200, 200, 200]
    assert [one["id"] for one in answers[-1]["body"]["data"]] == [ONE_ID]


@pytest.mark.parametrize("end", ["raise=503", "raise=0", "return=500"])
def test_a_batch_that_fails_within_a_view_is_undone(database: Batching, end: str) -> None:
    # P8.4, P11.4: without tweens too; what the view wrote itself stays.
    assert database.app.post(f"/v1/nested_failure?{end}", headers=headers_of("alice")).json >= 500
    assert database.written() == (1, True)
    assert database.get("/orders")["data"] == []


@pytest.mark.parametrize("end", ["raise=409", "raise=0", "return=503"])
def test_a_sub_request_that_fails_within_its_tweens_is_undone(  # P8.4, P9.2
    database: Batching, end: str
) -> None:
    assert database.app.post(f"/v1/careless?{end}").status_code == 200
    assert database.written() == (0, False)
