"""The statements of a cache on SQL: the same on every database, but for its clock and purges."""

from __future__ import annotations

from collections.abc import Sequence

from cliquet.drivers.statements import Statement

_TABLE = """
    CREATE {kind} IF NOT EXISTS cache (
        prefix {text} NOT NULL,
        key {text} NOT NULL,
        value TEXT NOT NULL,
        deadline DOUBLE PRECISION,
        PRIMARY KEY (prefix, key)
    )
"""
# A deadline is in seconds since the epoch, by the clock of the database; NULL is never.
_DEADLINES = """
    CREATE INDEX IF NOT EXISTS idx_cache_deadline ON cache (deadline) WHERE deadline IS NOT NULL
"""
_GET = """
    SELECT value FROM cache
     WHERE prefix = :prefix AND key = :key AND (deadline IS NULL OR deadline > {now})
"""
_TTL = """
    SELECT deadline - {now} FROM cache
     WHERE prefix = :prefix AND key = :key AND deadline > {now}
"""
_SET = """
    INSERT INTO cache (prefix, key, value, deadline)
    VALUES (:prefix, :key, :value, {now} + :ttl)
    ON CONFLICT (prefix, key) DO UPDATE SET value = excluded.value, deadline = excluded.deadline
"""
_EXPIRE = """
    UPDATE cache SET deadline = {now} + :ttl
     WHERE prefix = :prefix AND key = :key AND (deadline IS NULL OR deadline > {now})
"""
_DELETE = "DELETE FROM cache WHERE prefix = :prefix AND key = :key"
_FLUSH = "DELETE FROM cache WHERE prefix = :prefix"


def creation(kind: str, text: str) -> tuple[str, str]:
    """
    Return the statements that make the table and its index, where they are missing.

    Args:
        kind: ``TABLE``, or a kind of it that only some databases have.
        text: The type of texts that are compared by code point.
    """
    return _TABLE.format(kind=kind, text=text), _DEADLINES


class Statements:
    """
    The statements, by what they do.

    Args:
        now: The time as an expression, in seconds since the epoch.
        purge: Deletes a few of the rows whose deadline is not after ``{now}``.
        before_flush: What a flush has to do first.
    """

    def __init__(self, now: str, purge: str, before_flush: Sequence[str] = ()) -> None:
        def prepared(name: str, text: str) -> Statement:
            return Statement(f"cache_{name}", text.format(now=now))

        self.get = prepared("get", _GET)
        self.ttl = prepared("ttl", _TTL)
        self.set = prepared("set", _SET)
        self.expire = prepared("expire", _EXPIRE)
        self.delete = prepared("delete", _DELETE)
        self.purge = prepared("purge", purge)
        self.flush = [
            Statement("cache_flush", text, is_prepared=False) for text in (*before_flush, _FLUSH)
        ]
