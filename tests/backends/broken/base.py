"""
Storages with one fault each, for the conformance suite to find.

Each is the storage in memory, right but for one thing. ``caught_by`` names the tests of the suite
that must fail on it. The faults are those that servers of this protocol really had.
"""

from __future__ import annotations

import time
from typing import Any, ClassVar

from cliquet.storage.memory import Storage
from cliquet.storage.timeline import Collection

#: The faults, by the names of their classes.
FAULTS: dict[str, type[Broken]] = {}


class Broken(Storage):
    """
    Base of the faults: a storage without any, whose parts a fault replaces.

    Attributes:
        caught_by: Names of the tests that must fail.
        claims: Capabilities that it claims to have, beside those that it has.
        collections: Class of its collections.
    """

    caught_by: ClassVar[tuple[str, ...]] = ()
    claims: ClassVar[frozenset[str]] = frozenset()
    collections: ClassVar[type[Collection]] = Collection

    def __init_subclass__(cls) -> None:
        if cls.caught_by:
            FAULTS[cls.__name__] = cls

    def __init__(self, settings: dict[str, Any]) -> None:
        super().__init__(readonly=settings["readonly"])
        self.settings = settings

    def _collection(self, collection_id, parent_id):
        return self._collections.setdefault((parent_id, collection_id), self.collections())


def elsewhere() -> None:
    """Let other writers in, as a round trip to a server does."""
    time.sleep(0.0002)
