"""
memcached by pymemcache: one server, and a pool of connections to it.

A command is never sent twice. A connection that died while nobody used it is found out before
anything is sent.
"""

from __future__ import annotations

import os
import select
import threading
from collections.abc import Callable, Iterable, Mapping
from functools import partial
from typing import Any, TypeVar
from urllib.parse import urlsplit
from weakref import WeakSet

from sqlalchemy.exc import SQLAlchemyError

from cliquet.drivers.pool import pool_options
from cliquet.exceptions import BackendError

try:
    from pymemcache.client.base import Client
    from pymemcache.exceptions import MemcacheError
except ImportError as error:  # pragma: no cover - tested in an environment of its own
    raise ImportError(
        'cliquet.cache.memcached needs: pip install "cliquet[memcached]"', name="pymemcache"
    ) from error

T = TypeVar("T")

PORT = 11211

_ERRORS = (MemcacheError, OSError, SQLAlchemyError)
#: What pools of SQLAlchemy call what engines call otherwise.
_POOL_NAMES = {"pool_timeout": "timeout", "pool_recycle": "recycle"}

_LOCK = threading.Lock()
_SERVERS: dict[tuple[Any, ...], Server] = {}
_servers: WeakSet[Server] = WeakSet()


class Server:
    """
    One server, as one process uses it.

    Every method raises :class:`~cliquet.exceptions.BackendError` when the server failed.

    Args:
        pool: Of clients of pymemcache; each has a connection.
    """

    def __init__(self, pool: Any) -> None:
        self._pool = pool
        _servers.add(self)

    def get(self, *keys: str) -> dict[str, bytes]:
        """Return the values of those keys that are there, in one round trip."""
        return self._done(lambda client: client.get_many(keys))

    def get_versions(self, *keys: str) -> dict[str, tuple[bytes, bytes]]:
        """Likewise, each value with the version that :meth:`replace` takes."""
        return self._done(lambda client: client.gets_many(keys))

    def set(self, key: str, value: bytes, expiry: int = 0) -> None:
        """Store a value; *expiry* in seconds, or a date beyond 30 days; 0 for never."""
        self._done(lambda client: client.set(key, value, expiry))

    def add(self, key: str, value: bytes) -> None:
        """Store a value, unless there is one."""
        self._done(lambda client: client.add(key, value))

    def replace(self, key: str, value: bytes, expiry: int, version: bytes) -> None:
        """Store a value in the place of one that nobody has replaced since it was read."""
        self._done(lambda client: client.cas(key, value, version, expiry))

    def delete(self, key: str) -> None:
        """Delete a key, if it is there."""
        self._done(lambda client: client.delete(key))

    def forget_connections(self) -> None:
        """Begin anew, as a forked child must: it must not speak through its parent's sockets."""
        self._pool = self._pool.recreate()

    def _done(self, action: Callable[[Any], T]) -> T:
        try:
            lent = self._pool.connect()
            try:
                client = lent.driver_connection
                if _is_dead(client):
                    client.close()
                # A client that fails closes its connection, and makes another one next time.
                return action(client)
            finally:
                lent.close()
        except _ERRORS as error:
            raise BackendError(error) from error


def _is_dead(client: Any) -> bool:
    """Tell whether the server hung up, or sent what nobody asked for."""
    if client.sock is None:
        return False
    poll = select.poll()
    poll.register(client.sock, select.POLLIN)
    return bool(poll.poll(0))


def server_from(settings: Mapping[str, Any], prefix: str) -> Server:
    """
    Return the server that ``<prefix>_url`` names, one a process.

    Args:
        settings: Of the application.
        prefix: ``cache``.

    Raises:
        ValueError: The URL is none of memcached.
    """
    address = _address(str(settings[f"{prefix}_url"]))
    timeout = float(settings.get(f"{prefix}_socket_timeout_seconds") or 5)
    options = pool_options(settings, prefix)
    key = (address, timeout, *sorted(options.items(), key=str))
    with _LOCK:
        if key not in _SERVERS:
            _SERVERS[key] = Server(_pool(partial(_connect, address, timeout), options))
        return _SERVERS[key]


def _address(url: str) -> tuple[str, int]:
    parts = urlsplit(url)
    if parts.scheme != "memcached" or not parts.hostname or parts.path.strip("/") or parts.query:
        raise ValueError(f"{url!r} should be memcached://host:port")
    return parts.hostname, parts.port or PORT


def _pool(connect: Callable[[], Any], options: dict[str, Any]) -> Any:
    renamed = {_POOL_NAMES.get(name, name): value for name, value in options.items()}
    return renamed.pop("poolclass")(connect, reset_on_return=None, **renamed)


def _connect(address: tuple[str, int], timeout: float) -> Any:
    # Answers are waited for: without, failures would go unseen.
    return Client(
        address, connect_timeout=timeout, timeout=timeout, no_delay=True, default_noreply=False
    )


def _forget_connections(servers: Iterable[Server] = _servers) -> None:
    for server in list(servers):
        server.forget_connections()


os.register_at_fork(after_in_child=_forget_connections)
