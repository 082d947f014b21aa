"""P4.4 and P4.5: reading one record, creating and replacing it by PUT."""

from __future__ import annotations

from email.utils import parsedate_to_datetime

import pytest

from tests.protocol.client import ONE_ID, TWO_ID, UNKNOWN_ID, Client, details_of, etag_of
from tests.support import BOB

SAME_ID = "Record id does not match existing record"


@pytest.fixture
def notes() -> Client:
    return Client("notes")


@pytest.fixture
def articles() -> Client:
    return Client("articles")


def test_a_record_is_read_with_its_version(notes):  # P4.4
    record = notes.create(name="a")
    notes.create(name="b")
    answer = notes.get(f"/{record['id']}")
    assert (answer.status_code, answer.json) == (200, {"data": record})
    assert etag_of(answer) == record["last_modified"]
    date = parsedate_to_datetime(answer.headers["Last-Modified"])
    assert int(date.timestamp()) == record["last_modified"] // 1000


def test_head_of_a_record_has_the_headers_of_get(notes):  # P4.4
    record = notes.create(name="a")
    head, get = (notes.call(method, f"/{record['id']}") for method in ("HEAD", "GET"))
    assert (head.status_code, head.body) == (200, b"")
    assert head.headers["ETag"] == get.headers["ETag"]


@pytest.mark.parametrize("method", ["GET", "HEAD", "PATCH", "DELETE"])
def test_an_unknown_record_is_404(notes, method):  # P4.4
    body = {"data": {"a": 1}} if method == "PATCH" else None
    answer = notes.call(method, f"/{UNKNOWN_ID}", body)
    assert answer.status_code == 404
    if method != "HEAD":
        assert answer.json["errno"] == 111


@pytest.mark.parametrize("method", ["GET", "HEAD", "PATCH", "DELETE"])
def test_a_deleted_record_is_404(notes, method):  # P4.4
    record_id = notes.remove(name="a")["id"]
    body = {"data": {"a": 1}} if method == "PATCH" else None
    assert notes.call(method, f"/{record_id}", body).status_code == 404


@pytest.mark.parametrize("method", ["PUT", "PATCH", "DELETE"])
def test_every_write_answers_with_the_version_of_the_record(notes, method):  # P4.4
    record = notes.create(name="a")
    body = None if method == "DELETE" else {"data": {"name": "b"}}
    answer = notes.call(method, f"/{record['id']}", body)
    assert etag_of(answer) == answer.json["data"]["last_modified"] > record["last_modified"]
    assert "Last-Modified" in answer.headers


def test_put_of_an_unknown_id_creates(notes):  # P4.5
    answer = notes.put(ONE_ID, {"name": "a"})
    assert answer.status_code == 201
    assert answer.json["data"]["id"] == ONE_ID
    assert notes.read(ONE_ID) == answer.json["data"]


def test_put_of_a_known_id_replaces(notes):  # P4.5
    notes.put(ONE_ID, {"name": "a"})
    answer = notes.put(ONE_ID, {"name": "b"})
    assert answer.status_code == 200
    assert notes.read(ONE_ID)["name"] == "b"


def test_replacing_drops_the_fields_left_out(notes):  # P4.5
    notes.put(ONE_ID, {"name": "a", "more": 1})
    assert set(notes.put(ONE_ID, {"other": 2}).json["data"]) == {"id", "last_modified", "other"}
    assert "more" not in notes.read(ONE_ID)


def test_replacing_gives_defaults_to_the_fields_left_out(articles):  # P4.5
    articles.put(ONE_ID, {"title": "a", "position": 7})
    assert articles.put(ONE_ID, {"title": "a"}).json["data"]["position"] == 0


def test_replacing_by_the_same_is_a_change(notes):  # P4.5
    first = notes.put(ONE_ID, {"name": "a"}).json["data"]
    assert notes.put(ONE_ID, {"name": "a"}).json["data"]["last_modified"] > first["last_modified"]


def test_put_accepts_the_id_of_the_url(notes):  # P4.5
    assert notes.put(ONE_ID, {"id": ONE_ID}).status_code == 201


@pytest.mark.parametrize("path", ["notes", "articles", "mushrooms"])
@pytest.mark.parametrize("other", [TWO_ID, 12, "", "abc", None, ONE_ID + " "])
def test_put_refuses_another_id(notes, path, other):  # P4.5
    client = notes.at(path)
    answer = client.put(ONE_ID, {"id": other, "title": "a", "name": "a"})
    [(location, _, description)] = details_of(answer)
    assert (location, description) == ("body", SAME_ID)
    assert client.get(f"/{ONE_ID}").status_code == 404


@pytest.mark.parametrize("path", ["notes", "articles"])
def test_patch_refuses_another_id(notes, path):  # P4.5
    client = notes.at(path)
    client.create(id=ONE_ID, title="a")
    [(_, _, description)] = details_of(client.patch(ONE_ID, {"id": TWO_ID, "title": "b"}))
    assert description == SAME_ID
    assert client.read(ONE_ID)["title"] == "a"


def test_put_onto_a_tombstone_is_201_and_the_tombstone_is_gone(notes):  # P4.5
    tombstone = notes.remove(name="a")
    answer = notes.put(tombstone["id"], {"name": "b"})
    assert answer.status_code == 201
    assert set(answer.json["data"]) == {"id", "last_modified", "name"}
    assert notes.get("?_since=1").json["data"] == [answer.json["data"]]
    assert answer.json["data"]["last_modified"] > tombstone["last_modified"]


def test_put_is_validated(articles):  # P4.5
    found = details_of(articles.put(ONE_ID, {"position": 1}))
    assert found == [("body", "data.title", "Required")]


def test_put_may_change_a_read_only_field(articles):  # P4.6
    articles.put(ONE_ID, {"title": "a", "added_by": "me"})
    assert articles.put(ONE_ID, {"title": "a", "added_by": "you"}).status_code == 200
    assert articles.read(ONE_ID)["added_by"] == "you"


def test_users_have_records_of_their_own_under_one_id(notes):  # P4.5
    notes.put(ONE_ID, {"name": "a"})
    assert notes.put(ONE_ID, {"name": "b"}, **BOB).status_code == 201
    assert notes.read(ONE_ID)["name"] == "a"
