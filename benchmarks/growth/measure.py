"""The measuring: operation by operation, in rounds, by calls that take turns."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from statistics import median
from typing import NamedTuple

from benchmarks.growth.filling import Place, fill
from benchmarks.growth.operations import Collection, Operation, operations_of
from benchmarks.storages import STORAGES


@dataclass(frozen=True)
class Options:
    """
    How to measure.

    Attributes:
        storages: Names of the storages.
        small, large: Records of the two collections.
        rounds: How many of each operation.
        calls: On each collection, in each round.
        seconds: After which a round ends, however many calls there were.
    """

    storages: tuple[str, ...] = ("sqlite", "postgresql", "redis")
    small: int = 1000
    large: int = 1_000_000
    rounds: int = 5
    calls: int = 50
    seconds: float = 2.0


class Sample(NamedTuple):
    """What a call took in one round, in milliseconds: the medians."""

    small_ms: float
    large_ms: float

    @property
    def ratio(self) -> float:
        """How many times longer it took in the large collection."""
        return self.large_ms / self.small_ms


#: Samples by title of the operation, one a round.
Results = dict[str, list[Sample]]


def measure(name: str, options: Options, tell: Callable[[str], None]) -> Results:
    """
    Fill the collections, measure the operations, and return the samples.

    Args:
        name: Of the storage.
        options: What, and how long.
        tell: Called with a line about each step.
    """
    storage, sizes = STORAGES[name], {"small": options.small, "large": options.large}
    with storage.running() as server:
        place = Place(storage.connected(server.url), server.url)
        fill(name, place, sizes, lambda line: tell(f"{storage.title}: {line}"))
        server.settle()
        pair = [Collection(place.storage, parent_id, size) for parent_id, size in sizes.items()]
        results = {}
        for operation in operations_of(storage):
            tell(f"{storage.title}: {operation.title}, {options.rounds} rounds")
            results[operation.title] = _measure_operation(operation, pair, options)
        return results


def _measure_operation(
    operation: Operation, pair: list[Collection], options: Options
) -> list[Sample]:
    # The first calls warm up, and are not counted.
    for collection in pair:
        operation.prepare(collection)()
    return [_round(operation, pair, options) for _ in range(options.rounds)]


def _round(operation: Operation, pair: list[Collection], options: Options) -> Sample:
    small_ms, large_ms, end = [], [], time.perf_counter() + options.seconds
    for _ in range(options.calls):
        small_ms.append(_timed_ms(operation.prepare(pair[0])))
        large_ms.append(_timed_ms(operation.prepare(pair[1])))
        if time.perf_counter() > end:
            break
    return Sample(median(small_ms), median(large_ms))


def _timed_ms(call: Callable[[], object]) -> float:
    start = time.perf_counter()
    call()
    return (time.perf_counter() - start) * 1000
