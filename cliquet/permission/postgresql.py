"""
Permissions in PostgreSQL, in the tables that cliquet 3.1 had.

On the URL of the storage they share its connections, and its transactions.
"""

from __future__ import annotations

from typing import Any

from sqlalchemy.dialects.postgresql import insert, psycopg2
from sqlalchemy.engine import Dialect
from sqlalchemy.schema import CreateIndex, CreateTable

from cliquet.drivers.databases import backend_errors
from cliquet.drivers.postgresql import database_from
from cliquet.permission.sql import SQLPermission
from cliquet.permission.sql.statements import Statements
from cliquet.permission.sql.tables import METADATA

_DIALECT: Dialect = psycopg2.dialect()  # type: ignore[no-untyped-call]
_NAMED: Dialect = psycopg2.dialect(paramstyle="named")  # type: ignore[no-untyped-call]

# Tables of 3.1 have the collation of the database, whose order no index of ours could use.
_OTHER_COLLATIONS = """
    SELECT attrelid::regclass::text, attname FROM pg_attribute
      JOIN pg_collation ON pg_collation.oid = attcollation
     WHERE attrelid IN (to_regclass('user_principals'), to_regclass('access_control_entries'))
       AND attnum > 0 AND NOT attisdropped AND collname <> 'C'
"""


class Permission(SQLPermission):
    """See :class:`~cliquet.permission.sql.SQLPermission`."""

    def initialize_schema(self) -> None:
        """See :meth:`PermissionBase.initialize_schema`; tables of cliquet 3.1 are taken over."""
        connection = self.database.checked_out()
        try:
            with backend_errors(self.database.wire.errors), connection.cursor() as cursor:
                cursor.execute("; ".join(["BEGIN", *_creation()]))
                cursor.execute(_OTHER_COLLATIONS)
                for table, column in cursor.fetchall():
                    cursor.execute(f'ALTER TABLE {table} ALTER {column} TYPE TEXT COLLATE "C"')
                cursor.execute("COMMIT")
        except BaseException:
            connection.invalidate()
            raise
        finally:
            connection.close()


def _creation() -> list[str]:
    statements: list[Any] = ["SELECT pg_advisory_xact_lock(hashtext('cliquet permissions'))"]
    for table in METADATA.sorted_tables:
        statements.append(CreateTable(table, if_not_exists=True).compile(dialect=_DIALECT))
        statements += [
            CreateIndex(index, if_not_exists=True).compile(dialect=_DIALECT)
            for index in table.indexes
        ]
    return [str(one) for one in statements]


def load_from_config(config: Any) -> Permission:
    """
    Return the permission backend of an application, from its settings ``permission_*``.

    Raises:
        ValueError: ``permission_url`` is no URL of PostgreSQL.
    """
    database = database_from(config.get_settings(), "permission")
    return Permission(database, Statements(_NAMED, insert))
