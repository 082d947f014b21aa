"""The benchmarks: what they compare is comparable, on every storage. Needs real servers."""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Iterator
from contextlib import closing, contextmanager

import psycopg2
import pytest
from redis import Redis as RedisClient

from benchmarks import sqlite
from benchmarks.batches import BATCHES, EVERY_KIND
from benchmarks.growth.filling import FILLERS, Place, fill, one_by_one
from benchmarks.growth.measure import Options, measure
from benchmarks.growth.operations import Collection, operations_of
from benchmarks.growth.records import COLLECTION, UNIQUE_FIELDS, record
from benchmarks.inprocess import Driver
from benchmarks.kinds import CHANGES, KINDS, PAGE, TOTAL, Share, WrongAnswerError
from benchmarks.messages import Response
from benchmarks.postgresql import PostgreSQL
from benchmarks.redis import Redis
from benchmarks.server import FLOORS, NAMES, OURS, SHAREABLE, Setup, build
from benchmarks.storages import STORAGES
from cliquet.storage.exceptions import UnicityError
from cliquet.testing.servers import POSTGRESQL_VARIABLE, REDIS_VARIABLE, redis_server
from cliquet.testing.servers.fixtures import available

OF_SUBSTANCE = ("etag", "last-modified", "cache-control", "total-records", "next-page")


class Servers:
    """
    Every server, in this process, with the records in it.

    POST has servers of its own, for it changes how many records there are.

    Args:
        stable, growing: Where the records of these and of the others are.
    """

    def __init__(self, stable: Setup, growing: Setup) -> None:
        self.stable = {name: Driver(build(name, stable)) for name in NAMES}
        self.growing = {name: Driver(build(name, growing)) for name in NAMES}
        for driver in self.stable.values():
            driver.seed()
        # Who has no record yet may not list them.
        self.growing[SHAREABLE](next(KINDS["post"].requests(Share())))

    def answers(self, server: str, kind: str, count: int = 1) -> list[Response]:
        """Return the answers to some requests of a kind."""
        driver = (self.growing if kind == "post" else self.stable)[server]
        return [driver(request) for request in driver.requests(EVERY_KIND[kind], count)]

    def right_answer(self, kind: str) -> Response:
        """Return one that is right."""
        (answer,) = self.answers("wsgi", kind)
        KINDS[kind].verify(answer)
        return answer


@contextmanager
def postgresql_setup(url: str, name: str) -> Iterator[Setup]:
    """Make a database beside that of *url*, with the schema, and drop it in the end."""
    connection = psycopg2.connect(url)
    connection.autocommit = True
    cursor = connection.cursor()
    cursor.execute(f"CREATE DATABASE {name}")
    # Thousands of records are stored: none of them has to outlive a crash.
    cursor.execute(f"ALTER DATABASE {name} SET synchronous_commit = off")
    own_url = f"{url.rpartition('/')[0]}/{name}"
    STORAGES["postgresql"].prepare(own_url)
    try:
        yield Setup("postgresql", own_url)
    finally:
        cursor.execute(f"DROP DATABASE {name} WITH (FORCE)")
        connection.close()


@contextmanager
def setup_of(storage: str, request: pytest.FixtureRequest, name: str) -> Iterator[Setup]:
    """Make a place for the records of a storage; the name is that of a database."""
    if storage == "postgresql":
        with postgresql_setup(request.getfixturevalue("cliquet_postgresql"), name) as setup:
            yield setup
    elif storage == "redis":
        with available(redis_server()) as server:
            yield Setup(storage, server.url)
    elif storage == "sqlite":
        with sqlite.running() as file:
            STORAGES[storage].prepare(file.url)
            yield Setup(storage, file.url)
    else:
        yield Setup(storage)


