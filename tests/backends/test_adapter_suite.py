"""A storage written for the older contract keeps the present one, within a process."""

from __future__ import annotations

from cliquet.testing.storage import StorageSuite


class TestAdapted(StorageSuite):
    settings = {"storage_backend": "tests.backends.adapted"}
    lacks = {"ahead", "failures", "persistence", "processes", "purges", "readonly", "transactions"}
