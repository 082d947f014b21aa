"""
Leases: whoever holds one is the only writer of a collection, until it is given back or expires.

Writes compare what they expect all the same: a lease that expired too early costs a race, and
nothing more.
"""

from __future__ import annotations

import secrets
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from contextvars import ContextVar
from types import MappingProxyType
from typing import Any, Final

from cliquet.drivers.redis import Script, Server
from cliquet.exceptions import BackendError
from cliquet.storage.redis.keys import Place
from cliquet.storage.redis.scripts import LOCK, UNLOCK

_PAUSE_SECONDS: Final = 0.005

# By server and place; a request has its own, whatever thread it runs in.
_tokens: ContextVar[Mapping[tuple[int, Place], str]] = ContextVar(
    "cliquet_redis_tokens", default=MappingProxyType({})
)


class Locks:
    """
    Takes leases, and waits for those of others.

    Args:
        server: Where the collections are.
        timeout_ms: Longest wait; a lease lasts as long.
    """

    def __init__(self, server: Server, timeout_ms: int) -> None:
        self._server = server
        self._timeout_ms = timeout_ms

    @contextmanager
    def holding(self, place: Place) -> Iterator[None]:
        """
        Hold the lease of a collection within the block.

        Raises:
            BackendError: Others held it for too long.
        """
        key = id(self._server), place
        if key in _tokens.get():
            yield
            return
        token = secrets.token_hex(16)
        self._patiently(lambda: self._server.run(LOCK, place.keys, token, self._timeout_ms) or None)
        reset = _tokens.set({**_tokens.get(), key: token})
        try:
            yield
        finally:
            _tokens.reset(reset)
            # What was written is written; a lease that is not given back expires.
            with suppress(BackendError):
                self._server.run(UNLOCK, place.keys, token)

    def write(self, place: Place, script: Script, *arguments: Any) -> list[Any]:
        """
        Run a script that writes, when nobody else holds the lease; return its answer.

        Raises:
            BackendError: Somebody held it for too long.
        """
        token = _tokens.get().get((id(self._server), place), "")

        def attempt() -> list[Any] | None:
            reply: list[Any] = self._server.run(script, place.keys, token, *arguments)
            return None if reply[0] == b"locked" else reply

        return self._patiently(attempt)

    def _patiently(self, attempt: Any) -> Any:
        deadline = time.monotonic() + self._timeout_ms / 1000
        while (result := attempt()) is None:
            if time.monotonic() > deadline:
                raise BackendError(None, "a collection is locked for too long")
            time.sleep(_PAUSE_SECONDS)
        return result
