"""
Records in a file, by SQLite: durable, and nothing to install or to run.

Preconditions, unicity and the order of timestamps hold across the processes of one machine.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from sqlalchemy.dialects import sqlite
from sqlalchemy.engine import Dialect

from cliquet.drivers.sqlite import database_from, path_of, session
from cliquet.logs import logger
from cliquet.storage.sql.counting import MISCOUNTS, RECOUNT, Miscount
from cliquet.storage.sql.purge import PurgingStorage
from cliquet.storage.sql.statements import Statements
from cliquet.storage.sqlite import elements as elements
from cliquet.storage.sqlite import schema
from cliquet.storage.sqlite.indexes import Index, wanted
from cliquet.storage.sqlite.schema import DuplicateValues as DuplicateValues
from cliquet.storage.sqlite.schema import UnknownSchema as UnknownSchema

Tell = Callable[[str], None]
Fields = Iterable[tuple[str, str]]

_NAMED: Dialect = sqlite.dialect(paramstyle="named")


class Storage(PurgingStorage):
    """See :class:`~cliquet.storage.sql.records.RecordStorage`."""

    #: Sets right what :meth:`miscounts` finds.
    recount = f"BEGIN IMMEDIATE; {RECOUNT}; COMMIT"

    def initialize_schema(
        self, unique_fields: Fields = (), indexed_fields: Fields = (), tell: Tell = logger.info
    ) -> None:
        """
        See :meth:`StorageBase.initialize_schema`: makes what is missing, in one transaction.

        Args:
            unique_fields: Pairs (collection_id, field), all that are to be guarded.
            indexed_fields: Pairs, all that lists are filtered or sorted by.
            tell: Is told what is done, a line at a time.

        Raises:
            UnknownSchema: The schema is none that is known here.
            DuplicateValues: Records share a value of a field that is to be unique.
        """
        indexed_fields = list(indexed_fields)
        with session(self._database, "BEGIN IMMEDIATE") as connection:
            schema.migrate(connection, wanted(unique_fields, indexed_fields), tell)
        self.use_indexes(indexed_fields)

    def preview_schema(
        self, unique_fields: Fields = (), indexed_fields: Fields = (), tell: Tell = logger.info
    ) -> None:
        """
        Tell what :meth:`initialize_schema` would do, and do nothing; arguments as there.

        Raises:
            UnknownSchema: As there. Records that share a value are told of.
        """
        with session(self._database) as connection:
            schema.preview(connection, wanted(unique_fields, indexed_fields), tell)

    def check_schema(self, unique_fields: Fields = (), indexed_fields: Fields = ()) -> None:
        """
        Check that the file can be served from; one without records is made ready first.

        Raises:
            UnknownSchema: The schema is another, or an index is missing; the message says which
                command mends it.
        """
        indexed_fields = list(indexed_fields)
        indexes = wanted(unique_fields, indexed_fields)
        with session(self._database) as connection:
            is_new = not self._readonly and schema.is_new(connection, indexes)
        if is_new:
            with session(self._database, "BEGIN IMMEDIATE") as connection:
                schema.make_ready(connection, indexes, logger.info)
        with session(self._database) as connection:
            schema.check(connection, indexes)
        self.use_indexes(indexed_fields)

    def missing_indexes(
        self, unique_fields: Fields = (), indexed_fields: Fields = ()
    ) -> list[Index]:
        """
        Return the indexes that the file lacks of those that it is to have.

        Raises:
            UnknownSchema: The schema is another, or there is none yet.
        """
        with session(self._database) as connection:
            schema.check_tables(connection)
            return schema.plan(connection, wanted(unique_fields, indexed_fields)).to_build

    def miscounts(self) -> list[Miscount]:
        """
        Return some of the collections whose records are not as many as lists say.

        Raises:
            UnknownSchema: The schema is another, or there is none yet.
        """
        with session(self._database) as connection:
            schema.check_tables(connection)
            return [Miscount.of_row(row) for row in connection.execute(MISCOUNTS)]


def statements() -> Statements:
    """Return the statements of storages, as SQLite reads them."""
    return Statements(
        _NAMED, sqlite.insert, longest=None, rows_of_expressions=False, asks_once=True
    )


def load_from_config(config: Any) -> Storage:
    """
    Return the storage of an application, from its settings ``storage_*``.

    Raises:
        ValueError: ``storage_url`` is no URL of SQLite, or names no file.
    """
    settings = config.get_settings()
    database = database_from(settings, "storage")
    logger.info("Records are in %s", path_of(database))
    return Storage(database, statements(), readonly=bool(settings.get("readonly", False)))
