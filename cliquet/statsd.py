"""
Metrics, sent to a StatsD server over UDP: counts, and the time that methods take.

The names of metrics are those of code, so that there are as many as the application has parts,
whatever its clients ask for; what clients send only ever becomes a value of a set.
"""

from __future__ import annotations

import inspect
import re
from collections.abc import Callable, Iterator
from threading import local
from typing import Any, Final
from urllib.parse import quote, urlsplit

from pyramid.events import NewResponse
from pyramid.exceptions import ConfigurationError

from cliquet.settings import DEFAULT_SETTINGS, shown
from cliquet.utils import classname as classname_of

try:
    import statsd as statsd_module
except ImportError:
    #: The library ``statsd``, or ``None`` where it is not installed.
    statsd_module = None

# Everything else has a meaning in the protocol of StatsD, or in that of what is behind it.
_UNSAFE: Final = re.compile(r"[^A-Za-z0-9_.-]+")
# What an Ethernet frame has room for, with something to spare.
_DATAGRAM_BYTES: Final = 1400
#: Methods of HTTP. A client may invent others, and each would be a metric.
METHODS: Final = frozenset({"GET", "HEAD", "OPTIONS", "POST", "PUT", "PATCH", "DELETE"})


class Client:
    """
    A client of a StatsD server. A server that does not answer is never waited for, nor an error.

    In names of metrics, whatever is no ASCII letter, digit, dot, dash or underscore becomes an
    underscore.

    Args:
        host: Name or address of the server; looked up once, here.
        port: Its UDP port.
        prefix: First part of the names of all metrics; may be empty.

    Raises:
        ConfigurationError: The library ``statsd`` is missing, or *host* is unknown.
    """

    def __init__(self, host: str, port: int, prefix: str) -> None:
        _require_library()
        options = {"ipv6": True} if ":" in host else {}
        try:
            self._client = statsd_module.StatsClient(host, port, prefix=_name(prefix), **options)
        except OSError as error:
            raise ConfigurationError(f"StatsD server {host}:{port}: {error}") from error
        self._send_now, self._held = self._client._send, local()
        self._client._send = self._send

    def hold(self) -> None:
        """Keep what this thread tells until :meth:`release`: datagrams cost more than figures."""
        self.release()
        self._held.lines = []

    def release(self) -> None:
        """Send what was kept, in as few datagrams as networks carry whole."""
        lines, self._held.lines = getattr(self._held, "lines", None) or [], None
        packet = ""
        for line in lines:
            if packet and len(packet) + len(line) >= _DATAGRAM_BYTES:
                self._send_now(packet)
                packet = ""
            packet = f"{packet}\n{line}" if packet else line
        if packet:
            self._send_now(packet)

    def _send(self, line: str) -> None:
        lines = getattr(self._held, "lines", None)
        if lines is None:
            self._send_now(line)
        else:
            lines.append(line)

    def watch_execution_time(
        self, obj: Any, prefix: str = "", classname: str | None = None
    ) -> None:
        """
        Send the time of every call of a public method of *obj*, as ``prefix.classname.method``.

        Only this object is changed: its methods are covered by attributes of its own. What a
        method gives out piece by piece, as generators do, is not timed.

        Args:
            obj: Any object that takes attributes.
            prefix: First part of the names of the metrics; may be empty.
            classname: Second part; that of the object, in lower case, when not given.
        """
        parts = [part for part in (prefix, classname or classname_of(obj)) if part]
        for method in list(_public_methods(obj)):
            timer = self.timer(".".join([*parts, method]))
            setattr(obj, method, timer(getattr(obj, method)))

    def timer(self, key: str) -> Any:
        """
        Return a timer that sends how long something took, in milliseconds.

        Use it as a context manager, as a decorator (which also times coroutines), or call its
        ``start()`` and ``stop()``.
        """
        return self._client.timer(_name(key))

    def observer(self, key: str) -> Callable[[float], None]:
        """Return what sends the times, given in seconds, of what is called *key*."""
        name, send = _name(key), self._client.timing
        return lambda seconds: send(name, seconds * 1000)

    def count(self, key: str, count: int = 1, unique: object | None = None) -> None:
        """
        Add to a counter, or to a set.

        Args:
            key: Name of the metric; never one that clients choose.
            count: How much is added to the counter.
            unique: When given, the metric is how many different values were sent in a while, and
                this is one; percent-encoded where needed.
        """
        if unique is None:
            self._client.incr(_name(key), count=count)
        else:
            self._client.set(_name(key), quote(str(unique), safe="", errors="surrogatepass"))

    def close(self) -> None:
        """Release the socket; nothing can be sent any more."""
        self._client.close()


