"""
Metrics, sent to a StatsD server over UDP: counts, and the time that methods take.

The names of metrics are those of code, so that there are as many as the application has parts,
whatever its clients ask for; what clients send only ever becomes a value of a set.

Who tells a figure does no more than put it on a queue: a thread writes the lines and sends them,
many to a datagram, some of a tenth of a second later.
"""

from __future__ import annotations

import atexit
import inspect
import os
import re
from collections import Counter, deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import suppress
from functools import lru_cache
from threading import Event, Lock, Thread
from typing import Any, Final
from urllib.parse import quote, urlsplit
from weakref import WeakSet

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
# What an Ethernet frame has room for beside the headers, those of a tunnel included.
_DATAGRAM_BYTES: Final = 1432
# How long figures wait for others: a datagram costs more than they do.
_GATHERING_SECONDS: Final = 0.1
# Figures of some seconds under full load; what is beyond is lost, the oldest first.
_MAX_QUEUED: Final = 2**16
#: Methods of HTTP. A client may invent others, and each would be a metric.
METHODS: Final = frozenset({"GET", "HEAD", "OPTIONS", "POST", "PUT", "PATCH", "DELETE"})

#: A kind as StatsD calls it, a name, and a value: milliseconds ``ms``, a count ``c``, a text ``s``;
#: or ``response``, its view, and its user.
Figure = tuple[str, Any, Any]


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
            self._client = statsd_module.StatsClient(host, port, **options)
        except OSError as error:
            raise ConfigurationError(f"StatsD server {host}:{port}: {error}") from error
        self._prefix = f"{_name(prefix)}." if prefix else ""
        self._outbox = _Outbox(self._send)
        # Timers of the library tell their time as all else does.
        self._client.timing = lambda name, ms, rate=1: self._outbox.put(("ms", name, ms))

    def _send(self, figures: Iterable[Figure]) -> None:
        for datagram in _datagrams(_lines(figures, self._prefix)):
            self._client._send(datagram)

    def flush(self) -> None:
        """Send now what was told so far."""
        self._outbox.flush()

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
        for method in public_methods(obj):
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
        return self._outbox.observer(_name(key))

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
            self._outbox.put(("c", _name(key), int(count)))
        else:
            self._outbox.put(("s", _name(key), str(unique)))

    def count_response(self, view: str | None, user: tuple[str, str] | None) -> None:
        """Count a response; what it counts in is found where it is sent, once for many alike."""
        self._outbox.put(("response", view, user))

    def close(self) -> None:
        """Send what was told so far, and release the socket: nothing can be sent any more."""
        self._outbox.close()
        self._client.close()


class _Outbox:
    """
    Figures on their way out: whoever puts them there waits for nothing.

    Args:
        send: Called with the figures of a while, by one thread at a time.
    """

    def __init__(self, send: Callable[[Iterable[Figure]], None]) -> None:
        self._send = send
        self._figures: deque[Figure] = deque(maxlen=_MAX_QUEUED)
        self.start_anew()
        _outboxes.add(self)

    def start_anew(self) -> None:
        """Forget figures and thread: in a process that was forked, both are the parent's."""
        self._figures.clear()
        self._lock = Lock()
        self._has_some, self._is_closed = Event(), Event()
        # Whether the first is set; looking there costs more than adding a figure.
        self._is_awake = False
        self._thread: Thread | None = None

    def put(self, figure: Figure) -> None:
        """Add a figure."""
        self._figures.append(figure)
        if not self._is_awake:
            self._wake()

    def observer(self, name: str) -> Callable[[float], None]:
        """Return what adds times, given in seconds."""
        add = self._figures.append

        def observe(seconds: float) -> None:
            add(("ms", name, seconds * 1000))
            if not self._is_awake:
                self._wake()

        return observe

    def _wake(self) -> None:
        # There may be too many threads, or the process is ending: what is left is sent at exit.
        with suppress(RuntimeError):
            if self._thread is None:
                self._start()
            self._is_awake = True
            self._has_some.set()

    def _start(self) -> None:
        with self._lock:
            if self._thread is None:
                thread = Thread(target=self._run, name="cliquet-statsd", daemon=True)
                thread.start()
                self._thread = thread

    def _run(self) -> None:
        while not self._is_closed.is_set():
            self._has_some.wait()
            self._is_closed.wait(_GATHERING_SECONDS)
            self._has_some.clear()
            # In this order: who sees it awake is sent below, who does not wakes it again.
            self._is_awake = False
            self.flush()

    def flush(self) -> None:
        """Send what is there."""
        with self._lock:
            if not self._is_closed.is_set():
                take = self._figures.popleft
                self._send([take() for _ in range(len(self._figures))])

    def close(self) -> None:
        """Send what is there, and let the thread end."""
        self.flush()
        with self._lock:
            self._is_closed.set()
        self._has_some.set()
        _outboxes.discard(self)


