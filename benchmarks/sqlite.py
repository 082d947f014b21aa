"""A file of SQLite of the benchmark's own; what it costs is the CPU of the process that has it."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

# Of other users: what is asked for is not all there is.
_POPULATE = """
    INSERT INTO records (parent_id, collection_id, id, last_modified, deleted, data)
    WITH RECURSIVE series(number) AS (SELECT 1 UNION ALL SELECT number + 1 FROM series LIMIT 50000)
    SELECT 'user ' || number % 100, 'article', lower(hex(randomblob(16))),
           1500000000000 + number, 0,
           json_object('title', 'Article ' || number, 'read_position', number)
      FROM series
"""


class SQLite:
    """
    A file.

    Args:
        path: Its name; the storage makes it.
    """

    def __init__(self, path: Path) -> None:
        self.url = f"sqlite:///{path}"
        self._path = path

    def cpu_seconds(self) -> float:
        """Return 0: it is the process's own."""
        return 0

    def populate(self) -> None:
        """Store the records of some other users."""
        self._execute(_POPULATE)

    def settle(self) -> None:
        """Write what is in the log to the file itself."""
        self._execute("PRAGMA wal_checkpoint(TRUNCATE)")

    def _execute(self, statement: str) -> None:
        with closing(sqlite3.connect(self._path)) as connection, connection:
            connection.execute(statement)


@contextmanager
def running() -> Iterator[SQLite]:
    """Keep a file for the length of a block."""
    with TemporaryDirectory(prefix="cliquet-bench-") as folder:
        yield SQLite(Path(folder, "records.sqlite"))
