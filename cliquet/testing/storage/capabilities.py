"""What a storage may lack, by name: tests ask for a capability, never for a backend."""

from __future__ import annotations

from typing import Final

#: ``get_many`` and ``prepare_writes`` are there, as every ``StorageBase`` has them.
AHEAD: Final = "ahead"

#: ``expected``, ``expected_collection`` and ``with_previous`` are understood, and each write is
#: one step against every other writer.
ATOMIC: Final = "atomic"

#: Filters may compare by ``HAS``, ``LIKE``, ``CONTAINS``, ``CONTAINS_ANY``, ``AFTER``, ``BEFORE``
#: and ``TIES`` too.
COMPARISONS: Final = "comparisons"

#: A storage whose server is away raises ``BackendError`` in time; the suite is given
#: ``unreachable_settings``.
FAILURES: Final = "failures"

#: ``locked`` keeps other writers out.
LOCKS: Final = "locks"

#: What was written outlives the object that wrote it; another of the same settings reads it.
PERSISTENCE: Final = "persistence"

#: Several processes share the data; each write is one step against those of the others.
PROCESSES: Final = "processes"

#: ``purge_tombstones`` forgets old tombstones of all parents.
PURGES: Final = "purges"

#: With the setting ``readonly``, reading writes nothing.
READONLY: Final = "readonly"

#: The writes of one request are one transaction.
TRANSACTIONS: Final = "transactions"

#: All of them.
CAPABILITIES: Final = frozenset(
    {
        AHEAD,
        ATOMIC,
        COMPARISONS,
        FAILURES,
        LOCKS,
        PERSISTENCE,
        PROCESSES,
        PURGES,
        READONLY,
        TRANSACTIONS,
    }
)
