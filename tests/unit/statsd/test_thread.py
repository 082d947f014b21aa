"""The thread that sends metrics: what it gathers, and when it sends it."""

from __future__ import annotations

import subprocess
import sys
from contextlib import closing
from threading import Event

import pytest

from cliquet import statsd
from cliquet.statsd import Client
from tests.unit.statsd.server import Server


def test_figures_are_sent_without_being_asked_for(
    server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(statsd, "_GATHERING_SECONDS", 0)
    with closing(Client("127.0.0.1", server.port, "app")) as client:
        client.count("first")
        assert server.datagram() == "app.first:1|c"
        client.count("second")
        assert server.datagram() == "app.second:1|c"


def test_figures_arrive_in_few_datagrams_that_networks_carry_whole(
    client: Client, server: Server
) -> None:
    for number in range(100):
        client.count(f"visits.{number:02}")
    client.flush()
    first, second = server.datagram(), server.datagram()
    assert len(f"{first}\n{second}".split("\n")) == 100
    assert 1432 - len("\napp.visits.00:1|c") < len(first) <= 1432


def test_what_is_longer_than_a_datagram_is_sent_alone(client: Client, server: Server) -> None:
    client.count("before")
    client.count("users", unique="x" * 1500)
    client.flush()
    assert server.datagram() == "app.before:1|c"
    assert server.datagram() == f"app.users:{'x' * 1500}|s"


def test_of_too_many_figures_the_oldest_are_lost(
    server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(statsd, "_MAX_QUEUED", 2)
    with closing(Client("127.0.0.1", server.port, "app")) as client:
        for key in ("first", "second", "third"):
            client.count(key)
    assert server.names() == ["app.second", "app.third"]


def test_a_figure_does_not_wait_for_those_that_are_being_sent(
    client: Client, server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    is_sending, may_end, ended = Event(), Event(), []

    def send_slowly(datagram: str) -> None:
        is_sending.set()
        ended.append(may_end.wait(10))

    monkeypatch.setattr(client._client, "_send", send_slowly)
    monkeypatch.setattr(statsd, "_GATHERING_SECONDS", 0)
    client.count("first")
    assert is_sending.wait(10)
    client.count("second")
    may_end.set()
    client.flush()
    assert set(ended) == {True}


def test_a_closed_client_takes_figures_and_sends_none(client: Client, server: Server) -> None:
    client.close()
    client.count("visits")
    client.flush()
    assert server.received() == []


FORK = """
import os, sys
from cliquet.statsd import Client

client = Client("127.0.0.1", int(sys.argv[1]), "app")
client.count("parent")
if os.fork():
    os.wait()
else:
    client.count("child")
    # Only its thread can send it before this ends.
    sys.stdin.read()
    os._exit(0)
"""


def test_a_process_that_is_forked_sends_what_is_its_own(server: Server) -> None:
    command = [sys.executable, "-W", "ignore", "-c", FORK, str(server.port)]
    with subprocess.Popen(command, stdin=subprocess.PIPE) as process:
        assert {server.datagram(), server.datagram()} == {"app.parent:1|c", "app.child:1|c"}
        process.communicate(timeout=10)
    assert (process.returncode, server.received()) == (0, [])


def test_what_is_left_is_sent_at_exit(server: Server) -> None:
    script = FORK.partition("if os.fork")[0]
    subprocess.run([sys.executable, "-c", script, str(server.port)], check=True, timeout=30)
    assert server.received() == ["app.parent:1|c"]
