"""The permission backend in a file keeps the contract."""

import pytest

from cliquet.testing.permission import PermissionSuite


class TestFilePermission(PermissionSuite):
    lacks = {"trees"}
    unreachable_settings = {
        "permission_backend": "filepermission",
        "permission_url": "file:///dev/null/nowhere",
    }

    @pytest.fixture(scope="class")
    @classmethod
    def permission_settings(cls, tmp_path_factory):
        path = tmp_path_factory.mktemp("permissions") / "permissions.json"
        return {"permission_backend": "filepermission", "permission_url": f"file://{path}"}
