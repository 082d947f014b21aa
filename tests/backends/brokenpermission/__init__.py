"""Permission backends with one fault each; see :mod:`tests.backends.brokenpermission.base`."""

from __future__ import annotations

from typing import Any

from tests.backends.brokenpermission import (  # noqa: F401 - each registers its faults
    lists,
    names,
    races,
    relations,
)
from tests.backends.brokenpermission.base import FAULTS, Broken


def load_from_config(config: Any) -> Broken:
    """Return the backend whose fault the settings name; the sound one has none."""
    settings = config.get_settings()
    return FAULTS.get(settings["fault"], Broken)(settings)
