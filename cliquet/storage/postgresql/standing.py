"""
The indexes that a database has whatever is declared: of the keys, and of records by time.

What they are called does not matter, for the name may be taken, and administrators rebuild them
under others: an index of the same columns is as good.
"""

from __future__ import annotations

import hashlib
import re
from typing import NamedTuple

from sqlalchemy import Table

from cliquet.storage.sql.tables import records, timestamps


class StandingIndex(NamedTuple):
    """
    An index of columns.

    Attributes:
        table: Its name.
        columns: Their names.
        is_needed: Whether it is the key, which writes rely on; else it orders a table by time.
    """

    table: str
    columns: tuple[str, ...]
    is_needed: bool

    def __str__(self) -> str:
        return f"{'the key' if self.is_needed else 'the order by time'} of {self.table}"

    @property
    def name(self) -> str:
        """Name of the index where it is built anew."""
        kind = "key" if self.is_needed else "time"
        return f"cliquet_{kind}_{hashlib.sha256(repr(self).encode()).hexdigest()[:24]}"

    def is_served_by(self, name: str, definition: str) -> bool:
        """See :class:`~cliquet.storage.postgresql.building.Index`."""
        unique = "UNIQUE " if self.is_needed else "(UNIQUE )?"
        # Databases that only speak like PostgreSQL name other methods, and write the order out.
        columns = ", ".join(f"{column}( ASC| HASH)?" for column in self.columns)
        pattern = (
            rf"CREATE {unique}INDEX .* ON (.*\.)?{self.table} USING \w+ \({columns}\)"
            r"( WITH \([^()]*\))?"
        )
        return re.fullmatch(pattern, definition) is not None

    def creation(self) -> str:
        """Return the statement that builds the index while others write."""
        unique = "UNIQUE " if self.is_needed else ""
        columns = ", ".join(self.columns)
        return f"CREATE {unique}INDEX CONCURRENTLY {self.name} ON {self.table} ({columns})"


def standing_indexes() -> list[StandingIndex]:
    """Return the indexes that every database is to have."""
    return [*_of(records), *_of(timestamps)]


def _of(table: Table) -> list[StandingIndex]:
    key = StandingIndex(table.name, tuple(column.name for column in table.primary_key), True)
    others = [tuple(column.name for column in index.columns) for index in table.indexes]
    return [key, *(StandingIndex(table.name, columns, False) for columns in others)]
