"""A PostgreSQL of the benchmark's own, and the CPU that it uses."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

_BACKENDS = """
    SELECT pid FROM pg_stat_activity
     WHERE backend_type = 'client backend' AND pid <> pg_backend_pid()
"""

# Tables that hold no more than what is asked for are read from end to end: no service has such.
_POPULATE = """
    INSERT INTO records (parent_id, collection_id, id, last_modified, deleted, data)
    SELECT 'user ' || number % 100, 'article', gen_random_uuid(), 1500000000000 + number, FALSE,
           jsonb_build_object('title', 'Article ' || number, 'read_position', number)
      FROM generate_series(1, 50000) AS number
"""
# What it does by itself, some time after many records came in.
_SETTLE = ("VACUUM (ANALYZE) records, timestamps", "CHECKPOINT")


class PostgreSQL:
    """
    A server that runs.

    Args:
        url: Of its database.
        connection: By which it is asked about itself, in autocommit mode.
    """

    def __init__(self, url: str, connection: Any) -> None:
        self.url = url
        self._connection = connection

    def cpu_seconds(self) -> float:
        """Return the CPU of the processes that serve clients; 0 where the system does not tell."""
        with self._connection.cursor() as cursor:
            cursor.execute(_BACKENDS)
            return sum(_cpu_seconds(pid) for (pid,) in cursor.fetchall())

    def populate(self) -> None:
        """Store the records of some other users."""
        with self._connection.cursor() as cursor:
            cursor.execute(_POPULATE)

    def settle(self) -> None:
        """Make it know how its tables are filled by now, and write them to the disk."""
        with self._connection.cursor() as cursor:
            for statement in _SETTLE:
                cursor.execute(statement)


@contextmanager
def running() -> Iterator[PostgreSQL]:
    """Run PostgreSQL, or use the one that tests are told to use."""
    # Only those who run it need what runs it, and its driver.
    import psycopg2

    from cliquet.testing import servers

    with servers.postgresql() as url, closing(psycopg2.connect(url)) as connection:
        connection.autocommit = True
        yield PostgreSQL(url, connection)


def _cpu_seconds(pid: int) -> float:
    process = Path("/proc", str(pid))
    try:
        if process.joinpath("comm").read_text().strip() != "postgres":
            # The server is on another machine.
            return 0
        nanoseconds = process.joinpath("schedstat").read_text().split()[0]
    except OSError:
        return 0
    return int(nanoseconds) / 1e9
