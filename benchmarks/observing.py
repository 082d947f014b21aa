"""
What logs and metrics add to a GET of a record: ``python -m benchmarks.observing``.

Applications that differ in nothing else take turns within one process, on the memory storage,
where a request is cheapest and the share of all else the largest.
"""

from __future__ import annotations

import argparse
import logging
import sys
import time
from collections.abc import Mapping
from socket import AF_INET, SOCK_DGRAM, socket
from statistics import median

from benchmarks.application import make_app
from benchmarks.inprocess import Driver
from benchmarks.kinds import KINDS
from benchmarks.storages import STORAGES

#: What the others are compared with: no metrics, and not a line of log.
BARE = "bare"
_SILENT = logging.CRITICAL + 1


def added_shares(rounds: int, count: int) -> dict[str, float]:
    """Return, for each way to observe, the share of CPU time that it adds."""
    with socket(AF_INET, SOCK_DGRAM) as server:
        server.bind(("127.0.0.1", 0))
        url = f"udp://127.0.0.1:{server.getsockname()[1]}"
        ways: dict[str, Mapping[str, str]] = {
            BARE: {},
            "logging at WARNING": {},
            "metrics = prometheus": {"metrics": "prometheus"},
            "metrics = statsd": {"statsd_url": url},
        }
        drivers = {way: _driver(settings) for way, settings in ways.items()}
        turns = [
            {way: _seconds(driver, way, count) for way, driver in drivers.items()}
            for _ in range(rounds)
        ]
    return {
        way: median(turn[way] / turn[BARE] for turn in turns) - 1 for way in ways if way != BARE
    }


def _driver(settings: Mapping[str, str]) -> Driver:
    driver = Driver(make_app({**STORAGES["memory"].settings(""), **settings}))
    driver.seed()
    return driver


def _seconds(driver: Driver, way: str, count: int) -> float:
    is_logged = way == "logging at WARNING"
    logging.getLogger("cliquet").setLevel(logging.WARNING if is_logged else _SILENT)
    requests = driver.requests(KINDS["record-get"], count)
    start = time.process_time()
    for request in requests:
        driver(request)
    return time.process_time() - start


def main(arguments: list[str]) -> None:
    """Print the shares."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.observing", description=__doc__)
    parser.add_argument("--rounds", type=int, default=41, help="turns (default: %(default)s)")
    parser.add_argument("--requests", type=int, default=300, help="a turn (default: %(default)s)")
    given = parser.parse_args(arguments)
    for way, share in added_shares(given.rounds, given.requests).items():
        print(f"{way}: {share:+.1%}")


if __name__ == "__main__":
    main(sys.argv[1:])
