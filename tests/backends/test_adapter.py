"""Conditional writes and newer lists on a storage written for the older contract."""

from __future__ import annotations

import logging
from contextlib import suppress
from threading import Barrier, BrokenBarrierError
from typing import Any

import pytest

from cliquet.query import COMPARISON, MISSING, Filter, Sort, page_after
from cliquet.storage import ABSENT, Page
from cliquet.storage.adapter import CheckingStorage, conditional
from cliquet.storage.exceptions import ModifiedError, RecordNotFoundError, UnicityError
from cliquet.storage.memory import Storage as Memory
from tests.backends.conftest import Notes
from tests.backends.oldstorage import Storage as OldStorage
from tests.protocol.client import ONE_ID, Client, etag_of, quoted
from tests.support import make_config, run_together

OLD = {"storage_backend": "tests.backends.oldstorage"}


@pytest.fixture
def notes() -> Notes:
    """Return a collection on an old storage, behind the adapter."""
    return Notes(conditional(OldStorage()))


def test_an_atomic_storage_needs_no_adapter():
    storage = Memory()
    assert conditional(storage) is storage


def test_all_else_is_passed_through(notes):
    record = notes.add(name="a")
    assert notes.get(object_id=record["id"]) == record
    assert notes.timestamp == record["last_modified"]
    assert notes.purge_deleted() == 0


def test_what_the_storage_lacks_is_lacking():
    with pytest.raises(AttributeError):
        _ = CheckingStorage(OldStorage()).something_else


# Conditional writes.


@pytest.mark.parametrize("call", ["update", "delete"])
@pytest.mark.parametrize(("delta", "is_done"), [(0, True), (1, False), (-1, False)])
def test_a_write_is_done_only_on_what_was_seen(notes, call, delta, is_done):  # P5.6
    record = notes.add(id="abc", name="a")
    body = {"record": {"name": "b"}} if call == "update" else {}
    expected = record["last_modified"] + delta
    if is_done:
        getattr(notes, call)(object_id="abc", expected=expected, **body)
        assert notes.timestamp > record["last_modified"]
        return
    with pytest.raises(ModifiedError) as caught:
        getattr(notes, call)(object_id="abc", expected=expected, **body)
    assert caught.value.existing == record == notes.get(object_id="abc")


def test_absence_is_expected_of_nothing_and_of_a_tombstone(notes):  # P5.3
    notes.create(record={"id": "abc"}, expected=ABSENT)
    notes.delete(object_id="abc")
    assert notes.update(object_id="abc", record={"n": 1}, expected=ABSENT)["n"] == 1
    with pytest.raises(ModifiedError):
        notes.update(object_id="abc", record={"n": 2}, expected=ABSENT)


def test_a_tombstone_may_be_expected(notes):  # P5.3
    tombstone = notes.bury(id="abc")
    with pytest.raises(ModifiedError) as caught:
        notes.update(object_id="abc", record={}, expected=tombstone["last_modified"] + 1)
    assert caught.value.existing == tombstone
    assert notes.update(object_id="abc", record={}, expected=tombstone["last_modified"])


def test_a_timestamp_is_not_expected_of_nothing(notes):  # P11.1
    with pytest.raises(ModifiedError) as caught:
        notes.update(object_id="abc", record={}, expected=12)
    assert caught.value.existing is None


def test_an_unknown_record_is_not_found_whatever_is_expected(notes):  # P2.9
    tombstone = notes.bury(id="abc")
    for expected in (None, 12, ABSENT, tombstone["last_modified"]):
        with pytest.raises(RecordNotFoundError):
            notes.delete(object_id="abc", expected=expected)


def test_a_version_of_the_collection_may_be_expected(notes):  # P5.3
    stamp = notes.add()["last_modified"]
    for write in (
        lambda: notes.create(record={}, expected_collection=stamp - 1),
        lambda: notes.delete_all(expected_collection=stamp - 1),
    ):
        with pytest.raises(ModifiedError) as caught:
            write()
        assert caught.value.existing is None
    notes.create(record={}, expected_collection=stamp)
    assert len(notes.delete_all(expected_collection=notes.timestamp)) == 2


