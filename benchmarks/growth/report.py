"""What was measured, as a table for people."""

from __future__ import annotations

import os
import platform

from benchmarks.growth.measure import Options, Results, Sample
from benchmarks.report import Spread
from benchmarks.storages import STORAGES

#: How many times longer an operation may take in the large collection.
GATE = 1.3

_ROW = "{:<42} {:>12} {:>12} {:>22}  {}"
_NOTES = (
    "ms: of one call, the median of all rounds. ratio: how many times longer a call takes in the",
    "large collection, median (min-max) of the rounds; 1.00 is what the size does not matter to.",
)


def report(results: dict[str, Results], options: Options) -> str:
    """Return the whole report, of each storage."""
    about = (
        f"Python {platform.python_version()}, {os.cpu_count()} cores; {options.rounds} rounds of "
        f"{options.calls} calls, or of {options.seconds:g} s"
    )
    tables = [line for name, table in results.items() for line in _table(name, table, options)]
    return "\n".join([about, *tables, "", *_NOTES])


def _table(storage: str, results: Results, options: Options) -> list[str]:
    sizes = f"{options.small:,}, ms", f"{options.large:,}, ms"
    titles = _ROW.format("operation", *sizes, "ratio", "gate")
    rows = [_row(title, samples) for title, samples in results.items()]
    return ["", f"Storage: {STORAGES[storage].title}", "", titles, "", *rows]


def _row(title: str, samples: list[Sample]) -> str:
    small = Spread.of(sample.small_ms for sample in samples).median
    large = Spread.of(sample.large_ms for sample in samples).median
    ratio = Spread.of(sample.ratio for sample in samples)
    verdict = f"{GATE:.2f} {'met' if ratio.median <= GATE else 'MISSED'}"
    return _ROW.format(title, f"{small:.3f}", f"{large:.3f}", ratio.text(".2f"), verdict)
