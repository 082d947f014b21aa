"""Whoever polls misses nothing, however many write at once, and in however long transactions."""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from threading import Event
from typing import Any

import pytest

from tests.faults.checks import check_refusals
from tests.faults.clients import COUNTER, Answer, Client
from tests.support import run_together

pytestmark = pytest.mark.slow

CHANGES = 2000
PROCESSES = 8
INCREMENTS = 200


def add_one(client: Client) -> Iterator[Any]:
    yield accepted(sent(client, "POST", "/notes", {"data": {}}), 201)["data"]


def add_several(client: Client) -> Iterator[Any]:
    yield from accepted(sent(client, "POST", "/several"), 200)["data"]


def sent(client: Client, *request: Any, **headers: str) -> Answer:
    """Send a request until it is answered by something else than "come back": nothing was done."""
    while (answer := client.send(*request, **headers)).status == 503:
        # Locks and pauses of transactions last a second at most here, which a busy machine takes.
        check_refusals([answer])
    return answer


def accepted(answer: Answer, status: int) -> Any:
    assert answer.status == status, answer
    return answer.body


def write(add: Callable[[Client], Iterator[Any]], port: int, enough: Event) -> dict[str, int]:
    """Write until it is enough; return the timestamps of what was written, by id."""
    written = {}
    with Client(port) as client:
        while not enough.is_set():
            written.update({note["id"]: note["last_modified"] for note in add(client)})
    return written


def changes(client: Client, since: str) -> tuple[list[Any], str]:
    answer = sent(client, "GET", f"/notes?_since={since}&_sort=last_modified")
    return accepted(answer, 200)["data"], answer.headers["ETag"].strip('"')


def test_a_poller_misses_no_change_and_sees_no_equal_timestamps(storage, start_worker):  # P5.7
    ports = [worker.port for worker in (start_worker(), start_worker())]
    enough = Event()
    seen: list[Any] = []
    with ThreadPoolExecutor() as pool, Client(ports[0]) as client:
        _, since = changes(client, "0")
        writers = [
            pool.submit(write, add, port, enough)
            for port in ports
            for add in (add_one, add_one, add_several)
        ]
        is_running = True
        while is_running:
            # Looked at before the last poll, which comes after the last write.
            is_running = not all(writer.done() for writer in writers)
            page, since = changes(client, since)
            seen += page
            # A writer that ended before is one that failed.
            if len(seen) >= CHANGES or any(writer.done() for writer in writers):
                enough.set()
    written = {key: value for writer in writers for key, value in writer.result().items()}
    assert {note["id"]: note["last_modified"] for note in seen} == written
    assert len({note["last_modified"] for note in seen}) == len(seen) >= CHANGES
    storage.check()


def increment(client: Client, times: int) -> None:
    """Increment the counter, each time on what was read of it."""
    counter = client.send("GET", COUNTER).body["data"]
    for _ in range(times):
        while True:
            body = {"data": {"n": counter["n"] + 1}}
            etag = f'"{counter["last_modified"]}"'
            answer = sent(client, "PUT", COUNTER, body, If_Match=etag)
            if answer.status == 200:
                counter = answer.body["data"]
                break
            counter = accepted(answer, 412)["details"]["existing"]
            # Whoever lost gives way: all would lose most of their races otherwise.
            time.sleep(random.uniform(0, 0.02))


def test_increments_of_many_processes_are_never_lost(storage, start_worker):  # P5.6
    workers = [start_worker() for _ in range(PROCESSES)]
    ports = [worker.port for worker in workers]
    with Client(ports[0]) as client:
        client.send("PUT", COUNTER, {"data": {"n": 0}})

    def work(number: int) -> None:
        with Client(ports[number]) as client:
            increment(client, INCREMENTS)

    run_together(work, PROCESSES)
    with Client(ports[0]) as client:
        assert client.send("GET", COUNTER).body["data"]["n"] == PROCESSES * INCREMENTS
