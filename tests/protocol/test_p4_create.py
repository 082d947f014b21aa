"""P4.2, P4.8 and P4.9: the creation of records, their members and their ids."""

from __future__ import annotations

import uuid

import pytest

from tests.protocol.client import ONE_ID, TWO_ID, Client, details_of, etag_of

INVALID_ID = ("path", None, "Invalid record id")


@pytest.fixture
def notes() -> Client:
    return Client("notes")


@pytest.fixture
def articles() -> Client:
    return Client("articles")


def test_a_record_created_is_201_with_the_record(notes):  # P4.2
    answer = notes.post({"name": "a"})
    assert answer.status_code == 201
    assert set(answer.json) == {"data"}
    assert answer.json["data"]["name"] == "a"
    assert isinstance(answer.json["data"]["last_modified"], int)


def test_a_record_created_can_be_read(notes):  # P4.2
    record = notes.create(name="a")
    assert notes.read(record["id"]) == record


def test_a_record_created_has_its_version(notes):  # P4.4
    answer = notes.post({"name": "a"})
    assert etag_of(answer) == answer.json["data"]["last_modified"]
    assert "Last-Modified" in answer.headers


def test_an_id_of_the_client_s_own_is_kept(notes):  # P4.2
    assert notes.create(id=ONE_ID, name="a")["id"] == ONE_ID
    assert notes.read(ONE_ID)["name"] == "a"


def test_an_id_of_the_client_s_own_is_kept_by_strict_schemas(articles):  # P4.2
    assert articles.create(id=ONE_ID, title="a")["id"] == ONE_ID


def test_an_id_that_exists_answers_with_the_stored_record(notes):  # P4.2
    stored = notes.create(id=ONE_ID, name="a")
    answer = notes.post({"id": ONE_ID, "name": "b", "more": 1})
    assert answer.status_code == 200
    assert answer.json == {"data": stored}
    assert etag_of(answer) == stored["last_modified"]


def test_an_id_that_exists_writes_nothing(notes):  # P4.2
    stored = notes.create(id=ONE_ID, name="a")
    notes.post({"id": ONE_ID, "name": "b"})
    assert notes.read(ONE_ID) == stored
    assert notes.timestamp() == stored["last_modified"]


def test_an_id_that_exists_needs_a_valid_body_all_the_same(articles):  # P4.2
    articles.create(id=ONE_ID, title="a")
    assert articles.post({"id": ONE_ID}).status_code == 400


def test_a_unique_value_that_exists_answers_with_its_record(articles):  # P4.2
    stored = articles.create(title="a", url="http://a.b/")
    answer = articles.post({"title": "b", "url": "http://a.b/"})
    assert answer.status_code == 200
    assert answer.json == {"data": stored}
    assert articles.timestamp() == stored["last_modified"]


def test_a_unique_value_that_exists_answers_likewise_with_an_id(articles):  # P4.2
    stored = articles.create(title="a", url="http://a.b/")
    answer = articles.post({"id": ONE_ID, "title": "b", "url": "http://a.b/"})
    assert (answer.status_code, answer.json["data"]) == (200, stored)


def test_the_record_of_the_id_comes_before_that_of_the_value(articles):  # P4.2
    by_id = articles.create(id=ONE_ID, title="a", url="http://a.b/")
    articles.create(id=TWO_ID, title="b", url="http://c.d/")
    answer = articles.post({"id": ONE_ID, "title": "c", "url": "http://c.d/"})
    assert (answer.status_code, answer.json["data"]) == (200, by_id)


def test_the_id_of_a_tombstone_creates_a_record(notes):  # P4.2
    notes.create(id=ONE_ID, name="a")
    tombstone = notes.delete(f"/{ONE_ID}").json["data"]
    answer = notes.post({"id": ONE_ID, "other": "b"})
    assert answer.status_code == 201
    assert set(answer.json["data"]) == {"id", "last_modified", "other"}
    assert answer.json["data"]["last_modified"] > tombstone["last_modified"]
    assert notes.get("?_since=1").json["data"] == [answer.json["data"]]


@pytest.mark.parametrize("record_id", ["abc", "", 12, True, [], {}, ONE_ID + "\n", " " + ONE_ID])
def test_an_id_of_the_wrong_form_is_refused(notes, record_id):  # P4.2
    assert details_of(notes.post({"id": record_id})) == [INVALID_ID]
    assert notes.names() == []


def test_the_body_is_checked_before_the_id(articles):  # P2.9
    found = details_of(articles.post({"id": "abc"}))
    assert found == [("body", "data.title", "Required")]


