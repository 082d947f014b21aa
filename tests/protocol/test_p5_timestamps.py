"""P5.1: timestamps grow with each change, and reading leaves them alone."""

from __future__ import annotations

import pytest

from cliquet.utils import msec_time
from tests.protocol.client import UNKNOWN_ID, Client, etag_of
from tests.support import BOB

#: Names under which the clock is read: by the storage, and by it for collections never written.
CLOCKS = ("cliquet.storage.timeline.msec_time", "cliquet.storage.memory.msec_time")


@pytest.fixture
def notes() -> Client:
    return Client("notes")


@pytest.fixture
def clock(monkeypatch):
    """Return a list of one timestamp, which is the present time, in milliseconds."""
    present = [1_500_000_000_000]
    for name in CLOCKS:
        monkeypatch.setattr(name, lambda: present[0])
    return present


def test_the_timestamp_of_a_change_is_the_real_time(notes):  # P5.1
    before = msec_time()
    stamp = notes.create()["last_modified"]
    assert before <= stamp <= msec_time()


def test_changes_of_one_millisecond_are_bumped_by_one(notes, clock):  # P5.1
    stamps = [notes.create()["last_modified"] for _ in range(4)]
    assert stamps == [clock[0] + delta for delta in range(4)]


def test_every_kind_of_change_is_bumped(notes, clock):  # P5.1
    record = notes.create(name="a")
    path = f"/{record['id']}"
    answers = [
        notes.patch(record["id"], {"name": "b"}),
        notes.put(record["id"], {"name": "c"}),
        notes.delete(path),
        notes.put(record["id"], {"name": "d"}),
    ]
    assert [etag_of(answer) for answer in answers] == [clock[0] + delta for delta in range(1, 5)]


def test_a_clock_that_steps_back_does_not_take_timestamps_with_it(notes, clock):  # P5.1
    first = notes.create()["last_modified"]
    clock[0] -= 3_600_000
    assert notes.create()["last_modified"] == first + 1


def test_a_clock_that_goes_on_is_followed_again(notes, clock):  # P5.1
    first = notes.create()["last_modified"]
    clock[0] -= 5
    notes.create()
    clock[0] += 1000
    assert notes.create()["last_modified"] == first + 995


@pytest.mark.parametrize(
    "read", ["", "?_since=1", "?name=a", "?_limit=1", f"/{UNKNOWN_ID}", "/abc", "?_sort=name"]
)
def test_reading_never_changes_the_timestamp(notes, clock, read):  # P5.1
    notes.create()
    before = notes.timestamp()
    clock[0] += 1000
    notes.get(read)
    assert notes.timestamp() == before


def test_refused_writes_never_change_the_timestamp(notes, clock):  # P5.1
    record = notes.create(name="a")
    clock[0] += 1000
    notes.put(record["id"], {"name": "b"}, If_Match='"12"')
    notes.patch(record["id"], {"id": UNKNOWN_ID})
    notes.delete(f"/{UNKNOWN_ID}")
    notes.post({"id": record["id"]})
    notes.delete("?name=none")
    assert notes.timestamp() == record["last_modified"]


def test_the_timestamp_of_a_collection_never_written_is_fixed_when_first_read(notes, clock):  # P5.1
    first = notes.timestamp()
    clock[0] += 1000
    assert notes.timestamp() == first == 1_500_000_000_000


def test_the_first_change_is_above_the_timestamp_that_was_read(notes, clock):  # P5.1
    first = notes.timestamp()
    assert notes.create()["last_modified"] == first + 1


def test_in_read_only_mode_the_present_time_serves(clock):  # P5.1
    notes = Client("notes", {"readonly": True})
    first = notes.timestamp()
    clock[0] += 1000
    assert notes.timestamp() == first + 1000


def test_users_have_timestamps_of_their_own(notes, clock):  # P5.1
    first = notes.create()["last_modified"]
    answer = notes.post({}, **BOB)
    assert answer.json["data"]["last_modified"] == first


def test_collections_have_timestamps_of_their_own(notes, clock):  # P5.1
    first = notes.create()["last_modified"]
    assert notes.at("pairs").create()["last_modified"] == first


def test_timestamps_are_integers_of_milliseconds(notes):  # P5.1
    record = notes.create()
    assert type(record["last_modified"]) is int
    assert len(str(record["last_modified"])) == 13
    assert notes.get().headers["ETag"] == f'"{record["last_modified"]}"'
