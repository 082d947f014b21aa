"""P8.4 and P5.6: batches that are sent at the same time lose nothing, and pollers miss nothing."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest

from tests.protocol.batching import DATABASES, Batching, part
from tests.protocol.sharing import ONE_ID, TWO_ID
from tests.support import run_together

PATHS = [f"/notes/{one}" for one in (ONE_ID, TWO_ID)]
ROUNDS = 5


def increment(batch: Batching, path: str) -> None:
    """Count one up, by batches of one read and one conditional write of both records."""
    while True:
        (read,) = batch.send(part("GET", path))
        count, tag = read["body"]["data"]["n"], read["headers"]["ETag"]
        other = next(one for one in PATHS if one != path)
        parts = [
            part("PATCH", path, {"n": count + 1}, If_Match=tag),
            part("PATCH", other, {"x": 1}),
        ]
        if batch.statuses(*parts)[0] == 200:
            return


@pytest.mark.parametrize("backends", DATABASES)
def test_increments_in_batches_lose_nothing(backends: str) -> None:  # P5.6, P8.4
    batch = Batching(backends)
    batch.send(*(part("PUT", path, {"n": 0}) for path in PATHS))

    def work(number: int) -> None:
        for _ in range(ROUNDS):
            increment(batch, PATHS[number % 2])

    run_together(work, 4)
    counts = [batch.get(path)["data"]["n"] for path in PATHS]
    assert counts == [2 * ROUNDS, 2 * ROUNDS]


@pytest.mark.parametrize("backends", DATABASES)
def test_a_poller_misses_nothing_of_batches(backends: str) -> None:  # P5.6, P8.4
    # One page has all that a poller may have slept through.
    batch, seen, since = Batching(backends, paginate_by=100), set(), "1"

    def write() -> None:
        for _ in range(ROUNDS):
            assert batch.statuses(*[part("POST", "/notes", {})] * 4) == [201] * 4
            assert batch.statuses(part("POST", "/notes", {})) == [201]

    with ThreadPoolExecutor(2) as pool:
        writing = [pool.submit(write) for _ in range(2)]
        is_last = False
        while not is_last:
            is_last = all(one.done() for one in writing)
            (answer,) = batch.send(f"GET /notes?_since={since}&_limit=100")
            seen.update(one["id"] for one in answer["body"]["data"])
            since = answer["headers"]["ETag"].strip('"')
    # What a writer raised is raised here.
    for one in writing:
        one.result()
    assert len(seen) == 2 * ROUNDS * 5
