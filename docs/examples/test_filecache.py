"""The cache in files keeps the contract."""

import pytest

from cliquet.testing.cache import CacheSuite


class TestFileCache(CacheSuite):
    unreachable_settings = {"cache_backend": "filecache", "cache_url": "file:///dev/null/nowhere"}

    @pytest.fixture(scope="class")
    @classmethod
    def cache_settings(cls, tmp_path_factory):
        folder = tmp_path_factory.mktemp("cache")
        return {"cache_backend": "filecache", "cache_url": f"file://{folder}"}
