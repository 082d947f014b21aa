"""
The conformance suite on each of the broken permission backends.

It is collected by test_permission_kit alone. A class is named for its fault: ``TestOneTree``.
"""

from __future__ import annotations

from typing import Any

from hypothesis import Phase, settings

from cliquet.testing.permission import PermissionSuite
from tests.backends.brokenpermission import FAULTS, Broken

BACKEND = "tests.backends.brokenpermission"
LACKING = frozenset({"failures", "persistence"})

# The same examples each time, and none is looked for that is smaller.
settings.register_profile("broken", phases=[Phase.generate], database=None, derandomize=True)
settings.load_profile("broken")


def suite(name: str, backend: Any) -> type[PermissionSuite]:
    """Return the suite on one backend."""
    chosen = {"permission_backend": BACKEND, "fault": name}
    attributes = {
        "settings": chosen,
        "unreachable_settings": {**chosen, "is_away": True},
        "lacks": LACKING - backend.claims,
        "__module__": __name__,
    }
    return type(f"Test{name}", (PermissionSuite,), attributes)


for _name, _backend in {**FAULTS, "Sound": Broken}.items():
    globals()[f"Test{_name}"] = suite(_name, _backend)
