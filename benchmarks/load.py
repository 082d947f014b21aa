"""
The load generator: connections that are kept alive, each with one request under way.

One thread and one selector: it asks faster than waitress can answer. It runs in the process that
steers the benchmark, which does nothing else meanwhile; servers are processes of their own.
"""

from __future__ import annotations

import math
import re
import socket
import time
from collections.abc import Callable, Iterator, Sequence
from selectors import EVENT_READ, DefaultSelector
from typing import NamedTuple

from benchmarks.messages import HOST, Request, Response

#: Longest time without any answer, in seconds.
PATIENCE_SECONDS = 10

_LENGTH = re.compile(rb"\r\ncontent-length: (\d+)")
_CHUNK = 1 << 18


class Load(NamedTuple):
    """
    What was done to a server.

    Attributes:
        requests: How many were answered.
        seconds: How long it took.
        busy_seconds: CPU that the generator itself used.
    """

    requests: int
    seconds: float
    busy_seconds: float


class Connection:
    """
    A connection to a server, and the requests to make on it, one after another.

    It is made anew where the server closes it, as waitress does after each 304.
    """

    def __init__(self, port: int, requests: Iterator[Request], selector: DefaultSelector) -> None:
        self._port = port
        self._requests = requests
        self._selector = selector
        self._socket: socket.socket | None = None
        self._received = b""

    def send_next(self) -> None:
        """Make the next request; without one, close the connection."""
        request = next(self._requests, None)
        if request is None:
            self.close()
        else:
            self._connected().sendall(request.wire())

    def receive(self) -> Response | None:
        """
        Read what has arrived, and return the response when it is complete.

        Raises:
            ConnectionError: The server closed the connection without saying that it would.
        """
        chunk = self._connected().recv(_CHUNK)
        if not chunk:
            raise ConnectionError("the server closed a connection that was to be kept")
        self._received += chunk
        response = parse(self._received)
        if response is not None:
            self._received = b""
            if response.header("connection") == "close":
                self.close()
        return response

    def close(self) -> None:
        """Close it, if it is open."""
        if self._socket is not None:
            self._selector.unregister(self._socket)
            self._socket.close()
            self._socket = None

    def _connected(self) -> socket.socket:
        if self._socket is None:
            self._socket = socket.create_connection((HOST, self._port), timeout=PATIENCE_SECONDS)
            self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            self._selector.register(self._socket, EVENT_READ, self)
        return self._socket


def parse(received: bytes) -> Response | None:
    """Return the one response that was received, or ``None`` when some of it is still to come."""
    head, separator, body = received.partition(b"\r\n\r\n")
    if not separator:
        return None
    head = head.lower()
    match = _LENGTH.search(head)
    if len(body) < (int(match[1]) if match else 0):
        return None
    return Response(int(head[9:12]), head, body)


def drive(
    port: int,
    streams: Sequence[Iterator[Request]],
    verify: Callable[[Response], object],
    seconds: float = math.inf,
) -> Load:
    """
    Make requests, on one connection for each of *streams*, until the time is up.

    Args:
        port: Of a server on this machine.
        streams: The requests of each connection; one that ends closes its connection.
        verify: Called with every response; what it raises ends the load.
        seconds: After that no request is made; those under way are waited for.

    Raises:
        TimeoutError: Nothing was answered for :data:`PATIENCE_SECONDS`.
    """
    with DefaultSelector() as selector:
        connections = [Connection(port, stream, selector) for stream in streams]
        try:
            return _drive(connections, selector, verify, seconds)
        finally:
            for connection in connections:
                connection.close()


def _drive(
    connections: list[Connection],
    selector: DefaultSelector,
    verify: Callable[[Response], object],
    seconds: float,
) -> Load:
    answered, busy, start = 0, time.process_time(), time.perf_counter()
    for connection in connections:
        connection.send_next()
    while selector.get_map():
        for response, connection in _answers(selector):
            answered += 1
            verify(response)
            if time.perf_counter() - start < seconds:
                connection.send_next()
            else:
                connection.close()
    elapsed = time.perf_counter() - start
    return Load(answered, elapsed, time.process_time() - busy)


def _answers(selector: DefaultSelector) -> Iterator[tuple[Response, Connection]]:
    ready = selector.select(PATIENCE_SECONDS)
    if not ready:
        raise TimeoutError(f"no answer for {PATIENCE_SECONDS} seconds")
    for key, _ in ready:
        response = key.data.receive()
        if response is not None:
            yield response, key.data


def ask(port: int, request: Request) -> Response:
    """Make one request, and return the response."""
    answers: list[Response] = []
    drive(port, [iter([request])], answers.append)
    return answers[0]
