"""The storage in PostgreSQL at a URL, without an application."""

from __future__ import annotations

from cliquet.drivers.postgresql import database_from
from cliquet.storage.postgresql import Storage, statements


def open_storage(url: str) -> Storage:
    """Return the storage at *url*."""
    return Storage(database_from({"storage_url": url}, "storage"), statements())
