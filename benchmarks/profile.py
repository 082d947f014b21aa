"""
Where the time of one kind of request goes: ``python -m benchmarks.profile KIND``.

The application is called within the process, by one thread, without a network. Where the storage
is a database, the time that the profiler tells of ``execute`` is mostly spent waiting for it.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections import defaultdict
from collections.abc import Iterable, Sequence
from cProfile import Profile
from operator import attrgetter
from statistics import median
from types import CodeType
from typing import NamedTuple
from wsgiref.types import StartResponse, WSGIEnvironment

from benchmarks.batches import EVERY_KIND
from benchmarks.inprocess import Driver
from benchmarks.kinds import Kind
from benchmarks.messages import Request
from benchmarks.processes import ROOT
from benchmarks.server import NAMES, OURS, Setup, build
from benchmarks.storages import STORAGES

ROUNDS = 5
#: Requests that take a few hundredths of a second under the profiler.
SHORT_ROUND = 50

_ROW = "{:>7} {:>8} {:>11}  {}"


class Line(NamedTuple):
    """
    What a function cost, for each request.

    Attributes:
        calls: How often it was called.
        own_us: Microseconds within it, without what it called.
        cumulative_us: Microseconds until it returned.
        function: Where it is, and its name.
    """

    calls: float
    own_us: float
    cumulative_us: float
    function: str

    def text(self) -> str:
        """Return the row of a table."""
        numbers = (f"{self.calls:.2f}", f"{self.own_us:.2f}", f"{self.cumulative_us:.2f}")
        return _ROW.format(*numbers, self.function)


def cost_us(driver: Driver, kind: Kind, count: int) -> float:
    """Return the microseconds of CPU that a request costs, the median of some rounds."""
    rounds = [driver.requests(kind, max(1, count // ROUNDS)) for _ in range(ROUNDS)]
    return median(_seconds(driver, requests) / len(requests) * 1e6 for requests in rounds)


def own_cost_us(requests: Sequence[Request]) -> float:
    """Return the microseconds that the driver itself takes of that, for each request."""
    return _seconds(Driver(_nothing), requests) / len(requests) * 1e6


def profile(driver: Driver, kind: Kind, count: int) -> list[Line]:
    """
    Return what each function costs when requests are made under the profiler.

    Its clock runs on while other programs have the processor. What it tells of a function is
    therefore the least of many short rounds: the one that was interrupted least.
    """
    rounds: defaultdict[str, list[Line]] = defaultdict(list)
    for _ in range(max(1, count // SHORT_ROUND)):
        for line in _profile_once(driver, driver.requests(kind, SHORT_ROUND)):
            rounds[line.function].append(line)
    return [
        Line(
            calls=median(line.calls for line in lines),
            own_us=min(line.own_us for line in lines),
            cumulative_us=min(line.cumulative_us for line in lines),
            function=function,
        )
        for function, lines in rounds.items()
    ]


def _profile_once(driver: Driver, requests: Sequence[Request]) -> list[Line]:
    profiler = Profile()
    profiler.enable()
    for request in requests:
        driver(request)
    profiler.disable()
    unit = 1e6 / len(requests)
    return [
        Line(
            entry.callcount / len(requests),
            entry.inlinetime * unit,
            entry.totaltime * unit,
            _name(entry.code),
        )
        for entry in profiler.getstats()
    ]


def _seconds(driver: Driver, requests: Iterable[Request]) -> float:
    start = time.process_time()
    for request in requests:
        driver(request)
    return time.process_time() - start


def _nothing(environ: WSGIEnvironment, start_response: StartResponse) -> list[bytes]:
    start_response("200 OK", [])
    return [b""]


def _name(code: str | CodeType) -> str:
    if isinstance(code, str):
        return code
    path = code.co_filename.removeprefix(f"{ROOT}/").rpartition("site-packages/")[2]
    return f"{path.removeprefix(sys.base_prefix)}:{code.co_firstlineno} {code.co_qualname}"


def _print_top(title: str, lines: Iterable[Line], top: int, *, by: str) -> None:
    print(f"\n{title}, per request\n{_ROW.format('calls', 'own µs', 'cumul. µs', 'function')}")
    for line in sorted(lines, key=attrgetter(by), reverse=True)[:top]:
        print(line.text())


def main(arguments: list[str]) -> None:
    """Print what one kind of request costs, and which functions cost the most."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.profile", description=__doc__)
    add, at = parser.add_argument, " (default: %(default)s)"
    add("kind", choices=EVERY_KIND, metavar="KIND", help=f"one of {', '.join(EVERY_KIND)}")
    add("--requests", type=int, default=3000, help="how many are made, each time" + at)
    add("--top", type=int, default=25, help="how many functions are told" + at)
    add("--server", choices=NAMES, default=OURS, help="the server, or a floor" + at)
    add("--storage", choices=STORAGES, default="memory", help="that has the records" + at)
    add("--log", action="store_true", help="let our server log each request")
    given = parser.parse_args(arguments)
    with STORAGES[given.storage].running() as database:
        app = build(given.server, Setup(given.storage, database.url, given.log))
        driver = Driver(app)
        driver.seed()
        database.settle()
        _print_profile(driver, given)


def _print_profile(driver: Driver, given: argparse.Namespace) -> None:
    kind = EVERY_KIND[given.kind]
    sample = driver.requests(kind, given.requests)
    kind.verify(driver(sample[0]))
    total_us, own_us = cost_us(driver, kind, given.requests), own_cost_us(sample)
    print(f"{given.server}, {kind.title}, {STORAGES[given.storage].title}:", end=" ")
    print(f"{total_us:.0f} µs of CPU, {own_us:.0f} the driver's own")
    lines = profile(driver, kind, given.requests)
    print(f"{sum(line.own_us for line in lines):.0f} µs under the profiler, told below")
    _print_top("Own time", lines, given.top, by="own_us")
    _print_top("Cumulative time", lines, given.top, by="cumulative_us")


if __name__ == "__main__":
    main(sys.argv[1:])
