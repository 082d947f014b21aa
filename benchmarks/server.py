"""
A server to be measured, in a process of its own: ``python -m benchmarks.server NAME [--log]``.

It listens on a port that the system chooses, and prints it. It then answers each line that it
reads with the seconds of CPU it has used so far, and ends where its input ends, so that no server
outlives the benchmark.
"""

from __future__ import annotations

import argparse
import logging
import sys
import time
from importlib import import_module
from threading import Thread
from wsgiref.types import WSGIApplication

import waitress

from benchmarks.messages import HOST

THREADS = 4

#: The server, and the floors from the highest to the lowest: modules that have ``make_app``.
OURS = "cliquet"
FLOORS = {
    "cornice": "benchmarks.floors.bare_cornice",
    "pyramid": "benchmarks.floors.bare_pyramid",
    "wsgi": "benchmarks.floors.bare_wsgi",
}
NAMES = (OURS, *FLOORS)


def build(name: str, *, logs_requests: bool = False) -> WSGIApplication:
    """
    Return the application of that name; nothing of the others is imported.

    Args:
        name: One of :data:`NAMES`.
        logs_requests: Whether ours logs each request; floors never do.
    """
    if name == OURS:
        app: WSGIApplication = import_module("benchmarks.application").make_app(
            logs_requests=logs_requests
        )
    else:
        app = import_module(FLOORS[name]).make_app()
    return app


def main(arguments: list[str]) -> None:
    """Serve until the input ends."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.server")
    parser.add_argument("name", choices=NAMES)
    parser.add_argument("--log", action="store_true", help="log each request")
    options = parser.parse_args(arguments)
    # Eight connections and four threads make a queue: a warning a request is not what we measure.
    logging.getLogger("waitress.queue").setLevel(logging.ERROR)
    app = build(options.name, logs_requests=options.log)
    server = waitress.create_server(app, host=HOST, port=0, threads=THREADS)
    Thread(target=server.run, daemon=True).start()
    print(server.effective_port, flush=True)
    for _ in sys.stdin:
        print(time.process_time(), flush=True)


if __name__ == "__main__":
    main(sys.argv[1:])
