"""P4.6: changing some fields of a record, and the parts of it that are answered."""

from __future__ import annotations

import pytest

from tests.protocol.client import ONE_ID, PAST, UNKNOWN_ID, Client, details_of, etag_of


@pytest.fixture
def notes() -> Client:
    return Client("notes")


@pytest.fixture
def articles() -> Client:
    return Client("articles")


def test_patch_merges_the_fields_given(notes):  # P4.6
    record = notes.create(name="a", other=1)
    answer = notes.patch(record["id"], {"name": "b", "more": [2]})
    assert answer.status_code == 200
    stamp = answer.json["data"]["last_modified"]
    assert stamp > record["last_modified"]
    assert answer.json["data"] == {**record, "name": "b", "more": [2], "last_modified": stamp}
    assert notes.read(record["id"]) == answer.json["data"]


def test_patch_replaces_objects_as_a_whole(notes):  # P4.6
    record = notes.create(place={"city": "Lyon", "zip": 1})
    assert notes.patch(record["id"], {"place": {"zip": 2}}).json["data"]["place"] == {"zip": 2}


def test_patch_sets_null(notes):  # P4.6
    record = notes.create(name="a")
    assert notes.patch(record["id"], {"name": None}).json["data"]["name"] is None


def test_patch_of_an_unknown_record_creates_nothing(notes):  # P4.6
    answer = notes.patch(UNKNOWN_ID, {"name": "a"})
    assert (answer.status_code, answer.json["errno"]) == (404, 111)
    assert notes.names() == []


def test_patch_validates_the_whole_record(articles):  # P4.6
    record = articles.create(title="a")
    answer = articles.patch(record["id"], {"position": "far"})
    [(location, name, description)] = details_of(answer)
    assert (location, name) == ("body", "data.position")
    assert description == '"far" is not a number'
    assert articles.read(record["id"]) == record


def test_patch_refuses_to_empty_a_required_field(articles):  # P4.6
    record = articles.create(title="a")
    assert details_of(articles.patch(record["id"], {"title": None})) == [
        ("body", "data.title", "Required")
    ]


def test_patch_tells_of_one_schema_error_only(articles):  # P4.6
    record = articles.create(title="a")
    found = details_of(articles.patch(record["id"], {"position": "x", "rating": "y", "title": 1}))
    assert len(found) == 1


def test_patch_drops_fields_that_the_schema_does_not_know(articles):  # P4.8
    record = articles.create(title="a")
    assert articles.patch(record["id"], {"extra": 1}).json["data"] == record


def test_patch_gives_the_values_of_the_schema(articles):  # P4.6
    record = articles.create(title="a")
    answer = articles.patch(record["id"], {"position": "12", "url": "  http://a.b/  "})
    assert answer.json["data"]["position"] == 12
    assert answer.json["data"]["url"] == "http://a.b/"


def test_patch_refuses_to_change_a_read_only_field(articles):  # P4.6
    record = articles.create(title="a", added_by="me")
    answer = articles.patch(record["id"], {"added_by": "you", "title": "b"})
    assert details_of(answer) == [("body", "added_by", "Cannot modify added_by")]
    assert answer.json["message"] == "Cannot modify added_by"
    assert articles.read(record["id"]) == record


def test_patch_accepts_the_present_value_of_a_read_only_field(articles):  # P4.6
    record = articles.create(title="a", added_by="me")
    answer = articles.patch(record["id"], {"added_by": "me", "title": "b"})
    assert (answer.status_code, answer.json["data"]["title"]) == (200, "b")


def test_patch_sets_a_read_only_field_where_it_is_missing(articles):  # P4.6
    record = articles.create(title="a")
    assert articles.patch(record["id"], {"added_by": "me"}).json["data"]["added_by"] == "me"


@pytest.mark.parametrize("changes", [{"size": 1}, {"size": 1.0}, {}, {"tags": ["x"], "size": 1}])
def test_a_patch_that_changes_nothing_writes_nothing(notes, changes):  # P4.6
    record = notes.create(size=1, tags=["x"])
    answer = notes.patch(record["id"], changes)
    assert (answer.status_code, answer.json["data"]) == (200, record)
    assert etag_of(answer) == record["last_modified"] == notes.timestamp()


@pytest.mark.parametrize(
    ("old", "new"), [(1, True), (1, "1"), (0, False), (None, False), ([1], [True]), ("", None)]
)
def test_values_of_other_types_are_changes(notes, old, new):  # P4.6
    record = notes.create(value=old)
    stored = notes.patch(record["id"], {"value": new}).json["data"]
    assert stored["last_modified"] > record["last_modified"]
    assert repr(notes.read(record["id"])["value"]) == repr(new)


