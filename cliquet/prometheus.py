"""
Metrics that Prometheus fetches, at ``/__metrics__``.

Each application keeps its own, in memory; a label has as many values as code has names.
"""

from __future__ import annotations

from bisect import bisect_left
from collections import defaultdict
from collections.abc import Callable, Hashable, Iterator
from itertools import accumulate
from threading import local
from typing import Any

from pyramid.exceptions import ConfigurationError

from cliquet.drivers.pool import pool_usage
from cliquet.statsd import response_keys

try:
    import prometheus_client
    from prometheus_client import core
except ImportError:
    prometheus_client = None  # type: ignore[assignment]

#: Upper bounds of the histograms.
BUCKETS_SECONDS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)
_Rows = dict[Hashable, list[float]]
#: Of the format that :meth:`Prometheus.text` is in.
CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"


class Tallies:
    """
    Rows of numbers by key, which grow.

    Each thread adds to rows of its own, so that nothing is lost where several add at once, in any
    build of Python, and none waits for another.

    Args:
        width: How many numbers a row has; they begin at 0.
    """

    def __init__(self, width: int) -> None:
        self._width = width
        self._all: list[_Rows] = []
        # Of threads that ended, for the next to add to: there are no more than threads at once.
        self._left: list[_Rows] = []
        self._here = local()

    def own(self, key: Hashable) -> list[float]:
        """Return the row of *key* that this thread, and no other, may add to."""
        try:
            return self._here.rows[key]
        except AttributeError:
            rows = self._take()
        except KeyError:
            rows = self._here.rows
        return rows.setdefault(key, [0] * self._width)

    def _take(self) -> _Rows:
        try:
            rows = self._left.pop()
        except IndexError:
            rows = {}
            self._all.append(rows)
        self._here.rows, self._here.lease = rows, _Lease(rows, self._left)
        return rows

    def totals(self) -> dict[Any, list[float]]:
        """Return the sums of the rows of all threads, as they are now."""
        totals: dict[Any, list[float]] = {}
        for rows in self._all.copy():
            for key, row in rows.copy().items():
                total = totals.get(key, [0] * self._width)
                totals[key] = [one + more for one, more in zip(total, row, strict=True)]
        return totals


class _Lease:
    """Rows that a thread has until it ends: what is local to it goes then."""

    def __init__(self, rows: _Rows, left: list[_Rows]) -> None:
        self._rows = rows
        self._left = left

    def __del__(self) -> None:
        self._left.append(self._rows)


class Prometheus:
    """
    The metrics of one application.

    Raises:
        ConfigurationError: The library ``prometheus_client`` is missing.
    """

    def __init__(self) -> None:
        if prometheus_client is None:
            raise ConfigurationError('metrics: prometheus needs pip install "cliquet[monitoring]"')
        self._registry = prometheus_client.CollectorRegistry()
        self._calls = Tallies(2)
        self._counts = Tallies(1)
        self._responses = Tallies(1)
        self._requests = Tallies(len(BUCKETS_SECONDS) + 2)
        self._pools: dict[str, Any] = {}
        self._registry.register(self)

    # The library's own counters take a lock and check labels at each call, which cost as much as
    # what is timed.

    def observer(self, key: str) -> Callable[[float], None]:
        """Return what takes the times, in seconds, of what is called *key*."""
        numbers_of = self._calls.own

        def observe(seconds: float) -> None:
            numbers = numbers_of(key)
            numbers[0] += 1
            numbers[1] += seconds

        return observe

    def count(self, key: str, count: int = 1, unique: object | None = None) -> None:
        """Add to the counter *key*. There are no sets: *unique* values are not told."""
        if unique is None:
            self._counts.own(key)[0] += count

    def count_response(self, view: str | None, user: tuple[str, str] | None) -> None:
        """Count a response; the policy of its user is told, and the id is not."""
        self._responses.own((view, user and user[0]))[0] += 1

    def observe_request(self, service: str, method: str, status: str, seconds: float) -> None:
        """Tell how long a request took."""
        # The last of the numbers is the sum, before it are the buckets.
        numbers = self._requests.own((service, method, status))
        numbers[bisect_left(BUCKETS_SECONDS, seconds)] += 1
        numbers[-1] += seconds

    def add_pool(self, family: str, backend: Any) -> None:
        """Tell of the pool of connections of *backend*, where it has one that counts them."""
        self._pools[family] = backend

    def collect(self) -> Iterator[Any]:
        """Yield the figures as they are now: the library asks for them."""
        calls = core.SummaryMetricFamily(
            "cliquet_call_seconds",
            "Time of calls of backends, policies, listeners",
            labels=["name"],
        )
        for name, (number, seconds) in self._calls.totals().items():
            calls.add_metric([name], int(number), seconds)
        counts = core.CounterMetricFamily("cliquet_events", "What is counted", labels=["name"])
        for name, number in self._count_totals().items():
            counts.add_metric([name], number)
        yield from (calls, counts, self._request_times(), self._pool_usage())

    def _count_totals(self) -> dict[str, float]:
        counted = {name: number for name, (number,) in self._counts.totals().items()}
        totals = defaultdict(float, counted)
        for (view, policy), (number,) in self._responses.totals().items():
            for name in response_keys(view, policy):
                totals[name] += number
        return totals

    def _request_times(self) -> Any:
        family = core.HistogramMetricFamily(
            "cliquet_request_seconds", "Time of requests", labels=["service", "method", "status"]
        )
        bounds = [*map(str, BUCKETS_SECONDS), "+Inf"]
        for labels, (*buckets, total) in self._requests.totals().items():
            counts = zip(bounds, accumulate(buckets), strict=True)
            family.add_metric(list(labels), list(counts), total)
        return family

    def _pool_usage(self) -> Any:
        family = core.GaugeMetricFamily(
            "cliquet_pool_connections", "Connections of pools", labels=["backend", "state"]
        )
        for backend_family, backend in self._pools.items():
            for state, value in pool_usage(backend).items():
                family.add_metric([backend_family, state], value)
        return family

    def text(self) -> bytes:
        """Return all figures, in the text format of Prometheus."""
        return prometheus_client.generate_latest(self._registry)
