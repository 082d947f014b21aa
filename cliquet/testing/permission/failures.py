"""Failures, which are errors of the contract and come in time; and what outlives a process."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from typing import Any

import pytest

from cliquet.permission import PermissionBase
from cliquet.storage.exceptions import BackendError
from cliquet.testing.kit import needs
from cliquet.testing.permission.base import PermissionTests, load_permission, share_of
from cliquet.testing.permission.capabilities import FAILURES, PERSISTENCE

SHARE = share_of(["one"], ["read"])

CALLS: dict[str, Callable[[PermissionBase], Any]] = {
    "flush": lambda backend: backend.flush(),
    "add_user_principal": lambda backend: backend.add_user_principal("one", "group"),
    "remove_user_principal": lambda backend: backend.remove_user_principal("one", "group"),
    "remove_principal": lambda backend: backend.remove_principal("group"),
    "user_principals": lambda backend: backend.user_principals("one"),
    "add_principal_to_ace": lambda backend: backend.add_principal_to_ace("/a/1", "read", "one"),
    "remove_principal_from_ace": lambda backend: backend.remove_principal_from_ace(
        "/a/1", "read", "one"
    ),
    "object_permission_principals": lambda backend: backend.object_permission_principals(
        "/a/1", "read"
    ),
    "principals_accessible_objects": lambda backend: backend.principals_accessible_objects(
        ["one"], "read", "/a/*"
    ),
    "access": lambda backend: backend.access("one", [("/a", "read")], "/a/1"),
    "accessible_ids": lambda backend: backend.accessible_ids(SHARE),
    "is_shared": lambda backend: backend.is_shared(SHARE),
    "check_permission": lambda backend: backend.check_permission("/a/1", "read", ["one"]),
    "object_permissions": lambda backend: backend.object_permissions("/a/1"),
    "replace_object_permissions": lambda backend: backend.replace_object_permissions(
        "/a/1", {"read": ["one"]}
    ),
    "delete_object_permissions": lambda backend: backend.delete_object_permissions("/a/1"),
    "delete_object_trees": lambda backend: backend.delete_object_trees("/a/1"),
}


class FailureTests(PermissionTests):
    """A server that is away."""

    @pytest.mark.parametrize("call", CALLS.values(), ids=CALLS)
    @needs(FAILURES)
    def test_a_server_that_is_away_is_a_backend_error_in_time(
        self, call: Callable[[PermissionBase], Any]
    ) -> None:
        """With the driver's own error in it, for the log (P2.7)."""
        assert self.unreachable_settings, "unreachable_settings are needed, or lacks = {'failures'}"
        begin = time.monotonic()
        with pytest.raises(BackendError) as caught:
            # Some look at their server as soon as they are made.
            call(load_permission(self.unreachable_settings))
        assert time.monotonic() - begin < self.failure_seconds
        assert isinstance(caught.value.original, Exception)


class PersistenceTests(PermissionTests):
    """Another backend of the same settings, as another process has it."""

    @needs(PERSISTENCE)
    def test_another_backend_of_the_same_settings_reads_the_same(
        self, backend: PermissionBase, permission_settings: Mapping[str, Any]
    ) -> None:
        """At once, in both directions (P7)."""
        other = load_permission(permission_settings)
        other.initialize_schema()
        backend.add_user_principal("user", "group")
        backend.replace_object_permissions("/a/1", {"read": ["one"]})
        assert other.user_principals("user") == {"group"}
        assert other.object_permissions("/a/1") == {"read": {"one"}}
        assert other.principals_accessible_objects(["one"], "read") == {"/a/1"}
        other.remove_principal("group")
        other.delete_object_permissions("/a/1")
        assert backend.user_principals("user") == set()
        assert backend.principals_accessible_objects(["one"], "read") == set()