def sinks(registry: Any) -> tuple[Any, ...]:
    """Return what takes the metrics of an application: its StatsD client, its Prometheus."""
    known = (getattr(registry, "statsd", None), getattr(registry, "prometheus", None))
    return tuple([one for one in known if one is not None])


def statsd_count(request: Any, key: str) -> None:
    """
    Add 1 to the counter *key* of the application, in StatsD and in Prometheus.

    Where there is neither, this is a no-op.
    """
    for sink in sinks(request.registry):
        sink.count(key)


def count_response(event: NewResponse) -> None:
    """
    Count a response: a subscriber of ``pyramid.events.NewResponse``.

    The metrics are ``view.<service>.<METHOD>`` when a service answered, and, when the request was
    authenticated, ``users`` (a set) and ``authn_type.<policy>``. A URL without route, a view that
    is no service, and a method that HTTP does not know are not counted.
    """
    request = event.request
    targets = sinks(request.registry)
    service = getattr(request, "current_service", None)
    if service is not None and request.method in METHODS:
        for sink in targets:
            sink.count(f"view.{service.name}.{request.method}")
    # Who asked is told when the request was authenticated; it is not authenticated to be told.
    identity = getattr(request, "_multiauth_identity", None)
    if identity is None:
        return
    policy = request.selected_policy_name
    for sink in targets:
        sink.count("users", unique=f"{policy}:{identity.userid}")
        sink.count(f"authn_type.{policy}")


def load_from_config(config: Any) -> Client:
    """
    Return the client that the settings ``statsd_url`` and ``statsd_prefix`` tell.

    The name of the project is the prefix, unless ``statsd_prefix`` was set to another one than
    its default.

    Raises:
        ConfigurationError: The library ``statsd`` is missing, or the server is unknown.
        ValueError: The URL is not of the form ``udp://host:port``.
    """
    _require_library()
    settings = {**DEFAULT_SETTINGS, **config.get_settings()}
    host, port = _address(settings["statsd_url"])
    prefix = settings["statsd_prefix"]
    if prefix == DEFAULT_SETTINGS["statsd_prefix"]:
        prefix = settings["project_name"] or prefix
    return Client(host, port, prefix)


def _require_library() -> None:
    if statsd_module is None:
        raise ConfigurationError('cliquet.statsd needs "pip install cliquet[monitoring]"')


def _address(url: object) -> tuple[str, int]:
    message = f"Setting statsd_url: {shown('statsd_url', url)} is not of the form udp://host:port"
    try:
        parts = urlsplit(str(url))
        host, port = parts.hostname, parts.port
    except ValueError as error:
        raise ValueError(message) from error
    if parts.scheme != "udp" or not host or not port:
        raise ValueError(message)
    return host, port


def _name(text: str) -> str:
    return _UNSAFE.sub("_", text)


def _public_methods(obj: Any) -> Iterator[str]:
    return (name for name in dir(type(obj)) if is_public_method(type(obj), name))


def is_public_method(cls: type, name: str) -> bool:
    """Tell whether *cls* has a public method of that name; no property is evaluated."""
    if name.startswith("_"):
        return False
    value = inspect.getattr_static(cls, name, None)
    # Not inspect.isroutine(): cached properties, and those of Pyramid, are routines to it.
    return hasattr(type(value), "__get__") and (callable(value) or isinstance(value, classmethod))
