"""
A cache on SQL: one implementation for every database.

Expired values are left out by reads, which write nothing. Each write deletes a few of them, found
by an index.
"""

from __future__ import annotations

from typing import Any, Final

from cliquet import jsonlib
from cliquet.cache import CacheBase, seconds_of
from cliquet.cache.names import name_of
from cliquet.cache.sql.statements import Statements
from cliquet.drivers.databases import Database
from cliquet.drivers.statements import Statement, Step

#: Together they fit in a row of any index.
_LONGEST_NAME: Final = 500


class SQLCache(CacheBase):
    """
    A cache in a database, never in the transaction of a request.

    Args:
        database: Where the values are; no other family writes through it.
        statements: In the dialect of that database.
        cache_prefix: Caches of other prefixes share the table, and nothing else.
    """

    def __init__(self, database: Database, statements: Statements, cache_prefix: str = "") -> None:
        super().__init__(cache_prefix)
        self.database = database
        self._statements = statements
        self._prefix_name = name_of(cache_prefix, _LONGEST_NAME)

    def flush(self) -> None:
        """See :meth:`CacheBase.flush`."""
        values = {"prefix": self._prefix_name}
        steps = [Step(one, values) for one in self._statements.flush]
        with self.database.writing_alone() as writer:
            writer.later(*steps)

    def ttl(self, key: str) -> float:
        """See :meth:`CacheBase.ttl`."""
        rows = self.database.read(self._step(self._statements.ttl, key))
        return -1 if not rows or rows[0][0] is None else rows[0][0]

    def expire(self, key: str, ttl: float) -> None:
        """See :meth:`CacheBase.expire`."""
        seconds = seconds_of(ttl)
        if seconds == 0:
            self.delete(key)
        else:
            self._write(self._step(self._statements.expire, key, ttl=seconds))

    def set(self, key: str, value: Any, ttl: float | None = None) -> None:
        """See :meth:`CacheBase.set`."""
        document = jsonlib.dumps(value).decode()
        seconds = None if ttl is None else seconds_of(ttl)
        if seconds == 0:
            self.delete(key)
        else:
            self._write(self._step(self._statements.set, key, value=document, ttl=seconds))

    def get(self, key: str) -> Any:
        """See :meth:`CacheBase.get`."""
        rows = self.database.read(self._step(self._statements.get, key))
        return jsonlib.loads_stored(rows[0][0].encode()) if rows else None

    def delete(self, key: str) -> None:
        """See :meth:`CacheBase.delete`."""
        self._write(self._step(self._statements.delete, key))

    def _write(self, step: Step) -> None:
        # The row comes first: who waits for another writer of it holds nothing that others want.
        with self.database.writing_alone() as writer:
            writer.later(step, Step(self._statements.purge, {}))

    def _step(self, statement: Statement, key: str, **values: Any) -> Step:
        names = {"prefix": self._prefix_name, "key": name_of(key, _LONGEST_NAME)}
        return Step(statement, {**names, **values})
