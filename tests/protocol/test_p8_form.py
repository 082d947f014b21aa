"""P8.1 to P8.3 and P8.5: what a batch is made of, and what its answers look like."""

from __future__ import annotations

from typing import Any

import pytest

from cliquet.authentication import find_userid
from cliquet.http.request import Request
from cliquet.utils import decode_header
from tests.protocol.batching import Batching, part
from tests.protocol.sharing import ONE_ID, headers_of

RECURSIVE = "Recursive call on /batch endpoint is forbidden."


@pytest.fixture
def batch() -> Batching:
    return Batching()


def test_answers_come_in_the_order_of_the_requests(batch: Batching) -> None:  # P8.1
    answers = batch.send("GET /", "GET /nowhere", "GET /echo")
    assert [one["status"] for one in answers] == [200, 404, 200]
    assert all(set(one) == {"status", "path", "headers", "body"} for one in answers)
    assert [one["path"] for one in answers] == ["/v1/", "/v1/nowhere", "/v1/echo"]


def test_a_request_is_a_get_unless_it_says_otherwise(batch: Batching) -> None:  # P8.1
    assert batch.send({"path": "/echo"})[0]["body"]["method"] == "GET"


@pytest.mark.parametrize("method", ["GET", "POST", "PUT", "PATCH", "DELETE", "TRACE"])
def test_methods_are_passed_on(batch: Batching, method: str) -> None:  # P8.1
    assert batch.send(f"{method} /echo")[0]["body"]["method"] == method


@pytest.mark.parametrize(
    ("path", "seen"),
    [
        ("/echo", "/v1/echo"),
        ("/v1/echo", "/v1/echo"),
        ("/%65cho", "/v1/echo"),
    ],
)
def test_the_prefix_is_added_when_missing(batch: Batching, path: str, seen: str) -> None:  # P8.1
    (answer,) = batch.send({"path": path})
    assert (answer["path"], answer["body"]["path"]) == (seen, seen)


@pytest.mark.parametrize(
    ("path", "status"),
    [("/v2/echo", 404), ("/v12/echo", 404), ("/%FF", 400), ("/é", 404), ("/echo?a=%FF", 200)],
)
def test_other_paths_are_answered_as_alone(batch: Batching, path: str, status: int) -> None:  # P8.1
    assert batch.statuses({"path": path}) == [status]


def test_queries_are_passed_on_encoded_or_not(batch: Batching) -> None:  # P8.1
    answers = batch.send({"path": "/echo?a=é&b=1"}, {"path": "/echo?a=%C3%A9&b=1"})
    assert [one["body"]["query"] for one in answers] == ["a=%C3%A9&b=1"] * 2


def test_parts_share_what_is_bound_and_know_their_parent(batch: Batching) -> None:  # P8.1
    body = batch.send("GET /echo")[0]["body"]
    assert body["has_parent"]
    assert body["shared"]


# Headers and defaults


def headers_seen(batch: Batching, *parts: Any, **kwargs: Any) -> list[dict[str, str]]:
    """Return the headers that services see."""
    return [one["body"]["headers"] for one in batch.send(*parts, **kwargs)]


def test_headers_of_a_part_are_over_those_of_the_batch(batch: Batching) -> None:  # P8.1
    one, two = headers_seen(batch, part("GET", "/echo", x_ONE="mine"), "GET /echo", X_One="whole")
    assert (one["x-one"], two["x-one"]) == ("mine", "whole")


def test_headers_of_defaults_merge_whatever_their_case(batch: Batching) -> None:  # P8.1
    defaults = {"path": "/echo", "headers": {"X-ONE": "default", "X-Two": "default"}}
    one, two = headers_seen(batch, {"headers": {"x-one": "own"}}, {}, defaults=defaults)
    assert (one["x-one"], one["x-two"]) == ("own", "default")
    assert (two["x-one"], two["x-two"]) == ("default", "default")


def test_preconditions_of_the_batch_are_not_inherited(batch: Batching) -> None:  # P8.1
    (seen,) = headers_seen(batch, "GET /echo", If_Match='"1"', If_None_Match='"2"')
    assert not {"if-match", "if-none-match"} & set(seen)


def test_the_length_is_that_of_the_part(batch: Batching) -> None:  # P8.1
    described = {**part("POST", "/echo", {"a": 1}), "headers": {"Content-Length": "3"}}
    (answer,) = batch.send(described)
    assert answer["body"]["headers"]["content-length"] == str(len(answer["body"]["body"]))


def test_the_content_type_of_the_batch_does_not_spoil_an_empty_get(batch: Batching) -> None:  # P8.1
    assert batch.statuses("GET /notes", "DELETE /notes") == [200, 200]


def test_defaults_fill_deeply_and_are_the_same_for_each(batch: Batching) -> None:  # P8.1
    defaults = {"method": "POST", "path": "/notes", "body": {"data": {"a": {"x": 1}, "b": 2}}}
    parts = [{"body": {"data": {"a": {"y": 3}}}}, {"body": {"data": {"b": 4}}}, {}]
    answers = [one["body"]["data"] for one in batch.send(*parts, defaults=defaults)]
    assert [(one["a"], one["b"]) for one in answers] == [
        ({"x": 1, "y": 3}, 2),
        ({"x": 1}, 4),
        ({"x": 1}, 2),
    ]


