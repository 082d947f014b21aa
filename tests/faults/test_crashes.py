"""The database and workers are killed, or workers frozen, in the middle of their work."""

from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor

import psycopg2
import pytest

from tests.faults.checks import check_counts, check_nothing_is_lost, check_refusals
from tests.faults.clients import Client, Load

pytestmark = pytest.mark.slow


def test_what_was_acknowledged_survives_a_crash_of_the_database(server, start_worker):
    worker = start_worker()
    with Load([worker.port]) as load:
        load.wait_acknowledged(200)
        server.kill()
        load.wait_refused(8)
        server.start()
        assert load.wait_acknowledged(50) < 5
    check_refusals(load.refusals)
    assert max(load.seconds) < 10
    check_nothing_is_lost([load], worker.port)
    check_counts(server.url)


def test_what_was_acknowledged_survives_crashes_of_workers(server, start_worker):
    steady = start_worker()
    loads = []
    for _ in range(2):
        doomed = start_worker()
        with Load([steady.port, doomed.port]) as load:
            load.wait_acknowledged(100, doomed.port)
            doomed.kill()
            assert load.wait_acknowledged(20, steady.port) < 3
        assert load.refusals == []
        loads.append(load)
    check_nothing_is_lost(loads, steady.port)
    check_counts(server.url)


def wait_for_a_transaction(url: str) -> None:
    """Wait until some client of the database has begun a transaction, and pauses in it."""
    connection = psycopg2.connect(url)
    connection.autocommit = True
    cursor = connection.cursor()
    deadline = time.monotonic() + 10
    count = 0
    while count == 0:
        assert time.monotonic() < deadline
        cursor.execute("SELECT count(*) FROM pg_stat_activity WHERE state = 'idle in transaction'")
        count = cursor.fetchone()[0]
    connection.close()


def test_a_worker_that_is_frozen_holds_the_others_up_for_a_moment(server, start_worker):
    steady, frozen = start_worker(), start_worker()
    with ThreadPoolExecutor() as pool, Client(steady.port) as one, Client(frozen.port) as other:
        # From here on the first statement of a transaction locks the collection.
        one.send("POST", "/notes", {"data": {}})
        pending = pool.submit(other.send, "POST", "/several?pause=1")
        wait_for_a_transaction(server.url)
        frozen.pause()
        answers = [one.send("POST", "/notes", {"data": {}})]
        while answers[-1].status != 201 and len(answers) < 5:
            answers.append(one.send("POST", "/notes", {"data": {}}))
        frozen.resume()
        assert answers.pop().status == 201
        # The transaction of the frozen worker was ended: what it had written is not there.
        check_refusals([*answers, pending.result()])
        assert other.send("POST", "/notes", {"data": {}}).status == 201
        assert one.send("GET", "/notes").headers["Total-Records"] == "3"
