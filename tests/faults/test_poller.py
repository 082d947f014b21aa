"""Whoever polls misses nothing, however many write at once, and in however long transactions."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from tests.faults.clients import Answer, Client

pytestmark = pytest.mark.slow

SECONDS = 20


def add_one(client: Client) -> Iterator[Any]:
    yield accepted(client.send("POST", "/notes", {"data": {}}), 201)["data"]


def add_several(client: Client) -> Iterator[Any]:
    yield from accepted(client.send("POST", "/several"), 200)["data"]


def accepted(answer: Answer, status: int) -> Any:
    assert answer.status == status, answer
    return answer.body


def write(add: Callable[[Client], Iterator[Any]], port: int, until: float) -> dict[str, int]:
    """Write until it is time; return the timestamps of what was written, by id."""
    written = {}
    with Client(port) as client:
        while time.monotonic() < until:
            written.update({note["id"]: note["last_modified"] for note in add(client)})
    return written


def changes(client: Client, since: str) -> tuple[list[Any], str]:
    answer = client.send("GET", f"/notes?_since={since}&_sort=last_modified")
    return accepted(answer, 200)["data"], answer.headers["ETag"].strip('"')


def test_a_poller_misses_no_change_and_sees_no_equal_timestamps(start_worker):  # P5.7
    ports = [start_worker().port, start_worker().port]
    until = time.monotonic() + SECONDS
    seen: list[Any] = []
    with ThreadPoolExecutor() as pool, Client(ports[0]) as client:
        _, since = changes(client, "0")
        writers = [
            pool.submit(write, add, port, until)
            for port in ports
            for add in (add_one, add_one, add_several)
        ]
        is_running = True
        while is_running:
            # Looked at before the last poll, which comes after the last write.
            is_running = not all(writer.done() for writer in writers)
            page, since = changes(client, since)
            seen += page
    written = {key: value for writer in writers for key, value in writer.result().items()}
    assert {note["id"]: note["last_modified"] for note in seen} == written
    assert len({note["last_modified"] for note in seen}) == len(seen) > 1000
