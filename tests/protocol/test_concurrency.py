"""P5.6 and P5.7: writers in several threads, each through the WSGI application."""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Callable, Iterator
from threading import Event
from typing import Any

import pytest

from tests.protocol.client import ONE_ID, Client, etag_of, quoted
from tests.support import run_together

THREADS = 8
TIMES = 20


@pytest.fixture(autouse=True)
def _eager_threads() -> Iterator[None]:
    """Let threads interrupt each other everywhere, not only at every few milliseconds."""
    before = sys.getswitchinterval()
    sys.setswitchinterval(1e-5)
    yield
    sys.setswitchinterval(before)


@pytest.fixture
def notes() -> Client:
    return Client("notes", {"paginate_by": 1000})


@pytest.fixture
def pairs(notes: Client) -> Client:
    return notes.at("pairs")


def in_threads(client: Client, work: Callable[[Client, int], Any], count: int = THREADS) -> Any:
    """Return what *work* returns in each thread, with a client of its own and a number."""
    path = client._path.removeprefix("/v1/")
    return run_together(lambda number: work(client.at(path), number), count)


def statuses(answers: list[Any]) -> Counter[int]:
    """Return how many answers have each status."""
    return Counter(answer.status_code for answer in answers)


def increment(client: Client, record_id: str) -> None:
    """Add one to the field ``n``, as a client does that loses no increment of others."""
    while True:
        seen = client.get(f"/{record_id}")
        body = {"n": seen.json["data"]["n"] + 1}
        answer = client.put(record_id, body, If_Match=seen.headers["ETag"])
        if answer.status_code == 200:
            return
        assert answer.status_code == 412, answer.text


# One record, conditional writes.


def test_increments_with_if_match_are_never_lost(notes):  # P5.6
    record_id = notes.create(n=0)["id"]

    def work(client: Client, _: int) -> None:
        for _ in range(TIMES):
            increment(client, record_id)

    in_threads(notes, work)
    assert notes.read(record_id)["n"] == THREADS * TIMES


@pytest.mark.parametrize("method", ["PUT", "PATCH", "DELETE"])
def test_of_writers_with_one_etag_exactly_one_gets_through(notes, method):  # P5.6
    for _ in range(TIMES):
        record = notes.create(n=0)
        path, etag = f"/{record['id']}", quoted(record["last_modified"])
        answers = in_threads(
            notes,
            lambda c, i, p=path, e=etag: c.call(method, p, {"data": {"n": i + 1}}, If_Match=e),
        )
        # Whoever comes behind a deletion finds no record, and that comes before preconditions.
        assert statuses(answers)[200] == 1
        assert set(statuses(answers)) <= ({200, 404, 412} if method == "DELETE" else {200, 412})


def test_the_put_that_got_through_is_what_is_stored(notes):  # P5.6
    for _ in range(TIMES):
        record = notes.create(n=-1)
        etag = quoted(record["last_modified"])
        answers = in_threads(
            notes, lambda c, i, r=record, e=etag: c.put(r["id"], {"n": i}, If_Match=e)
        )
        won = [answer.json["data"] for answer in answers if answer.status_code == 200]
        assert won == [notes.read(record["id"])]


def test_of_puts_that_create_with_if_none_match_one_creates(notes):  # P5.6
    for _ in range(TIMES):
        answers = in_threads(notes, lambda c, i: c.put(ONE_ID, {"n": i}, If_None_Match="*"))
        assert statuses(answers) == {201: 1, 412: THREADS - 1}
        notes.delete(f"/{ONE_ID}")


def test_of_posts_with_the_list_s_etag_one_creates(notes):  # P5.6
    for _ in range(TIMES):
        etag = quoted(notes.timestamp())
        answers = in_threads(notes, lambda c, i, e=etag: c.post({"n": i}, If_Match=e))
        assert statuses(answers) == {201: 1, 412: THREADS - 1}


# One record, writes without conditions.


def test_patches_of_different_fields_all_survive(notes):  # P5.6
    record_id = notes.create()["id"]

    def work(client: Client, number: int) -> Counter[int]:
        return statuses([client.patch(record_id, {f"{number}.{i}": i}) for i in range(TIMES)])

    assert sum(in_threads(notes, work), Counter()) == {200: THREADS * TIMES}
    expected = {f"{number}.{i}": i for number in range(THREADS) for i in range(TIMES)}
    assert notes.read(record_id).items() >= expected.items()


def test_puts_without_if_match_all_succeed_and_one_is_left_whole(notes):  # P5.6
    record_id = notes.create()["id"]

    def work(client: Client, number: int) -> Counter[int]:
        body = {f"field{number}": number}
        return statuses([client.put(record_id, body) for _ in range(TIMES)])

    assert sum(in_threads(notes, work), Counter()) == {200: THREADS * TIMES}
    left = notes.read(record_id).keys() - {"id", "last_modified"}
    assert len(left) == 1


def test_a_put_between_patches_is_built_upon(notes):  # P5.6
    record_id = notes.create()["id"]

    def work(client: Client, number: int) -> Counter[int]:
        write = client.put if number == 0 else client.patch
        return statuses([write(record_id, {f"f{number}": i}) for i in range(TIMES)])

    assert set(sum(in_threads(notes, work), Counter())) == {200}
    notes.patch(record_id, {"last": True})
    assert notes.read(record_id)["f0"] == TIMES - 1


def test_of_deletions_of_one_record_exactly_one_succeeds(notes):  # P4.7
    for _ in range(TIMES):
        record_id = notes.create()["id"]
        answers = in_threads(notes, lambda c, _, r=record_id: c.delete(f"/{r}"))
        assert statuses(answers) == {200: 1, 404: THREADS - 1}


