"""
A cache in a file of SQLite, which the processes of a machine share.

The file is its own: in that of the storage, a request that has written would keep the cache
waiting for the request itself.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from sqlalchemy.exc import ArgumentError

from cliquet.cache.sql import SQLCache
from cliquet.cache.sql.statements import Statements, creation
from cliquet.drivers.sqlite import database_from, database_path, session

# Days since noon in Greenwich on 24 November 4714 BC, to the millisecond.
_NOW = "((julianday('now') - 2440587.5) * 86400.0)"
_PURGE = """
    DELETE FROM cache WHERE rowid IN (
        SELECT rowid FROM cache WHERE deadline <= {now} ORDER BY deadline LIMIT 5
    )
"""


class Cache(SQLCache):
    """See :class:`~cliquet.cache.sql.SQLCache`."""

    def initialize_schema(self) -> None:
        """See :meth:`CacheBase.initialize_schema`."""
        with session(self.database, "BEGIN IMMEDIATE") as connection:
            for statement in creation("TABLE", "TEXT"):
                connection.execute(statement)


def load_from_config(config: Any) -> Cache:
    """
    Return the cache of an application, from its settings ``cache_*``.

    Without ``cache_url`` its file is beside that of the storage, ``<file>.cache``. The table is
    made at once where it is missing: a file needs no other preparation.

    Raises:
        ValueError: ``cache_url`` is no URL of SQLite, or names no file, or one of another family.
    """
    settings = config.get_settings()
    cache = Cache(
        database_from({**settings, "cache_url": _url(settings)}, "cache"),
        Statements(_NOW, _PURGE),
        cache_prefix=settings.get("cache_prefix", ""),
    )
    cache.initialize_schema()
    return cache


def _url(settings: Mapping[str, Any]) -> str:
    url = str(settings.get("cache_url") or "")
    files = {family: _file_of(settings, family) for family in ("storage", "permission")}
    if not url:
        if files["storage"] is None:
            raise ValueError("cache_url should be sqlite:///file or sqlite:////path/to/file")
        return f"{settings['storage_url']}.cache"
    path = database_path(url)
    for family, file in files.items():
        if path == file:
            raise ValueError(
                f"cache_url names the file of {family}_url, where requests would wait for"
                " themselves: name another one, or none"
            )
    return url


def _file_of(settings: Mapping[str, Any], family: str) -> Path | None:
    try:
        return database_path(str(settings.get(f"{family}_url")))
    except (ValueError, ArgumentError):
        # It is in another kind of place.
        return None