def test_conflicts_are_the_storage_s_own(notes):  # P4.10
    holder = notes.create(record={"u": 1}, unique_fields=["u"])
    with pytest.raises(UnicityError) as caught:
        notes.create(record={"u": 1}, unique_fields=["u"], expected=ABSENT)
    assert (caught.value.field, caught.value.record) == ("u", holder)


def test_deletions_tell_what_was_there(notes):  # P9.2
    first, second = notes.add(name="a"), notes.add(name="b")
    tombstone, previous = notes.delete(object_id=first["id"], with_previous=True)
    assert (tombstone["id"], previous) == (first["id"], first)
    [(tombstone, previous)] = notes.delete_all(with_previous=True)
    assert (tombstone["id"], previous) == (second["id"], second)


def test_other_names_of_fields_are_followed(notes):  # P4
    names = {"id_field": "key", "modified_field": "stamp"}
    record = notes.create(record={"key": "abc"}, expected=ABSENT, **names)
    notes.update(object_id="abc", record={}, expected=record["stamp"], **names)
    with pytest.raises(ModifiedError):
        notes.delete(object_id="abc", expected=record["stamp"], **names)
    pairs = notes.delete_all(with_previous=True, deleted_field="gone", **names)
    assert [(one["key"], one["gone"], was["key"]) for one, was in pairs] == [("abc", True, "abc")]


def test_adapters_of_one_storage_share_a_lock():  # P5.6
    storage, other = OldStorage(), OldStorage()
    assert conditional(storage).locked("a", "b") is conditional(storage).locked("c", "d")
    assert conditional(storage).locked("a", "b") is not conditional(other).locked("a", "b")


# Lists.

TITLES = [MISSING, None, 1, "a", "b", True, "b", [1]]


def listed(notes: Notes, **query: Any) -> tuple[list[Any], int]:
    records, total = notes.get_all(**query)
    return [record["n"] for record in records], total


@pytest.fixture
def titled(notes: Notes) -> Notes:
    for number, title in enumerate(TITLES):
        notes.add(n=number, **({} if title is MISSING else {"title": title}))
    return notes


@pytest.mark.parametrize(
    ("condition", "expected"),
    [
        (Filter("title", "B", COMPARISON.LIKE), [4, 6]),
        (Filter("title", False, COMPARISON.HAS), [0]),
        (Filter("title", [1], COMPARISON.CONTAINS), [7]),
        (Filter("title", [1, 2], COMPARISON.CONTAINS_ANY), [7]),
        (Filter("title", "b", COMPARISON.EQ), [4, 6]),
    ],
)
def test_newer_comparisons_are_made_by_the_adapter(titled, condition, expected):  # P6.4
    found, total = listed(titled, filters=[condition], sorting=[Sort("n", 1)])
    assert (found, total) == (expected, len(expected))


def test_newer_and_older_comparisons_are_combined(titled):  # P6.1
    filters = [Filter("title", "b", COMPARISON.LIKE), Filter("n", 4, COMPARISON.GT)]
    assert listed(titled, filters=filters, sorting=[Sort("n", -1)], limit=1) == ([6], 1)


def test_tombstones_are_listed_but_not_counted(titled):  # P6.8
    titled.delete_all(filters=[Filter("title", "b", COMPARISON.LIKE)])
    by_title = [Filter("title", False, COMPARISON.HAS)]
    records, total = titled.get_all(filters=by_title, include_deleted=True)
    assert sum("deleted" in record for record in records) == 2
    assert (len(records), total) == (3, 1)


def test_newer_comparisons_select_what_is_deleted(titled):  # P4.3
    by_title = [Filter("title", "b", COMPARISON.LIKE)]
    pairs = titled.delete_all(filters=by_title, with_previous=True)
    assert sorted(previous["n"] for _, previous in pairs) == [4, 6]
    assert titled.delete_all(filters=by_title) == []
    assert titled.count() == 6


