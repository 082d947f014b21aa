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
from cliquet.storage.postgresql.guards import Guard, build, missing
from cliquet.storage.postgresql.migrations import (
    UnknownSchema,
    check_version,
    migrate,
    schema_version,
)
from cliquet.storage.sql.lists import SQLStorage
from cliquet.storage.sql.statements import Statements

Tell = Callable[[str], None]

_DIALECT: Dialect = psycopg2.dialect()  # type: ignore[no-untyped-call]
_NAMED: Dialect = psycopg2.dialect(paramstyle="named")  # type: ignore[no-untyped-call]


class Storage(SQLStorage):
    """See :class:`~cliquet.storage.sql.lists.SQLStorage`."""

    def initialize_schema(
        self, unique_fields: Iterable[tuple[str, str]] = (), tell: Tell = logger.info
    ) -> None:
        """
        See :meth:`StorageBase.initialize_schema`; a database of cliquet 3.1 is migrated.

        Args:
            unique_fields: Pairs (collection_id, field), all that are to be guarded.
            tell: Is told what is done, a line at a time.

        Raises:
            UnknownSchema: The schema is too old, or newer than what is known here.
            DuplicateValues: Records share a value of a field that is to be unique.
        """
        with self._cursor() as cursor:
            cursor.execute("BEGIN")
            try:
                migrate(cursor, _DIALECT, tell)
            except BaseException:
                cursor.execute("ROLLBACK")
                raise
            cursor.execute("COMMIT")
            # A large index takes its time.
            cursor.execute("SET statement_timeout = 0")
            build(cursor, [Guard(*pair) for pair in unique_fields], tell)
            cursor.execute("RESET statement_timeout")

    def check_schema(self, unique_fields: Iterable[tuple[str, str]] = ()) -> None:
        """
        Check that the database can be served from as it is.

        Raises:
            UnknownSchema: The schema is another, or a guard is missing; the message says which
                command mends it.
        """
        with self._cursor() as cursor:
            check_version(schema_version(cursor))
            lacking = missing(cursor, [Guard(*pair) for pair in unique_fields])
        if lacking:
            names = ", ".join(f"{guard.field} of {guard.collection_id}" for guard in lacking)
            raise UnknownSchema(
                f'No index guards the unique fields {names}: run "cliquet --ini FILE migrate"'
            )

    @contextmanager
    def _cursor(self) -> Iterator[Any]:
        # A new connection: those of the pool may have died since they were used.
        self._database.engine.dispose()
        connection = self._database.checked_out()
        try:
            with backend_errors(self._database.wire.errors), connection.cursor() as cursor:
                yield cursor
        finally:
            connection.close()


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
