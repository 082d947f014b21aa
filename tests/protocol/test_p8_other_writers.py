"""P8.4, P5.6 and P5.7 on PostgreSQL: batches, and single writers beside them."""

from __future__ import annotations

from collections.abc import Iterator
from threading import Event, Thread
from typing import Any

import pytest

from tests.protocol.batching import Batching, part
from tests.protocol.sharing import ONE_ID, TWO_ID, headers_of
from tests.support import run_together

THREADS = 4
TIMES = 5
ONE, TWO = f"/notes/{ONE_ID}", f"/notes/{TWO_ID}"


@pytest.fixture
def batch() -> Batching:
    batch = Batching("postgresql", paginate_by=1000)
    batch.send(part("PUT", ONE, {"n": 0}), part("PUT", TWO, {"n": 0}))
    return batch


def increments(batch: Batching, *paths: str) -> list[dict[str, Any]]:
    """Return requests that add one to each record, on the condition that nobody else does."""
    read = batch.send(*[part("GET", path) for path in paths])
    return [
        part("PUT", path, {"n": one["body"]["data"]["n"] + 1}, If_Match=one["headers"]["ETag"])
        for path, one in zip(paths, read, strict=True)
    ]


def increment_together(batch: Batching) -> None:
    """Add one to each of both records, in batches, as often as is needed."""
    missing = [ONE, TWO]
    while missing:
        statuses = batch.statuses(*increments(batch, *missing))
        assert set(statuses) <= {200, 412}
        missing = [one for one, status in zip(missing, statuses, strict=True) if status == 412]


def increment_alone(batch: Batching, path: str) -> None:
    """Add one to a record, in a request of its own."""
    status = 412
    while status == 412:
        (described,) = increments(batch, path)
        headers = {**headers_of("alice"), **described["headers"]}
        answer = batch.app.put_json(
            f"/v1{path}", described["body"], headers=headers, expect_errors=True
        )
        status = answer.status_code
        assert status in (200, 412), answer.text


class Poller(Thread):
    """Reads what has changed since its last look, all the time, and writes to nothing."""

    def __init__(self, batch: Batching) -> None:
        super().__init__(daemon=True)
        self._batch, self._is_over = batch, Event()
        self._since = "0"
        self.records: dict[str, Any] = {}

    def look(self) -> None:
        """Look once."""
        answer = self._batch.app.get(f"/v1/notes?_since={self._since}", headers=headers_of("alice"))
        self.records.update((one["id"], one) for one in answer.json["data"])
        self._since = answer.headers["ETag"].strip('"')

    def run(self) -> None:
        """Look until it is told that nothing more will come."""
        while not self._is_over.is_set():
            self.look()

    def finish(self) -> dict[str, Any]:
        """Look once more, and return all that it knows."""
        self._is_over.set()
        self.join(timeout=30)
        self.look()
        return self.records


@pytest.fixture
def poller(batch: Batching) -> Iterator[Poller]:
    poller = Poller(batch)
    poller.start()
    yield poller
    poller.finish()


def test_no_increment_of_batches_and_of_others_is_lost(batch: Batching, poller: Poller) -> None:
    # P8.4, P5.6: four send batches, and two write alone.
    def work(number: int) -> None:
        for _ in range(TIMES):
            if number < THREADS:
                increment_together(batch)
            else:
                increment_alone(batch, (ONE, TWO)[number - THREADS])

    run_together(work, THREADS + 2)
    counts = [one["body"]["data"]["n"] for one in batch.send(f"GET {ONE}", f"GET {TWO}")]
    assert counts == [(THREADS + 1) * TIMES] * 2
    assert [poller.finish()[one]["n"] for one in (ONE_ID, TWO_ID)] == counts


def test_a_poller_misses_nothing_of_batches(batch: Batching, poller: Poller) -> None:
    # P5.7: whatever the order in which they commit, and what fails between.
    def work(number: int) -> None:
        for turn in range(TIMES):
            made = [part("POST", "/notes", {"from": number, "turn": turn})] * 5
            refused = part("PUT", ONE, {}, If_Match='"1"')
            assert batch.statuses(*made, refused, part("DELETE", TWO))[:6] == [201] * 5 + [412]
            batch.post({"requests": [*made, part("PUT", "/boom")]}, status=503)

    run_together(work, THREADS)
    known = poller.finish()
    listed = batch.app.get("/v1/notes?_since=0", headers=headers_of("alice")).json["data"]
    assert {one["id"]: one for one in listed} == known
    assert len(known) == THREADS * TIMES * 5 + 2
    times = [one["last_modified"] for one in listed]
    assert len(set(times)) == len(times)


def test_the_whole_of_a_batch_becomes_visible_at_once(batch: Batching) -> None:  # P8.4
    def work(number: int) -> None:
        for turn in range(TIMES):
            if number:
                value = {"n": f"{number}-{turn}"}
                batch.send(part("PUT", ONE, value), part("PUT", TWO, value))
                continue
            listed = batch.get("/notes")["data"]
            assert len({one["n"] for one in listed}) == 1

    run_together(work, THREADS)


def test_batches_that_wait_for_each_other_end_and_keep_all_or_nothing(batch: Batching) -> None:
    # P8.4: each holds a collection that the other one wants.
    def work(number: int) -> int:
        paths = ["/notes", "/pairs"][:: 1 if number % 2 else -1]
        body = {"requests": [part("POST", path, {"by": number}) for path in paths]}
        return int(batch.post(body, status="*").status_code)

    statuses = run_together(work, THREADS)
    assert set(statuses) <= {200, 503}
    kept = [number for number, status in enumerate(statuses) if status == 200]
    for path in ("/notes", "/pairs"):
        writers = [one["by"] for one in batch.get(path)["data"] if "by" in one]
        assert sorted(writers) == kept
    assert kept
