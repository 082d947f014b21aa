"""The clock of a storage is stepped, back and forth: timestamps grow all the same (P5.1)."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import psycopg2
import pytest
import webtest

from cliquet.drivers import functions
from cliquet.scripts.cliquet import init_schema
from cliquet.storage import memory, schemas, timeline
from tests.faults.application import make_app
from tests.faults.clients import Client
from tests.faults.conftest import on_postgresql, on_sqlite
from tests.support import ALICE

pytestmark = pytest.mark.slow

HOUR_MS = 3_600_000


class Stepped:
    """An application on a storage whose clock is *step_ms* ahead."""

    def __init__(self, settings: dict[str, Any], tell: Callable[[int], None]) -> None:
        self.step_ms = 0
        self._tell = tell
        with schemas.unchecked():
            app = make_app(settings)
        init_schema({"registry": app.registry})
        self._app = webtest.TestApp(app)

    def step(self, milliseconds: int) -> None:
        """Step the clock."""
        self.step_ms += milliseconds
        self._tell(self.step_ms)

    def write(self, count: int = 5) -> list[int]:
        """Post notes; return their timestamps."""
        answers = [
            self._app.post_json("/v1/notes", {"data": {}}, headers=ALICE) for _ in range(count)
        ]
        return [answer.json["data"]["last_modified"] for answer in answers]

    def changes(self, since: int) -> list[int]:
        """Return the timestamps of what changed since another."""
        url = f"/v1/notes?_since={since}&_sort=last_modified"
        return [note["last_modified"] for note in self._app.get(url, headers=ALICE).json["data"]]


def in_memory(folder: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Stepped]:
    steps = [0]

    def now() -> int:
        return time.time_ns() // 1_000_000 + steps[-1]

    for module in (memory, timeline):
        monkeypatch.setattr(module, "msec_time", now)
    yield Stepped({"storage_backend": "cliquet.storage.memory"}, steps.append)


def in_sqlite(folder: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Stepped]:
    steps = [0]
    register = functions.register

    def present(now: str) -> float:
        return 2440587.5 + (time.time() * 1000 + steps[-1]) / 86_400_000

    def with_a_clock(connection: Any) -> None:
        register(connection)
        # A connection's own functions come before those that SQLite has.
        connection.create_function("julianday", 1, present)

    monkeypatch.setattr(functions, "register", with_a_clock)
    with on_sqlite(folder) as storage:
        yield Stepped({**storage.settings, "storage_url": storage.url}, steps.append)


def in_postgresql(folder: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Stepped]:
    with on_postgresql(folder) as storage, closing(psycopg2.connect(storage.url)) as connection:
        connection.autocommit = True

        def step(milliseconds: int) -> None:
            connection.cursor().execute(
                "CREATE OR REPLACE FUNCTION public.clock_timestamp() RETURNS timestamptz AS"
                f" $$ SELECT pg_catalog.clock_timestamp() + interval '{milliseconds} ms' $$"
                " LANGUAGE sql VOLATILE"
            )

        step(0)
        # What PostgreSQL has would be found first, unless it is named later.
        url = f"{storage.url}&options=-csearch_path%3Dpublic,pg_catalog"
        yield Stepped({**storage.settings, "storage_url": url}, step)


@pytest.fixture(params=[in_memory, in_sqlite, in_postgresql])
def stepped(
    request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Stepped]:
    yield from request.param(tmp_path, monkeypatch)


def test_timestamps_grow_through_steps_of_the_clock(stepped):
    before = stepped.write()
    stepped.step(HOUR_MS)
    ahead = stepped.write()
    stepped.step(-2 * HOUR_MS)
    behind = stepped.write()
    # The first tells that the clock was stepped indeed.
    assert ahead[0] - before[-1] > HOUR_MS // 2
    written = before + ahead + behind
    assert written == sorted(set(written))
    assert stepped.changes(ahead[-1]) == behind


# No clock of Redis can be stepped by itself; a timestamp that is ahead is the same to it.
def test_timestamps_grow_beyond_one_that_was_ahead_of_the_clock(storage, start_worker):  # P4.12
    with Client(start_worker().port) as client:
        ahead = int(time.time() * 1000) + HOUR_MS
        first = client.send("POST", "/notes", {"data": {"last_modified": ahead}}).body["data"]
        later = [client.send("POST", "/notes", {"data": {}}).body["data"] for _ in range(5)]
        listed = client.send("GET", f"/notes?_since={ahead}&_sort=last_modified").body["data"]
    written = [note["last_modified"] for note in (first, *later)]
    assert written[0] == ahead
    assert written == sorted(set(written))
    assert listed == later
