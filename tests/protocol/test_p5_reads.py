"""P5.2 to P5.5 and P11.1: preconditions of reads."""

from __future__ import annotations

import pytest

from tests.protocol.client import UNKNOWN_ID, Client, details_of, quoted
from tests.support import BOB

NO_TAG = ["abc", "12", '"abc"', '"12', '12"', "'12'", '"1.5"', '""', '"1" ', '"1", "2"', 'W/"12"']
NO_TAG += ['"١٢"'.encode().decode("latin-1"), "", '"1e3"', '"+1"', '" 12"', '"12\u00a0"']
BAD_IF_MATCH = "Invalid value for If-Match. The value should be integer between double quotes."


@pytest.fixture
def notes() -> Client:
    return Client("notes")


@pytest.fixture
def targets(notes):
    """Return a record's path and the list's, each with its timestamp."""
    record = notes.create(name="a")
    last = notes.create(name="b")
    return {
        "record": (f"/{record['id']}", record["last_modified"]),
        "list": ("", last["last_modified"]),
        "filtered": ("?name=a", last["last_modified"]),
    }


@pytest.mark.parametrize("method", ["GET", "HEAD"])
@pytest.mark.parametrize("target", ["record", "list", "filtered"])
def test_what_has_not_changed_is_304_without_body(notes, targets, target, method):  # P5.2
    path, stamp = targets[target]
    answer = notes.call(method, path, If_None_Match=quoted(stamp))
    assert (answer.status_code, answer.body) == (304, b"")
    assert answer.headers["ETag"] == quoted(stamp)
    assert answer.headers["Last-Modified"] == notes.get(path).headers["Last-Modified"]


@pytest.mark.parametrize("delta", [-1, 1, -(10**6), 10**6])
@pytest.mark.parametrize("target", ["record", "list", "filtered"])
def test_another_tag_from_the_past_or_the_future_is_200(notes, targets, target, delta):  # P11.1
    path, stamp = targets[target]
    assert notes.get(path, If_None_Match=quoted(stamp + delta)).status_code == 200


def test_a_tag_below_zero_is_another_tag(notes, targets):  # P5.5
    assert notes.get("", If_None_Match='"-5"').status_code == 200


def test_what_has_changed_is_200(notes):  # P5.2
    record = notes.create(name="a")
    stamp = record["last_modified"]
    notes.patch(record["id"], {"name": "b"})
    assert notes.get("", If_None_Match=quoted(stamp)).status_code == 200
    assert notes.get(f"/{record['id']}", If_None_Match=quoted(stamp)).status_code == 200


@pytest.mark.parametrize("method", ["GET", "HEAD"])
@pytest.mark.parametrize("target", ["record", "list", "filtered"])
def test_any_tag_is_304_where_there_is_something(notes, targets, target, method):  # P5.3
    path, stamp = targets[target]
    answer = notes.call(method, path, If_None_Match="*")
    assert (answer.status_code, answer.body) == (304, b"")
    assert answer.headers["ETag"] == quoted(stamp)


def test_any_tag_of_an_empty_list_is_304(notes):  # P5.3
    assert notes.get("", If_None_Match="*").status_code == 304


def test_any_tag_of_an_unknown_record_is_404(notes):  # P5.3
    assert notes.get(f"/{UNKNOWN_ID}", If_None_Match="*").status_code == 404


def test_a_304_never_has_been_validated_against_another_user(notes):  # P5.2
    record = notes.create(name="a")
    headers = {"If_None_Match": quoted(record["last_modified"]), **BOB}
    assert notes.get(f"/{record['id']}", **headers).status_code == 404


@pytest.mark.parametrize("target", ["record", "list", "filtered"])
def test_if_match_of_the_present_version_is_200(notes, targets, target):  # P5.3
    path, stamp = targets[target]
    assert notes.get(path, If_Match=quoted(stamp)).status_code == 200


