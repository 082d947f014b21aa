"""
Metrics that Prometheus fetches, at ``/__metrics__``.

Each application keeps its own, in memory; a label has as many values as code has names.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Callable, Iterator
from itertools import accumulate
from typing import Any

from pyramid.exceptions import ConfigurationError

from cliquet.drivers.pool import pool_usage

try:
    import prometheus_client
    from prometheus_client import core
except ImportError:
    prometheus_client = None  # type: ignore[assignment]

#: Upper bounds of the histograms.
BUCKETS_SECONDS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)
#: Of the format that :meth:`Prometheus.text` is in.
CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"


class Prometheus:
    """
    The metrics of one application.

    Raises:
        ConfigurationError: The library ``prometheus_client`` is missing.
    """

    def __init__(self) -> None:
        if prometheus_client is None:
            raise ConfigurationError('metrics = prometheus needs "pip install cliquet[monitoring]"')
        self._registry = prometheus_client.CollectorRegistry()
        self._calls: dict[str, list[float]] = {}
        self._counts: dict[str, list[int]] = {}
        self._requests: dict[tuple[str, str, str], list[float]] = {}
        self._pools: dict[str, Any] = {}
        self._registry.register(self)

    # The library's own counters take a lock and check labels at each call, which cost as much as
    # what is timed. CPython does not switch threads within these additions, which call nothing.

    def observer(self, key: str) -> Callable[[float], None]:
        """Return what takes the times, in seconds, of what is called *key*."""
        cell = self._calls.setdefault(key, [0, 0.0])

        def observe(seconds: float) -> None:
            cell[0] += 1
            cell[1] += seconds

        return observe

    def count(self, key: str, count: int = 1, unique: object | None = None) -> None:
        """Add to the counter *key*. There are no sets: *unique* values are not told."""
        if unique is None:
            cell = self._counts.get(key) or self._counts.setdefault(key, [0])
            cell[0] += count

    def observe_request(self, service: str, method: str, status: str, seconds: float) -> None:
        """Tell how long a request took."""
        labels = (service, method, status)
        # The last of the cells is the sum, before it are the buckets.
        cells = self._requests.get(labels)
        if cells is None:
            cells = self._requests.setdefault(labels, [0.0] * (len(BUCKETS_SECONDS) + 2))
        index = bisect_left(BUCKETS_SECONDS, seconds)
        cells[index] += 1
        cells[-1] += seconds

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
        for name, (number, seconds) in self._calls.copy().items():
            calls.add_metric([name], int(number), seconds)
        counts = core.CounterMetricFamily("cliquet_events", "What is counted", labels=["name"])
        for name, (number,) in self._counts.copy().items():
            counts.add_metric([name], number)
        yield from (calls, counts, self._request_times(), self._pool_usage())

    def _request_times(self) -> Any:
        family = core.HistogramMetricFamily(
            "cliquet_request_seconds", "Time of requests", labels=["service", "method", "status"]
        )
        bounds = [*map(str, BUCKETS_SECONDS), "+Inf"]
        for labels, (*cells, total) in self._requests.copy().items():
            buckets = list(zip(bounds, accumulate(cells), strict=True))
            family.add_metric(list(labels), buckets, total)
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
