"""Migrations take turns: one at a time in a database, whatever process or machine runs it."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

#: Between two looks whether another migration has ended.
POLL_SECONDS = 0.2

# Held by a transaction, not by a session: it ends with the process that dies, and poolers that
# lend connections for a transaction cannot keep it. How long it is held is up to the migration.
_BEGIN = "BEGIN; SET LOCAL idle_in_transaction_session_timeout = 0; SET LOCAL statement_timeout = 0"
_TRY = "SELECT pg_try_advisory_xact_lock(hashtext('cliquet migrate'))"


@contextmanager
def alone(cursor: Any, tell: Callable[[str], None]) -> Iterator[None]:
    """
    Run a transaction while no other migration does; it is committed at the end of the block.

    Indexes that are built concurrently, on another connection meanwhile, do not wait for it: it
    has no snapshot but while it runs a statement.

    Args:
        cursor: Of a connection in autocommit mode.
        tell: Is told, once, that another migration is being waited for.
    """
    is_waiting = False
    # Tried again and again, each time in a transaction of its own: one that waits in the database
    # has a snapshot, which the index that the other is building waits for in its turn.
    while not _taken(cursor):
        if not is_waiting:
            tell("Another migration is running: waiting for it.")
        is_waiting = True
        time.sleep(POLL_SECONDS)
    try:
        yield
    except BaseException:
        cursor.execute("ROLLBACK")
        raise
    cursor.execute("COMMIT")


def _taken(cursor: Any) -> bool:
    cursor.execute(_BEGIN)
    cursor.execute(_TRY)
    is_taken: bool = cursor.fetchone()[0]
    if not is_taken:
        cursor.execute("ROLLBACK")
    return is_taken
