"""
Indexes: those that a database has, compared with those that it is to have, built and dropped.

Several applications may share a database: each sees to the indexes of its own collections.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterable, Sequence
from typing import Any, NamedTuple, Protocol

from cliquet.storage.postgresql.guards import DuplicateValues
from cliquet.storage.sql.elements import quoted

Tell = Callable[[str], None]

# What administrators call their own indexes is none of our business.
_NAME_OF_OURS = re.compile("cliquet_[a-z]+_[0-9a-f]{24}")
_PRESENT = """
    SELECT relname, indisvalid, pg_get_indexdef(indexrelid)
      FROM pg_index JOIN pg_class ON pg_class.oid = indexrelid
     WHERE indrelid IN (to_regclass('records'), to_regclass('timestamps'))
     ORDER BY relname
"""
# The building of an index goes on in the database when the process that asked for it is killed.
# Whoever waits for this lock has no snapshot, which the index would wait for in its turn.
_WAIT_FOR_BUILDING = "BEGIN; LOCK TABLE records, timestamps IN SHARE UPDATE EXCLUSIVE MODE; COMMIT"

_PROGRESS = """
    SELECT phase,
           CASE WHEN tuples_total > 0 THEN tuples_done ELSE blocks_done END,
           CASE WHEN tuples_total > 0 THEN tuples_total ELSE blocks_total END
      FROM pg_stat_progress_create_index
     WHERE datname = current_database() AND phase IS NOT NULL
"""


class Progress(NamedTuple):
    """
    How far the building of an index is.

    Attributes:
        phase: What the database does, in its own words.
        share: How much of it is done, from 0 to 1; ``None`` where that cannot be told.
    """

    phase: str
    share: float | None


class Present(NamedTuple):
    """
    An index that the database has.

    Attributes:
        name: Of the index.
        is_valid: Whether its building was not broken off.
        definition: The statement that makes it, as the database writes it.
    """

    name: str
    is_valid: bool
    definition: str

    @property
    def is_of_cliquet(self) -> bool:
        """Whether an application made it, this one or another."""
        return _NAME_OF_OURS.fullmatch(self.name) is not None

    def is_of(self, collections: Iterable[str]) -> bool:
        """Tell whether it holds the records of one of these collections alone."""
        conditions = (f"(collection_id = {quoted(one)}::text)" for one in collections)
        return any(condition in self.definition for condition in conditions)


class Index(Protocol):
    """
    An index that the database is to have; ``str()`` says what it is for.

    One that is unique may have a method ``duplicates``, as Guard has.
    """

    @property
    def name(self) -> str:
        """Name of ours: ``cliquet_<kind>_<24 hexadecimal digits>``."""

    @property
    def is_needed(self) -> bool:
        """Whether nothing can be served without it."""

    def is_served_by(self, name: str, definition: str) -> bool:
        """Tell whether a valid index of the database does what it is for; see Present."""

    def creation(self) -> str:
        """Return the statement that builds it while others write."""


class Wanted(NamedTuple):
    """
    What a database is to have.

    Attributes:
        indexes: All of them.
        collections: Those that are ours; what other indexes of theirs there are goes.
    """

    indexes: Sequence[Index]
    collections: Collection[str] = ()


class Plan(NamedTuple):
    """
    What makes the indexes of a database those that are wanted.

    Attributes:
        to_drop: Names of those of our collections that nobody wants, and of those whose building
            was broken off.
        to_build: Those that the database lacks, or is about to drop as broken.
        foreign: Names of those of other applications.
    """

    to_drop: list[str]
    to_build: list[Index]
    foreign: list[str]


def plan(cursor: Any, wanted: Wanted) -> Plan:
    """Compare the indexes that the database has with all that it is to have."""
    cursor.execute(_PRESENT)
    present = [Present(*row) for row in cursor.fetchall()]
    names = {index.name for index in wanted.indexes}
    of_cliquet = [one for one in present if one.is_of_cliquet]
    ours = [one for one in of_cliquet if one.name in names or one.is_of(wanted.collections)]
    return Plan(
        [one.name for one in ours if one.name not in names or not one.is_valid],
        [index for index in wanted.indexes if not _is_served(index, present)],
        [one.name for one in of_cliquet if one not in ours],
    )


def _is_served(index: Index, present: Iterable[Present]) -> bool:
    return any(index.is_served_by(one.name, one.definition) for one in present if one.is_valid)


def missing(cursor: Any, wanted: Wanted) -> list[Index]:
    """Return the indexes that the database lacks, or has invalid."""
    return plan(cursor, wanted).to_build


def build(cursor: Any, wanted: Wanted, tell: Tell) -> None:
    """
    Build the indexes that are missing and drop those that nobody wants any more.

    Args:
        cursor: Of a connection in autocommit mode: each index is built outside of transactions.
            The caller keeps other builders out.
        wanted: All that are to be there.
        tell: Is told what is done, a line at a time.

    Raises:
        DuplicateValues: Records share a value that is to be unique; nothing is built.
    """
    to_drop, to_build, foreign = plan(cursor, wanted)
    if to_drop or to_build:
        cursor.execute(_WAIT_FOR_BUILDING)
        to_drop, to_build, foreign = plan(cursor, wanted)
    for name in to_drop:
        tell(f"Dropping index {name}.")
        cursor.execute(f"DROP INDEX CONCURRENTLY {name}")
    # Before any is built, so that what is built is analyzed too.
    for index in to_build:
        shared = shared_values(cursor, index)
        if shared:
            raise DuplicateValues(f"{shared}. Change or delete them, then migrate again.")
    for index in to_build:
        tell(f"Building index {index.name}, for {index}.")
        cursor.execute(index.creation())
    if to_build:
        # Without statistics of its expressions an index is not taken for what it is.
        cursor.execute("ANALYZE records")
    _tell_of_foreign(foreign, tell)


def progress(cursor: Any) -> Progress | None:
    """Return how far the index is that the database is building, if it is building any."""
    cursor.execute(_PROGRESS)
    row = cursor.fetchone()
    if row is None:
        return None
    phase, done, total = row
    return Progress(phase, done / total if total else None)


def preview(cursor: Any, wanted: Wanted, tell: Tell, records: str = "") -> None:
    """Tell what :func:`build` would do, and what would stop it; arguments as there."""
    to_drop, to_build, foreign = plan(cursor, wanted)
    for name in to_drop:
        tell(f"Index {name} would be dropped.")
    for index in to_build:
        tell(f"Index {index.name} would be built, for {index}.")
        shared = shared_values(cursor, index, records)
        if shared:
            tell(f"{shared}. The migration would stop there.")
    _tell_of_foreign(foreign, tell)


def _tell_of_foreign(names: Sequence[str], tell: Tell) -> None:
    if names:
        tell(f"Left alone, for no resource here has their collections: {', '.join(names)}.")


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