@pytest.mark.parametrize("direction", [1, -1])
def test_pages_under_any_sort_give_each_record_once(titled, direction):  # P6.6
    sorting = [Sort("title", direction), Sort("last_modified", -1), Sort("id", -1)]
    whole, _ = listed(titled, sorting=sorting)
    found, rules = [], None
    while len(found) < 20:
        page = titled.get_page(limit=2, sorting=sorting, pagination_rules=rules)
        found += [record["n"] for record in page.records]
        if not page.more:
            break
        last = {sort.field: page.records[-1].get(sort.field, MISSING) for sort in sorting}
        rules = page_after(sorting, last, ["last_modified", "id"])
        assert page.total == len(TITLES)
    assert found == whole


def test_a_page_of_the_version_that_is_known_is_empty(titled):  # P5.2
    stamp = titled.timestamp
    assert titled.get_page(limit=2, known=stamp) == Page(stamp, 0, [], False)


def test_a_storage_s_own_pages_are_asked():
    class Paging(OldStorage):
        def get_page(self, collection_id: str, parent_id: str, limit: int) -> str:
            return f"{collection_id} {parent_id} {limit}"

    assert Notes(conditional(Paging())).get_page(limit=3) == "note alice 3"


# An application on it.


def test_start_up_warns_that_preconditions_hold_in_one_process_only(caplog):  # P5.6
    with caplog.at_level(logging.WARNING):
        make_config(OLD)
    assert any("not atomic" in record.getMessage() for record in caplog.records)


def test_an_application_creates_lists_changes_and_deletes():  # P4
    notes = Client("notes", OLD)
    record = notes.create(name="a")
    changed = notes.patch(record["id"], {"name": "b"}).json["data"]
    assert notes.put(record["id"], {}, If_Match=quoted(record["last_modified"])).status_code == 412
    assert notes.get("?like_name=B&_sort=name").json["data"] == [changed]
    assert notes.get("", If_None_Match=quoted(notes.timestamp())).status_code == 304
    tombstone = notes.delete("?has_name=true").json["data"]
    assert notes.get("?_since=1").json["data"] == tombstone
    assert (
        notes.put(record["id"], {}, If_Match=quoted(tombstone[0]["last_modified"])).status_code
        == 201
    )


def test_an_application_walks_pages_under_any_sort():  # P6.6
    notes = Client("notes", OLD)
    for number, title in enumerate(TITLES):
        notes.create(n=number, **({} if title is MISSING else {"title": title}))
    found, suffix = [], "?_sort=-title&_limit=3"
    while suffix:
        answer = notes.get(suffix)
        found += [record["n"] for record in answer.json["data"]]
        suffix = answer.headers.get("Next-Page", "").partition("/notes")[2]
    assert sorted(found) == list(range(len(TITLES)))


def test_increments_with_if_match_are_never_lost_within_a_process(monkeypatch):  # P5.6
    notes = Client("notes", OLD)
    notes.create(id=ONE_ID, n=0)
    arrivals = Barrier(2)

    def get_and_let_others_in(*args: Any, **kwargs: Any) -> Any:
        record = memory.get(*args, **kwargs)
        # Whoever holds the lock waits in vain for a second reader, and goes on alone.
        with suppress(BrokenBarrierError):
            arrivals.wait(timeout=0.01)
        arrivals.reset()
        return record

    memory = notes.registry.storage._memory
    monkeypatch.setattr(notes.registry.storage, "get", get_and_let_others_in)

    def work(_: int) -> None:
        client, done = notes.at("notes"), 0
        while done < 5:
            seen = client.get(f"/{ONE_ID}")
            body = {"n": seen.json["data"]["n"] + 1}
            done += client.put(ONE_ID, body, If_Match=quoted(etag_of(seen))).status_code == 200

    run_together(work, 2)
    assert notes.read(ONE_ID)["n"] == 10
