"""The names that a model has for what storages keep beside the document of a record."""

from __future__ import annotations

from typing import NamedTuple

from cliquet.storage import DEFAULT_DELETED_FIELD, DEFAULT_ID_FIELD, DEFAULT_MODIFIED_FIELD


class Fields(NamedTuple):
    """Names of the id, of the timestamp, and of the mark of tombstones."""

    id: str = DEFAULT_ID_FIELD
    modified: str = DEFAULT_MODIFIED_FIELD
    deleted: str = DEFAULT_DELETED_FIELD
