"""Time-outs of PostgreSQL: on each connection, or in each transaction behind a pooler."""

from __future__ import annotations

from typing import Any

import pytest

from cliquet.drivers.databases import Database
from cliquet.drivers.postgresql import database_from
from cliquet.drivers.statements import Statement, Step
from cliquet.storage.exceptions import BackendError

NAMES = ("statement_timeout", "lock_timeout", "idle_in_transaction_session_timeout")


def step(text: str) -> Step:
    return Step(Statement("", text, is_prepared=False), {})


@pytest.fixture(params=[True, False], ids=["prepared", "pooler"])
def database(request: pytest.FixtureRequest, cliquet_postgresql: str) -> Database:
    settings: dict[str, Any] = {
        "storage_url": cliquet_postgresql,
        "storage_prepared_statements": request.param,
        "storage_statement_timeout_ms": 300,
        "storage_lock_timeout_ms": 200,
    }
    return database_from(settings, "storage")


def shown(run: Any) -> list[str]:
    return [run(step(f"SELECT current_setting('{name}')"))[0][0] for name in NAMES]


def test_reads_have_time_outs(database):
    assert shown(database.read) == ["300ms", "200ms", "300ms"]
    with pytest.raises(BackendError, match="statement timeout"):
        database.read(step("SELECT pg_sleep(10)"))


def test_writes_have_time_outs(database):
    with database.writing() as writer:
        assert shown(writer.run) == ["300ms", "200ms", "300ms"]


def test_a_write_that_failed_is_rolled_back_and_the_connection_used_again(database):
    with pytest.raises(BackendError, match="division by zero"), database.writing() as writer:
        writer.run(step("SELECT 1"), step("SELECT 1 / 0"))
    assert database.read(step("SELECT 1")) == [(1,)]


def test_a_pooler_finds_connections_as_they_were(cliquet_postgresql):
    settings = {"storage_url": cliquet_postgresql, "storage_prepared_statements": False}
    database = database_from(settings, "storage")
    database.read(step("SELECT 1"))
    with database.writing() as writer:
        writer.run(step("SELECT 1"))
    connection = database.checked_out()
    cursor = connection.cursor()
    cursor.execute("SHOW statement_timeout")
    assert cursor.fetchone() == ("0",)
    connection.close()


def test_what_the_url_says_of_a_connection_has_the_last_word(cliquet_postgresql):
    options = "options=-c%20lock_timeout%3D123%20-c%20work_mem%3D5MB"
    database = database_from({"storage_url": f"{cliquet_postgresql}?{options}"}, "storage")
    show = "SELECT current_setting('lock_timeout'), current_setting('work_mem')"
    assert database.read(step(show)) == [("123ms", "5MB")]
    assert shown(database.read)[0] == "30s"
