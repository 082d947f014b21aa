"""A storage written for the older contract, behind the adapter that it gets."""

from __future__ import annotations

from typing import Any

from cliquet.storage.adapter import conditional
from tests.backends import oldstorage


def load_from_config(config: Any) -> Any:
    """Return what models of an application see."""
    return conditional(oldstorage.load_from_config(config))
