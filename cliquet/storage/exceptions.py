"""What a storage raises: the errors of its contract, whatever the backend."""

from __future__ import annotations

from typing import Any

from cliquet.exceptions import BackendError as BackendError
from cliquet.exceptions import CliquetError


class RecordNotFoundError(CliquetError):
    """There is no live record of that id in that collection."""


class IntegrityError(BackendError):
    """A constraint of the storage refused a write."""


class UnicityError(IntegrityError):
    """
    A record with the same id, or the same value of a unique field, is there already.

    Attributes:
        field: The field that really conflicts; the id comes before all others.
        record: The record that holds the value.

    Source: protocol P4.2, P4.10.
    """

    def __init__(self, field: str, record: dict[str, Any]) -> None:
        super().__init__(message=f"Conflict of field {field} on record {record.get('id')}")
        self.field = field
        self.record = record


class ModifiedError(CliquetError):
    """
    What a conditional write expected is no longer so.

    Attributes:
        existing: The record or tombstone that is there now; ``None`` when there is none, or
            when the timestamp of the collection was compared.

    Source: protocol P5.3, P5.6.
    """

    def __init__(self, existing: dict[str, Any] | None = None) -> None:
        super().__init__("modified meanwhile")
        self.existing = existing
