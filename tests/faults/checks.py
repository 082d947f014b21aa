"""What has to be true after any fault."""

from __future__ import annotations

from collections.abc import Iterable

import psycopg2

from tests.faults.clients import COUNTER, Answer, Client, Load


def check_nothing_is_lost(loads: Iterable[Load], port: int) -> None:
    """Check that all that was acknowledged is there, and that nothing happened twice."""
    loads = list(loads)
    with Client(port) as client:
        listed = client.send("GET", "/notes")
        counter = client.send("GET", COUNTER).body["data"]
    notes = listed.body["data"]
    created = {one for load in loads for one in load.created}
    assert created <= {note["id"] for note in notes}
    assert int(listed.headers["Total-Records"]) == len(notes)
    assert len({note["last_modified"] for note in notes}) == len(notes)
    increments = sum(load.increments for load in loads)
    assert increments <= counter["n"] <= increments + sum(load.doubtful for load in loads)


def check_counts(url: str) -> None:
    """Check that each collection's count is the number of its records."""
    connection = psycopg2.connect(url)
    cursor = connection.cursor()
    cursor.execute(
        "SELECT collection_id, live, (SELECT count(*) FROM records WHERE NOT deleted"
        " AND collection_id = timestamps.collection_id) FROM timestamps"
    )
    rows = cursor.fetchall()
    connection.close()
    assert {name for name, _, _ in rows} == {"note", "counter"}
    assert [live for _, live, _ in rows] == [count for _, _, count in rows]


def check_refusals(refusals: Iterable[Answer]) -> None:
    """Check that whoever was refused was told to come back, in the form of errors (P2.7)."""
    for answer in refusals:
        assert answer.status == 503, answer
        assert answer.body["errno"] == 201
        assert answer.body["code"] == 503
        assert int(answer.headers["Retry-After"]) > 0
