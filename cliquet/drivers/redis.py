"""
Redis, or what speaks its protocol: one node, a master that Sentinels know, or a cluster.

A command that may have reached the server is never sent again, but for reads: a write that was
sent twice could have been done twice.
"""

from __future__ import annotations

import hashlib
import threading
from collections.abc import Callable, Iterator, Mapping
from functools import partial
from typing import Any, Protocol, TypeVar
from urllib.parse import parse_qsl, unquote, urlencode, urlsplit

from cliquet.exceptions import BackendError

try:
    import redis
except ImportError as error:  # pragma: no cover - tested in an environment of its own
    raise ImportError('Redis backends need: pip install "cliquet[redis]"', name="redis") from error

from redis.backoff import NoBackoff
from redis.cluster import ClusterNode, RedisCluster
from redis.connection import ConnectionPool, parse_url
from redis.exceptions import MaxConnectionsError, NoScriptError, RedisClusterException
from redis.retry import Retry
from redis.sentinel import Sentinel, SentinelConnectionPool

T = TypeVar("T")

PORT = 6379
SENTINEL_PORT = 26379

_LOCK = threading.Lock()
_SERVERS: dict[tuple[Any, ...], Server] = {}

_ERRORS = (redis.RedisError, RedisClusterException, OSError)
_SCHEMES = ("redis", "rediss", "unix", "redis+sentinel", "rediss+sentinel")
_DEFAULTS = {
    "pool_size": 25,
    "max_overflow": 0,
    "pool_timeout": 30,
    "max_backlog": -1,
    "socket_timeout_seconds": 5,
}
#: Keys asked for by one step of a scan.
_SCAN_COUNT = 1000


