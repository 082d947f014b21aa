"""
Guards of unicity: a unique index for each field that a schema declares unique.

Writers of one collection take turns, and look a value up before they write it; the index makes
the look-up cheap, and refuses what came into the database by other ways. It holds hashes, and so
takes values of any length.
"""

from __future__ import annotations

import hashlib
from typing import NamedTuple

from cliquet.exceptions import CliquetError
from cliquet.storage.postgresql.indexes import text_of
from cliquet.storage.sql.elements import quoted
from cliquet.storage.sql.operands import indexed_value

_PREFIX = "cliquet_unique_"


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
        return f"NULLIF({text_of(indexed_value(self.field))}, 'null'::jsonb)"

    @property
    def is_needed(self) -> bool:
        """See :class:`~cliquet.storage.postgresql.building.Index`."""
        return True

    def is_served_by(self, name: str, definition: str) -> bool:
        """See :class:`~cliquet.storage.postgresql.building.Index`."""
        return name == self.name

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
