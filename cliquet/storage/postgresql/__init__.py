"""
Records in PostgreSQL, version 13 or later: the storage for production.

Preconditions, unicity and the order of timestamps hold across processes and machines.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from typing import Any

from sqlalchemy.dialects.postgresql import insert, psycopg2
from sqlalchemy.engine import Dialect

from cliquet.drivers.databases import backend_errors
from cliquet.drivers.postgresql import database_from
from cliquet.logs import logger
from cliquet.storage.postgresql import building
from cliquet.storage.postgresql.guards import Guard
from cliquet.storage.postgresql.indexes import FieldIndex, indexes_of
from cliquet.storage.postgresql.migrations import migrate, preview
from cliquet.storage.postgresql.standing import standing_indexes
from cliquet.storage.postgresql.turns import alone
from cliquet.storage.postgresql.versions import UnknownSchema as UnknownSchema
from cliquet.storage.postgresql.versions import check_tables
from cliquet.storage.schemas import MIGRATE, MIGRATE_COMMAND
from cliquet.storage.sql.counting import MISCOUNTS, RECOUNT, Miscount
from cliquet.storage.sql.purge import PurgingStorage
from cliquet.storage.sql.statements import Statements

Tell = Callable[[str], None]
Pairs = Iterable[tuple[str, str]]

_DIALECT: Dialect = psycopg2.dialect()  # type: ignore[no-untyped-call]
_NAMED: Dialect = psycopg2.dialect(paramstyle="named")  # type: ignore[no-untyped-call]


class Storage(PurgingStorage):
    """See :class:`~cliquet.storage.sql.records.RecordStorage`."""

    #: Applications that share a database drop none of each other's indexes.
    takes_collections = True
    #: Sets right what :meth:`miscounts` finds.
    recount = f"BEGIN; LOCK TABLE timestamps IN SHARE ROW EXCLUSIVE MODE; {RECOUNT}; COMMIT"

    def initialize_schema(
        self,
        unique_fields: Pairs = (),
        indexed_fields: Pairs = (),
        tell: Tell = logger.info,
        collections: Iterable[str] = (),
    ) -> None:
        """
        See :meth:`StorageBase.initialize_schema`; a database of cliquet 3.1 is migrated.

        Args:
            unique_fields: Pairs (collection_id, field), all that are to be guarded.
            indexed_fields: Pairs likewise, all that are to have indexes.
            tell: Is told what is done, a line at a time.
            collections: All of the application, beside those of the fields: an index of ours
                that nobody declares any more is dropped where it is of one of these.

        Raises:
            UnknownSchema: The schema is too old, or newer than what is known here; or there is
                what would be lost.
            DuplicateValues: Records share a value of a field that is to be unique.
        """
        indexed_fields = list(indexed_fields)
        wanted = _wanted(unique_fields, indexed_fields, collections)
        with self._cursor() as cursor, alone(cursor, tell):
            migrate(cursor, _DIALECT, tell)
        # Indexes are built while others write: outside of transactions, and whoever keeps other
        # migrations out does so on another connection.
        with self._cursor() as keeper, alone(keeper, tell), self._cursor() as cursor:
            # A large index takes its time, and waits for every older transaction.
            cursor.execute("SET statement_timeout = 0")
            cursor.execute("SET lock_timeout = 0")
            building.build(cursor, wanted, tell)
        self.use_indexes(indexed_fields)

    def index_progress(self) -> building.Progress | None:
        """Return how far the index is that :meth:`initialize_schema` is building, if it is."""
        with self._cursor() as cursor:
            return building.progress(cursor)

    def preview_schema(
        self,
        unique_fields: Pairs = (),
        indexed_fields: Pairs = (),
        tell: Tell = logger.info,
        collections: Iterable[str] = (),
    ) -> None:
        """
        Tell what :meth:`initialize_schema` would do, and do nothing; arguments as there.

        Raises:
            UnknownSchema: As there. Records that share a value are told of.
        """
        with self._cursor() as cursor:
            cursor.execute("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY")
            cursor.execute("SET LOCAL statement_timeout = 0")
            records = preview(cursor, tell)
            wanted = _wanted(unique_fields, indexed_fields, collections, is_made=not records)
            building.preview(cursor, wanted, tell, records)

    def check_schema(self, unique_fields: Pairs = (), indexed_fields: Pairs = ()) -> None:
        """
        Check that the database can be served from as it is, and use the indexes that it has.

        Those of *indexed_fields* may be missing, and that of time: lists are slower then, and a
        warning says so.

        Raises:
            UnknownSchema: The schema is another, or a guard or a key is missing; the message says
                which command mends it.
        """
        indexed_fields = list(indexed_fields)
        lacking = self.missing_indexes(unique_fields, indexed_fields)
        needed = [str(index) for index in lacking if index.is_needed]
        if needed:
            raise UnknownSchema(f"Indexes are missing, for {', '.join(needed)}: {MIGRATE}")
        for purpose in sorted({str(index) for index in lacking}):
            what = f"{purpose[0].upper()}{purpose[1:]}"
            logger.warning('%s has no index: to have one, run "%s"', what, MIGRATE_COMMAND)
        slow = {(one.collection_id, one.field) for one in lacking if isinstance(one, FieldIndex)}
        self.use_indexes(pair for pair in indexed_fields if tuple(pair) not in slow)

    def missing_indexes(
        self, unique_fields: Pairs = (), indexed_fields: Pairs = ()
    ) -> list[building.Index]:
        """
        Return the indexes that the database lacks of those that it is to have.

        Raises:
            UnknownSchema: The schema is another.
        """
        with self._cursor() as cursor:
            check_tables(cursor)
            return building.missing(cursor, _wanted(unique_fields, indexed_fields))

    def miscounts(self) -> list[Miscount]:
        """
        Return some of the collections whose records are not as many as lists say.

        All records are counted, however long that takes.

        Raises:
            UnknownSchema: The schema is another.
        """
        with self._cursor() as cursor:
            check_tables(cursor)
            cursor.execute("SET statement_timeout = 0")
            cursor.execute(MISCOUNTS)
            return [Miscount.of_row(row) for row in cursor.fetchall()]

    @contextmanager
    def _cursor(self) -> Iterator[Any]:
        # On a connection of its own: those of the pool may be dead, or all in use.
        pool = self._database.engine.pool.recreate()
        with backend_errors(self._database.wire.errors):
            connection = pool.connect()
            try:
                yield connection.cursor()
            finally:
                connection.close()
                pool.dispose()


def _wanted(
    unique_fields: Pairs,
    indexed_fields: Pairs,
    collections: Iterable[str] = (),
    *,
    is_made: bool = True,
) -> building.Wanted:
    """Return what a database is to have; one that is not made yet will have standing indexes."""
    indexes: list[building.Index] = [*standing_indexes()] if is_made else []
    ours = set(collections)
    for collection_id, field in unique_fields:
        indexes.append(Guard(collection_id, field))
        ours.add(collection_id)
    for collection_id, field in indexed_fields:
        indexes += indexes_of(collection_id, field)
        ours.add(collection_id)
    return building.Wanted(indexes, ours)


def statements() -> Statements:
    """Return the statements of storages, as PostgreSQL reads them."""
    return Statements(_NAMED, insert)


def load_from_config(config: Any) -> Storage:
    """
    Return the storage of an application, from its settings ``storage_*``.

    Raises:
        ValueError: ``storage_url`` is no URL of PostgreSQL.
    """
    settings = config.get_settings()
    database = database_from(settings, "storage")
    return Storage(database, statements(), readonly=bool(settings.get("readonly", False)))
