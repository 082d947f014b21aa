"""
Deadlines of round trips: a server that does not answer is given up.

The time-outs of statements are kept by the server. One that is frozen, or that the network lost,
keeps none, and its driver would wait for ever.
"""

from __future__ import annotations

import os
import socket
import time
from contextlib import suppress
from threading import Lock, Thread
from typing import Any, Protocol
from weakref import WeakSet

#: Between two looks for answers that are overdue.
PERIOD_SECONDS = 0.5

_all: WeakSet[Deadlines] = WeakSet()


class Connection(Protocol):
    """A driver's connection that has a socket."""

    def fileno(self) -> int:
        """Return the descriptor of the socket; negative, or an error, when it has none."""


class Deadlines:
    """
    Shuts the sockets whose answers are overdue: to their drivers, the server hung up.

    Args:
        errors: What ``fileno()`` raises of a connection that is closed.
    """

    def __init__(self, errors: tuple[type[Exception], ...]) -> None:
        self._errors = errors
        self.forget_all()
        _all.add(self)

    def forget_all(self) -> None:
        """Begin anew, as a forked child must: it has neither the thread nor the connections."""
        self._lock = Lock()
        self._due: dict[Any, float] = {}
        self._thread: Thread | None = None

    def begin(self, connection: Connection, seconds: float) -> None:
        """Expect an answer within *seconds*."""
        with self._lock:
            self._due[connection] = time.monotonic() + seconds
            if self._thread is None:
                self._thread = Thread(target=self._watch, name="cliquet deadlines", daemon=True)
                self._thread.start()

    def end(self, connection: Connection) -> None:
        """Expect nothing more: the answer came, or the connection is given up."""
        with self._lock:
            self._due.pop(connection, None)

    def _watch(self) -> None:
        while True:
            time.sleep(PERIOD_SECONDS)
            # Under the lock, a connection cannot be handed to somebody else meanwhile.
            with self._lock:
                self._give_up(time.monotonic())

    def _give_up(self, now: float) -> None:
        for connection in [one for one, due in self._due.items() if due < now]:
            del self._due[connection]
            with suppress(OSError, *self._errors):
                _shut(connection.fileno())


def _shut(descriptor: int) -> None:
    if descriptor >= 0:
        with socket.socket(fileno=os.dup(descriptor)) as copy:
            copy.shutdown(socket.SHUT_RDWR)


def _forget_all() -> None:
    for deadlines in list(_all):
        deadlines.forget_all()


os.register_at_fork(after_in_child=_forget_all)
