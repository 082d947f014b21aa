"""P8.1 and P8.3: views of all kinds in a batch, what the log says, and what hostile parts meet."""

from __future__ import annotations

import gzip
import logging
import time
import zlib
from typing import Any

import pytest
from pyramid import httpexceptions
from pyramid.response import Response
from pyramid.security import NO_PERMISSION_REQUIRED

from tests.protocol.batching import Batching, add_services, part
from tests.protocol.sharing import ONE_ID, headers_of, migrated, user_id
from tests.support import make_config


class Kept:
    """A renderer of the log that keeps the fields of lines."""

    lines: list[dict[str, Any]] = []

    def __init__(self, settings: Any) -> None:
        self.lines.clear()

    def __call__(self, logger: Any, name: str, event_dict: dict[str, Any]) -> str:
        """Keep a line."""
        self.lines.append(dict(event_dict))
        return "line"


class Teapot(Exception):
    """What a view of exceptions is for."""


def pour(request: Any) -> Response:
    """Raise what the application knows."""
    raise Teapot


def teapot(error: Any, request: Any) -> Response:
    """Answer an exception of the application."""
    return Response("short and stout", status=418, headers={"X-Pot": request.path})


def callbacks(request: Any) -> Response:
    """Leave the answer to callbacks; tell when it is over."""
    request.add_response_callback(lambda request, response: response.headers.update({"X-Of": "it"}))
    request.add_finished_callback(lambda request: FINISHED.append(request.path))
    if "raise" in request.GET:
        raise httpexceptions.HTTPConflict
    return Response(b"\xff\x00", content_type="application/octet-stream")


def bind(request: Any) -> Response:
    """Count how often this was asked for, in all parts of the batch."""
    request.bound_data["count"] = request.bound_data.get("count", 0) + 1
    return Response(json_body=[request.bound_data["count"], request.parent.path])


def see(request: Any) -> Response:
    """Answer by another URL."""
    raise httpexceptions.HTTPSeeOther("/v1/bind")


def scribble(request: Any) -> Response:
    """Return the body, after writing into it what it was."""
    request.json["data"]["deep"].append(len(request.json["data"]["deep"]))
    return Response(json_body=request.json["data"]["deep"])


CODINGS = {
    "gzip": gzip.compress,
    "deflate": zlib.compress,
    "br": lambda body: b"\x0f" + body,
}


def french(request: Any) -> Response:
    """Return a text, in the charset and the coding that are asked for."""
    response = Response("déjà", content_type="text/plain", charset="utf-8")
    charset, coding = request.GET["charset"], request.GET.get("coding")
    if charset != "no-such":
        response.body = "déjà".encode(charset)
    response.charset = charset
    if coding is not None:
        response.body = CODINGS[coding](response.body)
        response.content_encoding = coding
    return response


def repeated(request: Any) -> Response:
    """Return headers of one name."""
    names = ("Link", "link", "Set-Cookie", "Set-Cookie", "X-One")
    response = Response(json_body={})
    response.headerlist.extend((name, f"{number}") for number, name in enumerate(names))
    return response


def conflict(request: Any) -> Response:
    """Return an error as it is made."""
    return httpexceptions.HTTPConflict("twice")


FINISHED: list[str] = []
VIEWS = (pour, callbacks, bind, see, scribble, french, repeated, conflict)


@pytest.fixture(scope="module")
def app() -> Any:
    settings = {"permission_backend": "cliquet.permission.memory"}
    config = make_config({**settings, "logging_renderer": f"{__name__}.Kept"})
    add_services(config)
    for view in VIEWS:
        config.add_route(view.__name__, f"/{view.__name__}")
        config.add_view(view, route_name=view.__name__, permission=NO_PERMISSION_REQUIRED)
    config.add_exception_view(teapot, context=Teapot)
    return migrated(config)


@pytest.fixture
def batch(app: Any) -> Batching:
    FINISHED.clear()
    batch = Batching(app=app)
    Kept.lines.clear()
    return batch


def test_views_of_exceptions_answer_in_a_batch(batch: Batching) -> None:  # P8.3
    answer, after = batch.send("GET /pour", "GET /echo")
    assert (answer["status"], answer["body"]) == (418, "short and stout")
    assert answer["headers"]["X-Pot"] == "/v1/pour"
    assert after["status"] == 200


def test_an_error_that_is_returned_has_the_same_body_inside(batch: Batching) -> None:  # P2.5, P8.3
    (answer,) = batch.send("GET /conflict")
    assert answer["body"] == {"code": 409, "errno": 999, "error": "Conflict", "message": "twice"}


