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

from benchmarks.batches import BATCHES, EVERY_KIND, Batch
from benchmarks.measure import Options, Results, Sample, Samples
from benchmarks.server import OURS, SHAREABLE
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
    "Of a batch, it is how many of the single requests below it costs: the gate is the most.",
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
    rows = [row for name, samples in kinds.items() for row in _rows(storage, name, samples)]
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


def _rows(storage: str, kind: str, samples: Samples) -> list[str]:
    ours = _row(EVERY_KIND[kind].title, OURS, samples[OURS])
    if kind in BATCHES:
        return ["", ours, _single_row(storage, BATCHES[kind], samples)]
    gates = {GATED: EVERY_KIND[kind].gate, SHAREABLE: SHAREABLE_GATE}
    return ["", ours] + [
        _compared_row(name, samples[name], compared, gates.get(name))
        for name, compared in _ratios(kind, samples).items()
    ]


def _ratios(kind: str, samples: Samples) -> dict[str, Ratio]:
    """
    Compare what may be shared with what may not, and that with each floor.

    Of a batch, how many of the single requests it costs.
    """
    others = [name for name in samples if name != OURS]
    if kind in BATCHES:
        return {single: ratio(samples[single], samples[OURS]) for single in others}
    return {
        name: ratio(*_sides(samples[OURS], samples[name], is_shareable=name == SHAREABLE))
        for name in others
    }


def _sides(
    ours: list[Sample], other: list[Sample], *, is_shareable: bool
) -> tuple[list[Sample], list[Sample]]:
    return (other, ours) if is_shareable else (ours, other)


def _compared_row(name: str, samples: list[Sample], compared: Ratio, gate: float | None) -> str:
    met = [one.median >= (gate or 0) for one in (compared.by_requests, compared.by_cpu)]
    verdict = "" if gate is None else _verdict(gate, met)
    return _row("", name, samples, *_texts(compared), verdict)


def _single_row(storage: str, batch: Batch, samples: Samples) -> str:
    compared = _ratios(batch.name, samples)[batch.single]
    met = [one.median < batch.gate for one in (compared.by_requests, compared.by_cpu)]
    verdict = _verdict(batch.gate, met) if storage == batch.gated_on else ""
    return _row("alone", OURS, samples[batch.single], *_texts(compared), verdict)


def _texts(compared: Ratio) -> tuple[str, str]:
    return compared.by_requests.text(".2f"), compared.by_cpu.text(".2f")


def _row(title: str, server: str, samples: list[Sample], *more: str) -> str:
    requests = Spread.of(sample.requests_per_second for sample in samples).text(".0f")
    cpu = Spread.of(sample.cpu_ms for sample in samples).text(".3f")
    database = f"{median(sample.database_cpu_ms for sample in samples):.3f}"
    cells = [*more, "", "", ""][:3]
    return _ROW.format(title, server, requests, cpu, database, *cells).rstrip()


def _verdict(gate: float, met: Sequence[bool]) -> str:
    by_requests, by_cpu = met
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
    """Return the report for programs: the options, every sample, and every ratio."""
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
    ratios = {name: asdict(compared) for name, compared in _ratios(kind, samples).items()}
    return {
        "gate": EVERY_KIND[kind].gate,
        "samples": {name: [asdict(one) for one in many] for name, many in samples.items()},
        "ratios": ratios,
    }