def test_unknown_members_are_dropped(batch: Batching) -> None:  # P8.1
    body = {"requests": [{"path": "/", "more": 1}], "more": 2, "defaults": {"more": 3}}
    assert batch.post(body).json["responses"][0]["status"] == 200


# Refusals

REFUSED: list[Any] = [
    [],
    "abc",
    {},
    {"requests": None},
    {"requests": {}},
    {"requests": "GET /"},
    {"requests": 1.5},
    {"requests": [None]},
    {"requests": ["/"]},
    {"requests": [[]]},
    {"requests": [{}]},
    {"requests": [{"path": None}]},
    {"requests": [{"path": ""}]},
    {"requests": [{"path": "echo"}]},
    {"requests": [{"path": "http://other/echo"}]},
    {"requests": [{"path": {"a": 1}}]},
    {"requests": [{"path": "/", "method": "get"}]},
    {"requests": [{"path": "/", "method": "OPTIONS"}]},
    {"requests": [{"path": "/", "method": 1}]},
    {"requests": [{"path": "/", "headers": []}]},
    {"requests": [{"path": "/", "headers": {"X": 1}}]},
    {"requests": [{"path": "/", "headers": {"X": None}}]},
    {"requests": [{"path": "/", "headers": {"X Y": "a"}}]},
    {"requests": [{"path": "/", "headers": {"X:": "a"}}]},
    {"requests": [{"path": "/", "headers": {"": "a"}}]},
    {"requests": [{"path": "/", "headers": {"X": "a\r\nY: b"}}]},
    {"requests": [{"path": "/", "headers": {"X\r\nY": "b"}}]},
    {"requests": [{"path": "/", "headers": {"X": "\x00"}}]},
    {"requests": [{"path": "/", "body": "text"}]},
    {"requests": [{"path": "/", "body": [1]}]},
    {"requests": [{"path": "/\x00"}]},
    {"requests": [{"path": "/"}], "defaults": []},
    {"requests": [{"path": "/"}], "defaults": "x"},
    {"requests": [{"path": "/"}], "defaults": {"method": "FOO"}},
    {"requests": [{}], "defaults": {"path": 1.0}},
    {"requests": [{}], "defaults": {"path": None}},
    {"requests": [{}], "defaults": {"path": ""}},
]


@pytest.mark.parametrize("body", REFUSED, ids=str)
def test_what_is_no_batch_is_refused(batch: Batching, body: Any) -> None:  # P8.1, lesson 27
    assert batch.post(body, status=400).json["errno"] == 107


def test_a_batch_is_json(batch: Batching) -> None:  # P8.1, lesson 47
    answer = batch.app.post("/v1/batch", '{"requests": []}', expect_errors=True)
    assert answer.status_code in (400, 415)


def test_an_empty_batch_is_answered_by_nothing(batch: Batching) -> None:  # P8.1
    assert batch.send() == []


def test_documents_that_are_too_deep_are_refused(batch: Batching) -> None:  # P8.1
    deep: dict[str, Any] = {}
    for _ in range(250):
        deep = {"a": deep}
    assert batch.post({"requests": [{"path": "/", "body": deep}]}, status=400)


def test_integers_of_any_size_are_exact(batch: Batching) -> None:  # P8.3, P11.2
    huge = 10**40 + 1
    (answer, listed) = batch.send(part("POST", "/notes", {"n": huge}), "GET /notes")
    assert answer["body"]["data"]["n"] == huge
    assert listed["body"]["data"][0]["n"] == huge


# Limits and recursion


@pytest.mark.parametrize("count", [26, 10_000])
def test_too_many_requests_are_refused(batch: Batching, count: int) -> None:  # P8.2
    answer = batch.post({"requests": [{"path": "/"}] * count}, status=400)
    assert "Number of requests is limited to 25" in answer.json["message"]


def test_as_many_as_the_limit_are_answered(batch: Batching) -> None:  # P8.2
    assert batch.statuses(*["GET /"] * 25) == [200] * 25


def test_there_may_be_no_limit() -> None:  # P8.2
    assert len(Batching(batch_max_requests="none").statuses(*["GET /"] * 30)) == 30


@pytest.mark.parametrize(
    "path",
    ["/batch", "/v1/batch", "/batch/", "/v1/batch/", "/%62atch", "/v1/b%61tch", "/batch?a=1"],
)
def test_a_batch_within_a_batch_is_refused(batch: Batching, path: str) -> None:  # P8.2
    for body in (
        {"requests": [{"path": path, "method": "POST"}]},
        {"requests": [{}], "defaults": {"path": path, "method": "POST"}},
    ):
        assert RECURSIVE in batch.post(body, status=400).json["message"]


