"""What has to be true after any fault."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from itertools import pairwise

from tests.faults.clients import COUNTER, Answer, Client, Load

#: Words of SQL, of drivers, and of paths: no client is told any.
INTERNALS = re.compile(r"/|SELECT|INSERT|UPDATE|sqlite|psycopg|redis|EVALSHA", re.IGNORECASE)


def check_nothing_is_lost(load: Load, port: int) -> None:
    """Check that all that was acknowledged is there, and that nothing happened twice."""
    with Client(port) as client:
        listed = client.send("GET", "/notes")
        counter = client.send("GET", COUNTER).body["data"]
    notes = listed.body["data"]
    assert set(load.created) <= {note["id"] for note in notes}
    assert int(listed.headers["Total-Records"]) == len(notes)
    stamps = sorted((n["last_modified"], n["id"], n["mark"]) for n in notes)
    assert [(one, other) for one, other in pairwise(stamps) if one[0] == other[0]] == []
    # Each was sent once with a mark of its own.
    assert len({note["mark"] for note in notes}) == len(notes)
    assert load.increments <= counter["n"] <= load.increments + load.doubtful


def check_refusals(refusals: Iterable[Answer]) -> None:
    """Check that whoever was refused was told to come back, in the form of errors (P2.7)."""
    for answer in refusals:
        assert answer.status == 503, answer
        assert answer.body["errno"] == 201
        assert answer.body["code"] == 503
        assert int(answer.headers["Retry-After"]) > 0
        assert not INTERNALS.search(json.dumps(answer.body)), answer.body
