"""Deadlines of round trips: sockets stand for the connections of a driver."""

from __future__ import annotations

import os
import socket
from collections.abc import Iterator

import pytest

from cliquet.drivers.deadlines import Deadlines


@pytest.fixture
def pair() -> Iterator[tuple[socket.socket, socket.socket]]:
    ours, theirs = socket.socketpair()
    with ours, theirs:
        for one in (ours, theirs):
            one.settimeout(10)
        yield ours, theirs


def test_a_connection_whose_answer_is_overdue_is_shut(pair):
    ours, theirs = pair
    Deadlines(()).begin(ours, 0.01)
    assert ours.recv(1) == b""
    assert theirs.recv(1) == b""


def test_a_connection_that_answered_in_time_is_left_alone(pair):
    ours, theirs = pair
    deadlines = Deadlines(())
    deadlines.begin(ours, 0.01)
    deadlines.end(ours)
    other, _ = others = socket.socketpair()
    deadlines.begin(other, 0.01)
    assert other.recv(1) == b""
    theirs.send(b"x")
    assert ours.recv(1) == b"x"
    for one in others:
        one.close()


def test_a_connection_that_is_closed_meanwhile_does_no_harm(pair):
    class Closed:
        def fileno(self) -> int:
            raise KeyError("closed")

    ours, _ = pair
    deadlines = Deadlines((KeyError,))
    deadlines.begin(Closed(), 0.01)
    deadlines.begin(ours, 0.02)
    assert ours.recv(1) == b""


# Python 3.12 and later warn of forks beside threads, which is what is tested.
@pytest.mark.filterwarnings("ignore:.*multi-threaded.*fork:DeprecationWarning")
def test_a_forked_child_watches_its_own_connections(pair):
    ours, _ = pair
    deadlines = Deadlines(())
    deadlines.begin(ours, 60)
    child = os.fork()
    if not child:
        mine, _theirs = socket.socketpair()
        deadlines.begin(mine, 0.01)
        os._exit(mine.recv(1) != b"")
    assert os.waitpid(child, 0)[1] == 0
