"""
The conformance suite on each of the broken storages; collected by test_storage_kit alone.

A class is named for its fault: ``TestEqualTimestamps``.
"""

from __future__ import annotations

from typing import Any

from hypothesis import Phase, settings

from cliquet.testing.storage import StorageSuite
from tests.backends.broken import FAULTS, SOUND

BACKEND = "tests.backends.broken"
LACKING = frozenset({"failures", "persistence", "processes", "purges", "transactions"})

# The same examples each time, and none is looked for that is smaller.
settings.register_profile("broken", phases=[Phase.generate], database=None, derandomize=True)
settings.load_profile("broken")


def suite(name: str, storage: Any) -> type[StorageSuite]:
    """Return the suite on one storage."""
    chosen = {"storage_backend": BACKEND, "fault": name}
    attributes = {
        "settings": chosen,
        "unreachable_settings": {**chosen, "is_away": True},
        "lacks": LACKING - storage.claims,
        "examples": 100,
        "processes": 2,
        "poll_seconds": 0.3,
        "__module__": __name__,
    }
    return type(f"Test{name}", (StorageSuite,), attributes)


for _name, _storage in {**FAULTS, "Sound": SOUND}.items():
    globals()[f"Test{_name}"] = suite(_name, _storage)
