"""
Checks of schemas when an application starts, and how the command that mends them goes without.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any

_is_checking: ContextVar[bool] = ContextVar("cliquet_schema_checks", default=True)


@contextmanager
def unchecked() -> Iterator[None]:
    """Let applications be made within the block whatever the schemas of their databases are."""
    token = _is_checking.set(False)
    try:
        yield
    finally:
        _is_checking.reset(token)


def check(storage: Any, unique_fields: Sequence[tuple[str, str]]) -> None:
    """
    Check that *storage* can be served from, if it has a schema.

    Args:
        unique_fields: Pairs (collection_id, field) that it is to guard.

    Raises:
        CliquetError: It cannot; the message says which command mends it.
    """
    if _is_checking.get() and hasattr(storage, "check_schema"):
        storage.check_schema(unique_fields)


def initialize(storage: Any, unique_fields: Sequence[tuple[str, str]]) -> None:
    """Bring the schema of *storage* up to date, with its guards of unicity if it has such."""
    if hasattr(storage, "check_schema"):
        storage.initialize_schema(unique_fields)
    else:
        storage.initialize_schema()
