"""What a permission backend may lack, by name: tests ask for a capability, never for a backend."""

from __future__ import annotations

from typing import Final

#: Each write is one step against every other writer and reader.
ATOMIC: Final = "atomic"

#: A backend whose server is away raises ``BackendError`` in time; the suite is given
#: ``unreachable_settings``.
FAILURES: Final = "failures"

#: What was written outlives the object that wrote it; another of the same settings reads it.
PERSISTENCE: Final = "persistence"

#: ``delete_object_trees`` deletes what is below the objects, too.
TREES: Final = "trees"

#: All of them.
CAPABILITIES: Final = frozenset({ATOMIC, FAILURES, PERSISTENCE, TREES})
