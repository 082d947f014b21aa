"""
Guards of unicity: a unique index for each field that a schema declares unique.

Writers of one collection take turns, and look a value up before they write it; the index makes
the look-up cheap, and refuses what came into the database by other ways. It holds hashes, and so
takes values of any length.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable
from typing import Any, NamedTuple

from cliquet.exceptions import CliquetError
from cliquet.storage.sql.statements import quoted

_PREFIX = "cliquet_unique_"


class Guard(NamedTuple):
    """A field of a collection whose values are unique."""

    collection_id: str
    field: str

    @property
    def name(self) -> str:
        """Name of the index: the same for the same field, whatever it is called."""
        return _PREFIX + hashlib.sha256(repr(tuple(self)).encode()).hexdigest()[:24]

    @property
    def value(self) -> str:
        """The value, as SQL; NULL for null, of which there may be many."""
        return f"NULLIF(data -> {quoted(self.field)}, 'null'::jsonb)"

    def creation(self) -> str:
        """Return the statement that builds the index while others write."""
        return (
            f"CREATE UNIQUE INDEX CONCURRENTLY {self.name} ON records (parent_id,"
            f" jsonb_hash_extended({self.value}, 0), md5(({self.value})::text))"
            f" WHERE collection_id = {quoted(self.collection_id)} AND NOT deleted"
        )

    def duplicates(self) -> str:
        """Return the statement that lists values which several records have, 10 at most."""
        return (  # the names in it are those of the application's own schemas, quoted
            f"SELECT parent_id, min(id), max(id), count(*) FROM records"  # noqa: S608
            f" WHERE collection_id = {quoted(self.collection_id)} AND NOT deleted"
            f" AND {self.value} IS NOT NULL"
            f" GROUP BY parent_id, {self.value} HAVING count(*) > 1 LIMIT 10"
        )


class DuplicateValues(CliquetError):
    """Records share a value that is declared unique: the guard cannot be built."""


def present(cursor: Any) -> dict[str, bool]:
    """Return the guards that the database has, by name: whether each is valid."""
    cursor.execute(
        "SELECT relname, indisvalid FROM pg_index JOIN pg_class ON pg_class.oid = indexrelid"
        " WHERE indrelid = to_regclass('records') AND relname LIKE %s",
        (_PREFIX + "%",),
    )
    return dict(cursor.fetchall())


def missing(cursor: Any, wanted: Iterable[Guard]) -> list[Guard]:
    """Return the guards that the database lacks, or has invalid."""
    valid = present(cursor)
    return [guard for guard in wanted if not valid.get(guard.name)]


def build(cursor: Any, wanted: Iterable[Guard], tell: Callable[[str], None]) -> None:
    """
    Build the guards that are missing and drop those of fields that are no longer unique.

    Args:
        cursor: Of a connection in autocommit mode: each index is built outside of transactions.
        wanted: All that are to be there.
        tell: Is told what is done, a line at a time.

    Raises:
        DuplicateValues: Records share a value; nothing is built for that field.
    """
    guards = {guard.name: guard for guard in wanted}
    for name, is_valid in present(cursor).items():
        if name not in guards or not is_valid:
            tell(f"Dropping index {name}.")
            cursor.execute(f"DROP INDEX CONCURRENTLY {name}")
    for guard in missing(cursor, guards.values()):
        _refuse_duplicates(cursor, guard)
        tell(f"Building index {guard.name} for {guard.field} of {guard.collection_id}.")
        cursor.execute(guard.creation())


def _refuse_duplicates(cursor: Any, guard: Guard) -> None:
    cursor.execute(guard.duplicates())
    rows = cursor.fetchall()
    if rows:
        pairs = "; ".join(f"{count} records, {one} and {other}" for _, one, other, count in rows)
        raise DuplicateValues(
            f"Values of the unique field {guard.field} of {guard.collection_id} are shared: "
            f"{pairs}. Change or delete them, then migrate again."
        )
