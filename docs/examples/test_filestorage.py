"""The storage in files keeps the contract."""

import pytest

from cliquet.testing.storage import StorageSuite


class TestFileStorage(StorageSuite):
    lacks = {"locks", "purges", "readonly", "transactions"}
    unreachable_settings = {
        "storage_backend": "filestorage",
        "storage_url": "file:///dev/null/nowhere",
    }

    @pytest.fixture(scope="class")
    @classmethod
    def storage_settings(cls, tmp_path_factory):
        folder = tmp_path_factory.mktemp("records")
        return {"storage_backend": "filestorage", "storage_url": f"file://{folder}"}
