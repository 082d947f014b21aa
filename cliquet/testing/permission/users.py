"""Principals of users: what they are given, and what is taken from them."""

from __future__ import annotations

from cliquet.permission import PermissionBase
from cliquet.testing.permission.base import PermissionTests


class UserTests(PermissionTests):
    """Users and their groups."""

    def test_a_user_has_the_principals_it_was_given(self, backend: PermissionBase) -> None:
        """Each once, and none of another user (P7.7)."""
        assert backend.user_principals("user") == set()
        for principal in ("group:a", "group:b", "group:b"):
            backend.add_user_principal("user", principal)
        backend.add_user_principal("user2", "group:c")
        assert backend.user_principals("user") == {"group:a", "group:b"}

    def test_a_principal_taken_from_a_user_stays_with_others(self, backend: PermissionBase) -> None:
        """Groups have several members, and members several groups (P7.7)."""
        for user in ("user", "other"):
            backend.add_user_principal(user, "group")
            backend.add_user_principal(user, "group2")
        backend.remove_user_principal("user", "group")
        assert backend.user_principals("user") == {"group2"}
        assert backend.user_principals("other") == {"group", "group2"}

    def test_taking_a_principal_that_a_user_has_not_does_nothing(
        self, backend: PermissionBase
    ) -> None:
        """Nor does it fail."""
        backend.add_user_principal("user", "group")
        backend.remove_user_principal("user", "other")
        backend.remove_user_principal("nobody", "group")
        backend.remove_principal("other")
        assert backend.user_principals("user") == {"group"}

    def test_a_removed_principal_is_taken_from_every_user(self, backend: PermissionBase) -> None:
        """And those whose names begin alike are not (P7.7)."""
        for user in ("one", "two"):
            backend.add_user_principal(user, "group")
            backend.add_user_principal(user, "group2")
        backend.remove_principal("group")
        assert [backend.user_principals(user) for user in ("one", "two")] == [{"group2"}] * 2

    def test_a_removed_principal_stays_in_aces(self, backend: PermissionBase) -> None:
        """Nor is a user of that id forgotten (P7.7)."""
        backend.add_user_principal("group", "others")
        backend.add_user_principal("user", "group")
        backend.add_principal_to_ace("/a/1", "read", "group")
        backend.remove_principal("group")
        assert backend.object_permission_principals("/a/1", "read") == {"group"}
        assert backend.principals_accessible_objects(["group"], "read") == {"/a/1"}
        assert backend.user_principals("group") == {"others"}

    def test_a_principal_that_was_taken_can_be_removed_and_given_again(
        self, backend: PermissionBase
    ) -> None:
        """Nothing is left that would come back."""
        for user in ("one", "two"):
            backend.add_user_principal(user, "group")
        backend.remove_user_principal("one", "group")
        backend.remove_principal("group")
        backend.add_user_principal("one", "group")
        assert backend.user_principals("one") == {"group"}
        assert backend.user_principals("two") == set()
