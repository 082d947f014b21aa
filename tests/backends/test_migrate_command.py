"""``cliquet migrate`` in processes of its own: two at once, and one that is killed."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from threading import Thread

import psycopg2
import pytest

from cliquet.scripts.cliquet import init_schema, main
from cliquet.storage import schemas
from cliquet.storage.postgresql import Storage
from cliquet.storage.postgresql.guards import Guard
from tests.backends.version11 import (
    RECORDS,
    TOMBSTONES,
    VERSION_11,
    database_of_its_own,
    execute,
    older_transaction,
)
from tests.backends.writers import open_storage
from tests.pages import ROOT
from tests.support import make_config

TIMEOUT_SECONDS = 60
GUARD = Guard("article", "url")
INI = """
[app:main]
use = call:readinglist:main
storage_backend = cliquet.storage.postgresql
storage_url = {url}
userid_hmac_secret = x
"""


@pytest.fixture
def url(cliquet_postgresql: str) -> Iterator[str]:
    with database_of_its_own(cliquet_postgresql) as url:
        yield url


@pytest.fixture
def storage(url: str) -> Storage:
    return open_storage(url)


@pytest.fixture
def ini(url: str, tmp_path: Path) -> Path:
    """Configuration of an application on the database."""
    path = tmp_path / "application.ini"
    path.write_text(INI.format(url=url))
    return path


@pytest.fixture
def migrate(ini: Path) -> Iterator[Callable[[], subprocess.Popen[str]]]:
    """Start the command; what it starts is killed at the end."""
    processes: list[subprocess.Popen[str]] = []

    def start() -> subprocess.Popen[str]:
        path = os.pathsep.join([str(ROOT), str(ROOT / "examples" / "readinglist")])
        command = [sys.executable, "-m", "cliquet.scripts.cliquet", "--ini", str(ini), "migrate"]
        process = subprocess.Popen(
            command, stdout=subprocess.PIPE, text=True, env={**os.environ, "PYTHONPATH": path}
        )
        processes.append(process)
        return process

    yield start
    for process in processes:
        process.kill()
        process.communicate()


def read_to(process: subprocess.Popen[str], words: str) -> None:
    """Read what a process prints up to a line with *words*."""
    assert process.stdout is not None
    seen = []
    for line in process.stdout:
        seen.append(line)
        if words in line:
            return
    pytest.fail(f"{words!r} is not in {seen}")


def wait_for_migrations(url: str) -> None:
    """Wait until no migration holds its lock, that of a process that was killed neither."""
    execute(url, "SELECT pg_advisory_lock(hashtext('cliquet migrate'))")


@pytest.mark.slow
def test_two_at_once_take_turns_while_an_index_is_built(url, storage, migrate):
    execute(url, VERSION_11)
    with older_transaction(url):
        first = migrate()
        # The index now waits for the older transaction, and must not for the second migration.
        read_to(first, "Building index")
        second = migrate()
        read_to(second, "Another migration is running")
    assert first.wait(TIMEOUT_SECONDS) == 0
    assert second.wait(TIMEOUT_SECONDS) == 0
    storage.check_schema([GUARD])


@pytest.mark.slow
def test_several_at_once_from_an_old_schema_all_succeed(url, storage, migrate):
    execute(url, VERSION_11)
    processes = [migrate() for _ in range(4)]
    assert [process.wait(TIMEOUT_SECONDS) for process in processes] == [0] * 4
    storage.check_schema([GUARD])
    assert storage.get_page("article", "alice", 1).total == RECORDS


@pytest.mark.slow
def test_a_migration_killed_after_the_data_moved_changes_nothing_and_can_be_run_again(
    url, storage, migrate
):
    execute(url, VERSION_11)
    with locked_version(url):
        process = migrate()
        # All that is left to do is to set the version, which waits for the lock.
        read_to(process, "timestamps of collections moved")
        process.kill()
    wait_for_migrations(url)
    assert execute(url, "SELECT value FROM metadata") == [("11",)]
    assert execute(url, "SELECT count(*) FROM deleted") == [(TOMBSTONES,)]
    assert migrate().wait(TIMEOUT_SECONDS) == 0
    assert storage.get_page("article", "alice", 1).total == RECORDS


@pytest.mark.slow
def test_an_index_that_is_still_being_built_for_a_process_that_was_killed_is_waited_for(
    url, storage, migrate
):
    with older_transaction(url):
        first = migrate()
        wait_for_a_lock(url, "virtualxid")  # of the older transaction, by the index being built
        first.kill()
        second = migrate()
        wait_for_a_lock(url, "relation")
    assert second.wait(TIMEOUT_SECONDS) == 0
    storage.check_schema([GUARD])


def wait_for_a_lock(url: str, kind: str) -> None:
    """Wait until a session waits for a lock of a kind."""
    deadline = time.monotonic() + TIMEOUT_SECONDS
    statement = f"SELECT 1 FROM pg_locks WHERE locktype = '{kind}' AND NOT granted"
    while not execute(url, statement):
        assert time.monotonic() < deadline, kind
        time.sleep(0.01)


@contextmanager
def locked_version(url: str) -> Iterator[None]:
    """Keep the version of the schema from being changed within the block."""
    connection = psycopg2.connect(url)
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1 FROM metadata FOR UPDATE")
    yield
    connection.close()


def test_the_building_of_an_index_can_be_watched(url, storage):
    storage.initialize_schema()
    assert storage.index_progress() is None
    with older_transaction(url):
        building = Thread(target=storage.initialize_schema, args=[[GUARD]])
        building.start()
        wait_for_a_lock(url, "virtualxid")
        progress = storage.index_progress()
    building.join(TIMEOUT_SECONDS)
    assert progress is not None
    assert progress.phase.startswith("waiting for ")


def test_the_command_makes_a_schema_and_can_be_run_again(url, storage, ini, capsys):
    for line in ("storage: Making schema 12.", "storage: The schema is at version 12 already."):
        assert main(["--ini", str(ini), "migrate"]) == 0
        assert line in capsys.readouterr().out
    storage.check_schema([GUARD])


def test_the_dry_run_of_the_command_makes_nothing(url, ini, capsys):
    assert main(["--ini", str(ini), "migrate", "--dry-run"]) == 0
    assert "storage: Schema 12 would be made." in capsys.readouterr().out
    assert execute(url, "SELECT to_regclass('records')") == [(None,)]


def test_the_command_refuses_a_schema_that_is_too_old_in_a_line(url, ini, capsys):
    execute(url, VERSION_11 + "UPDATE metadata SET value = '10'")
    assert main(["--ini", str(ini), "migrate"]) == 1
    error = capsys.readouterr().err
    assert error.startswith("cliquet: Schema 10 is too old")
    assert error.count("\n") == 1


def test_the_command_says_in_a_line_that_there_is_no_database(ini, capsys):
    ini.write_text(INI.format(url="postgresql://postgres@127.0.0.1:1/nothing"))
    assert main(["--ini", str(ini), "migrate"]) == 1
    assert capsys.readouterr().err.startswith("cliquet: OperationalError")


def test_indexes_go_with_the_last_declared_field_of_a_collection_and_others_stay(url, storage):
    mine, other = Guard("mushroom", "name"), Guard("book", "isbn")
    storage.initialize_schema([mine, other])
    settings = {"storage_backend": "cliquet.storage.postgresql", "storage_url": url}
    with schemas.unchecked():
        registry = make_config(settings).registry
    lines: list[str] = []
    init_schema({"registry": registry}, tell=lines.append)
    assert f"storage: Dropping index {mine.name}." in lines
    line = f"storage: Left alone, for no resource here has their collections: {other.name}."
    assert line in lines
