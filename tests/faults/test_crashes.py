"""Servers and workers are killed, or workers frozen, in the middle of their work."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from typing import Any

import pytest

from tests.faults.checks import check_nothing_is_lost, check_refusals
from tests.faults.clients import Answer, Client, Load, wait_until
from tests.faults.conftest import Worker, servers_only
from tests.faults.notes import Notes
from tests.faults.storages import Storage

pytestmark = pytest.mark.slow


@servers_only
def test_what_was_acknowledged_survives_a_crash_of_the_server(storage, start_worker):
    worker = start_worker()
    with Load([worker.port]) as load:
        load.wait_acknowledged(200)
        storage.server.kill()
        load.wait_refused(8)
        with Client(worker.port) as client:
            assert not Notes(client).is_alive()
        storage.server.start()
        assert load.wait_acknowledged(50) < 5
    check_refusals(load.refusals)
    assert max(load.seconds) < storage.patience_seconds
    check_nothing_is_lost(load, worker.port)
    storage.check()


def test_what_was_acknowledged_survives_crashes_of_workers(storage, start_worker):
    steady, *all_doomed = [start_worker() for _ in range(3)]
    with Load([steady.port, *(doomed.port for doomed in all_doomed)]) as load:
        for doomed in all_doomed:
            load.wait_acknowledged(50, doomed.port)
            doomed.kill()
            assert load.wait_acknowledged(20, steady.port) < 3
    assert load.refusals == []
    check_nothing_is_lost(load, steady.port)
    storage.check()


def test_what_was_acknowledged_survives_a_crash_of_all_workers_at_once(storage, start_worker):
    all_doomed = [start_worker(), start_worker()]
    with Load([doomed.port for doomed in all_doomed]) as load:
        load.wait_acknowledged(200)
        for doomed in all_doomed:
            doomed.kill()
        storage.check()
    check_nothing_is_lost(load, start_worker().port)
    storage.check()


@contextmanager
def frozen_amid_a_transaction(storage: Storage, worker: Worker) -> Iterator[Future[Answer]]:
    """Freeze a worker that has written and not committed; give the answer that it owes."""
    with ThreadPoolExecutor() as pool, Client(worker.port) as client:
        pending = pool.submit(client.send, "POST", "/several?pause=0.5")
        wait_until(storage.is_being_written)
        worker.pause()
        try:
            yield pending
        finally:
            worker.resume()
            pending.result()


def post(client: Client) -> Answer:
    return client.send("POST", "/notes", {"data": {}})


def total(client: Client) -> Any:
    return client.send("GET", "/notes").headers["Total-Records"]


@pytest.mark.parametrize("storage", ["postgresql"], indirect=True)
def test_the_transaction_of_a_frozen_worker_is_ended_by_the_server(storage, start_worker):
    steady, frozen = start_worker(), start_worker()
    with Client(steady.port) as one, Client(frozen.port) as other:
        # From here on the first statement of a transaction locks the collection.
        post(one)
        with frozen_amid_a_transaction(storage, frozen) as pending:
            answers = [post(one)]
            while answers[-1].status != 201 and len(answers) < 5:
                answers.append(post(one))
            assert answers.pop().status == 201
        check_refusals([*answers, pending.result()])
        assert post(other).status == 201
        # What the frozen worker had written is not there.
        assert total(one) == "3"


@pytest.mark.parametrize("storage", ["sqlite"], indirect=True)
def test_a_frozen_worker_keeps_its_turn_to_write_and_nobody_from_reading(storage, start_worker):
    steady, frozen = start_worker(), start_worker()
    with Client(steady.port) as one, Client(frozen.port) as other:
        post(one)
        with frozen_amid_a_transaction(storage, frozen) as pending:
            refused = post(one)
            check_refusals([refused])
            assert refused.seconds < storage.patience_seconds
            assert total(one) == "1"
        assert pending.result().status == 200
        assert (post(one).status, post(other).status) == (201, 201)
        assert total(one) == "6"
