"""Caches with one fault each; see :mod:`tests.backends.brokencaches.base`."""

from __future__ import annotations

from typing import Any

from tests.backends.brokencaches import others, times, values  # noqa: F401 - each registers faults
from tests.backends.brokencaches.base import FAULTS, Broken


def load_from_config(config: Any) -> Broken:
    """Return the cache whose fault the settings name."""
    settings = config.get_settings()
    return FAULTS.get(settings["fault"], Broken)(settings)
