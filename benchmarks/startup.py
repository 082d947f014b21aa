"""How long a server takes to start, in fresh interpreters: ``python -m benchmarks.startup``."""

from __future__ import annotations

import argparse
import subprocess
import sys
from collections.abc import Callable
from statistics import median
from typing import NamedTuple

from benchmarks.processes import ROOT

#: What the project allows, and what it aims at.
GATE_SECONDS, AIM_SECONDS = 1.0, 0.5

#: The application is the example, on its settings but without its INI file.
_SCRIPT = """
import time
start = time.perf_counter()
import cliquet
imported = time.perf_counter()
import readinglist
readinglist.main({}, storage_backend="cliquet.storage.memory", userid_hmac_secret="none")
made = time.perf_counter()
print(imported - start, made - imported)
"""


class StartUp(NamedTuple):
    """
    One start.

    Attributes:
        import_seconds: ``import cliquet``.
        application_seconds: Importing the example, and making its application.
    """

    import_seconds: float
    application_seconds: float

    @property
    def total_seconds(self) -> float:
        """Both; the interpreter's own start is not counted."""
        return self.import_seconds + self.application_seconds


def start_up() -> StartUp:
    """Start once, in a fresh interpreter."""
    paths = [str(ROOT), str(ROOT / "examples" / "readinglist")]
    script = f"import sys; sys.path[:0] = {paths!r}\n{_SCRIPT}"
    result = subprocess.run(
        [sys.executable, "-c", script], stdout=subprocess.PIPE, text=True, check=True
    )
    return StartUp(*map(float, result.stdout.split()))


def _row(title: str, starts: list[StartUp], value: Callable[[StartUp], float]) -> str:
    seconds = [value(start) for start in starts]
    spread = f"({min(seconds):.3f}-{max(seconds):.3f})"
    return f"{title:<20} {median(seconds):>7.3f} {spread:>15}"


def main(arguments: list[str]) -> None:
    """Print the seconds that a start takes."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.startup", description=__doc__)
    parser.add_argument("--rounds", type=int, default=5, help="starts (default: %(default)s)")
    given = parser.parse_args(arguments)
    # The first one compiles what was never imported, and is not counted.
    starts = [start_up() for _ in range(given.rounds + 1)][1:]
    total = median(start.total_seconds for start in starts)
    print(f"{'seconds':<20} {'median':>7} {'(min-max)':>15}")
    print(_row("import cliquet", starts, lambda start: start.import_seconds))
    print(_row("make the application", starts, lambda start: start.application_seconds))
    print(_row("both", starts, lambda start: start.total_seconds))
    verdict = "met" if total <= GATE_SECONDS else "MISSED"
    print(f"gate {GATE_SECONDS:g} s: {verdict}; the aim is {AIM_SECONDS:g} s")


if __name__ == "__main__":
    main(sys.argv[1:])
