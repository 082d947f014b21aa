"""The network between a worker and its server is cut."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.faults.checks import check_nothing_is_lost, check_refusals
from tests.faults.clients import COUNTER, Client, Load
from tests.faults.conftest import servers_only
from tests.faults.proxy import Cut, Proxy
from tests.faults.storages import OnPostgreSQL, OnRedis

pytestmark = [pytest.mark.slow, servers_only]


@pytest.fixture
def proxy(storage: OnPostgreSQL | OnRedis) -> Iterator[Proxy]:
    with Proxy(storage.server.port) as proxy:
        yield proxy


@pytest.mark.parametrize("cut", [Cut.SWALLOWED, Cut.RESET, Cut.HALVED])
def test_what_the_network_loses_is_refused_and_done_once_at_most(storage, start_worker, proxy, cut):
    worker = start_worker(storage_url=storage.url_at(proxy.port))
    with Load([worker.port]) as load:
        load.wait_acknowledged(100)
        proxy.cut(cut)
        load.wait_refused(4)
        proxy.mend()
        assert load.wait_acknowledged(50) < 5
    check_refusals(load.refusals)
    assert max(load.seconds) < storage.patience_seconds
    check_nothing_is_lost(load, worker.port)
    storage.check()


def test_a_write_whose_answer_is_cut_is_not_sent_again(storage, start_worker, proxy):
    statuses = []
    with Client(start_worker(storage_url=storage.url_at(proxy.port)).port) as client:
        known = client.send("PUT", COUNTER, {"data": {"n": 0}}).headers["ETag"]
        # The answers to one request are cut one after the other.
        for number in range(6):
            proxy.halve_one(number)
            answer = client.send("PUT", COUNTER, {"data": {"n": number}}, If_Match=known)
            proxy.mend()
            statuses.append(answer.status)
            known = client.send("GET", COUNTER).headers["ETag"]
    # Whoever sent it again would be told 412 of what he wrote himself.
    assert set(statuses) == {200, 503}
