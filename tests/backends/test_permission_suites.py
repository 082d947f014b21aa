"""The permission backends keep the contract: in memory, in SQLite, in PostgreSQL, in Redis."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest

from cliquet.testing.permission import PermissionSuite


class TestMemory(PermissionSuite):
    settings = {"permission_backend": "cliquet.permission.memory"}
    lacks = {"failures", "persistence"}
    examples = 300


class TestOlderBackend(PermissionSuite):
    """The methods of version 3.1 alone: cliquet makes the others of them."""

    settings = {"permission_backend": "tests.backends.oldpermission"}
    lacks = {"failures", "persistence", "trees"}


class TestSQLite(PermissionSuite):
    unreachable_settings = {
        "permission_backend": "cliquet.permission.sqlite",
        "permission_url": "sqlite:////nowhere/at/all.sqlite",
        "readonly": True,
    }
    examples = 30

    @pytest.fixture(scope="class")
    @classmethod
    def permission_settings(cls, tmp_path_factory: pytest.TempPathFactory) -> Mapping[str, Any]:
        path = tmp_path_factory.mktemp("permission") / "permissions.sqlite"
        return {
            "permission_backend": "cliquet.permission.sqlite",
            "permission_url": f"sqlite:///{path}",
        }


class TestPostgreSQL(PermissionSuite):
    unreachable_settings = {
        "permission_backend": "cliquet.permission.postgresql",
        "permission_url": "postgresql://nobody@127.0.0.1:1/nothing",
    }
    examples = 30

    @pytest.fixture(scope="class")
    @classmethod
    def permission_settings(cls, cliquet_postgresql: str) -> Mapping[str, Any]:
        return {
            "permission_backend": "cliquet.permission.postgresql",
            "permission_url": cliquet_postgresql,
        }


class TestRedis(PermissionSuite):
    unreachable_settings = {
        "permission_backend": "cliquet.permission.redis",
        "permission_url": "redis://127.0.0.1:1/0",
    }
    examples = 30

    @pytest.fixture(scope="class")
    @classmethod
    def permission_settings(cls, cliquet_redis: str) -> Mapping[str, Any]:
        return {
            "permission_backend": "cliquet.permission.redis",
            "permission_url": cliquet_redis,
        }
