"""
Guards of unicity: a unique index for each field that a schema declares unique.

Writers of one collection take turns, and look a value up before they write it; the index makes
the look-up cheap, and refuses what came into the database by other ways. It holds hashes, and so
takes values of any length.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable
from typing import Any, NamedTuple, Protocol

from cliquet.exceptions import CliquetError
from cliquet.storage.sql.elements import quoted

_PREFIX = "cliquet_unique_"
# What administrators call their own indexes is none of our business.
_NAMES_OF_OURS = "^cliquet_[a-z]+_[0-9a-f]{24}$"
# The building of an index goes on in the database when the process that asked for it is killed.
# Whoever waits for this lock has no snapshot, which the index would wait for in its turn.
_WAIT_FOR_BUILDING = "BEGIN; LOCK TABLE records IN SHARE UPDATE EXCLUSIVE MODE; COMMIT"


class Guard(NamedTuple):
    """A field of a collection whose values are unique."""

    collection_id: str
    field: str

    def __str__(self) -> str:
        return f"the unique field {self.field} of {self.collection_id}"

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


class Index(Protocol):
    """
    An index that the database is to have; Guard is one.

    ``str()`` says what it is for. One that is unique has a method ``duplicates`` as Guard does.
    """

    @property
    def name(self) -> str:
        """Name of ours: ``cliquet_<kind>_<24 hexadecimal digits>``."""

    def creation(self) -> str:
        """Return the statement that builds it while others write."""


class Plan(NamedTuple):
    """
    What makes the indexes of a database those that are wanted.

    Attributes:
        to_drop: Names of those that nobody wants, and of those whose building was broken off.
        to_build: Those that the database lacks, or is about to drop as broken.
    """

    to_drop: list[str]
    to_build: list[Index]


def present(cursor: Any) -> dict[str, bool]:
    """Return the indexes of ours that the database has, by name: whether each is valid."""
    cursor.execute(
        "SELECT relname, indisvalid FROM pg_index JOIN pg_class ON pg_class.oid = indexrelid"
        " WHERE indrelid = to_regclass('records') AND relname ~ %s ORDER BY relname",
        (_NAMES_OF_OURS,),
    )
    return dict(cursor.fetchall())


def plan(cursor: Any, wanted: Iterable[Index]) -> Plan:
    """Compare the indexes that the database has with all that it is to have."""
    by_name = {index.name: index for index in wanted}
    is_valid = present(cursor)
    return Plan(
        [name for name in is_valid if name not in by_name or not is_valid[name]],
        [index for name, index in by_name.items() if not is_valid.get(name)],
    )


def missing(cursor: Any, wanted: Iterable[Index]) -> list[Index]:
    """Return the indexes that the database lacks, or has invalid."""
    return plan(cursor, wanted).to_build


def build(cursor: Any, wanted: Iterable[Index], tell: Callable[[str], None]) -> None:
    """
    Build the indexes that are missing and drop those that nobody wants any more.

    Args:
        cursor: Of a connection in autocommit mode: each index is built outside of transactions.
            The caller keeps other builders out.
        wanted: All that are to be there.
        tell: Is told what is done, a line at a time.

    Raises:
        DuplicateValues: Records share a value; nothing is built for that field.
    """
    wanted = list(wanted)
    if plan(cursor, wanted) != ([], []):
        cursor.execute(_WAIT_FOR_BUILDING)
    to_drop, to_build = plan(cursor, wanted)
    for name in to_drop:
        tell(f"Dropping index {name}.")
        cursor.execute(f"DROP INDEX CONCURRENTLY {name}")
    for index in to_build:
        shared = shared_values(cursor, index)
        if shared:
            raise DuplicateValues(f"{shared}. Change or delete them, then migrate again.")
        tell(f"Building index {index.name}, for {index}.")
        cursor.execute(index.creation())


def preview(
    cursor: Any, wanted: Iterable[Index], tell: Callable[[str], None], records: str = ""
) -> None:
    """Tell what :func:`build` would do, and what would stop it; arguments as there."""
    to_drop, to_build = plan(cursor, wanted)
    for name in to_drop:
        tell(f"Index {name} would be dropped.")
    for index in to_build:
        tell(f"Index {index.name} would be built, for {index}.")
        shared = shared_values(cursor, index, records)
        if shared:
            tell(f"{shared}. The migration would stop there.")


def shared_values(cursor: Any, index: Index, records: str = "") -> str:
    """
    Say which records keep a unique index from being built; nothing if none do.

    Args:
        cursor: In a transaction or not; only reads.
        index: The one to be built.
        records: ``WITH records AS (…)``, when the table is not there in its present form.
    """
    if not hasattr(index, "duplicates"):
        return ""
    cursor.execute(f"{records} {index.duplicates()}")
    rows = cursor.fetchall()
    pairs = "; ".join(f"{count} records, {one} and {other}" for _, one, other, count in rows)
    return f"Values of {index} are shared: {pairs}" if rows else ""
