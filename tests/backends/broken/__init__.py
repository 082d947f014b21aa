"""Storages with one fault each; see :mod:`tests.backends.broken.base`."""

from __future__ import annotations

from typing import Any

from tests.backends.broken import (  # noqa: F401 - each registers its faults
    ahead,
    blunt,
    conditions,
    deletions,
    failures,
    lists,
    pages,
    records,
    times,
    unicity,
)
from tests.backends.broken.base import FAULTS, Broken
from tests.backends.broken.lists import Plain

#: The one without a fault, which must pass what the others fail.
SOUND = Plain


def load_from_config(config: Any) -> Broken:
    """Return the storage whose fault the settings name."""
    settings = config.get_settings()
    return FAULTS.get(settings["fault"], SOUND)(settings)