@pytest.mark.parametrize("path", ["notes", "articles"])
@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH"])
@pytest.mark.parametrize("name", ["extra", "permissions", "id", "Data"])
def test_members_beside_data_are_refused(notes, path, method, name):  # P4.8
    client = notes.at(path)
    client.post({"id": ONE_ID, "title": "a"})
    suffix = "" if method == "POST" else f"/{ONE_ID}"
    answer = client.call(method, suffix, {"data": {"title": "a"}, name: {}})
    assert details_of(answer) == [("body", name, f"{name} is not allowed")]


def test_each_member_beside_data_is_told(notes):  # P4.8
    found = details_of(notes.call("POST", "", {"data": {}, "a": 1, "b": 2}))
    assert {name for _, name, _ in found} == {"a", "b"}


def test_fields_that_the_schema_does_not_know_are_dropped(articles):  # P4.8
    assert "extra" not in articles.create(title="a", extra=1)


def test_fields_that_the_schema_does_not_know_are_preserved_on_request(notes):  # P4.8
    mushrooms = notes.at("mushrooms")
    assert mushrooms.create(name="a", extra={"b": [1]})["extra"] == {"b": [1]}


@pytest.mark.parametrize("path", ["notes", "blanks"])
@pytest.mark.parametrize("body", [{}, {"data": {}}, b""])
@pytest.mark.parametrize(("method", "suffix"), [("POST", ""), ("PUT", f"/{ONE_ID}")])
def test_resources_without_fields_take_empty_and_missing_data(
    notes, path, body, method, suffix
):  # P4.8
    answer = notes.at(path).call(method, suffix, body)
    assert answer.status_code == 201
    assert set(answer.json["data"]) == {"id", "last_modified"}


@pytest.mark.parametrize("value", ["abc", "1234567890123", 12.5, None, True, [], {}, -1, 0, 10**20])
def test_a_timestamp_of_any_type_is_ignored_by_strict_schemas(articles, value):  # P4.8
    record = articles.create(title="a", last_modified=value)
    assert record["last_modified"] == articles.timestamp()
    assert record["last_modified"] > 10**12


@pytest.mark.parametrize("method", ["GET", "PUT", "PATCH", "DELETE"])
@pytest.mark.parametrize("record_id", ["abc", "1", ONE_ID + "x", ONE_ID[:-1], ONE_ID + "%0A"])
def test_an_id_of_the_wrong_form_in_the_url_is_400(notes, method, record_id):  # P4.9
    body = {"data": {}} if method in ("PUT", "PATCH") else None
    assert details_of(notes.call(method, f"/{record_id}", body)) == [INVALID_ID]


def test_ids_made_by_default_are_uuid4(notes):  # P4.9
    made = notes.create()["id"]
    assert str(uuid.UUID(made)) == made
    assert uuid.UUID(made).version == 4


@pytest.mark.parametrize(
    "record_id",
    [
        "d7035c62-e7d1-11f1-97b1-02fc00000001",
        "8A2E3F2D-15D5-4C1F-B120-F814FBE22B89",
        "00000000-0000-0000-0000-000000000000",
    ],
)
def test_any_uuid_is_accepted_by_default(notes, record_id):  # P4.9
    assert notes.put(record_id, {}).status_code == 201
    assert notes.read(record_id)["id"] == record_id


@pytest.mark.parametrize("record_id", ["a", "A-b_c", "0", "9_-", ONE_ID])
def test_the_pattern_of_generators_accepts_words(notes, record_id):  # P4.9
    assert notes.at("tickets").put(record_id, {}).status_code == 201


@pytest.mark.parametrize("record_id", ["-a", "_a", "a.b", "a%20b", "%C3%A9", "a%0A"])
def test_the_pattern_of_generators_refuses_the_rest(notes, record_id):  # P4.9
    assert details_of(notes.at("tickets").put(record_id, {})) == [INVALID_ID]


def test_a_generator_of_the_resource_makes_the_ids(notes):  # P4.9
    # Making the generator takes the first id: what it makes is checked against its pattern.
    assert notes.at("tickets").create()["id"] == "n2"


def test_the_id_generator_of_the_settings_makes_the_ids():  # P4.9
    numbers = Client("notes", {"id_generator": "tests.protocol.resources.Numbers"})
    assert [numbers.create()["id"], numbers.create()["id"]] == ["n2", "n3"]


def test_the_model_names_the_fields():  # P4
    things = Client("things")
    record = things.create(name="a", id="free", last_modified="free")
    assert set(record) == {"key", "stamp", "name", "id", "last_modified"}
    tombstone = things.delete(f"/{record['key']}").json["data"]
    assert tombstone == {"key": record["key"], "stamp": tombstone["stamp"], "gone": True}
    assert things.get("?_since=1").json["data"] == [tombstone]