def test_null_is_a_change_where_the_field_is_missing(notes):  # P4.6
    record = notes.create()
    stored = notes.patch(record["id"], {"value": None}).json["data"]
    assert stored["value"] is None
    assert stored["last_modified"] > record["last_modified"]


@pytest.mark.parametrize("path", ["notes", "articles"])
@pytest.mark.parametrize("body", [{}, b""])
def test_patch_without_data_is_400(notes, path, body):  # P4.6
    client = notes.at(path)
    client.create(id=ONE_ID, title="a")
    found = details_of(client.call("PATCH", f"/{ONE_ID}", body))
    assert found == [("body", "data", "data is missing")]


@pytest.mark.parametrize("data", [[], "a", 1, True])
def test_patch_of_data_that_is_no_object_is_400(notes, data):  # P4.6
    record = notes.create(name="a")
    [(location, name, description)] = details_of(notes.patch(record["id"], data))
    assert (location, name) == ("body", "data")
    assert description == (
        f'"{data}" is not a mapping type: Does not implement dict-like functionality.'
    )


def test_patch_of_null_data_is_400(notes):  # P2.4
    record = notes.create(name="a")
    assert details_of(notes.patch(record["id"], None)) == [("body", "data", "Required")]


def test_the_body_of_a_patch_is_checked_before_the_record_is_looked_for(notes):  # P2.9
    assert notes.call("PATCH", f"/{UNKNOWN_ID}", {}).status_code == 400


# -- Response-Behavior


def test_light_answers_with_the_fields_whose_value_changed(notes):  # P4.6
    record = notes.create(name="a", size=1, same=2)
    answer = notes.patch(
        record["id"], {"name": "b", "size": 1, "more": 3}, Response_Behavior="light"
    )
    assert answer.json == {"data": {"name": "b", "more": 3}}
    assert etag_of(answer) == notes.read(record["id"])["last_modified"]


def test_light_answers_with_what_the_schema_made_of_a_value(articles):  # P4.6
    record = articles.create(title="a")
    answer = articles.patch(record["id"], {"position": "7"}, Response_Behavior="light")
    assert answer.json == {"data": {"position": 7}}


def test_light_answers_with_nothing_when_nothing_changed(notes):  # P4.6
    record = notes.create(name="a")
    answer = notes.patch(record["id"], {"name": "a"}, Response_Behavior="light")
    assert answer.json == {"data": {}}


def test_light_tells_true_from_one(notes):  # P4.6
    record = notes.create(value=1)
    answer = notes.patch(record["id"], {"value": True}, Response_Behavior="light")
    assert answer.json["data"] == {"value": True}


def test_diff_answers_with_what_differs_from_what_was_sent(articles):  # P4.6
    record = articles.create(title="a")
    answer = articles.patch(record["id"], {"position": "7", "title": "b"}, Response_Behavior="diff")
    assert answer.json == {"data": {"position": 7}}


def test_diff_answers_with_nothing_when_all_is_as_sent(notes):  # P4.6
    record = notes.create(name="a", size=1)
    answer = notes.patch(record["id"], {"size": 2, "name": "a"}, Response_Behavior="diff")
    assert answer.json == {"data": {}}


@pytest.mark.parametrize("behavior", ["full", "FULL", "other", ""])
def test_whole_records_are_the_default(notes, behavior):  # P4.6
    record = notes.create(name="a", size=1)
    answer = notes.patch(record["id"], {"size": 2}, Response_Behavior=behavior)
    assert answer.json["data"] == notes.read(record["id"])


@pytest.mark.parametrize("behavior", ["LIGHT", "Light"])
def test_the_case_of_a_behavior_does_not_matter(notes, behavior):  # P4.6
    record = notes.create(name="a", size=1)
    answer = notes.patch(record["id"], {"size": 2}, Response_Behavior=behavior)
    assert answer.json == {"data": {"size": 2}}


@pytest.mark.parametrize("behavior", ["light", "diff"])
def test_behaviors_are_for_patch_alone(notes, behavior):  # P4.6
    answer = notes.put(ONE_ID, {"name": "a"}, Response_Behavior=behavior)
    assert set(answer.json["data"]) == {"id", "last_modified", "name"}


def test_light_leaves_a_forced_timestamp_that_is_ignored_alone(notes):  # P4.6
    record = notes.create(name="a")
    answer = notes.patch(
        record["id"], {"name": "b", "last_modified": PAST}, Response_Behavior="light"
    )
    assert answer.json == {"data": {"name": "b"}}
