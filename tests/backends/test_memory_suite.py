"""The storage in memory keeps the contract."""

from __future__ import annotations

from cliquet.testing.storage import StorageSuite


class TestMemory(StorageSuite):
    settings = {"storage_backend": "cliquet.storage.memory"}
    lacks = {"failures", "persistence", "processes", "purges", "transactions"}
    examples = 150
