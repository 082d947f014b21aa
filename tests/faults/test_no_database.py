"""The storage is there, and cannot be used: it is frozen, or there are no connections to it."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor, as_completed
from itertools import islice

import pytest

from tests.faults.checks import check_nothing_is_lost, check_refusals
from tests.faults.clients import Answer, Client, Load
from tests.faults.conftest import servers_only
from tests.support import run_together

pytestmark = pytest.mark.slow

#: What a storage does not do at once is waited for longer than these tests wait.
PATIENT = {
    "storage_busy_timeout_ms": 10_000,
    "storage_lock_timeout_ms": 10_000,
    "storage_statement_timeout_ms": 10_000,
    "storage_socket_timeout_seconds": 10,
}
ONE_CONNECTION = {
    "storage_pool_size": 1,
    "storage_max_overflow": 0,
    "storage_max_backlog": 0,
}


def read_at_once(port: int, count: int) -> list[Answer]:
    def read(number: int) -> Answer:
        with Client(port) as client:
            return client.send("GET", "/notes")

    return run_together(read, count)


def post(port: int) -> Answer:
    with Client(port) as client:
        return client.send("POST", "/notes", {"data": {}})


@servers_only
def test_a_server_that_is_frozen_is_given_up_and_used_again(storage, start_worker):
    worker = start_worker()
    with Load([worker.port]) as load:
        load.wait_acknowledged(100)
        storage.server.pause()
        load.wait_refused(4)
        storage.server.resume()
        assert load.wait_acknowledged(50) < 5
    check_refusals(load.refusals)
    assert max(load.seconds) < storage.patience_seconds
    check_nothing_is_lost(load, worker.port)
    storage.check()


@servers_only
def test_a_server_without_connections_to_give_refuses_at_once(storage, start_worker):
    worker = start_worker()
    assert post(worker.port).status == 201
    taken = storage.taken_connections()
    answers = read_at_once(worker.port, 6)
    refusals = [answer for answer in answers if answer.status != 200]
    assert refusals
    check_refusals(refusals)
    assert max(answer.seconds for answer in answers) < 4
    for connection in taken:
        connection.close()
    assert {answer.status for answer in read_at_once(worker.port, 6)} == {200}


def test_requests_that_must_not_wait_for_a_connection_are_refused_at_once(storage, start_worker):
    worker = start_worker(**PATIENT, **ONE_CONNECTION)
    assert post(worker.port).status == 201
    with ThreadPoolExecutor() as pool:
        with storage.stalled():
            requests = [pool.submit(post, worker.port) for _ in range(4)]
            refused = [done.result() for done in islice(as_completed(requests), 3)]
        statuses = [done.result().status for done in requests]
    check_refusals(refused)
    assert max(answer.seconds for answer in refused) < 3
    assert sorted(statuses) == [201, 503, 503, 503]
    assert post(worker.port).status == 201
