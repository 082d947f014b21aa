"""What a batch asks of PostgreSQL, and of the policies: the budgets of one in many."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from unittest.mock import patch

import pytest

from cliquet.authentication import BasicAuthAuthenticationPolicy
from cliquet.drivers.databases import Database
from tests.protocol.batching import DATABASES, PLACE, Batching, part
from tests.protocol.sharing import headers_of

COUNT = 25
PATHS = [f"/notes/{uuid.UUID(int=number, version=4)}" for number in range(COUNT)]


@pytest.fixture
def batch() -> Batching:
    batch = Batching("postgresql")
    batch.send(part("PUT", "/notes/first", {}))
    return batch


@contextmanager
def trips() -> Iterator[list[str]]:
    """Note what is sent to the database, a text for each round trip."""
    noted: list[str] = []
    send = Database.send

    def noting(self: Any, connection: Any, steps: Any, *args: Any, **kwargs: Any) -> Any:
        texts = [step.statement.text for step in steps]
        noted.append(" ; ".join([*map(str, args), *map(str, kwargs.values()), *texts]))
        return send(self, connection, steps, *args, **kwargs)

    with patch.object(Database, "send", noting):
        yield noted


@pytest.mark.parametrize(
    ("parts", "most"),
    [
        ([part("PUT", path, {"a": 1}) for path in PATHS], 2 * COUNT + 3),
        ([part("POST", "/notes", {"a": 1})] * COUNT, COUNT + 3),
        ([part("GET", path) for path in PATHS], 2),
    ],
    ids=["put", "post", "get"],
)
def test_round_trips_of_a_batch(batch: Batching, parts: list[Any], most: int) -> None:  # P8.4
    with trips() as noted:
        statuses = set(batch.statuses(*parts))
    assert statuses <= {201, 404}
    assert 1 <= len(noted) <= most, noted
    assert sum("SAVEPOINT" in one for one in noted) < COUNT


def test_25_parts_are_authenticated_once(batch: Batching) -> None:  # P8.5
    policy, asked = BasicAuthAuthenticationPolicy, []
    find = policy._userid

    def noting(self: Any, request: Any) -> Any:
        asked.append(request)
        return find(self, request)

    with patch.object(policy, "_userid", noting):
        batch.statuses(*[part("GET", path) for path in PATHS])
    assert len(asked) == 1


def test_a_collection_is_touched_once_for_all_its_writes(batch: Batching) -> None:  # P8.4
    with trips() as noted:
        batch.statuses(*[part("PUT", path, {"a": 1}) for path in PATHS[1:]], f"DELETE {PATHS[1]}")
    assert sum(one.count("UPDATE timestamps") for one in noted) == 1, noted
    assert batch.app.get("/v1/notes", headers=headers_of("alice")).headers["Total-Records"] == "23"


@pytest.mark.parametrize("backends", DATABASES)
def test_what_is_undone_within_a_batch_is_not_counted(backends: str) -> None:  # P8.4
    batch = Batching(backends)
    statuses = batch.statuses(
        part("POST", "/write"), *[part("POST", "/write?raise=403")] * 2, part("POST", "/write")
    )
    assert (statuses, batch.written()[0]) == ([200, 403, 403, 200], 4)
    page = batch.registry.storage.get_page(**PLACE, limit=1)
    assert (page.total, page.more) == (4, True)
