"""P4.1 and P4.3: lists of records, and the deletion of lists."""

from __future__ import annotations

from email.utils import parsedate_to_datetime

import pytest

from tests.protocol.client import Client, etag_of, quoted


@pytest.fixture
def notes() -> Client:
    return Client("notes")


def test_an_empty_collection_is_an_empty_list(notes):  # P4.1
    answer = notes.get()
    assert answer.status_code == 200
    assert answer.json == {"data": []}
    assert answer.headers["Total-Records"] == "0"


def test_a_list_holds_whole_records(notes):  # P4.1
    record = notes.create(name="a", tags=["x", {"y": None}])
    assert notes.get().json == {"data": [record]}


def test_the_etag_of_a_list_is_the_timestamp_of_the_last_change(notes):  # P4.1
    notes.create(name="a")
    last = notes.create(name="b")
    assert notes.get().headers["ETag"] == quoted(last["last_modified"])


def test_last_modified_of_a_list_is_the_http_date_of_its_etag(notes):  # P4.1
    notes.create(name="a")
    answer = notes.get()
    date = parsedate_to_datetime(answer.headers["Last-Modified"])
    assert int(date.timestamp()) == etag_of(answer) // 1000
    assert answer.headers["Last-Modified"].endswith(" GMT")


def test_the_timestamp_of_a_list_counts_deletions(notes):  # P4.1
    tombstone = notes.remove(name="a")
    assert etag_of(notes.get()) == tombstone["last_modified"]


@pytest.mark.parametrize(
    "query", ["?name=none", "?_since=1", "?_before=1", "?_limit=1", "?_fields=name", "?_sort=name"]
)
def test_the_version_of_a_list_does_not_depend_on_the_query(notes, query):  # P4.1
    notes.create(name="a")
    notes.create(name="b")
    whole, part = notes.get(), notes.get(query)
    assert part.headers["ETag"] == whole.headers["ETag"]
    assert part.headers["Last-Modified"] == whole.headers["Last-Modified"]


def test_a_list_has_a_cache_control(notes):  # P4.1
    assert "no-cache" in notes.get().headers["Cache-Control"]


def test_a_list_that_fits_has_no_next_page(notes):  # P4.1
    notes.create(name="a")
    assert "Next-Page" not in notes.get("?_limit=1").headers


def test_a_list_that_goes_on_has_a_next_page(notes):  # P4.1
    notes.create(name="a")
    notes.create(name="b")
    assert notes.get("?_limit=1").headers["Next-Page"].startswith("http://localhost/v1/notes?")


def test_head_has_the_headers_of_get_without_the_body(notes):  # P4.1
    notes.create(name="a")
    notes.create(name="b")
    head, get = notes.call("HEAD", "?_limit=1"), notes.get("?_limit=1")
    assert (head.status_code, head.body) == (200, b"")
    for name in ("Total-Records", "ETag", "Last-Modified", "Cache-Control", "Next-Page"):
        assert head.headers[name] == get.headers[name]


def test_deleting_a_list_answers_with_the_tombstones(notes):  # P4.3
    ids = {notes.create(name=name)["id"] for name in "abc"}
    answer = notes.delete()
    assert answer.status_code == 200
    assert {tombstone["id"] for tombstone in answer.json["data"]} == ids
    for tombstone in answer.json["data"]:
        assert set(tombstone) == {"id", "last_modified", "deleted"}
        assert tombstone["deleted"] is True


def test_deleting_a_list_leaves_nothing_behind(notes):  # P4.3
    notes.create(name="a")
    notes.delete()
    answer = notes.get()
    assert answer.json["data"] == []
    assert answer.headers["Total-Records"] == "0"


def test_each_tombstone_of_a_list_has_a_timestamp_of_its_own(notes):  # P4.3
    for name in "abcdef":
        notes.create(name=name)
    stamps = [tombstone["last_modified"] for tombstone in notes.delete().json["data"]]
    assert len(set(stamps)) == 6


def test_deleting_a_list_keeps_what_the_filters_do_not_meet(notes):  # P4.3
    for name in "abc":
        notes.create(name=name)
    assert len(notes.delete("?in_name=a,b").json["data"]) == 2
    assert notes.names() == ["c"]


def test_deleting_a_list_that_no_record_meets_answers_with_none(notes):  # P4.3
    notes.create(name="a")
    assert notes.delete("?name=other").json == {"data": []}
    assert notes.names() == ["a"]


def test_deleting_a_list_does_not_delete_tombstones_again(notes):  # P4.3
    before = notes.remove(name="a")
    assert notes.delete("?_since=1").json["data"] == []
    assert notes.get("?_since=1").json["data"] == [before]


def test_deleting_a_list_by_time_deletes_the_live_records_of_that_time(notes):  # P4.3
    first = notes.create(name="a")
    second = notes.create(name="b")
    deleted = notes.delete(f"?_since={first['last_modified']}").json["data"]
    assert [tombstone["id"] for tombstone in deleted] == [second["id"]]


def test_deleting_a_list_deletes_more_than_a_page_and_tells_of_all():  # P4.3
    notes = Client("notes", {"paginate_by": 2})
    for name in "abcde":
        notes.create(name=name)
    assert len(notes.delete("?_limit=1").json["data"]) == 5
    assert notes.names() == []


@pytest.mark.parametrize("query", ["?unknown=1", "?min_unknown=1"])
def test_deleting_a_list_by_an_unknown_field_deletes_nothing(notes, query):  # P4.3
    articles = notes.at("articles")
    articles.create(title="a")
    assert articles.delete(query).status_code == 400
    assert articles.get().headers["Total-Records"] == "1"


def test_deleting_a_list_has_the_version_of_the_collection(notes):  # P4.4
    notes.create(name="a")
    notes.create(name="b")
    deleted, listed = notes.delete(), notes.get()
    assert deleted.headers["ETag"] == listed.headers["ETag"]
    assert deleted.headers["Last-Modified"] == listed.headers["Last-Modified"]


def test_deleting_an_empty_list_has_the_version_of_the_collection(notes):  # P4.4
    notes.create(name="a")
    deleted = notes.delete("?name=none")
    assert etag_of(deleted) == notes.timestamp()