@pytest.fixture(scope="module", params=STORAGES)
def servers(request: pytest.FixtureRequest) -> Iterator[Servers]:
    """Return the servers, made once: no test changes what another one relies on."""
    with (
        setup_of(request.param, request, "stable") as stable,
        setup_of(request.param, request, "growing") as growing,
    ):
        yield Servers(stable, growing)


def headers_of_substance(response: Response) -> set[str]:
    """Return the names of the headers that a bare service sends too."""
    return {name for name in OF_SUBSTANCE if response.has(name)}


@pytest.mark.parametrize("server", NAMES)
@pytest.mark.parametrize("kind", KINDS)
def test_every_server_answers_every_kind_rightly(kind: str, server: str, servers: Servers) -> None:
    for answer in servers.answers(server, kind, 3):
        KINDS[kind].verify(answer)


@pytest.mark.parametrize("batch", BATCHES)
def test_the_server_answers_every_batch_rightly(batch: str, servers: Servers) -> None:
    for answer in servers.answers(OURS, batch, 2):
        BATCHES[batch].verify(answer)


@pytest.mark.parametrize("batch", BATCHES)
def test_another_answer_inside_ends_the_measuring(batch: str, servers: Servers) -> None:
    (right,) = servers.answers(OURS, batch)
    wrong = right._replace(body=right.body.replace(b'"status":200', b'"status":404', 1))
    assert wrong != right
    with pytest.raises(WrongAnswerError, match=BATCHES[batch].title):
        BATCHES[batch].verify(wrong)


@pytest.mark.parametrize("floor", FLOORS)
@pytest.mark.parametrize("kind", KINDS)
def test_floors_send_the_headers_of_substance_that_the_server_sends(
    kind: str, floor: str, servers: Servers
) -> None:
    (ours,), (theirs,) = servers.answers(OURS, kind), servers.answers(floor, kind)
    assert headers_of_substance(theirs) == headers_of_substance(ours)


@pytest.mark.parametrize("floor", FLOORS)
def test_floors_describe_the_service_in_the_words_of_the_server(
    floor: str, servers: Servers
) -> None:
    (ours,), (theirs,) = servers.answers(OURS, "hello"), servers.answers(floor, "hello")
    assert json.loads(theirs.body) == json.loads(ours.body)


@pytest.mark.parametrize("server", NAMES)
def test_pages_begin_with_the_record_written_last(server: str, servers: Servers) -> None:
    (written,) = servers.answers(server, "patch")
    (page,) = servers.answers(server, "list")
    records = json.loads(page.body)["data"]
    assert records[0] == json.loads(written.body)["data"]
    assert len({record["id"] for record in records}) == PAGE


@pytest.mark.parametrize("server", NAMES)
def test_polls_bring_the_records_written_last(server: str, servers: Servers) -> None:
    written = [json.loads(one.body)["data"] for one in servers.answers(server, "put", CHANGES)]
    (answer,) = servers.answers(server, "poll")
    assert json.loads(answer.body)["data"] == written[::-1]


def test_no_two_writes_store_the_same_values() -> None:
    streams = [KINDS["put"].requests(Share(worker, 2)) for worker in (0, 1, 0)]
    bodies = [next(stream).body for stream in streams for _ in range(TOTAL)]
    assert len(set(bodies)) == len(bodies)


def test_connections_write_records_of_their_own() -> None:
    paths = [set(Share(worker, 8).paths) for worker in range(8)]
    assert len(set.union(*paths)) == sum(map(len, paths)) == TOTAL


@pytest.mark.parametrize("kind", KINDS)
def test_another_status_ends_the_measuring(kind: str, servers: Servers) -> None:
    right = servers.right_answer(kind)
    with pytest.raises(WrongAnswerError, match=re.escape(KINDS[kind].title)):
        KINDS[kind].verify(right._replace(status=299))


