"""P5.3 to P5.5 and P11.1: preconditions of writes."""

from __future__ import annotations

import pytest

from tests.protocol.client import ONE_ID, UNKNOWN_ID, Client, details_of, quoted
from tests.protocol.test_p5_reads import BAD_IF_MATCH, NO_TAG

RECORD_WRITES = ["PUT", "PATCH", "DELETE"]


@pytest.fixture
def notes() -> Client:
    return Client("notes")


def write(notes: Client, method: str, record_id: str, **headers: str):
    """Write a record by *method*; POST creates one of that id."""
    data = {"name": "new", "id": record_id} if method == "POST" else {"name": "new"}
    body = None if method == "DELETE" else {"data": data}
    suffix = "" if method == "POST" else f"/{record_id}"
    return notes.call(method, suffix, body, **headers)


@pytest.mark.parametrize("method", RECORD_WRITES)
def test_a_write_of_the_present_version_succeeds(notes, method):  # P5.3
    record = notes.create(name="a")
    notes.create(name="b")
    answer = write(notes, method, record["id"], If_Match=quoted(record["last_modified"]))
    assert answer.status_code == 200


@pytest.mark.parametrize("method", RECORD_WRITES)
@pytest.mark.parametrize("delta", [-1, 1, -(10**6), 10**6])
def test_a_write_of_another_version_is_412(notes, method, delta):  # P5.3
    record = notes.create(name="a")
    tag = quoted(record["last_modified"] + delta)
    answer = write(notes, method, record["id"], If_Match=tag)
    assert (answer.status_code, answer.json["errno"]) == (412, 114)
    assert answer.json["details"] == {"existing": record}
    assert answer.headers["ETag"] == quoted(record["last_modified"])
    assert "Last-Modified" in answer.headers
    assert notes.read(record["id"]) == record


@pytest.mark.parametrize("method", RECORD_WRITES)
def test_the_timestamp_of_the_collection_is_no_version_of_a_record(notes, method):  # P5.3
    record = notes.create(name="a")
    last = notes.create(name="b")["last_modified"]
    assert write(notes, method, record["id"], If_Match=quoted(last)).status_code == 412


def test_a_creation_of_the_present_version_of_the_list_succeeds(notes):  # P5.3
    stamp = notes.create(name="a")["last_modified"]
    assert notes.post({"name": "b"}, If_Match=quoted(stamp)).status_code == 201


@pytest.mark.parametrize("delta", [-1, 1])
@pytest.mark.parametrize("method", ["POST", "DELETE"])
def test_a_write_of_another_version_of_the_list_is_412(notes, method, delta):  # P5.3
    record = notes.create(name="a")
    body = {"data": {"name": "b"}} if method == "POST" else None
    tag = quoted(record["last_modified"] + delta)
    answer = notes.call(method, "", body, If_Match=tag)
    assert answer.status_code == 412
    assert answer.json["details"] == {}
    assert notes.get().json["data"] == [record]


def test_a_deletion_of_the_present_version_of_the_list_succeeds(notes):  # P5.3
    stamp = notes.create(name="a")["last_modified"]
    assert notes.delete("?name=a", If_Match=quoted(stamp)).status_code == 200
    assert notes.names() == []


def test_a_post_of_an_existing_id_compares_the_record(notes):  # P5.3
    record = notes.create(id=ONE_ID, name="a")
    last = notes.create(name="b")["last_modified"]
    of_record = write(notes, "POST", ONE_ID, If_Match=quoted(record["last_modified"]))
    of_list = write(notes, "POST", ONE_ID, If_Match=quoted(last))
    assert (of_record.status_code, of_record.json["data"]) == (200, record)
    assert (of_list.status_code, of_list.json["details"]) == (412, {"existing": record})


def test_a_post_of_a_tombstone_s_id_compares_the_list(notes):  # P5.3
    tombstone = notes.remove(name="a")
    last = notes.create(name="b")["last_modified"]
    tag = quoted(tombstone["last_modified"])
    assert write(notes, "POST", tombstone["id"], If_Match=tag).status_code == 412
    assert write(notes, "POST", tombstone["id"], If_Match=quoted(last)).status_code == 201


def test_a_put_compares_the_tombstone(notes):  # P5.3
    tombstone = notes.remove(name="a")
    tag = quoted(tombstone["last_modified"])
    assert write(notes, "PUT", tombstone["id"], If_Match=tag).status_code == 201


def test_a_put_of_another_version_of_the_tombstone_is_412(notes):  # P5.4
    tombstone = notes.remove(name="a")
    tag = quoted(tombstone["last_modified"] - 1)
    answer = write(notes, "PUT", tombstone["id"], If_Match=tag)
    assert answer.json["details"] == {"existing": tombstone}
    assert answer.headers["ETag"] == quoted(tombstone["last_modified"])
    assert notes.get("?_since=1").json["data"] == [tombstone]


