"""
Permission backends with one fault each, for the conformance suite to find.

Each is the backend in memory, right but for one thing. ``caught_by`` names the tests of the suite
that must fail on it.
"""

from __future__ import annotations

import time
from typing import Any, ClassVar

from cliquet.permission.memory import Permission

#: The faults, by the names of their classes.
FAULTS: dict[str, type[Broken]] = {}


class Broken(Permission):
    """
    Base of the faults: a backend without any, whose parts a fault replaces.

    Attributes:
        caught_by: Names of the tests that must fail.
        claims: Capabilities that it claims to have, beside those that it has.
    """

    caught_by: ClassVar[tuple[str, ...]] = ()
    claims: ClassVar[frozenset[str]] = frozenset()

    def __init_subclass__(cls) -> None:
        if cls.caught_by:
            FAULTS[cls.__name__] = cls

    def __init__(self, settings: dict[str, Any]) -> None:
        super().__init__()
        self.settings = settings


def elsewhere() -> None:
    """Let other writers in, as a round trip to a server does."""
    time.sleep(0.0002)
