"""Round trips to PostgreSQL for batches of 25, beginning and end of the transaction included."""

from __future__ import annotations

import uuid
from typing import Any

import pytest

from tests.protocol.batching import Batching, part
from tests.protocol.sharing import headers_of
from tests.protocol.test_p8_costs import trips

IDS = [str(uuid.UUID(int=number, version=4)) for number in range(25)]
NOTES, PAIRS, PSILOS = ([f"/{name}/{one}" for one in IDS] for name in ("notes", "pairs", "psilos"))
NEW, ANOTHER = [path.replace("/0", "/1") for path in PSILOS], str(uuid.uuid4())
USERS = [headers_of(user) for user in ("alice", "bob")]


def each(method: str, paths: list[str], data: Any = None, **headers: str) -> list[Any]:
    """Return a request for each path."""
    return [part(method, path, data, **headers) for path in paths]


def numbered(method: str, paths: list[str], field: str) -> list[Any]:
    """Return a request for each path, with a value of its own in a field."""
    return [part(method, path, {field: f"value {path[-12:]}"}) for path in paths]


@pytest.fixture
def batch() -> Batching:
    batch = Batching("postgresql")
    for paths in (NOTES, PAIRS, PSILOS):
        batch.send(*numbered("PUT", paths, "one"))
    batch.send(part("PUT", f"/pairs/{ANOTHER}", {"one": "taken"}))
    return batch


def test_what_is_there_is_written_by_two_round_trips(batch: Batching) -> None:  # P8.4
    # One locks the collection and reads its records; one writes all of them, and commits.
    for parts in (each("PUT", NOTES, {"a": 1}), each("PATCH", NOTES, {"a": 2})):
        with trips() as noted:
            assert batch.statuses(*parts) == [200] * 25
        assert len(noted) == 2, noted
    with trips() as noted:
        assert batch.statuses(*each("DELETE", NOTES)) == [200] * 25
    assert len(noted) == 2, noted


def test_what_is_there_is_read_by_one_round_trip(batch: Batching) -> None:  # P8.4
    with trips() as noted:
        assert batch.statuses(*each("GET", NOTES)) == [200] * 25
    assert len(noted) == 1, noted


CASES: dict[str, tuple[list[Any], set[int], int]] = {
    "wrong ids": (each("PUT", [f"{path}0" for path in NOTES], {}), {400}, 0),
    "POST": (each("POST", ["/notes"] * 25, {}), {201}, 25 + 3),
    "POST of ids": (
        [part("POST", "/articles", {"title": "a", "id": one}) for one in IDS],
        {201},
        28,
    ),
    "POST unique": ([part("POST", "/pairs", {"two": one}) for one in IDS], {201}, 2 * 25 + 3),
    "unique": (numbered("PUT", PAIRS, "two"), {200}, 25 + 3),
    "412": (each("PUT", NOTES, {}, If_Match='"1"'), {412}, 25 + 3),
    "409": (
        [part("PUT", PAIRS[0], {}), *each("PUT", PAIRS[1:], {"one": "taken"})],
        {200, 409},
        2 * 25 + 3,
    ),
    "turns": (
        [part(method, path, {}) for path in NOTES[:12] for method in ("PUT", "GET")],
        {200},
        12 + 3,
    ),
    "users": (
        [part("PUT", path, {}, **USERS[index % 2]) for index, path in enumerate(NOTES)],
        {200, 201},
        25 + 3,
    ),
    "new shared": (each("PUT", NEW, {}), {201}, 2 * 25 + 3),
    "shared": (each("PATCH", PSILOS, {}), {200}, 25 + 3),
    "shared reads": (each("GET", PSILOS), {200}, 25 + 3),
}


@pytest.mark.parametrize(("parts", "statuses", "most"), CASES.values(), ids=CASES)
def test_others_cost_little_more(  # P8.4
    batch: Batching, parts: list[Any], statuses: set[int], most: int
) -> None:
    with trips() as noted:
        assert set(batch.statuses(*parts)) <= statuses
    assert len(noted) <= most, len(noted)
    # No part writes, is answered, and writes again: there is nothing to bring back.
    assert not [one for one in noted if "SAVEPOINT" in one]
