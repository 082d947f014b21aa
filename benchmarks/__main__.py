"""Compare the server with the floors: ``python -m benchmarks``."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

import orjson

from benchmarks import report, wrk
from benchmarks.batches import EVERY_KIND
from benchmarks.measure import Options, measure
from benchmarks.storages import STORAGES


def main(arguments: list[str]) -> None:
    """Measure, and print the table; what is being done is told on the standard error."""
    options, json_path = read_options(arguments)
    results = measure(options, lambda line: print(f"... {line}", file=sys.stderr, flush=True))
    print(report.report(results, options))
    if json_path is not None:
        json_path.write_bytes(orjson.dumps(report.as_json(results, options)))


def read_options(arguments: list[str]) -> tuple[Options, Path | None]:
    """Return what the command line asks for, and where to write JSON, if anywhere."""
    defaults = Options()
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    add, at = parser.add_argument, " (default: %(default)s)"
    add("--rounds", type=int, default=defaults.rounds, help="rounds of each kind" + at)
    add("--seconds", type=float, default=defaults.seconds, help="of each measurement" + at)
    add("--connections", type=int, default=defaults.connections, help="at once" + at)
    add("--storage", action="append", choices=STORAGES, help="all of them unless told otherwise")
    kinds = ", ".join(EVERY_KIND)
    add("--only", action="append", choices=EVERY_KIND, metavar="KIND", help=f"of {kinds}")
    add("--log", action="store_true", help="let our server log each request, in JSON, to nowhere")
    add("--wrk", action="store_true", help="make the load of reads by wrk, which is less strict")
    add("--json", type=Path, metavar="FILE", help="write every sample there")
    given = parser.parse_args(arguments)
    if given.wrk and not wrk.is_present():
        parser.error("wrk is not installed")
    options = Options(
        storages=tuple(name for name in STORAGES if name in (given.storage or STORAGES)),
        kinds=tuple(name for name in EVERY_KIND if name in (given.only or EVERY_KIND)),
        rounds=given.rounds,
        seconds=given.seconds,
        connections=given.connections,
        logs_requests=given.log,
        uses_wrk=given.wrk,
    )
    return options, given.json


if __name__ == "__main__":
    main(sys.argv[1:])
