"""
The measuring: kind by kind, round by round, and in each round one server after another.

Machines have moods, above all shared ones. A round is therefore cut into slices of a tenth of a
second, in which the servers take turns, so that a mood meets them all; only what was measured
within one round is compared, and the median of these comparisons is told.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from benchmarks import load, wrk
from benchmarks.batches import EVERY_KIND, Batch
from benchmarks.kinds import Kind, Share, list_request, seeds, share_of
from benchmarks.messages import Request
from benchmarks.processes import Server, running
from benchmarks.server import NAMES, OURS, Setup
from benchmarks.storages import STORAGES
from benchmarks.storages import Server as Database

#: Longest time for which one server is under load before it is the next one's turn.
SLICE_SECONDS = 0.1


@dataclass(frozen=True)
class Options:
    """
    How to measure.

    Attributes:
        storages: Names of the storages.
        kinds: Names of the kinds.
        rounds: How many of each kind.
        seconds: How long each server is under load in each round, all slices together.
        connections: How many at once.
        logs_requests: Whether our server logs each request.
        uses_wrk: Whether the load of reads is made by wrk.
    """

    storages: tuple[str, ...] = tuple(STORAGES)
    kinds: tuple[str, ...] = tuple(EVERY_KIND)
    rounds: int = 5
    seconds: float = 1.0
    connections: int = 8
    logs_requests: bool = False
    uses_wrk: bool = False


@dataclass(frozen=True)
class Sample:
    """
    What one server did in one round.

    Attributes:
        requests_per_second: How many it answered.
        cpu_ms: CPU that it used for each, in milliseconds, kernel and all threads included.
        database_cpu_ms: CPU that the database used for each, in milliseconds; 0 without one.
        load_busy: Share of the time for which the load generator was busy, from 0 to 1.
    """

    requests_per_second: float
    cpu_ms: float
    load_busy: float
    database_cpu_ms: float = 0


class _Part(NamedTuple):
    """One slice: the load, and the CPU that the server and its database used."""

    load: load.Load
    cpu_seconds: float
    database_cpu_seconds: float


class _Bench(NamedTuple):
    """What takes part: the servers, and the database that they share."""

    servers: Sequence[Server]
    database: Database


class _Turn(NamedTuple):
    """What takes turns within a round: servers, or a batch and what is in it."""

    name: str
    kind: Kind
    server: Server


#: Samples of a kind by server, one a round; of a batch, also by the name of the kind in it.
Samples = dict[str, list[Sample]]
#: Samples by storage and kind.
Results = dict[str, dict[str, Samples]]


def measure(options: Options, tell: Callable[[str], object]) -> Results:
    """
    Start the servers on one storage after another, measure them all, and return the samples.

    Args:
        options: What, and how long.
        tell: Called with a line about each step.

    Raises:
        WrongAnswerError: An answer was not as it should be.
    """
    return {name: _measure_storage(name, options, tell) for name in options.storages}


def _measure_storage(
    name: str, options: Options, tell: Callable[[str], object]
) -> dict[str, Samples]:
    storage = STORAGES[name]
    tell(f"{storage.title}: starting {', '.join(NAMES)}")
    with storage.running() as database:
        setup = Setup(name, database.url, options.logs_requests)
        with running(NAMES, setup) as servers:
            for server in servers:
                _seed(server, options.connections)
            database.settle()
            bench = _Bench(servers, database)
            results = {}
            for kind in _kinds(name, options):
                tell(f"{storage.title}, {kind.title}: {options.rounds} rounds")
                results[kind.name] = _measure_kind(kind, bench, options)
            return results


def _kinds(storage: str, options: Options) -> list[Kind]:
    is_first = storage == options.storages[0]
    return [EVERY_KIND[name] for name in options.kinds if is_first or EVERY_KIND[name].has_records]


def _seed(server: Server, connections: int) -> None:
    streams = [seeds(Share(worker, connections)) for worker in range(connections)]
    load.drive(server.port, streams, lambda response: None)


def _measure_kind(kind: Kind, bench: _Bench, options: Options) -> Samples:
    turns = _turns(kind, bench.servers)
    # The first slices warm up, and are not counted.
    _round(turns, bench.database, options, slices=1)
    slices = _slices(options)
    rounds = [_round(turns, bench.database, options, slices) for _ in range(options.rounds)]
    return {turn.name: [one[turn.name] for one in rounds] for turn in turns}


def _turns(kind: Kind, servers: Sequence[Server]) -> list[_Turn]:
    if isinstance(kind, Batch):
        ours = next(server for server in servers if server.name == OURS)
        return [_Turn(OURS, kind, ours), _Turn(kind.single, EVERY_KIND[kind.single], ours)]
    return [_Turn(server.name, kind, server) for server in servers]


def _slices(options: Options) -> int:
    # wrk knows whole seconds only.
    return 1 if options.uses_wrk else max(1, round(options.seconds / SLICE_SECONDS))


def _round(
    turns: Sequence[_Turn], database: Database, options: Options, slices: int
) -> dict[str, Sample]:
    parts: dict[str, list[_Part]] = {turn.name: [] for turn in turns}
    for _ in range(slices):
        for turn in turns:
            parts[turn.name].append(_part(turn.kind, turn.server, database, options))
    return {name: _sample(many) for name, many in parts.items()}


def _part(kind: Kind, server: Server, database: Database, options: Options) -> _Part:
    newest, connections = load.ask(server.port, list_request()), options.connections
    shares = [share_of(newest, worker, connections) for worker in range(connections)]
    streams = [kind.requests(share) for share in shares]
    before, database_before = server.cpu_seconds(), database.cpu_seconds()
    done = _drive(kind, server.port, streams, options)
    cpu_seconds = server.cpu_seconds() - before
    return _Part(done, cpu_seconds, database.cpu_seconds() - database_before)


def _sample(parts: Sequence[_Part]) -> Sample:
    requests = sum(part.load.requests for part in parts)
    seconds = sum(part.load.seconds for part in parts)
    return Sample(
        requests_per_second=requests / seconds,
        cpu_ms=sum(part.cpu_seconds for part in parts) * 1000 / requests,
        load_busy=sum(part.load.busy_seconds for part in parts) / seconds,
        database_cpu_ms=sum(part.database_cpu_seconds for part in parts) * 1000 / requests,
    )


def _drive(
    kind: Kind, port: int, streams: Sequence[Iterator[Request]], options: Options
) -> load.Load:
    if options.uses_wrk and kind.is_read:
        request = next(streams[0])
        return wrk.drive(port, request, connections=len(streams), seconds=options.seconds)
    return load.drive(port, streams, kind.verify, options.seconds / _slices(options))
