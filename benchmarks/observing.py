"""
What logs and metrics add to a GET of a record: ``python -m benchmarks.observing``.

Applications that differ in nothing else take turns: within one process on the memory storage,
where a request is cheapest and the share of all else the largest; and, with ``--storage``, as
servers, over HTTP.
"""

from __future__ import annotations

import argparse
import logging
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from socket import AF_INET, SOCK_DGRAM, socket
from statistics import median

from benchmarks import load
from benchmarks.application import make_app
from benchmarks.inprocess import Driver
from benchmarks.kinds import KINDS, Share, seeds
from benchmarks.processes import Server
from benchmarks.server import OURS, Setup
from benchmarks.storages import STORAGES
from cliquet import statsd

#: What the others are compared with: no metrics, and, within the process, not a line of log.
BARE = "bare"
_LOGGING = "logging at WARNING"
_SILENT = logging.CRITICAL + 1
_KIND = KINDS["record-get"]
_CONNECTIONS = 4
#: A server's turn; figures are then on their way for a while.
_TURN_SECONDS, _REST_SECONDS = 0.3, 0.15

#: Has its turn, and returns the seconds of CPU that a request took.
Turn = Callable[[], float]


@contextmanager
def _ways() -> Iterator[dict[str, tuple[str, ...]]]:
    """Yield the settings of each way to observe; a socket takes what is sent to StatsD."""
    with socket(AF_INET, SOCK_DGRAM) as receiver:
        receiver.bind(("127.0.0.1", 0))
        url = f"statsd_url=udp://127.0.0.1:{receiver.getsockname()[1]}"
        yield {
            BARE: (),
            "metrics = prometheus": ("metrics=prometheus",),
            "metrics = statsd": (url,),
            "metrics = prometheus statsd": ("metrics=prometheus statsd", url),
        }


@contextmanager
def in_process(count: int) -> Iterator[Mapping[str, Turn]]:
    """Yield the turns of applications in this process, of *count* requests each."""
    with _ways() as ways:
        drivers = {way: _driver(settings) for way, settings in {**ways, _LOGGING: ()}.items()}
        yield {way: _calls(driver, way, count) for way, driver in drivers.items()}


def _driver(settings: tuple[str, ...]) -> Driver:
    driver = Driver(make_app(Setup(more=settings).settings()))
    driver.seed()
    return driver


def _calls(driver: Driver, way: str, count: int) -> Turn:
    def turn() -> float:
        logging.getLogger("cliquet").setLevel(logging.WARNING if way == _LOGGING else _SILENT)
        requests = driver.requests(_KIND, count)
        statsd.flush()
        start = time.process_time()
        for request in requests:
            driver(request)
        # What is sent is part of the price.
        statsd.flush()
        return (time.process_time() - start) / count

    return turn


@contextmanager
def over_http(storage: str) -> Iterator[Mapping[str, Turn]]:
    """Yield the turns of servers whose records are in one database."""
    with ExitStack() as stack:
        ways = stack.enter_context(_ways())
        database = stack.enter_context(STORAGES[storage].running())
        servers = {
            way: Server(OURS, Setup(storage, database.url, more=settings))
            for way, settings in ways.items()
        }
        for server in servers.values():
            stack.callback(server.stop)
        for server in servers.values():
            load.drive(server.port, [seeds(Share())], lambda response: None)
        database.settle()
        yield {way: _loads(server) for way, server in servers.items()}


def _loads(server: Server) -> Turn:
    shares = [Share(worker, _CONNECTIONS) for worker in range(_CONNECTIONS)]

    def turn() -> float:
        before = server.cpu_seconds()
        streams = [_KIND.requests(share) for share in shares]
        done = load.drive(server.port, streams, _KIND.verify, _TURN_SECONDS)
        time.sleep(_REST_SECONDS)
        return (server.cpu_seconds() - before) / done.requests

    return turn


def measured(turns: Mapping[str, Turn], rounds: int) -> dict[str, list[float]]:
    """Return the seconds of each round; a round before them warms up."""
    told = []
    for number in range(rounds + 1):
        # To and fro: what a machine does meanwhile favours nobody.
        order = list(turns) if number % 2 else list(turns)[::-1]
        told.append({way: turns[way]() for way in order})
    return {way: [one[way] for one in told[1:]] for way in turns}


def main(arguments: list[str]) -> None:
    """Print the CPU of a request, and the share of it that each way adds."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.observing", description=__doc__)
    parser.add_argument("--storage", choices=STORAGES, help="over HTTP, with the records there")
    parser.add_argument("--rounds", type=int, default=41, help="turns (default: %(default)s)")
    parser.add_argument("--requests", type=int, default=300, help="a turn (default: %(default)s)")
    given = parser.parse_args(arguments)
    way_of = over_http(given.storage) if given.storage else in_process(given.requests)
    with way_of as turns:
        seconds = measured(turns, given.rounds)
    bare = seconds.pop(BARE)
    print(f"{BARE}: {median(bare) * 1e6:.0f} µs")
    for way, samples in seconds.items():
        added = median(one / base for one, base in zip(samples, bare, strict=True)) - 1
        print(f"{way}: {added:+.1%}")


if __name__ == "__main__":
    main(sys.argv[1:])
