"""
The conformance suite of storages: one test for each clause of the contract.

Whoever writes a storage subclasses :class:`StorageSuite` in a test module, says how the storage is
made, and what it lacks::

    from cliquet.testing.storage import StorageSuite


    class TestAcme(StorageSuite):
        settings = {"storage_backend": "acme.storage", "storage_url": "acme://localhost/test"}
        lacks = {"transactions"}

The storage is flushed before each test: it should hold nothing that is missed.
"""
# ruff: noqa: E402  (imports follow what has to come before them)

from __future__ import annotations

import pkgutil

import pytest

# So that every failure shows what was compared: pytest rewrites what is imported later.
pytest.register_assert_rewrite(
    *(f"{__name__}.{one.name}" for one in pkgutil.iter_modules(__path__))
)

from cliquet.testing.kit import needs
from cliquet.testing.storage.base import StorageTests
from cliquet.testing.storage.places import Place
from cliquet.testing.storage.races import CrewTests, PollTests, RaceTests
from cliquet.testing.storage.suite import StorageSuite

__all__ = [
    "CrewTests",
    "Place",
    "PollTests",
    "RaceTests",
    "StorageSuite",
    "StorageTests",
    "needs",
]
