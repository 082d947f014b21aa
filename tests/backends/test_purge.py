"""The purge of old tombstones in all collections, on PostgreSQL."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psycopg2
import pytest

from cliquet.scripts.cliquet import main
from cliquet.storage.postgresql import Storage
from tests.backends.conftest import Notes
from tests.backends.writers import open_storage

OLD, BEFORE, RECENT = 1_000, 2_000, 3_000
INI = """
[app:main]
use = call:readinglist:main
storage_backend = cliquet.storage.postgresql
storage_url = {url}
userid_hmac_secret = x
"""


@pytest.fixture
def storage(cliquet_postgresql: str) -> Storage:
    storage = open_storage(cliquet_postgresql)
    storage.initialize_schema()
    storage.flush()
    return storage


@pytest.fixture
def places(storage: Storage) -> list[Notes]:
    """Two collections of two parents, with a live record and two tombstones each."""
    places = [Notes(storage, parent, name) for parent in ("", "bob") for name in ("article", "tag")]
    for notes in places:
        notes.add(id="live", last_modified=OLD)
        for object_id, timestamp in (("old", OLD + 1), ("recent", RECENT)):
            notes.add(id=object_id, last_modified=OLD)
            notes.delete(object_id=object_id, last_modified=timestamp)
    return places


@pytest.fixture
def command(cliquet_postgresql: str, places: list[Notes], tmp_path: Path) -> list[str]:
    """The command, on an application of articles."""
    path = tmp_path / "application.ini"
    path.write_text(INI.format(url=cliquet_postgresql))
    return ["--ini", str(path), "purge-tombstones"]


def ids(notes: Notes) -> set[str]:
    return {record["id"] for record in notes.all(include_deleted=True)}


@pytest.mark.parametrize("batch", [1, 2, 5, 12, 1000])
def test_old_tombstones_of_all_parents_and_collections_go_and_all_else_stays(
    storage, places, batch
):
    timestamps = [notes.timestamp for notes in places]
    assert sum(storage.purge_tombstones(BEFORE, batch=batch)) == len(places)
    assert [ids(notes) for notes in places] == [{"live", "recent"}] * len(places)
    assert [notes.timestamp for notes in places] == timestamps
    assert [notes.get_page(limit=1).total for notes in places] == [1] * len(places)


def test_a_timestamp_that_is_not_below_the_limit_stays(storage, places):
    assert sum(storage.purge_tombstones(OLD + 1)) == 0
    assert sum(storage.purge_tombstones(OLD + 2)) == len(places)


def test_tombstones_of_one_collection_go_alone(storage, places):
    assert sum(storage.purge_tombstones(BEFORE, "article")) == 2
    assert ["old" in ids(notes) for notes in places] == [False, True] * 2


def test_what_is_not_asked_for_is_not_done(storage, places):
    steps = storage.purge_tombstones(BEFORE, batch=6)
    assert ["old" in ids(notes) for notes in places] == [True] * 4
    assert next(steps) == 2
    assert ["old" in ids(notes) for notes in places] == [False, False, True, True]


@pytest.fixture
def writer(cliquet_postgresql: str) -> Iterator[Any]:
    """Connection of a writer, whose transaction stays open."""
    connection = psycopg2.connect(cliquet_postgresql)
    with connection.cursor() as cursor:
        yield cursor
    connection.close()


def test_a_purge_waits_for_no_writer_and_leaves_it_what_it_brings_back_to_life(
    storage, places, writer
):
    writer.execute("UPDATE records SET deleted = FALSE WHERE parent_id = 'bob' AND id = 'old'")
    assert sum(storage.purge_tombstones(BEFORE)) == 2
    writer.connection.commit()
    assert sum(storage.purge_tombstones(BEFORE)) == 0
    assert ["old" in ids(notes) for notes in places] == [False, False, True, True]


def test_the_command_purges_and_says_how_many(places, command, capsys):
    assert main([*command, "--before", str(BEFORE)]) == 0
    assert capsys.readouterr() == ("4 tombstones purged.\n", "")
    assert ids(places[0]) == {"live", "recent"}


def test_the_command_purges_those_of_a_resource(places, command, capsys):
    assert main([*command, "--older-than", "52w", "--resource", "article"]) == 0
    assert capsys.readouterr().out == "4 tombstones purged.\n"
    assert [len(ids(notes)) for notes in places] == [1, 3, 1, 3]


def test_the_command_leaves_what_is_younger(places, command, capsys):
    places[0].bury(id="young")
    assert main([*command, "--older-than", "1h"]) == 0
    assert ids(places[0]) == {"live", "young"}


def test_the_command_shows_how_far_it_is_on_a_terminal(command, capsys, monkeypatch):
    monkeypatch.setattr("sys.stderr.isatty", lambda: True)
    assert main([*command, "--before", str(BEFORE)]) == 0
    assert capsys.readouterr() == (
        "4 tombstones purged.\n",
        "\r\x1b[K4 tombstones purged so far\r\x1b[K",
    )


def test_the_command_purges_nothing_in_read_only_mode(places, command, capsys):
    path = Path(command[1])
    path.write_text(f"{path.read_text()}readonly = true\n")
    assert main([*command, "--before", str(BEFORE)]) == 1
    assert "read-only" in capsys.readouterr().err
    assert "old" in ids(places[0])
