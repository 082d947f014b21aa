"""A StatsD server, as far as tests need one."""

from __future__ import annotations

import socket

from cliquet import statsd


class Server:
    """A socket that metrics are sent to."""

    def __init__(self) -> None:
        self._socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._socket.bind(("127.0.0.1", 0))
        self._socket.settimeout(10)
        self.port: int = self._socket.getsockname()[1]
        self._marker = statsd.Client("127.0.0.1", self.port, "")

    def received(self) -> list[str]:
        """Return the metrics received since the last time."""
        statsd.flush()
        # Datagrams of one machine arrive in order: what was sent before this one is there.
        self._marker.count("end")
        self._marker.flush()
        metrics = iter(self.datagram, "end:1|c")
        return [metric for datagram in metrics for metric in datagram.split("\n")]

    def datagram(self) -> str:
        """Return the next datagram, once it is there."""
        return self._socket.recv(65536).decode("ascii")

    def names(self) -> list[str]:
        """Return the names of the metrics received since the last time."""
        return [metric.partition(":")[0] for metric in self.received()]

    def close(self) -> None:
        """Stop listening."""
        self._socket.close()
        self._marker.close()
