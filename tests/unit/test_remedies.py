"""What commands say of backends that fail, and how they spell their own names."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from contextlib import closing
from types import SimpleNamespace

import pytest

from cliquet.exceptions import BackendError
from cliquet.scripts.remedies import as_typed, command_line, remedy_of
from cliquet.storage.schemas import MIGRATE


def failure(run: Callable[[sqlite3.Connection], object], url: str) -> BackendError:
    """Return the failure of something that SQLite is asked for."""
    with pytest.raises(sqlite3.Error) as caught, closing(sqlite3.connect(url, uri=True)) as one:
        run(one)
    return BackendError(caught.value)


def test_a_file_that_may_not_be_written_is_not_taken_for_a_server(tmp_path):
    file = tmp_path / "notes.sqlite"
    file.touch()
    error = failure(lambda one: one.execute("CREATE TABLE a (b)"), f"file:{file}?mode=ro")
    assert "let this user write to the file" in remedy_of(error)


def test_a_folder_that_is_not_there_is_told(tmp_path):
    error = failure(lambda one: None, f"file:{tmp_path}/nowhere/notes.sqlite")
    assert "see that its folder is there" in remedy_of(error)


def test_a_file_of_something_else_is_told(tmp_path):
    (tmp_path / "notes.sqlite").write_text("x" * 1000)
    error = failure(lambda one: one.execute("SELECT * FROM a"), f"file:{tmp_path}/notes.sqlite")
    assert "none of SQLite" in remedy_of(error)


def test_a_table_that_is_not_there_is_migrated():
    of_sqlite = failure(lambda one: one.execute("SELECT * FROM a"), "file::memory:")
    of_postgresql = BackendError(SimpleNamespace(pgcode="42P01"))
    assert remedy_of(of_sqlite) == remedy_of(of_postgresql) == MIGRATE


def test_of_other_failures_the_server_is_to_be_looked_at():
    assert remedy_of(BackendError(OSError("far"))).startswith("see that the server runs")


@pytest.mark.parametrize(
    ("ini", "expected"),
    [
        ("cliquet.ini", "cliquet migrate"),
        ("/etc/notes.ini", "cliquet migrate --ini /etc/notes.ini"),
        ("my notes.ini", "cliquet migrate --ini 'my notes.ini'"),
    ],
)
def test_commands_are_given_as_they_are_typed(ini, expected):
    assert command_line("migrate", ini) == expected
    assert as_typed(f"No schema: {MIGRATE}", ini) == f'No schema: run "{expected}"'