@pytest.mark.parametrize("to", ["/v1/batch", "/batch", "/v1/batch/"])
def test_a_redirection_to_the_batch_is_refused(batch: Batching, to: str) -> None:  # P8.2
    described = {"method": "POST", "path": f"/moved?to={to}", "body": {"requests": [{"path": "/"}]}}
    (answer,) = batch.send(described)
    assert answer["status"] == 400
    assert RECURSIVE in answer["body"]["message"]


def test_names_that_begin_as_batch_are_others(batch: Batching) -> None:  # P8.2
    assert batch.statuses("GET /batches", "GET /batch2") == [404, 404]


# Answers


def test_head_has_no_body(batch: Batching) -> None:  # P8.3
    (answer,) = batch.send("HEAD /notes")
    assert (answer["status"], answer["body"]) == (200, "")
    assert answer["headers"]["Total-Records"] == "0"


def test_bodies_that_are_not_json_are_text(batch: Batching) -> None:  # P8.3
    assert batch.send("GET /plain")[0]["body"] == "plain text é"


def test_redirections_are_followed_and_the_body_kept(batch: Batching) -> None:  # P8.3
    (answer,) = batch.send(part("POST", "/moved?to=/v1/notes", {"a": 1}))
    assert (answer["status"], answer["path"]) == (201, "/v1/notes")
    assert answer["body"]["data"]["a"] == 1


def test_a_slash_too_many_is_redirected(batch: Batching) -> None:  # P8.3
    assert batch.send("GET /notes/")[0]["path"] == "/v1/notes"


@pytest.mark.parametrize("host", ["", "http://localhost:80", "http://LocalHost", "//localhost:80"])
def test_one_host_may_be_written_in_several_ways(batch: Batching, host: str) -> None:  # P8.3
    assert batch.statuses(f"GET /moved?to={host}/v1/echo") == [200]


@pytest.mark.parametrize(
    "there",
    [
        "http://localhost:81",
        "https://localhost",
        "ftp://localhost",
        "http://localhost:port",
        "http://localhost:99999",
        "http://[localhost",
    ],
)
def test_what_is_no_address_of_the_host_is_elsewhere(batch: Batching, there: str) -> None:  # P8.3
    assert batch.statuses(f"GET /moved?to={there}/v1/echo") == [307]


def test_redirections_to_elsewhere_or_for_ever_are_the_answer(batch: Batching) -> None:  # P8.3
    there = "GET /moved?to=http://other.example/"
    assert batch.statuses(there, "GET /moved") == [307, 307]


def test_a_record_that_did_not_change_is_304_inside(batch: Batching) -> None:  # P8.3
    etag = batch.send(part("PUT", f"/notes/{ONE_ID}", {}))[0]["headers"]["ETag"]
    (answer,) = batch.send(part("GET", f"/notes/{ONE_ID}", If_None_Match=decode_header(etag)))
    assert (answer["status"], answer["body"]) == (304, "")


def test_errors_have_the_form_of_all_errors(batch: Batching) -> None:  # P8.3
    (answer,) = batch.send("GET /nowhere")
    assert answer["body"]["errno"] == 111


# Users


def test_the_endpoint_asks_for_no_authentication(batch: Batching) -> None:  # P8.5
    assert batch.statuses("GET /", "GET /notes", user=None) == [200, 401]


def test_each_part_may_be_another_users(batch: Batching) -> None:  # P8.5
    bob, nobody = headers_of("bob")["Authorization"], "Basic !"
    parts = [
        part("PUT", f"/notes/{ONE_ID}", {"of": "alice"}),
        part("GET", f"/notes/{ONE_ID}", Authorization=bob),
        part("GET", f"/notes/{ONE_ID}"),
        part("GET", f"/notes/{ONE_ID}", Authorization=nobody),
        part("GET", f"/notes/{ONE_ID}", Authorization=bob),
    ]
    assert batch.statuses(*parts) == [201, 404, 200, 401, 404]


def test_the_user_of_one_part_is_not_that_of_the_next(batch: Batching) -> None:  # P8.5
    bob = headers_of("bob")["Authorization"]
    one, two = batch.send(part("GET", "/private", Authorization=bob), "GET /private")
    assert one["body"]["user"] != two["body"]["user"]
    alone = batch.send("GET /private")[0]["body"]["user"]
    assert two["body"]["user"] == alone


class ByQuery:
    """A policy that knows users by the query string."""

    def authenticated_userid(self, request: Any) -> str | None:
        """Return who asks."""
        name: str | None = request.GET.get("user")
        return name


@pytest.mark.parametrize(
    ("whole", "own", "found"),
    [("", "", None), ("alice", "", None), ("alice", "bob", "bob"), ("", "bob", "bob")],
)
def test_query_strings_tell_of_their_own_part_alone(
    whole: str, own: str, found: str | None
) -> None:  # P8.5
    batch, asked = (
        Request.blank("/", environ={"QUERY_STRING": f"user={one}" if one else ""})
        for one in (whole, own)
    )
    asked.acts_for = batch
    assert find_userid(ByQuery(), asked) == found
