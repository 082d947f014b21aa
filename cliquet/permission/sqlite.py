"""
Permissions in a file of SQLite.

In the file of the storage they share its connections, and its transactions.
"""

from __future__ import annotations

from typing import Any

from sqlalchemy.dialects import sqlite
from sqlalchemy.engine import Dialect
from sqlalchemy.schema import CreateIndex, CreateTable

from cliquet.drivers.sqlite import database_from, session
from cliquet.permission.sql import SQLPermission
from cliquet.permission.sql.statements import Statements
from cliquet.permission.sql.tables import METADATA

_DIALECT: Dialect = sqlite.dialect()
_NAMED: Dialect = sqlite.dialect(paramstyle="named")


class Permission(SQLPermission):
    """See :class:`~cliquet.permission.sql.SQLPermission`."""

    def initialize_schema(self) -> None:
        """See :meth:`PermissionBase.initialize_schema`."""
        with session(self.database, "BEGIN IMMEDIATE") as connection:
            for table in METADATA.sorted_tables:
                creation = CreateTable(table, if_not_exists=True).compile(dialect=_DIALECT)
                connection.execute(str(creation))
                for index in table.indexes:
                    creation = CreateIndex(index, if_not_exists=True).compile(dialect=_DIALECT)
                    connection.execute(str(creation))


def load_from_config(config: Any) -> Permission:
    """
    Return the permission backend of an application, from its settings ``permission_*``.

    The tables are made at once where they are missing: a file needs no other preparation.

    Raises:
        ValueError: ``permission_url`` is no URL of SQLite, or names no file.
    """
    settings = config.get_settings()
    permission = Permission(
        database_from(settings, "permission"), Statements(_NAMED, sqlite.insert)
    )
    if not settings.get("readonly"):
        permission.initialize_schema()
    return permission