class Script:
    """A script in Lua, which the server keeps and runs as one step."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.sha = hashlib.sha1(text.encode(), usedforsecurity=False).hexdigest()


class Client(Protocol):
    """How commands reach the server, or the right one of several."""

    def execute(self, *command: Any) -> Any:
        """Run a command and return the answer; texts in it are bytes."""

    def scan(self, pattern: str) -> Iterator[bytes]:
        """Iterate over all keys like *pattern*; those made meanwhile may be missing."""

    def unlink(self, *keys: bytes) -> None:
        """Delete keys, wherever each of them is."""


class Server:
    """
    One server, or one cluster, as one process uses it.

    Args:
        connect: Makes the client, when it is first needed.
    """

    def __init__(self, connect: Callable[[], Client]) -> None:
        self._connect = connect
        self._client: Client | None = None
        self._guard = threading.Lock()

    def read(self, *command: Any) -> Any:
        """
        Run a command that may be run twice; a connection that breaks is replaced once.

        Raises:
            BackendError: The server failed, or there is no connection.
        """
        return self._repeated(lambda: self._execute(command))

    def write(self, *command: Any) -> Any:
        """
        Run a command once.

        Raises:
            BackendError: The server failed; whether it was done is not known if the connection
                broke.
        """
        return _guarded(lambda: self._execute(command))

    def ask(self, script: Script, keys: tuple[str, ...], *arguments: Any) -> Any:
        """Run a script that may be run twice; see :meth:`read`."""
        return self._repeated(lambda: self._evaluate(script, keys, arguments))

    def run(self, script: Script, keys: tuple[str, ...], *arguments: Any) -> Any:
        """Run a script once; see :meth:`write`."""
        return _guarded(lambda: self._evaluate(script, keys, arguments))

    def scan(self, pattern: str) -> Iterator[bytes]:
        """
        Iterate over all keys like *pattern*, on every node; a key may come twice.

        Raises:
            BackendError: A server failed.
        """
        keys = _guarded(lambda: self._connected().scan(pattern))
        while (key := _guarded(lambda: next(keys, None))) is not None:
            yield key

    def unlink(self, *keys: bytes) -> None:
        """
        Delete keys, on every node.

        Raises:
            BackendError: A server failed; some may be deleted.
        """
        _guarded(lambda: self._connected().unlink(*keys))

    def _connected(self) -> Client:
        if self._client is None:
            with self._guard:
                self._client = self._client or self._connect()
        return self._client

    def _execute(self, command: tuple[Any, ...]) -> Any:
        return self._connected().execute(*command)

    def _evaluate(self, script: Script, keys: tuple[str, ...], arguments: tuple[Any, ...]) -> Any:
        client = self._connected()
        try:
            return client.execute("EVALSHA", script.sha, len(keys), *keys, *arguments)
        except NoScriptError:
            # The server was restarted, or never saw it: nothing was done.
            return client.execute("EVAL", script.text, len(keys), *keys, *arguments)

    def _repeated(self, action: Callable[[], T]) -> T:
        def attempt() -> T:
            try:
                return action()
            except MaxConnectionsError:
                raise
            except redis.ConnectionError:
                return action()

        return _guarded(attempt)


def _guarded(action: Callable[[], T]) -> T:
    try:
        return action()
    except _ERRORS as error:
        raise BackendError(error) from error


class _Limited:
    """
    Makes a pool of redis-py wait for a connection, within limits.

    The pools of redis-py refuse at once when all connections are taken, or let anybody wait.
    """

    def __init__(
        self, *args: Any, most: int | None, wait_seconds: float, max_backlog: int, **kwargs: Any
    ) -> None:
        self._most = most
        self._wait_seconds = wait_seconds
        self._max_backlog = max_backlog
        super().__init__(*args, **kwargs)

    def reset(self) -> None:
        """Begin anew; called in the child of a process that forks, too."""
        self._free = threading.Semaphore(self._most or 2**31)
        self._waiting = 0
        self._guard = threading.Lock()
        super().reset()  # type: ignore[misc]

    def get_connection(self, *args: Any, **kwargs: Any) -> Any:
        """Return a connection that was not used since it broke; release it."""
        self._checkpid()  # type: ignore[attr-defined]
        if not self._free.acquire(blocking=False):
            self._wait()
        # One that cannot connect is released there.
        return super().get_connection(*args, **kwargs)  # type: ignore[misc]

    def release(self, connection: Any) -> None:
        """Take a connection back."""
        super().release(connection)  # type: ignore[misc]
        self._free.release()

    def _wait(self) -> None:
        with self._guard:
            if 0 <= self._max_backlog <= self._waiting:
                raise MaxConnectionsError(f"{self._waiting} wait for a connection already")
            self._waiting += 1
        try:
            is_free = self._free.acquire(timeout=self._wait_seconds)
        finally:
            with self._guard:
                self._waiting -= 1
        if not is_free:
            raise MaxConnectionsError(f"no connection within {self._wait_seconds} seconds")


class _Pool(_Limited, ConnectionPool):
    """Connections to a node."""


class _SentinelPool(_Limited, SentinelConnectionPool):
    """Connections to the master of a service, which may change."""


class _Node:
    """One server at a time, whose connections are lent by a pool."""

    def __init__(self, pool: Any) -> None:
        self._pool = pool

    def execute(self, *command: Any) -> Any:
        connection = self._pool.get_connection()
        try:
            connection.send_command(*command)
            return connection.read_response()
        finally:
            # It was disconnected if it failed amid a question and its answer.
            self._pool.release(connection)

    def scan(self, pattern: str) -> Iterator[bytes]:
        cursor = b"0"
        while True:
            step = ("SCAN", cursor, "MATCH", pattern, "COUNT", _SCAN_COUNT)
            cursor, keys = self.execute(*step)
            yield from keys
            if cursor == b"0":
                return

    def unlink(self, *keys: bytes) -> None:
        self.execute("UNLINK", *keys)


class _Cluster:
    """Several servers, each with some of the keys."""

    def __init__(self, client: RedisCluster) -> None:
        self._client = client

    def execute(self, *command: Any) -> Any:
        try:
            return self._client.execute_command(*command)
        except (AttributeError, ValueError) as error:
            # When a node fails, redis-py before 8 closes what other threads are reading from.
            raise redis.ConnectionError("another thread closed the connection") from error

    def scan(self, pattern: str) -> Iterator[bytes]:
        for node in self._client.get_primaries():
            client = self._client.get_redis_connection(node)
            yield from client.scan_iter(match=pattern, count=_SCAN_COUNT)

    def unlink(self, *keys: bytes) -> None:
        # Keys of one command have to be on one node.
        for key in keys:
            self.execute("UNLINK", key)


def server_from(settings: Mapping[str, Any], prefix: str) -> Server:
    """
    Return the server that ``<prefix>_url`` names, one a process for families that share it.

    Args:
        settings: Of the application.
        prefix: ``storage``, ``cache``, ``permission`` or that of others, such as ``listener``.

    Raises:
        ValueError: The URL is none of Redis, or that of a cluster, which permissions cannot use.
    """
    url = str(settings[f"{prefix}_url"])
    if prefix == "permission" and _is_cluster(dict(parse_qsl(urlsplit(url).query))):
        raise ValueError(
            f"{prefix}_url names a cluster: let it name one server, redis://host:port/db, or the "
            "master that Sentinels know, redis+sentinel://host:port/service/db"
        )
    limits, options = limits_of(settings, prefix), _options(settings, prefix)
    key = (url, *sorted({**limits, **options}.items()))
    with _LOCK:
        if key not in _SERVERS:
            _SERVERS[key] = Server(_connector(url, limits, options))
        return _SERVERS[key]


def limits_of(settings: Mapping[str, Any], prefix: str) -> dict[str, Any]:
    """Return what settings say of a pool; *most* is ``None`` for any number of connections."""
    size, overflow = (
        _setting(settings, prefix, "pool_size"),
        _setting(settings, prefix, "max_overflow"),
    )
    return {
        "most": None if overflow < 0 else int(size + overflow),
        "wait_seconds": _setting(settings, prefix, "pool_timeout"),
        "max_backlog": int(_setting(settings, prefix, "max_backlog")),
    }


def _options(settings: Mapping[str, Any], prefix: str) -> dict[str, Any]:
    timeout = _setting(settings, prefix, "socket_timeout_seconds")
    return {"socket_timeout": timeout, "socket_connect_timeout": timeout}


def _setting(settings: Mapping[str, Any], prefix: str, name: str) -> float:
    value = settings.get(f"{prefix}_{name}")
    return _DEFAULTS[name] if value in (None, "") else float(value)


def _connector(
    url: str, limits: Mapping[str, Any], options: Mapping[str, Any]
) -> Callable[[], Client]:
    parts = urlsplit(url)
    if parts.scheme not in _SCHEMES:
        raise ValueError(f"{parts.scheme}://… should be {'://, '.join(_SCHEMES)}://")
    query = dict(parse_qsl(parts.query))
    is_cluster = _is_cluster(query)
    query.pop("cluster", None)
    # Answers in the old form, which every server knows; repeating is the business of `Server`.
    options = {**options, "protocol": 2, "retry": Retry(NoBackoff(), 0)}
    if is_cluster:
        return _to_cluster(url, query, partial(_Pool, **limits), options)
    if parts.scheme.endswith("+sentinel"):
        return _by_sentinels(url, query, partial(_SentinelPool, **limits), options)
    arguments = {**parse_url(_with_query(url, query)), **limits, **options}
    return lambda: _Node(_Pool(**arguments))


def _is_cluster(query: Mapping[str, str]) -> bool:
    return query.get("cluster", "").lower() in ("true", "yes", "1")


def _by_sentinels(
    url: str, query: dict[str, str], pool: Callable[..., Any], options: Mapping[str, Any]
) -> Callable[[], Client]:
    """Read ``redis+sentinel://user:password@host:port,host:port/service/db``."""
    parts = urlsplit(url)
    service, _, number = parts.path.strip("/").partition("/")
    if not service:
        raise ValueError("redis+sentinel://host:port/<service>/<db> lacks the name of the service")
    own = {name: query.pop(f"sentinel_{name}", None) for name in ("username", "password")}
    scheme = parts.scheme.removesuffix("+sentinel")
    login = parts.netloc.rpartition("@")[0]
    arguments = parse_url(_with_query(f"{scheme}://{login}@master/{number}", query))
    for name in ("host", "connection_class"):
        arguments.pop(name, None)
    arguments = {**arguments, **options, "ssl": scheme == "rediss"}
    hosts = _hosts(parts.netloc, SENTINEL_PORT)

    def connect() -> Client:
        sentinel = Sentinel(hosts, sentinel_kwargs={**own, **options})
        return _Node(pool(unquote(service), sentinel, **arguments))

    return connect


def _to_cluster(
    url: str, query: dict[str, str], pool: Callable[..., Any], options: Mapping[str, Any]
) -> Callable[[], Client]:
    """Read ``redis://user:password@host:port,host:port/?cluster=true``."""
    parts = urlsplit(url)
    hosts = _hosts(parts.netloc, PORT)
    login = parts.netloc.rpartition("@")[0]
    host, port = hosts[0]
    first = _with_query(f"{parts.scheme}://{login}@{host}:{port}/", query)
    nodes = [ClusterNode(*one) for one in hosts]
    return lambda: _Cluster(
        RedisCluster(url=first, startup_nodes=nodes, connection_pool_class=pool, **options)
    )


def _hosts(netloc: str, port: int) -> list[tuple[str, int]]:
    places = [urlsplit(f"//{one}") for one in netloc.rpartition("@")[2].split(",")]
    return [(place.hostname or "localhost", place.port or port) for place in places]


def _with_query(url: str, query: Mapping[str, str]) -> str:
    bare = url.partition("?")[0]
    return f"{bare}?{urlencode(query)}" if query else bare
