"""The database is there, and cannot be used: it is frozen, or has no connection to give."""

from __future__ import annotations

from typing import Any

import psycopg2
import pytest

from tests.faults.checks import check_counts, check_nothing_is_lost, check_refusals
from tests.faults.clients import Answer, Client, Load
from tests.support import run_together

pytestmark = pytest.mark.slow


def read_at_once(port: int, count: int) -> list[Answer]:
    def read(number: int) -> Answer:
        with Client(port) as client:
            return client.send("GET", "/notes")

    return run_together(read, count)


def taken_connections(url: str) -> list[Any]:
    """Return all connections that a database still had to give."""
    taken: list[Any] = []
    with pytest.raises(psycopg2.OperationalError, match="too many clients"):
        taken.extend(psycopg2.connect(url) for _ in range(1000))
    return taken


def test_a_database_that_is_frozen_is_given_up_and_used_again(server, start_worker):
    worker = start_worker(storage_statement_timeout_ms=1000)
    with Load([worker.port]) as load:
        load.wait_acknowledged(100)
        server.pause()
        load.wait_refused(4)
        server.resume()
        assert load.wait_acknowledged(50) < 5
    check_refusals(load.refusals)
    assert max(load.seconds) < 20
    check_nothing_is_lost([load], worker.port)
    check_counts(server.url)


def test_a_database_without_connections_to_give_refuses_at_once(server, start_worker):
    worker = start_worker()
    taken = taken_connections(server.url)
    answers = read_at_once(worker.port, 6)
    refusals = [answer for answer in answers if answer.status != 200]
    assert refusals
    check_refusals(refusals)
    assert max(answer.seconds for answer in answers) < 4
    for connection in taken:
        connection.close()
    assert {answer.status for answer in read_at_once(worker.port, 6)} == {200}
