"""
The conformance suite on each of the broken caches; collected by test_cache_kit alone.

A class is named for its fault: ``TestFlushesEverybody``.
"""

from __future__ import annotations

from typing import Any

from hypothesis import Phase, settings

from cliquet.testing.cache import CacheSuite
from tests.backends.brokencaches import FAULTS
from tests.backends.brokencaches.base import Broken

# The same examples each time, and none is looked for that is smaller.
settings.register_profile("broken", phases=[Phase.generate], database=None, derandomize=True)
settings.load_profile("broken")


def suite(name: str, cache: Any) -> type[CacheSuite]:
    """Return the suite on one cache."""
    chosen = {"cache_backend": "tests.backends.brokencaches", "fault": name}
    attributes = {
        "settings": chosen,
        "unreachable_settings": {**chosen, "is_away": True},
        "lacks": frozenset({"failures", "shared"}) - cache.claims,
        "processes": 0,
        "__module__": __name__,
    }
    return type(f"Test{name}", (CacheSuite,), attributes)


for _name, _cache in {**FAULTS, "Sound": Broken}.items():
    globals()[f"Test{_name}"] = suite(_name, _cache)