@pytest.mark.parametrize("query", ["", "?raise"])
def test_callbacks_of_a_part_are_called(batch: Batching, query: str) -> None:  # P8.3
    (answer,) = batch.send(f"GET /callbacks{query}")
    assert answer["headers"]["X-Of"] == "it"
    assert FINISHED == ["/v1/callbacks"]


def test_bytes_that_are_no_text_do_no_harm(batch: Batching) -> None:  # P8.3
    assert batch.send("GET /callbacks")[0]["body"] == "\ufffd\x00"


@pytest.mark.parametrize(
    "query",
    [
        "charset=utf-8",
        "charset=latin-1",
        "charset=utf-16",
        "charset=latin-1&coding=gzip",
        "charset=utf-8&coding=deflate",
    ],
)
def test_texts_are_read_as_their_headers_say(batch: Batching, query: str) -> None:  # P8.3
    (answer,) = batch.send(f"GET /french?{query}")
    assert answer["body"] == "déjà"
    assert "Content-Encoding" not in answer["headers"]


@pytest.mark.parametrize("coding", ["gzip", "deflate", "br"])
def test_bytes_of_an_unknown_coding_do_no_harm(  # P8.3
    batch: Batching, coding: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(CODINGS, coding, CODINGS["br"])
    (answer,) = batch.send(f"GET /french?charset=no-such&coding={coding}")
    assert answer["body"] == "\x0fdéjà"
    assert answer["headers"]["Content-Encoding"] == coding


def test_headers_of_one_name_are_joined(batch: Batching) -> None:  # P8.3
    # But for cookies, of which the last one is told.
    (answer,) = batch.send("GET /repeated")
    told = {name: answer["headers"].get(name) for name in ("Link", "link", "Set-Cookie", "X-One")}
    assert told == {"Link": "0, 1", "link": None, "Set-Cookie": "3", "X-One": "4"}


def test_parts_share_what_is_bound_and_batches_do_not(batch: Batching) -> None:  # P8.1
    for _ in range(2):
        answers = batch.send("GET /bind", "GET /see", "GET /bind")
        assert [one["body"] for one in answers] == [[n, "/v1/batch"] for n in (1, 2, 3)]


def test_headers_of_parts_are_those_of_the_same_request_alone(batch: Batching) -> None:  # P8.3
    batch.send(part("PUT", f"/notes/{ONE_ID}", {"a": 1}))
    for path in ("/", "/notes", f"/notes/{ONE_ID}", "/nowhere", "/private"):
        origin = {**headers_of("alice"), "Origin": "http://client.example"}
        alone = batch.app.get(f"/v1{path}", headers=origin, expect_errors=True)
        (inside,) = batch.send(f"GET {path}", Origin="http://client.example")
        assert (inside["status"], inside["body"]) == (alone.status_code, alone.json)
        assert inside["headers"] == dict(alone.headers)


# The log


def test_each_part_has_a_line_and_the_batch_has_one(  # P8
    batch: Batching, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO, "cliquet")
    batch.send("GET /notes?_limit=1", part("GET", "/nowhere", User_Agent="mine"), "GET /pour")
    *lines, whole = [one for one in Kept.lines if one["event"].endswith("request.summary")]
    assert [one["event"] for one in lines] == ["subrequest.summary"] * 3
    shown = [(one["path"], one["method"], one["code"], one["errno"]) for one in lines]
    assert shown[:2] == [("/v1/notes", "GET", 200, 0), ("/v1/nowhere", "GET", 404, 111)]
    assert lines[0]["querystring"] == {"_limit": "1"}
    assert user_id("alice").endswith(lines[0]["uid"])
    assert lines[1]["agent"] == "mine"
    assert all(isinstance(one["t"], int) for one in lines)
    assert (whole["event"], whole["batch_size"], whole["code"]) == ("request.summary", 3, 200)
    # What is noted of a part stays with it.
    assert ("collection_id" in lines[0], "collection_id" in whole) == (True, False)


def test_the_next_request_is_not_a_batch_to_the_log(  # P8
    batch: Batching, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO, "cliquet")
    batch.send("GET /")
    batch.app.get("/v1/")
    assert "batch_size" not in Kept.lines[-1]


def test_secrets_of_parts_are_not_logged(  # lesson 33
    batch: Batching, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO, "cliquet")
    secret = headers_of("bob")["Authorization"]
    batch.send(part("GET", "/notes", Authorization=secret), part("GET", "/pour", Cookie="s3cret"))
    assert secret.split()[1] not in str(Kept.lines)
    assert "s3cret" not in str(Kept.lines)


# Hostile parts


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("/notes/%00", 400),
        ("/notes/a%00b", 400),
        ("/notes/%ED%A0%80", 400),
        ("/notes/a\r\nSet-Cookie: b", 400),
        ("/notes/a%0d%0aSet-Cookie:%20b/", 400),
        ("//batch", 404),
        ("/v1//batch", 404),
        ("/v1/v1/batch", 404),
        ("/%2562atch", 404),
        ("/./batch", 404),
        ("/batch%3F", 404),
        ("/notes/../notes", 404),
        ("/notes?_limit=\n", 200),
        ("/notes?_sort=%FF", 400),
        ("/notes?name=%zz", 200),
        ("/" + "a" * 100_000, 404),
    ],
    ids=lambda value: str(value)[:30],
)
def test_odd_paths_are_answered_twice_as_alone(  # P8.1, lesson 24
    batch: Batching, path: str, status: int
) -> None:
    described = [{"path": path}, {"path": path}, {"path": "/echo"}]
    answers = batch.send(*described)
    assert [one["status"] for one in answers] == [status, status, 200]
    assert not any("Set-Cookie" in one["headers"] for one in answers)


