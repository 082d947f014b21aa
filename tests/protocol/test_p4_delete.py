"""P4.7 and P4.11: the deletion of a record, and the tombstone it leaves."""

from __future__ import annotations

import pytest

from tests.protocol.client import FUTURE, PAST, UNKNOWN_ID, Client, details_of, etag_of


@pytest.fixture
def notes() -> Client:
    return Client("notes")


def test_deleting_answers_with_the_tombstone(notes):  # P4.7
    record = notes.create(name="a")
    answer = notes.delete(f"/{record['id']}")
    assert answer.status_code == 200
    stamp = answer.json["data"]["last_modified"]
    assert answer.json == {"data": {"id": record["id"], "last_modified": stamp, "deleted": True}}
    assert stamp > record["last_modified"]
    assert etag_of(answer) == stamp == notes.timestamp()


def test_a_tombstone_keeps_nothing_else(notes):  # P4.11
    tombstone = notes.remove(name="a", deleted="by me", more=[1])
    assert set(tombstone) == {"id", "last_modified", "deleted"}
    assert notes.get("?_since=1").json["data"] == [tombstone]


def test_deleting_an_unknown_record_is_404(notes):  # P4.7
    answer = notes.delete(f"/{UNKNOWN_ID}")
    assert (answer.status_code, answer.json["errno"]) == (404, 111)


def test_deleting_twice_is_404_and_changes_nothing(notes):  # P4.7
    tombstone = notes.remove(name="a")
    assert notes.delete(f"/{tombstone['id']}").status_code == 404
    assert notes.timestamp() == tombstone["last_modified"]


def test_a_field_named_deleted_makes_no_tombstone(notes):  # P4.11
    record = notes.create(deleted=True)
    assert notes.read(record["id"]) == record
    assert notes.get().headers["Total-Records"] == "1"


@pytest.mark.parametrize("form", ["{}", '"{}"', "%22{}%22"])
def test_a_later_timestamp_is_forced_on_the_tombstone(notes, form):  # P4.7
    record = notes.create(name="a")
    forced = record["last_modified"] + 5000
    answer = notes.delete(f"/{record['id']}?last_modified={form.format(forced)}")
    assert answer.json["data"]["last_modified"] == forced == etag_of(answer)
    assert notes.timestamp() == forced


@pytest.mark.parametrize("delta", [0, -1, -5000])
def test_a_timestamp_not_above_the_record_s_is_ignored(notes, delta):  # P4.7
    record = notes.create(name="a")
    forced = record["last_modified"] + delta
    stamp = notes.delete(f"/{record['id']}?last_modified={forced}").json["data"]["last_modified"]
    assert stamp > record["last_modified"]
    assert stamp == notes.timestamp()


def test_a_tombstone_may_be_forced_below_the_timestamp_of_the_collection(notes):  # P4.7
    record = notes.create(name="a", last_modified=PAST)
    last = notes.create(name="b")
    stamp = notes.delete(f"/{record['id']}?last_modified={PAST + 1}").json["data"]["last_modified"]
    assert stamp == PAST + 1
    assert notes.timestamp() > last["last_modified"]


@pytest.mark.parametrize("text", ["abc", "12.5", "", "true", "'12'", "1e3", "[1]", "%22%22"])
def test_a_forced_timestamp_that_is_no_integer_is_400(notes, text):  # P4.7
    record = notes.create(name="a")
    found = details_of(notes.delete(f"/{record['id']}?last_modified={text}"))
    assert [entry[:2] for entry in found] == [("querystring", "last_modified")]
    assert notes.read(record["id"]) == record


def test_a_forced_timestamp_that_is_no_integer_is_told_with_its_value(notes):  # P4.7
    record = notes.create(name="a")
    answer = notes.delete(f"/{record['id']}?last_modified=abc")
    assert answer.json["message"] == "last_modified in querystring: Invalid value for abc"


@pytest.mark.parametrize("stamp", [253370764800001, 2**63, 10**30])
def test_a_forced_timestamp_beyond_the_year_9999_is_400(notes, stamp):  # P4.12
    record = notes.create(name="a")
    assert notes.delete(f"/{record['id']}?last_modified={stamp}").status_code == 400
    assert notes.read(record["id"]) == record


def test_the_record_is_looked_for_before_the_query_is_read(notes):  # P2.9
    assert notes.delete(f"/{UNKNOWN_ID}?last_modified=abc").status_code == 404


def test_the_preconditions_are_compared_before_the_query_is_read(notes):  # P2.9
    record = notes.create(name="a")
    answer = notes.delete(f"/{record['id']}?last_modified=abc", If_Match='"12"')
    assert answer.status_code == 412


def test_what_comes_after_a_forced_tombstone_is_later(notes):  # P5.1
    record = notes.create(name="a")
    notes.delete(f"/{record['id']}?last_modified={FUTURE}")
    assert notes.create(name="b")["last_modified"] == FUTURE + 1


def test_a_record_put_over_a_forced_tombstone_is_later(notes):  # P4.5
    record = notes.create(name="a")
    notes.delete(f"/{record['id']}?last_modified={FUTURE}")
    stamp = notes.put(record["id"], {"name": "b"}).json["data"]["last_modified"]
    assert stamp == FUTURE + 1