@pytest.mark.parametrize("method", ["GET", "HEAD"])
@pytest.mark.parametrize("delta", [-1, 1, -(10**6), 10**6])
@pytest.mark.parametrize("target", ["record", "list", "filtered"])
def test_if_match_of_another_version_is_412(notes, targets, target, delta, method):  # P5.3
    path, stamp = targets[target]
    answer = notes.call(method, path, If_Match=quoted(stamp + delta))
    assert answer.status_code == 412


def test_a_412_of_a_record_shows_it_with_its_version(notes):  # P5.4
    record = notes.create(name="a")
    answer = notes.get(f"/{record['id']}", If_Match='"12"')
    assert answer.json == {
        "code": 412,
        "errno": 114,
        "error": "Precondition Failed",
        "message": "Resource was modified meanwhile",
        "details": {"existing": record},
    }
    assert answer.headers["ETag"] == quoted(record["last_modified"])
    assert "Last-Modified" in answer.headers


def test_a_412_of_a_list_has_no_details(notes):  # P5.4
    notes.create(name="a")
    answer = notes.get("", If_Match='"12"')
    assert answer.json["errno"] == 114
    assert answer.json["details"] == {}


@pytest.mark.parametrize("value", [*NO_TAG, "*"])
@pytest.mark.parametrize("target", ["record", "list"])
def test_if_match_of_no_tag_is_400(notes, targets, target, value):  # P5.5
    path, _ = targets[target]
    answer = notes.get(path, If_Match=value)
    assert details_of(answer) == [("headers", None, BAD_IF_MATCH)]
    assert answer.json["message"] == f"headers: {BAD_IF_MATCH}"


@pytest.mark.parametrize("value", NO_TAG)
@pytest.mark.parametrize("target", ["record", "list"])
def test_if_none_match_of_no_tag_is_400(notes, targets, target, value):  # P5.5
    path, _ = targets[target]
    answer = notes.get(path, If_None_Match=value)
    assert details_of(answer) == [("headers", None, "Invalid value for If-None-Match")]


@pytest.mark.parametrize("value", [*NO_TAG, "*", '"' + "9" * 5000 + '"'])
@pytest.mark.parametrize("header", ["If_Match", "If_None_Match"])
def test_no_tag_of_head_is_a_server_error(notes, targets, header, value):  # P11.2
    assert notes.call("HEAD", "", **{header: value}).status_code < 500


@pytest.mark.parametrize("header", ["If_Modified_Since", "If_Unmodified_Since"])
def test_preconditions_by_date_are_ignored(notes, header):  # P5.5
    record = notes.create(name="a")
    for date in ("Mon, 01 Jan 2001 00:00:00 GMT", "Sun, 01 Jan 2090 00:00:00 GMT"):
        assert notes.get(f"/{record['id']}", **{header: date}).status_code == 200
        assert notes.get("", **{header: date}).status_code == 200


def test_a_record_is_looked_for_before_preconditions_are_read(notes):  # P2.9
    assert notes.get(f"/{UNKNOWN_ID}", If_Match="abc").status_code == 404


@pytest.mark.parametrize(
    "query", ["?_limit=abc", "?_since=abc", "?_token=abc", "?_sort=-x&_limit=-1"]
)
def test_preconditions_come_before_the_query_string(notes, query):  # P2.9
    notes.create(name="a")
    stamp = notes.timestamp()
    assert notes.get(query, If_None_Match=quoted(stamp)).status_code == 304
    assert notes.get(query, If_Match='"12"').status_code == 412
    assert notes.get(query, If_Match="abc").json["details"][0]["location"] == "headers"
    assert notes.get(query, If_Match=quoted(stamp)).status_code == 400


def test_a_304_of_a_list_reads_no_record(notes, monkeypatch):  # P5.2
    notes.create(name="a")
    stamp = notes.timestamp()

    def refuse(*args, **kwargs):
        raise AssertionError("a record was read")

    monkeypatch.setattr(type(notes.registry.storage), "get_all", refuse)
    assert notes.get("?name=a", If_None_Match=quoted(stamp)).status_code == 304
    assert notes.get("", If_None_Match="*").status_code == 304
