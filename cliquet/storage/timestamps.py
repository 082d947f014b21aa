"""How a change is stamped: one rule for every storage (protocol P4.12, P5.1)."""

from __future__ import annotations

from typing import NamedTuple


class Stamps(NamedTuple):
    """The timestamps that a change gives, to the record and to its collection."""

    record: int
    collection: int


def stamp(now: int, *, collection: int | None, present: int | None, forced: object) -> Stamps:
    """
    Return the timestamps after a change.

    Args:
        now: The present time, in milliseconds; it may lie behind, clocks are set back.
        collection: The collection's timestamp so far, if it has one.
        present: The timestamp of the record or tombstone that is replaced, if any.
        forced: The timestamp that a client asks for; what is no integer is ignored.
    """
    next_one = now if collection is None else max(now, collection + 1)
    is_kept = type(forced) is int and (present is None or forced > present)
    own: int = forced if is_kept else next_one  # type: ignore[assignment]
    base = now - 1 if collection is None else collection
    return Stamps(own, own if own > base else next_one)