def test_each_record_of_a_list_is_deleted_by_exactly_one(notes):  # P4.3
    ids = [notes.create(n=i)["id"] for i in range(TIMES)]
    answers = in_threads(notes, lambda c, _: c.delete())
    told = [tombstone["id"] for answer in answers for tombstone in answer.json["data"]]
    assert sorted(told) == sorted(ids)


# Creations.


def test_posts_of_one_id_make_one_record(notes):  # P4.2
    for _ in range(TIMES):
        answers = in_threads(notes, lambda c, i: c.post({"id": ONE_ID, "n": i}))
        assert statuses(answers) == {201: 1, 200: THREADS - 1}
        stored = notes.read(ONE_ID)
        assert all(answer.json["data"] == stored for answer in answers)
        notes.delete(f"/{ONE_ID}")


def test_posts_of_one_unique_value_make_one_record(pairs):  # P4.2 P4.10
    for turn in range(TIMES):
        answers = in_threads(pairs, lambda c, i, t=turn: c.post({"one": t, "by": i}))
        assert statuses(answers) == {201: 1, 200: THREADS - 1}
        found = pairs.get(f"?one={turn}").json["data"]
        assert [answer.json["data"] for answer in answers] == found * THREADS


def test_puts_of_one_unique_value_make_one_record(pairs):  # P4.10
    ids = [f"{i:08x}-0000-4000-8000-000000000000" for i in range(THREADS)]
    for turn in range(TIMES):
        answers = in_threads(pairs, lambda c, i, t=turn: c.put(ids[i], {"one": t}))
        assert {answer.status_code for answer in answers} <= {200, 201, 409}
        assert len(pairs.get(f"?one={turn}").json["data"]) == 1
        assert statuses(answers)[409] == THREADS - 1


def test_creations_never_collide_in_time(notes):  # P5.1
    answers = in_threads(notes, lambda c, i: [c.post({"n": i}) for _ in range(TIMES)])
    flat = [answer for some in answers for answer in some]
    assert statuses(flat) == {201: THREADS * TIMES}
    assert len({etag_of(answer) for answer in flat}) == THREADS * TIMES


def test_writes_of_every_kind_to_one_id_leave_one_state(notes):  # P5.6
    writes: list[Callable[[Client], Any]] = [
        lambda c: c.post({"id": ONE_ID}),
        lambda c: c.put(ONE_ID, {"by": "put"}),
        lambda c: c.patch(ONE_ID, {"patched": True}),
        lambda c: c.delete(f"/{ONE_ID}"),
    ]

    def work(client: Client, number: int) -> Counter[int]:
        return statuses([writes[(number + i) % 4](client) for i in range(TIMES)])

    assert set(sum(in_threads(notes, work), Counter())) <= {200, 201, 404}
    listed = notes.get("?_since=0").json["data"]
    assert [record["id"] for record in listed] == [ONE_ID]
    is_live = "deleted" not in listed[0]
    assert notes.get(f"/{ONE_ID}").status_code == (200 if is_live else 404)
    assert notes.get().headers["Total-Records"] == str(int(is_live))


# Clients that follow.


class Follower:
    """A client that keeps a copy of a list by polling."""

    def __init__(self, client: Client) -> None:
        self._client, self._since = client, 0
        self.copy: dict[str, Any] = {}
        self.times: list[int] = []

    def poll(self) -> None:
        """Ask for what changed since the last answer, in one page."""
        answer = self._client.get(f'?_since="{self._since}"&_sort=last_modified')
        for record in answer.json["data"]:
            assert self._since < record["last_modified"] <= etag_of(answer)
            self.times.append(record["last_modified"])
            self.copy[record["id"]] = record
        assert "Next-Page" not in answer.headers
        self._since = etag_of(answer)

    def live(self) -> dict[str, Any]:
        """Return the records that are not deleted, by id."""
        return {id_: record for id_, record in self.copy.items() if "deleted" not in record}


def follow_while(client: Client, write: Callable[[Client, int], Any]) -> Follower:
    """Return a follower that polled all the while that other threads wrote, and once more."""
    followers: list[Follower] = []
    written = [Event() for _ in range(THREADS - 1)]

    def work(own: Client, number: int) -> None:
        if number < THREADS - 1:
            try:
                write(own, number)
            finally:
                written[number].set()
            return
        follower = Follower(own)
        followers.append(follower)
        while not all(event.is_set() for event in written):
            follower.poll()

    in_threads(client, work)
    followers[0].poll()
    return followers[0]


def test_a_poller_sees_each_creation_once(notes):  # P5.7
    made: list[int] = []

    def write(client: Client, number: int) -> None:
        made.extend(etag_of(client.post({"by": number})) for _ in range(TIMES))

    follower = follow_while(notes, write)
    assert follower.times == sorted(made)
    assert len(set(follower.times)) == len(made) == (THREADS - 1) * TIMES


def test_a_poller_ends_with_a_copy_of_what_is_there(notes):  # P5.7
    shared = [notes.create(n=0)["id"] for _ in range(3)]

    def write(client: Client, number: int) -> None:
        for turn in range(TIMES // 2):
            record_id = shared[(number + turn) % 3]
            client.patch(record_id, {f"f{number}": turn})
            client.delete(f"/{client.create(by=number)['id']}")
            client.put(record_id, {"by": number})
            client.delete(f"/{record_id}")

    follower = follow_while(notes, write)
    assert len(set(follower.times)) == len(follower.times)
    there = {record["id"]: record for record in notes.get().json["data"]}
    assert follower.live() == there
    assert len(follower.copy) == 3 + (THREADS - 1) * (TIMES // 2)
