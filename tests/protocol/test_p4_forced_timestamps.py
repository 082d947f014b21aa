"""P4.12 and P11.3: timestamps that a client forces, for replication."""

from __future__ import annotations

import pytest

from cliquet.utils import msec_time
from tests.protocol.client import FUTURE, ONE_ID, PAST, Client, details_of, etag_of

LAST = 253370764800000
WRONG = [0, -1, LAST + 1, 10**30, 12.5, 1234567890123.0, "1234567890123", "", True, None, [], {}]


@pytest.fixture
def notes() -> Client:
    return Client("notes")


def test_a_future_timestamp_is_kept_and_becomes_the_collection_s(notes):  # P4.12
    answer = notes.post({"last_modified": FUTURE})
    assert answer.json["data"]["last_modified"] == FUTURE == etag_of(answer)
    assert notes.timestamp() == FUTURE


def test_what_follows_a_future_timestamp_is_later(notes):  # P5.1
    notes.create(last_modified=FUTURE)
    assert notes.create()["last_modified"] == FUTURE + 1
    assert notes.create()["last_modified"] == FUTURE + 2


def test_a_past_timestamp_is_kept_on_creation_and_bumps_the_collection(notes):  # P4.12
    before = notes.create()["last_modified"]
    assert notes.create(last_modified=PAST)["last_modified"] == PAST
    assert notes.timestamp() > before


def test_the_collection_is_bumped_by_itself_when_its_own_timestamp_is_forced(notes):  # P4.12
    notes.create(last_modified=FUTURE)
    assert notes.create(last_modified=FUTURE)["last_modified"] == FUTURE
    assert notes.timestamp() == FUTURE + 1


def test_several_records_may_be_forced_to_one_timestamp(notes):  # P4.12
    for _ in range(3):
        assert notes.create(last_modified=PAST)["last_modified"] == PAST
    listed = notes.get(f"?last_modified={PAST}").json["data"]
    assert len({record["id"] for record in listed}) == 3


def test_put_that_creates_keeps_a_past_timestamp(notes):  # P4.12
    answer = notes.put(ONE_ID, {"last_modified": PAST})
    assert (answer.status_code, answer.json["data"]["last_modified"]) == (201, PAST)


@pytest.mark.parametrize("method", ["PUT", "PATCH"])
def test_a_timestamp_above_the_record_s_is_kept(notes, method):  # P4.12
    record = notes.create(last_modified=PAST)
    body = {"data": {"last_modified": PAST + 1, "name": "b"}}
    answer = notes.call(method, f"/{record['id']}", body)
    assert answer.json["data"]["last_modified"] == PAST + 1 == etag_of(answer)
    assert notes.read(record["id"])["last_modified"] == PAST + 1


@pytest.mark.parametrize("method", ["PUT", "PATCH"])
@pytest.mark.parametrize("delta", [0, -1, -100000])
def test_a_timestamp_not_above_the_record_s_is_ignored(notes, method, delta):  # P4.12
    record = notes.create(name="a")
    stamp = record["last_modified"]
    body = {"data": {"last_modified": stamp + delta, "name": "b"}}
    answer = notes.call(method, f"/{record['id']}", body)
    assert answer.json["data"]["last_modified"] > stamp
    assert answer.json["data"]["last_modified"] == notes.timestamp()


def test_a_patch_of_a_later_timestamp_alone_is_a_change(notes):  # P4.12
    record = notes.create(name="a")
    answer = notes.patch(record["id"], {"last_modified": FUTURE})
    assert answer.json["data"] == {**record, "last_modified": FUTURE}
    assert notes.timestamp() == FUTURE


@pytest.mark.parametrize("delta", [0, -1])
def test_a_patch_of_a_timestamp_not_later_alone_is_none(notes, delta):  # P4.12
    record = notes.create(name="a")
    answer = notes.patch(record["id"], {"last_modified": record["last_modified"] + delta})
    assert answer.json["data"] == record
    assert notes.timestamp() == record["last_modified"]