def test_if_match_on_put_of_an_unknown_id_is_412(notes):  # P11.1
    stamp = notes.create(name="a")["last_modified"]
    answer = write(notes, "PUT", UNKNOWN_ID, If_Match=quoted(stamp))
    assert (answer.status_code, answer.json["details"]) == (412, {})
    assert notes.get(f"/{UNKNOWN_ID}").status_code == 404


@pytest.mark.parametrize("method", ["PATCH", "DELETE"])
@pytest.mark.parametrize("header", [{"If_Match": '"12"'}, {"If_None_Match": "*"}])
def test_preconditions_do_not_hide_a_404(notes, method, header):  # P2.9
    gone = notes.remove(name="a")["id"]
    assert write(notes, method, UNKNOWN_ID, **header).status_code == 404
    assert write(notes, method, gone, **header).status_code == 404


@pytest.mark.parametrize("method", ["POST", *RECORD_WRITES])
def test_if_none_match_of_any_is_412_where_there_is_a_record(notes, method):  # P5.3
    record = notes.create(id=ONE_ID, name="a")
    answer = write(notes, method, ONE_ID, If_None_Match="*")
    assert answer.status_code == 412
    assert answer.json["details"] == {"existing": record}
    assert answer.headers["ETag"] == quoted(record["last_modified"])
    assert notes.read(ONE_ID) == record


@pytest.mark.parametrize("method", ["POST", "PUT"])
def test_if_none_match_of_any_creates_where_there_is_none(notes, method):  # P5.3
    assert write(notes, method, ONE_ID, If_None_Match="*").status_code == 201


@pytest.mark.parametrize("method", ["POST", "PUT"])
def test_if_none_match_of_any_does_not_count_a_tombstone(notes, method):  # P5.3
    gone = notes.remove(name="a")["id"]
    assert write(notes, method, gone, If_None_Match="*").status_code == 201


def test_if_none_match_of_any_creates_without_an_id(notes):  # P5.3
    assert notes.post({"name": "a"}, If_None_Match="*").status_code == 201


@pytest.mark.parametrize("value", [*NO_TAG, '"12"', '"present"'])
@pytest.mark.parametrize("method", RECORD_WRITES)
def test_any_other_if_none_match_of_a_write_is_ignored(notes, method, value):  # P5.3
    record = notes.create(name="a")
    tag = value.replace("present", str(record["last_modified"]))
    assert write(notes, method, record["id"], If_None_Match=tag).status_code == 200


@pytest.mark.parametrize("value", ["*", '"12"', "abc"])
def test_if_none_match_of_a_list_deletion_is_ignored(notes, value):  # P5.3
    notes.create(name="a")
    assert notes.delete("", If_None_Match=value).status_code == 200


@pytest.mark.parametrize("method", ["POST", *RECORD_WRITES])
@pytest.mark.parametrize("value", [*NO_TAG, "*"])
def test_if_match_of_no_tag_is_400(notes, method, value):  # P5.5
    record = notes.create(id=ONE_ID, name="a")
    answer = write(notes, method, ONE_ID, If_Match=value)
    assert details_of(answer) == [("headers", None, BAD_IF_MATCH)]
    assert notes.read(ONE_ID) == record


def test_if_match_of_no_tag_on_a_list_deletion_is_400(notes):  # P5.5
    notes.create(name="a")
    assert details_of(notes.delete("", If_Match="abc")) == [("headers", None, BAD_IF_MATCH)]
    assert notes.names() == ["a"]


def test_the_body_is_checked_before_preconditions(notes):  # P2.9
    articles = notes.at("articles")
    record = articles.create(title="a")
    answer = articles.put(record["id"], {}, If_Match='"12"')
    assert answer.json["details"][0]["name"] == "data.title"


def test_the_id_is_checked_before_preconditions(notes):  # P2.9
    assert details_of(notes.put("abc", {}, If_Match="abc"))[0][0] == "path"


def test_preconditions_come_before_read_only_fields(notes):  # P2.9
    articles = notes.at("articles")
    record = articles.create(title="a", added_by="me")
    assert articles.patch(record["id"], {"added_by": "x"}, If_Match='"12"').status_code == 412


def test_a_patch_without_change_is_compared_all_the_same(notes):  # P5.3
    record = notes.create(name="a")
    assert notes.patch(record["id"], {"name": "a"}, If_Match='"12"').status_code == 412


def test_both_preconditions_are_to_be_met(notes):  # P5.3
    record = notes.create(name="a")
    headers = {"If_Match": quoted(record["last_modified"]), "If_None_Match": "*"}
    assert write(notes, "PUT", record["id"], **headers).status_code == 412
