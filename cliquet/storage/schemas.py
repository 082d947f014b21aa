"""
Schemas of backends: checked when an application starts, brought up to date by the command.

Not every backend has one, and not every one that has tells what it would do; backends of other
packages may know no more than ``initialize_schema()``.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any, Final, NamedTuple

Tell = Callable[[str], None]
#: What mends a schema; FILE is for those who know the configuration to name it.
MIGRATE_COMMAND = "cliquet --ini FILE migrate"
MIGRATE = f'run "{MIGRATE_COMMAND}"'
#: Pairs (collection_id, field).
Fields = Sequence[tuple[str, str]]

#: In the place of a field: the id, whatever the model calls it.
BY_ID: Final = ""


class Declared(NamedTuple):
    """
    What the schemas of an application's resources ask a storage for.

    Attributes:
        unique: Fields of which no two records share a value.
        indexed: Fields that clients filter and sort by; :data:`BY_ID` where many ids are looked up
            at a time.
        collections: All of the application, those without such fields too.
    """

    unique: Fields = ()
    indexed: Fields = ()
    collections: Sequence[str] = ()


_is_checking: ContextVar[bool] = ContextVar("cliquet_schema_checks", default=True)


@contextmanager
def unchecked() -> Iterator[None]:
    """Let applications be made within the block whatever the schemas of their databases are."""
    token = _is_checking.set(False)
    try:
        yield
    finally:
        _is_checking.reset(token)


def check(storage: Any, declared: Declared) -> None:
    """
    Check that *storage* can be served from, if it has a schema, and tell it of fields with indexes.

    Raises:
        CliquetError: It cannot; the message says which command mends it.
    """
    if _is_checking.get() and hasattr(storage, "check_schema"):
        storage.check_schema(unique_fields=declared.unique, indexed_fields=declared.indexed)


def missing(storage: Any, declared: Declared) -> list[str]:
    """
    Say what indexes of *declared* fields a storage lacks, if it has such; nothing is changed.

    Raises:
        CliquetError: Its schema is another; the message ends with what mends it, behind a colon.
    """
    if not hasattr(storage, "missing_indexes"):
        return []
    indexes = storage.missing_indexes(
        unique_fields=declared.unique, indexed_fields=declared.indexed
    )
    return sorted({str(index) for index in indexes})


def initialize(backend: Any, declared: Declared, tell: Tell) -> None:
    """
    Bring the schema of a backend up to date, with the indexes of declared fields if it has such.

    Args:
        backend: Of any family.
        declared: All fields that are to be guarded and indexed.
        tell: Is told what is done, a line at a time.
    """
    if hasattr(backend, "check_schema"):
        backend.initialize_schema(**_arguments(backend, declared), tell=tell)
    else:
        backend.initialize_schema()
        tell(f"{backend.__class__.__module__} is ready.")


def preview(backend: Any, declared: Declared, tell: Tell) -> None:
    """Tell what :func:`initialize` would do, if the backend can tell; arguments as there."""
    if hasattr(backend, "preview_schema"):
        backend.preview_schema(**_arguments(backend, declared), tell=tell)
    else:
        tell(f"{backend.__class__.__module__} has no migrations to tell of.")


def _arguments(backend: Any, declared: Declared) -> dict[str, Any]:
    arguments: dict[str, Any] = {
        "unique_fields": declared.unique,
        "indexed_fields": declared.indexed,
    }
    # One whose database other applications may share asks which collections are of this one.
    if getattr(backend, "takes_collections", False):
        arguments["collections"] = declared.collections
    return arguments