def test_a_timestamp_not_above_the_tombstone_s_is_ignored(notes):  # P4.12
    tombstone = notes.remove(name="a")
    forced = {"id": tombstone["id"], "last_modified": tombstone["last_modified"]}
    assert notes.post(forced).json["data"]["last_modified"] > tombstone["last_modified"]


def test_a_timestamp_above_the_tombstone_s_is_kept(notes):  # P4.12
    tombstone = notes.remove(name="a")
    forced = tombstone["last_modified"] + 7000
    assert notes.put(tombstone["id"], {"last_modified": forced}).status_code == 201
    assert notes.read(tombstone["id"])["last_modified"] == forced


@pytest.mark.parametrize("stamp", [1, LAST])
def test_the_first_and_the_last_timestamp_are_accepted(notes, stamp):  # P4.12
    assert notes.create(last_modified=stamp)["last_modified"] == stamp


@pytest.mark.parametrize("path", ["notes", "mushrooms"])
@pytest.mark.parametrize("value", WRONG)
def test_what_is_no_timestamp_is_400_where_unknown_fields_are_preserved(
    notes, path, value
):  # P11.3
    client = notes.at(path)
    found = details_of(client.post({"name": "a", "last_modified": value}))
    assert [entry[:2] for entry in found] == [("body", "data.last_modified")]
    assert client.names() == []


@pytest.mark.parametrize("method", ["PUT", "PATCH"])
@pytest.mark.parametrize("value", WRONG)
def test_what_is_no_timestamp_is_400_on_every_write(notes, method, value):  # P11.3
    record = notes.create(name="a")
    body = {"data": {"name": "b", "last_modified": value}}
    details_of(notes.call(method, f"/{record['id']}", body))
    assert notes.read(record["id"]) == record


@pytest.mark.parametrize("value", [*WRONG, PAST, FUTURE])
@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH"])
def test_strict_schemas_ignore_timestamps(notes, method, value):  # P4.12
    articles = notes.at("articles")
    suffix = "" if method == "POST" else f"/{articles.create(title='a')['id']}"
    answer = articles.call(method, suffix, {"data": {"title": "b", "last_modified": value}})
    assert answer.status_code in (200, 201)
    assert answer.json["data"]["last_modified"] == articles.timestamp() < FUTURE


@pytest.mark.parametrize("stamp", [PAST, FUTURE])
def test_strict_schemas_that_declare_the_timestamp_keep_it(notes, stamp):  # P4.12
    assert notes.at("stampeds").create(last_modified=stamp)["last_modified"] == stamp


@pytest.mark.parametrize("value", [0, -1, LAST + 1, "abc"])
def test_strict_schemas_that_declare_the_timestamp_check_it(notes, value):  # P4.12
    found = details_of(notes.at("stampeds").post({"last_modified": value}))
    assert [entry[:2] for entry in found] == [("body", "data.last_modified")]


@pytest.mark.parametrize("value", [str(LAST + 1), float(LAST + 1), 1e300])
@pytest.mark.parametrize("method", ["PUT", "PATCH"])
def test_what_a_schema_turns_into_a_timestamp_is_checked(notes, method, value):  # P4.12, P11.3
    stampeds = notes.at("stampeds")
    stampeds.put(ONE_ID, {})
    answer = stampeds.call(method, f"/{ONE_ID}", {"data": {"last_modified": value}})
    assert details_of(answer)[0][:2] == ("body", "data.last_modified")
    assert stampeds.get().status_code == 200


def test_a_declared_timestamp_that_is_not_sent_is_the_present(notes):  # P4.12
    stampeds = notes.at("stampeds")
    before = msec_time()
    record = stampeds.create(name="a")
    # The schema reads the clock before the storage does: the collection may be a moment later.
    assert before <= record["last_modified"] <= stampeds.timestamp()
    patched = stampeds.patch(record["id"], {"name": "b"}).json["data"]
    assert patched["last_modified"] > record["last_modified"]
