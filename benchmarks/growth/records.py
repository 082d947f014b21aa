"""The records: the same ones in the small and the large collection, as many as each holds."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from cliquet.storage.schemas import Declared

COLLECTION = "article"

#: What the schema of a resource would declare: the field of creations, and those of sorting.
UNIQUE_FIELDS = ("url",)
DECLARED = Declared(
    unique=[(COLLECTION, field) for field in UNIQUE_FIELDS],
    indexed=[(COLLECTION, field) for field in ("title", "unread")],
)

#: Timestamp of the first record: all of them are in the past.
_FIRST_MS = 1_600_000_000_000


def record(number: int) -> dict[str, Any]:
    """Return a record: the higher its number, the newer; ids and titles are in another order."""
    place = scattered(number)
    return {
        "id": str(UUID(int=place << 96 | number, version=4)),
        "last_modified": _FIRST_MS + number,
        "title": f"Article {place:08x}",
        "url": f"https://example.com/articles/{number}",
        "added_by": "laptop",
        "favorite": False,
        "unread": number % 2 == 0,
        "read_position": number,
    }


def scattered(number: int) -> int:
    """Return a number of 32 bits, no two the same, and neighbours far from each other."""
    return number * 2_654_435_761 % 2**32


def middle_title(size: int) -> int:
    """Return the number of the record that is in the middle by title."""
    return min(range(size), key=lambda number: abs(scattered(number) - 2**31))