@pytest.mark.parametrize(
    ("kind", "header"),
    [
        *(("list", header) for header in OF_SUBSTANCE),
        *(("poll", header) for header in OF_SUBSTANCE[:-1]),
        *(("record-get", header) for header in ("etag", "last-modified", "cache-control")),
        *(("put", "etag"), ("patch", "etag"), ("post", "etag"), ("304", "etag")),
    ],
)
def test_a_missing_header_ends_the_measuring(kind: str, header: str, servers: Servers) -> None:
    right = servers.right_answer(kind)
    without = right._replace(head=right.head.replace(f"\n{header}:".encode(), b"\nx-other:"))
    with pytest.raises(WrongAnswerError):
        KINDS[kind].verify(without)


@pytest.mark.parametrize(
    ("kind", "body"),
    [
        ("hello", b"{}"),
        ("record-get", b'{"data":{"id":"x"}}'),
        ("put", b'{"data":{}}'),
        ("list", b'{"data":[]}'),
        ("poll", b'{"data":[]}'),
        ("304", b"{}"),
    ],
)
def test_another_body_ends_the_measuring(kind: str, body: bytes, servers: Servers) -> None:
    right = servers.right_answer(kind)
    with pytest.raises(WrongAnswerError):
        KINDS[kind].verify(right._replace(body=body))


# -- PostgreSQL


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux tells what a process costs")
def test_what_postgresql_costs_is_what_its_clients_made_it_do(cliquet_postgresql: str) -> None:
    with (
        closing(psycopg2.connect(cliquet_postgresql)) as observer,
        closing(psycopg2.connect(cliquet_postgresql)) as client,
    ):
        server = PostgreSQL(cliquet_postgresql, observer)
        before = server.cpu_seconds()
        client.cursor().execute("SELECT count(*) FROM generate_series(1, 300000)")
        assert 0.001 < server.cpu_seconds() - before < 60


# -- Redis


def test_what_redis_costs_is_what_its_clients_made_it_do() -> None:
    with available(redis_server()) as server, RedisClient.from_url(server.url) as client:
        observed = Redis(server.url, client)
        before = observed.cpu_seconds()
        client.eval("for number = 1, 1000000 do redis.sha1hex('x') end", 0)
        assert 0.001 < observed.cpu_seconds() - before < 60


# -- Growth


@pytest.fixture(scope="module", params=FILLERS)
def place(request: pytest.FixtureRequest) -> Iterator[Place]:
    """Return a storage that has a way of its own to be filled, in a place of its own."""
    with setup_of(request.param, request, "growth") as setup:
        yield Place(STORAGES[request.param].connected(setup.url), setup.url)


@pytest.mark.parametrize("is_fast", [False, True])
def test_collections_are_the_same_however_they_are_filled(is_fast: bool, place: Place) -> None:
    parent_id = str(is_fast)
    filler = FILLERS[name_of(place)] if is_fast else one_by_one
    filler(place, parent_id, 20)
    page = Collection(place.storage, parent_id, 20).page()
    assert page.records == [record(number) for number in reversed(range(20))]
    assert (page.total, page.more) == (20, False)


def test_values_are_unique_in_collections_that_were_filled(place: Place) -> None:
    fill(name_of(place), place, {"unique": 3}, lambda line: None)
    twin = {**record(1), "id": "twin"}
    with pytest.raises(UnicityError):
        place.storage.create(COLLECTION, "unique", twin, unique_fields=UNIQUE_FIELDS)


def test_every_operation_is_measured_on_every_storage(
    place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    for variable in (POSTGRESQL_VARIABLE, REDIS_VARIABLE):
        monkeypatch.setenv(variable, place.url)
    name, options = name_of(place), Options(small=100, large=200, rounds=2, calls=2)
    results = measure(name, options, lambda line: None)
    assert list(results) == [operation.title for operation in operations_of(STORAGES[name])]
    assert all(len(samples) == 2 for samples in results.values())


def name_of(place: Place) -> str:
    """Return the name of the storage of a place."""
    return place.url.partition(":")[0]