@pytest.mark.parametrize("name", ["Content-Length", "content_length", "Transfer-Encoding", "HOST"])
def test_headers_that_frame_a_request_are_not_those_of_parts(  # P8.1
    batch: Batching, name: str
) -> None:
    described = {**part("POST", "/echo", {"a": 1}), "headers": {name: "chunked"}}
    (answer,) = batch.send(described)
    assert answer["body"]["body"] == '{"data":{"a":1}}'
    assert "chunked" not in answer["body"]["headers"].values()


def test_text_of_any_language_reaches_headers_and_queries(batch: Batching) -> None:  # P8.1
    described = {"path": "/echo?q=naïve été", "headers": {"X-Name": "Zoë"}}
    body = batch.send(described)[0]["body"]
    assert body["query"] == "q=na%C3%AFve%20%C3%A9t%C3%A9"
    assert body["headers"]["x-name"].encode("latin-1").decode() == "Zoë"


@pytest.mark.parametrize("member", ["path", "method", "headers", "body"])
@pytest.mark.parametrize("value", [None, 0, 1.5, True, [], [[]], "\u2028", {"a": {"b": []}}])
def test_members_of_any_type_are_no_failure_of_the_server(  # lesson 27
    batch: Batching, member: str, value: Any
) -> None:
    for body in (
        {"requests": [{"path": "/echo", member: value}]},
        {"requests": [{"path": "/echo"}], "defaults": {member: value}},
        {"requests": [{}, {member: value}], "defaults": {"path": "/echo", member: value}},
    ):
        assert batch.post(body, status="*").status_code in (200, 400)


def test_10_000_large_parts_are_refused_at_once(batch: Batching) -> None:  # P8.2
    wrong = {"path": 1, "headers": {"a b": None}, "body": [1] * 10}
    start = time.process_time()
    answer = batch.post({"requests": [wrong] * 10_000}, status=400)
    assert [one["name"] for one in answer.json["details"]] == ["requests"]
    assert time.process_time() - start < 1


def test_defaults_may_be_large_and_none_of_them_is_shared(batch: Batching) -> None:  # P8.1
    defaults = {"method": "POST", "path": "/echo", "body": {"data": {"a": {"b": [1] * 1000}}}}
    answers = batch.send(
        *[{"body": {"data": {"a": {"n": n}}}} for n in range(25)], defaults=defaults
    )
    assert all(f'"n":{n}' in one["body"]["body"] for n, one in enumerate(answers))
    assert len({len(one["body"]["body"]) for one in answers}) == 2


def test_what_a_view_makes_of_its_body_does_not_show_in_the_next(batch: Batching) -> None:  # P8.1
    defaults = {"method": "POST", "path": "/scribble", "body": {"data": {"deep": [0]}}}
    answers = batch.send({}, {"body": {}}, {"body": {"data": {}}}, {}, defaults=defaults)
    assert [one["body"] for one in answers] == [[0, 1]] * 4


def test_writes_are_refused_by_readonly_and_reads_are_not() -> None:  # P10.2
    batch = Batching(readonly="true")
    parts = ["GET /notes", part("PUT", f"/notes/{ONE_ID}", {}), "GET /echo"]
    assert batch.statuses(*parts) == [200, 405, 200]
