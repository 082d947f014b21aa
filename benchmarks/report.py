"""What was measured, as a table for people and as JSON for programs."""

from __future__ import annotations

import os
import platform
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from importlib.metadata import PackageNotFoundError, version
from itertools import chain
from statistics import median
from typing import Any

from benchmarks.kinds import KINDS
from benchmarks.measure import Options, Results, Sample, Samples
from benchmarks.server import FLOORS, OURS, SHAREABLE
from benchmarks.storages import STORAGES

#: The floor that gates are about.
GATED = "cornice"
#: Least ratio, to the server itself, that it is to reach with records that users may share.
SHAREABLE_GATE = 0.6
#: The generator limits what is measured when it is busy for more than this share of the time.
TOO_BUSY = 0.9

PACKAGES = ("cliquet", "cornice", "pyramid", "waitress", "orjson")

_ROW = "{:<12} {:<9} {:>22} {:>22} {:>12} {:>19} {:>19}  {}"
_TITLES = (
    (
        *("kind", "server", "requests/s", "server CPU, ms", "database, ms"),
        *("ratio (requests/s)", "ratio (CPU)", "gate"),
    ),
    ("", "", *["median (min-max)"] * 2, "median", *["median (min-max)"] * 2, ""),
)
_NOTES = (
    "ratio: how near cliquet comes to that floor; 1.00 is level with it, 0.50 twice its cost.",
    "shareable: cliquet with records that users may share; its ratio is to cliquet without.",
    "The one by CPU is more trustworthy: other programs on the machine disturb it less.",
    "database: the CPU that it used for each request, beside the server's; no ratio has it.",
)


@dataclass(frozen=True)
class Spread:
    """A median, between the least and the greatest value."""

    median: float
    least: float
    greatest: float

    @classmethod
    def of(cls, values: Iterable[float]) -> Spread:
        """Return the spread of *values*, of which there is at least one."""
        known = list(values)
        return cls(median(known), min(known), max(known))

    def text(self, form: str) -> str:
        """Return it as ``median (least-greatest)``, each number in that form."""
        return f"{self.median:{form}} ({self.least:{form}}-{self.greatest:{form}})"


@dataclass(frozen=True)
class Ratio:
    """
    How near the server comes to a floor: 1 is level with it, 0.5 is twice the cost.

    Attributes:
        by_requests: Requests per second, ours by the floor's.
        by_cpu: CPU per request, the floor's by ours: the more trustworthy one.
    """

    by_requests: Spread
    by_cpu: Spread


def ratio(ours: Sequence[Sample], floor: Sequence[Sample]) -> Ratio:
    """Compare the server with a floor, round by round."""
    pairs = list(zip(ours, floor, strict=True))
    return Ratio(
        Spread.of(a.requests_per_second / b.requests_per_second for a, b in pairs),
        Spread.of(b.cpu_ms / a.cpu_ms for a, b in pairs),
    )


def report(results: Results, options: Options) -> str:
    """Return the whole report, for people."""
    tables = [line for name, kinds in results.items() for line in _table(name, kinds)]
    return "\n".join([_about(options), *tables, "", *_NOTES, _busy_note(results)])


def _table(storage: str, kinds: dict[str, Samples]) -> list[str]:
    titles = [_ROW.format(*titles).rstrip() for titles in _TITLES]
    rows = [row for name, samples in kinds.items() for row in _rows(name, samples)]
    return ["", f"Storage: {STORAGES[storage].title}", "", *titles, *rows]


def _about(options: Options) -> str:
    packages = ", ".join(f"{name} {_version(name)}" for name in PACKAGES)
    log = "each request" if options.logs_requests else "warnings"
    return (
        f"Python {platform.python_version()}, {os.cpu_count()} cores; {packages}\n"
        f"{options.rounds} rounds of {options.seconds:g} s, {options.connections} connections, "
        f"load by {'wrk (reads) and ' if options.uses_wrk else ''}Python; cliquet logs {log}"
    )


def _version(package: str) -> str:
    try:
        return version(package)
    except PackageNotFoundError:
        return "(not installed)"


def _rows(kind: str, samples: Samples) -> list[str]:
    gates = {GATED: KINDS[kind].gate, SHAREABLE: SHAREABLE_GATE}
    return ["", _row(KINDS[kind].title, OURS, samples[OURS])] + [
        _compared_row(name, samples[name], compared, gates.get(name))
        for name, compared in _ratios(samples).items()
    ]


def _ratios(samples: Samples) -> dict[str, Ratio]:
    """Compare what may be shared with what may not, and that with each floor."""
    return {
        SHAREABLE: ratio(samples[SHAREABLE], samples[OURS]),
        **{floor: ratio(samples[OURS], samples[floor]) for floor in FLOORS},
    }


def _compared_row(name: str, samples: list[Sample], compared: Ratio, gate: float | None) -> str:
    verdict = "" if gate is None else _verdict(gate, compared)
    ratios = compared.by_requests.text(".2f"), compared.by_cpu.text(".2f")
    return _row("", name, samples, *ratios, verdict)


def _row(title: str, server: str, samples: list[Sample], *more: str) -> str:
    requests = Spread.of(sample.requests_per_second for sample in samples).text(".0f")
    cpu = Spread.of(sample.cpu_ms for sample in samples).text(".3f")
    database = f"{median(sample.database_cpu_ms for sample in samples):.3f}"
    cells = [*more, "", "", ""][:3]
    return _ROW.format(title, server, requests, cpu, database, *cells).rstrip()


def _verdict(gate: float, compared: Ratio) -> str:
    by_requests = compared.by_requests.median >= gate
    by_cpu = compared.by_cpu.median >= gate
    if by_requests == by_cpu:
        return f"{gate:.2f} {'met' if by_cpu else 'MISSED'}"
    return f"{gate:.2f} {'met by CPU only' if by_cpu else 'met by requests/s only'}"


def _busy_note(results: Results) -> str:
    busiest = max(
        sample.load_busy
        for kinds in results.values()
        for samples in kinds.values()
        for sample in chain.from_iterable(samples.values())
    )
    note = f"The load generator was busy for {busiest:.0%} of the time at most"
    if busiest > TOO_BUSY:
        return f"{note}: requests/s of the fastest server are its own limit."
    return f"{note}."


def as_json(results: Results, options: Options) -> dict[str, Any]:
    """Return the report for programs: the options, every sample, and the ratios."""
    return {
        "python": platform.python_version(),
        "packages": {name: _version(name) for name in PACKAGES},
        "options": asdict(options),
        "storages": {
            storage: {name: _kind_as_json(name, samples) for name, samples in kinds.items()}
            for storage, kinds in results.items()
        },
    }


def _kind_as_json(kind: str, samples: Samples) -> dict[str, Any]:
    ratios = {name: asdict(compared) for name, compared in _ratios(samples).items()}
    return {
        "gate": KINDS[kind].gate,
        "samples": {name: [asdict(one) for one in many] for name, many in samples.items()},
        "ratios": ratios,
    }
