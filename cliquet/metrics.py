"""
Metrics: what is counted and timed, and where the figures go.

A *sink* takes figures: a StatsD client sends them away, Prometheus fetches them. What is timed is
wrapped in a proxy, so that no object of an application is changed.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import wraps
from time import perf_counter
from typing import Any, Protocol

from pyramid.events import NewResponse
from pyramid.exceptions import ConfigurationError
from pyramid.tweens import EXCVIEW

from cliquet import prometheus, statsd
from cliquet.settings import aslist
from cliquet.statsd import METHODS, public_methods, sinks
from cliquet.utils import classname

#: Takes seconds.
Observer = Callable[[float], Any]

_KINDS = frozenset({"statsd", "prometheus"})
_POLICY_NAME = "_pyramid_multiauth_name"


class Sink(Protocol):
    """Where figures go."""

    def observer(self, key: str) -> Observer:
        """Return what takes the times, in seconds, of what is called *key*."""

    def count(self, key: str, count: int = 1, unique: object | None = None) -> None:
        """Add to the counter *key*, or the value *unique* to the set *key*."""

    def count_response(self, view: str | None, user: tuple[str, str] | None) -> None:
        """Count a response: by what answered, and by the policy and the id of who asked."""


class Watched:
    """
    A proxy that times the calls of an object's public methods, and is that object for all else.

    ``isinstance`` tells the object's class, and attributes are read and set on the object. Calls
    that the object makes of itself are not timed: a call is told once.

    Args:
        watched: The object; it is not changed.
        key: First parts of the names of the metrics; the method's name is the last.
        sinks: Where the times go.
        constants: Attributes that never change, which are then found without being looked for.
    """

    def __init__(
        self, watched: Any, key: str, sinks: Sequence[Sink], constants: Mapping[str, Any] = {}
    ) -> None:
        vars(self).update(
            constants,
            _watched_object=watched,
            _watched_methods=frozenset(public_methods(watched)),
            _watched_key=key,
            _watched_sinks=tuple(sinks),
        )

    @property  # type: ignore[misc]
    def __class__(self) -> Any:
        return type(vars(self)["_watched_object"])

    def __getattr__(self, name: str) -> Any:
        own = self.__dict__
        value = getattr(own["_watched_object"], name)
        if name not in own["_watched_methods"]:
            return value
        key = f"{own['_watched_key']}.{name}"
        # Kept, so that the next call finds it without coming here.
        own[name] = timed(value, [sink.observer(key) for sink in own["_watched_sinks"]])
        return own[name]

    def __setattr__(self, name: str, value: Any) -> None:
        vars(self).pop(name, None)
        setattr(vars(self)["_watched_object"], name, value)

    def __delattr__(self, name: str) -> None:
        vars(self).pop(name, None)
        delattr(vars(self)["_watched_object"], name)

    def __repr__(self) -> str:
        return repr(vars(self)["_watched_object"])


def timed(function: Callable[..., Any], observers: Sequence[Observer]) -> Callable[..., Any]:
    """Return *function*, with the time of each call told to *observers*, even if it raises."""

    def call(*args: Any, **kwargs: Any) -> Any:
        start = perf_counter()
        try:
            return function(*args, **kwargs)
        finally:
            seconds = perf_counter() - start
            for observe in observers:
                observe(seconds)

    # A callable object, as listeners are, has no name of its own.
    return wraps(function)(call)


def setup(config: Any) -> None:
    """
    Send metrics where the settings ``metrics`` and ``statsd_url`` say, and time the backends.

    Raises:
        ConfigurationError: ``metrics`` has an unknown name, or ``statsd`` without its address; or
            a library is missing.
    """
    registry, settings = config.registry, config.get_settings()
    kinds = set(aslist(settings["metrics"]))
    if unknown := kinds - _KINDS:
        raise ConfigurationError(f"metrics: {min(unknown)} is neither statsd nor prometheus")
    if "statsd" in kinds and not settings["statsd_url"]:
        raise ConfigurationError("metrics = statsd needs statsd_url = udp://host:port")
    if settings["statsd_url"]:
        registry.statsd = statsd.load_from_config(config)
    if "prometheus" in kinds:
        registry.prometheus = prometheus.Prometheus()
        config.add_tween(
            "cliquet.metrics.request_times_tween_factory",
            under="cliquet.http.tweens.summary_tween_factory",
            over=("cliquet.http.tweens.body_size_tween_factory", EXCVIEW),
        )
    if targets := sinks(registry):
        config.add_subscriber(statsd.response_counter(targets), NewResponse)
        _watch_backends(registry)


def _watch_backends(registry: Any) -> None:
    for family in ("storage", "cache", "permission"):
        backend = getattr(registry, family, None)
        if backend is None:
            continue
        if registry.prometheus is not None:
            registry.prometheus.add_pool(family, backend)
        key = f"{family}.{classname(backend)}"
        setattr(registry, family, Watched(backend, key, sinks(registry)))


def watch_policies(registry: Any, policies: list[Any]) -> None:
    """Time the policies of a list, in place, as ``authentication.<policy>.<method>``."""
    if targets := sinks(registry):
        policies[:] = [_watched_policy(one, targets) for one in policies]


def _watched_policy(policy: Any, targets: Sequence[Sink]) -> Watched:
    name = getattr(policy, _POLICY_NAME, None)
    # Each request asks for the name of the policy that knew its user.
    constants = {} if name is None else {_POLICY_NAME: name}
    return Watched(policy, f"authentication.{name or classname(policy)}", targets, constants)


def request_times_tween_factory(
    handler: Callable[[Any], Any], registry: Any
) -> Callable[[Any], Any]:
    """Return the tween that tells Prometheus how long each request took."""
    observe = registry.prometheus.observe_request

    def tween(request: Any) -> Any:
        start = perf_counter()
        response = handler(request)
        seconds = perf_counter() - start
        service = getattr(request, "current_service", None)
        # What is told is the name of a service, a method and a status that exist, or "other".
        observe(
            "other" if service is None else service.name,
            request.method if request.method in METHODS else "other",
            response.status[:3],
            seconds,
        )
        return response

    return tween
