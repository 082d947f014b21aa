"""
A cache in PostgreSQL, in a table that is emptied by a crash of the server.

Its connections are its own, on the URL of the storage too: what was set stays set when a request
is rolled back.
"""

from __future__ import annotations

from typing import Any

from cliquet.cache.sql import SQLCache
from cliquet.cache.sql.statements import Statements, creation
from cliquet.drivers.databases import backend_errors
from cliquet.drivers.postgresql import database_from

_NOW = "extract(epoch FROM now())::double precision"
# By the address of rows, so that nothing is scanned whatever the planner knows. Rows that another
# writer has are left to it: nobody waits for a purge, and no purge for anybody.
_PURGE = """
    DELETE FROM cache WHERE ctid = ANY (ARRAY(
        SELECT ctid FROM cache WHERE deadline <= {now}
         ORDER BY deadline LIMIT 5 FOR UPDATE SKIP LOCKED
    ))
"""
# Flushes come to rows in no order, and so take turns.
_TURN = "SELECT pg_advisory_xact_lock(hashtext('cliquet cache'))"
_CREATION = "; ".join(creation("UNLOGGED TABLE", 'TEXT COLLATE "C"'))
# What cliquet 3.1 had may be forgotten, as all that is in a cache.
_COLUMNS = """
    SELECT array_agg(attname::text ORDER BY attname) FROM pg_attribute
     WHERE attrelid = to_regclass('cache') AND attnum > 0 AND NOT attisdropped
"""
_COLUMNS_OF_3_1 = ["key", "ttl", "value"]


class Cache(SQLCache):
    """See :class:`~cliquet.cache.sql.SQLCache`."""

    def initialize_schema(self) -> None:
        """See :meth:`CacheBase.initialize_schema`; the table of cliquet 3.1 is replaced."""
        connection = self.database.checked_out()
        try:
            with backend_errors(self.database.wire.errors), connection.cursor() as cursor:
                cursor.execute(f"BEGIN; {_TURN}; {_COLUMNS}")
                if cursor.fetchone()[0] == _COLUMNS_OF_3_1:
                    cursor.execute("DROP TABLE cache")
                cursor.execute(f"{_CREATION}; COMMIT")
        except BaseException:
            connection.invalidate()
            raise
        finally:
            connection.close()


def load_from_config(config: Any) -> Cache:
    """
    Return the cache of an application, from its settings ``cache_*``.

    Raises:
        ValueError: ``cache_url`` is no URL of PostgreSQL.
    """
    settings = config.get_settings()
    return Cache(
        database_from(settings, "cache"),
        Statements(_NOW, _PURGE, before_flush=[_TURN]),
        cache_prefix=settings.get("cache_prefix", ""),
    )
