"""
The measuring: kind by kind, round by round, and in each round one server after another.

Machines have moods that last longer than a round: only what was measured within one round is
compared, and the median of these comparisons is told.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from benchmarks import load, wrk
from benchmarks.kinds import KINDS, Kind, Share, list_request, seeds
from benchmarks.messages import Request
from benchmarks.processes import Server, running
from benchmarks.server import NAMES

#: Part of a measurement's time for which a server is warmed up before it.
WARM_UP = 0.2


@dataclass(frozen=True)
class Options:
    """
    How to measure.

    Attributes:
        kinds: Names of the kinds.
        rounds: How many of each kind.
        seconds: How long each server is under load in each round.
        connections: How many at once.
        logs_requests: Whether our server logs each request.
        uses_wrk: Whether the load of reads is made by wrk.
    """

    kinds: tuple[str, ...] = tuple(KINDS)
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
        load_busy: Share of the time for which the load generator was busy, from 0 to 1.
    """

    requests_per_second: float
    cpu_ms: float
    load_busy: float


#: Samples of a kind by server, one a round.
Samples = dict[str, list[Sample]]


def measure(options: Options, tell: Callable[[str], object]) -> dict[str, Samples]:
    """
    Start the servers, measure them all, and return the samples by kind.

    Args:
        options: What, and how long.
        tell: Called with a line about each step.

    Raises:
        WrongAnswerError: An answer was not as it should be.
    """
    tell(f"starting {', '.join(NAMES)}")
    with running(NAMES, logs_requests=options.logs_requests) as servers:
        for server in servers:
            _seed(server, options.connections)
        results = {}
        for kind in map(KINDS.__getitem__, options.kinds):
            tell(f"{kind.title}: {options.rounds} rounds")
            results[kind.name] = _measure_kind(kind, servers, options)
        return results


def _seed(server: Server, connections: int) -> None:
    streams = [seeds(share) for share in _shares(connections)]
    load.drive(server.port, streams, lambda response: None)


def _measure_kind(kind: Kind, servers: Sequence[Server], options: Options) -> Samples:
    samples: Samples = {server.name: [] for server in servers}
    for server in servers:
        _sample(kind, server, options, options.seconds * WARM_UP)
    for _ in range(options.rounds):
        for server in servers:
            samples[server.name].append(_sample(kind, server, options, options.seconds))
    return samples


def _sample(kind: Kind, server: Server, options: Options, seconds: float) -> Sample:
    etag = load.ask(server.port, list_request()).header("etag")
    shares = _shares(options.connections, etag)
    streams = [kind.requests(share) for share in shares]
    before = server.cpu_seconds()
    done = _drive(kind, server.port, streams, options, seconds)
    cpu_ms = (server.cpu_seconds() - before) * 1000
    return Sample(done.requests / done.seconds, cpu_ms / done.requests, done.busy)


def _drive(
    kind: Kind, port: int, streams: list[Iterator[Request]], options: Options, seconds: float
) -> load.Load:
    if options.uses_wrk and kind.is_read:
        return wrk.drive(port, next(streams[0]), connections=options.connections, seconds=seconds)
    return load.drive(port, streams, kind.verify, seconds)


def _shares(connections: int, etag: str = "") -> list[Share]:
    return [Share(worker, connections, etag) for worker in range(connections)]
