"""A network between a worker and its server, which may be cut in several ways."""

from __future__ import annotations

import socket
import struct
from collections.abc import Iterator
from contextlib import suppress
from enum import Enum, auto
from itertools import chain, cycle, repeat
from threading import Lock, Thread

CHUNK_BYTES = 65536


class Cut(Enum):
    """What happens to what is sent."""

    NONE = auto()
    #: It is lost, as packets are that a firewall drops; connections stay.
    SWALLOWED = auto()
    #: Its connection is reset, and every other.
    RESET = auto()
    #: The server has it; of some answers half comes through before the connection is reset.
    HALVED = auto()


class Proxy:
    """
    Hands on what clients send to a port of this machine, and what is answered.

    Args:
        target: The port.
    """

    def __init__(self, target: int) -> None:
        self._target = target
        self._cut = Cut.NONE
        self._lock = Lock()
        self._halves: Iterator[bool] = repeat(False)
        self._pairs: list[tuple[socket.socket, socket.socket]] = []
        self._listener = socket.create_server(("127.0.0.1", 0), backlog=128)
        self.port: int = self._listener.getsockname()[1]
        Thread(target=self._accept, daemon=True).start()

    def __enter__(self) -> Proxy:
        return self

    def __exit__(self, *error: object) -> None:
        # Whoever accepts is woken by this, and by nothing else everywhere.
        with suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        self._reset_all()

    def cut(self, how: Cut) -> None:
        """Cut the network from now on."""
        # One answer in ten is halved: connections made anew come to be used.
        self._halves = cycle([True] + [False] * 9)
        self._cut = how
        if how is Cut.RESET:
            self._reset_all()

    def halve_one(self, number: int) -> None:
        """Halve one answer from now on: that after *number* others."""
        self._halves = chain(repeat(False, number), [True], repeat(False))
        self._cut = Cut.HALVED

    def mend(self) -> None:
        """Hand on everything again; connections that were cut stay cut."""
        self._cut = Cut.NONE

    def _accept(self) -> None:
        with suppress(OSError):
            while True:
                client, _ = self._listener.accept()
                self._connect(client)

    def _connect(self, client: socket.socket) -> None:
        try:
            server = socket.create_connection(("127.0.0.1", self._target))
        except OSError:
            _reset(client)
            return
        pair = client, server
        with self._lock:
            self._pairs.append(pair)
        Thread(target=self._ask, args=pair, daemon=True).start()
        Thread(target=self._answer, args=pair, daemon=True).start()

    def _ask(self, client: socket.socket, server: socket.socket) -> None:
        with suppress(OSError):
            while sent := client.recv(CHUNK_BYTES):
                if self._cut is Cut.RESET:
                    break
                if self._cut is not Cut.SWALLOWED:
                    server.sendall(sent)
        _reset(client, server)

    def _answer(self, client: socket.socket, server: socket.socket) -> None:
        with suppress(OSError):
            while answer := server.recv(CHUNK_BYTES):
                if self._cut is Cut.HALVED and next(self._halves):
                    client.sendall(answer[: len(answer) // 2])
                    break
                if self._cut is not Cut.SWALLOWED:
                    client.sendall(answer)
        _reset(client, server)

    def _reset_all(self) -> None:
        with self._lock:
            pairs, self._pairs = self._pairs, []
        for pair in pairs:
            _reset(*pair)


def _reset(*ends: socket.socket) -> None:
    """Close connections so that the other ends are told of an error, whatever is under way."""
    for end in ends:
        with suppress(OSError):
            end.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            # Threads that read from it return, and the descriptor is not used again meanwhile.
            end.shutdown(socket.SHUT_RDWR)
        end.close()
