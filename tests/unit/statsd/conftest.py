"""Fixtures of the tests of StatsD, and of what it and others count."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from cliquet import statsd
from cliquet.statsd import Client
from tests.unit.statsd.server import Server


@pytest.fixture(autouse=True)
def patience(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let figures wait until the server asks for them, however slow the machine is."""
    monkeypatch.setattr(statsd, "_GATHERING_SECONDS", 600)


@pytest.fixture
def server() -> Iterator[Server]:
    """Return a server of metrics."""
    server = Server()
    yield server
    server.close()


@pytest.fixture
def client(server: Server) -> Iterator[Client]:
    """Return a client of the server, with the prefix ``app``."""
    client = Client("127.0.0.1", server.port, "app")
    yield client
    client.close()
