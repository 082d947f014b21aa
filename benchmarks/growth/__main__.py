"""Compare a small and a large collection: ``python -m benchmarks.growth``."""

from __future__ import annotations

import argparse
import sys

from benchmarks.growth.measure import Options, measure
from benchmarks.growth.report import report
from benchmarks.storages import STORAGES


def main(arguments: list[str]) -> None:
    """Measure, and print the table; what is being done is told on the standard error."""
    options = read_options(arguments)
    results = {
        name: measure(name, options, lambda line: print(f"... {line}", file=sys.stderr, flush=True))
        for name in options.storages
    }
    print(report(results, options))


def read_options(arguments: list[str]) -> Options:
    """Return what the command line asks for."""
    defaults = Options()
    parser = argparse.ArgumentParser(prog="python -m benchmarks.growth", description=__doc__)
    add, at = parser.add_argument, " (default: %(default)s)"
    chosen = ", ".join(defaults.storages)
    add("--storage", action="append", choices=STORAGES, help=f"default: {chosen}")
    add("--small", type=int, default=defaults.small, help="records of one collection" + at)
    add("--large", type=int, default=defaults.large, help="records of the other one" + at)
    add("--rounds", type=int, default=defaults.rounds, help="of each operation" + at)
    add("--calls", type=int, default=defaults.calls, help="on each collection in a round" + at)
    add("--seconds", type=float, default=defaults.seconds, help="after which a round ends" + at)
    given = parser.parse_args(arguments)
    if given.small < max(100, given.rounds * given.calls + 1):
        parser.error("--small should be 100 at least, and more than all calls of an operation")
    return Options(
        storages=tuple(given.storage or defaults.storages),
        small=given.small,
        large=given.large,
        rounds=given.rounds,
        calls=given.calls,
        seconds=given.seconds,
    )


if __name__ == "__main__":
    main(sys.argv[1:])