_outboxes: WeakSet[_Outbox] = WeakSet()


def flush() -> None:
    """Send now what all clients of this process were told so far; done at its exit, too."""
    for outbox in list(_outboxes):
        outbox.flush()


def _start_anew() -> None:
    for outbox in list(_outboxes):
        outbox.start_anew()


atexit.register(flush)
os.register_at_fork(after_in_child=_start_anew)


def _lines(figures: Iterable[Figure], prefix: str) -> Iterator[str]:
    """Yield lines; what is counted several times is one, and so is what is in a set."""
    counts: Counter[str] = Counter()
    members: dict[tuple[str, str], None] = {}
    responses: Counter[tuple[str | None, tuple[str, str] | None]] = Counter()
    for kind, name, value in figures:
        if kind == "ms":
            yield f"{prefix}{name}:{value:.3f}|ms"
        elif kind == "c":
            counts[name] += value
        elif kind == "response":
            responses[name, value] += 1
        else:
            members[name, value] = None
    for (view, user), count in responses.items():
        for key in response_keys(view, user and user[0]):
            counts[_name(key)] += count
        if user is not None:
            members["users", f"{user[0]}:{user[1]}"] = None
    for name, count in counts.items():
        yield f"{prefix}{name}:{count}|c"
    for name, value in members:
        yield f"{prefix}{name}:{quote(value, safe='', errors='surrogatepass')}|s"


def _datagrams(lines: Iterable[str]) -> Iterator[str]:
    """Yield the lines in as few datagrams as networks carry whole."""
    datagram = ""
    for line in lines:
        if datagram and len(datagram) + 1 + len(line) > _DATAGRAM_BYTES:
            yield datagram
            datagram = ""
        datagram = f"{datagram}\n{line}" if datagram else line
    if datagram:
        yield datagram


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
    response_counter(sinks(event.request.registry))(event)


def response_counter(targets: Sequence[Any]) -> Callable[[NewResponse], None]:
    """Return what does as :func:`count_response`, for what :func:`sinks` returned."""

    def count(event: NewResponse) -> None:
        view, user = _told_of(event.request)
        if view is not None or user is not None:
            for sink in targets:
                sink.count_response(view, user)

    return count


def _told_of(request: Any) -> tuple[str | None, tuple[str, str] | None]:
    view, user = None, None
    service, method = getattr(request, "current_service", None), request.method
    if service is not None and method in METHODS:
        view = f"{service.name}.{method}"
    # Who asked is told when the request was authenticated; it is not authenticated to be told.
    identity = getattr(request, "_multiauth_identity", None)
    if identity is not None:
        user = (request.selected_policy_name, identity.userid)
    return view, user


def response_keys(view: str | None, policy: str | None) -> list[str]:
    """Return the counters of a response of *view*, to a user that *policy* authenticated."""
    keys = [] if view is None else [f"view.{view}"]
    return keys if policy is None else [*keys, f"authn_type.{policy}"]


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
        raise ConfigurationError('cliquet.statsd needs: pip install "cliquet[monitoring]"')


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


@lru_cache(maxsize=1024)
def _name(text: str) -> str:
    return _UNSAFE.sub("_", text)


def public_methods(obj: Any) -> list[str]:
    """Return the names of the public methods of *obj*; no property is evaluated."""
    return [name for name in dir(type(obj)) if _is_public_method(type(obj), name)]


def _is_public_method(cls: type, name: str) -> bool:
    if name.startswith("_"):
        return False
    value = inspect.getattr_static(cls, name, None)
    # Not inspect.isroutine(): cached properties, and those of Pyramid, are routines to it.
    return hasattr(type(value), "__get__") and (callable(value) or isinstance(value, classmethod))
