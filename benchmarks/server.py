"""
A server to be measured, in a process of its own: ``python -m benchmarks.server NAME``.

It listens on a port that the system chooses, and prints it. It then answers each line that it
reads with the seconds of CPU it has used so far, and ends where its input ends, so that no server
outlives the benchmark.
"""

from __future__ import annotations

import argparse
import logging
import sys
import time
from dataclasses import dataclass
from importlib import import_module
from threading import Thread
from wsgiref.types import WSGIApplication

import waitress

from benchmarks.messages import HOST
from benchmarks.storages import STORAGES

THREADS = 4

#: The server, the same with records that users may share, and the floors from the highest to the
#: lowest: modules that have ``make_app``.
OURS = "cliquet"
SHAREABLE = "shareable"
FLOORS = {
    "cornice": "benchmarks.floors.bare_cornice",
    "pyramid": "benchmarks.floors.bare_pyramid",
    "wsgi": "benchmarks.floors.bare_wsgi",
}
NAMES = (OURS, SHAREABLE, *FLOORS)

_OWN = {OURS: "benchmarks.application", SHAREABLE: "benchmarks.shareable"}


@dataclass(frozen=True)
class Setup:
    """
    What all servers have in common.

    Attributes:
        storage: One of :data:`~benchmarks.storages.STORAGES`.
        url: Where its records are; its schema is there.
        logs_requests: Whether ours logs each request; floors never do.
        more: Settings of ours, each as ``name=value``.
    """

    storage: str = "memory"
    url: str = ""
    logs_requests: bool = False
    more: tuple[str, ...] = ()

    def arguments(self) -> list[str]:
        """Return it as arguments of the command line."""
        log = ["--log"] if self.logs_requests else []
        more = [f"--set={one}" for one in self.more]
        return [f"--storage={self.storage}", f"--url={self.url}", *log, *more]

    def settings(self) -> dict[str, str]:
        """Return the settings of ours."""
        more = dict(one.split("=", 1) for one in self.more)
        return {**STORAGES[self.storage].settings(self.url), **more}


def build(name: str, setup: Setup = Setup()) -> WSGIApplication:
    """Return the application of that name; nothing of the others is imported."""
    storage = STORAGES[setup.storage]
    if name in FLOORS:
        app: WSGIApplication = import_module(FLOORS[name]).make_app(storage.store(setup.url))
    else:
        backends = setup.settings()
        if name == SHAREABLE:
            backends |= storage.permission_settings(setup.url)
        app = import_module(_OWN[name]).make_app(backends, logs_requests=setup.logs_requests)
    return app


def main(arguments: list[str]) -> None:
    """Serve until the input ends."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.server")
    parser.add_argument("name", choices=NAMES)
    parser.add_argument("--storage", choices=STORAGES, default="memory", help="has the records")
    parser.add_argument("--url", default="", help="of the storage")
    parser.add_argument("--log", action="store_true", help="log each request")
    parser.add_argument("--set", action="append", default=[], help="a setting of ours")
    options = parser.parse_args(arguments)
    # Eight connections and four threads make a queue: a warning a request is not what we measure.
    logging.getLogger("waitress.queue").setLevel(logging.ERROR)
    setup = Setup(options.storage, options.url, options.log, tuple(options.set))
    app = build(options.name, setup)
    server = waitress.create_server(app, host=HOST, port=0, threads=THREADS)
    Thread(target=server.run, daemon=True).start()
    print(server.effective_port, flush=True)
    for _ in sys.stdin:
        print(time.process_time(), flush=True)


if __name__ == "__main__":
    main(sys.argv[1:])
