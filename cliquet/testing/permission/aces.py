"""ACEs: principals by object and permission, replaced and deleted."""

from __future__ import annotations

import pytest

from cliquet.permission import PermissionBase
from cliquet.testing.kit import needs
from cliquet.testing.permission.base import NEIGHBOURS, PermissionTests
from cliquet.testing.permission.capabilities import TREES


class AceTests(PermissionTests):
    """The entries of one object."""

    def test_an_ace_holds_the_principals_it_was_given(self, backend: PermissionBase) -> None:
        """Each once; that of another permission is another one (P7.3)."""
        assert backend.object_permission_principals("/a/1", "read") == set()
        for principal in ("one", "two", "two"):
            backend.add_principal_to_ace("/a/1", "read", principal)
        backend.add_principal_to_ace("/a/1", "write", "three")
        assert backend.object_permission_principals("/a/1", "read") == {"one", "two"}
        assert backend.object_permission_principals("/a/1", "write") == {"three"}

    def test_a_principal_taken_from_an_ace_is_found_in_no_direction(
        self, backend: PermissionBase
    ) -> None:
        """Neither by the object nor by the principal (P7.3)."""
        for permission in ("read", "write"):
            for principal in ("one", "two"):
                backend.add_principal_to_ace("/a/1", permission, principal)
        backend.remove_principal_from_ace("/a/1", "read", "one")
        assert backend.object_permission_principals("/a/1", "read") == {"two"}
        assert backend.principals_accessible_objects(["one"], "read") == set()
        assert backend.principals_accessible_objects(["one"], "write") == {"/a/1"}

    def test_taking_a_principal_that_an_ace_has_not_does_nothing(
        self, backend: PermissionBase
    ) -> None:
        """Nor does it fail."""
        backend.add_principal_to_ace("/a/1", "read", "one")
        backend.remove_principal_from_ace("/a/1", "read", "two")
        backend.remove_principal_from_ace("/a/1", "write", "one")
        backend.remove_principal_from_ace("/a/2", "read", "one")
        assert backend.object_permissions("/a/1") == {"read": {"one"}}

    def test_the_permissions_of_an_object_are_those_that_somebody_has(
        self, backend: PermissionBase
    ) -> None:
        """All of them, or those that are asked for (P7.3)."""
        backend.add_principal_to_ace("/a/1", "read", "one")
        backend.add_principal_to_ace("/a/1", "write", "two")
        backend.add_principal_to_ace("/a/1", "write", "three")
        backend.remove_principal_from_ace("/a/1", "write", "three")
        backend.add_principal_to_ace("/a/1", "old", "one")
        backend.remove_principal_from_ace("/a/1", "old", "one")
        assert backend.object_permissions("/a/1") == {"read": {"one"}, "write": {"two"}}
        assert backend.object_permissions("/a/1", iter(["read", "old"])) == {"read": {"one"}}
        assert backend.object_permissions("/a/1", []) == {}
        assert backend.object_permissions("/a/2") == {}

    def test_what_is_returned_is_the_caller_s_own(self, backend: PermissionBase) -> None:
        """Who changes it changes nothing that is stored."""
        backend.add_user_principal("user", "group")
        backend.add_principal_to_ace("/a/1", "read", "one")
        backend.user_principals("user").clear()
        backend.object_permission_principals("/a/1", "read").clear()
        backend.object_permission_authorized_principals("/a/1", "read").clear()
        backend.object_permissions("/a/1")["read"].clear()
        backend.object_permissions("/a/1").clear()
        backend.principals_accessible_objects(["one"], "read").clear()
        groups, aces = backend.access("user", [], "/a/1")
        groups.clear()
        aces["/a/1", "read"].clear()
        assert backend.user_principals("user") == {"group"}
        assert backend.object_permissions("/a/1") == {"read": {"one"}}
        assert backend.principals_accessible_objects(["one"], "read") == {"/a/1"}
        assert backend.access("user", [], "/a/1") == ({"group"}, {("/a/1", "read"): {"one"}})


class ReplacementTests(PermissionTests):
    """Replacements, whole or in part."""

    def test_a_replacement_changes_the_permissions_it_names(self, backend: PermissionBase) -> None:
        """And keeps the others, found in both directions (P7.3)."""
        backend.replace_object_permissions("/a/1", {"read": ["one", "two"], "write": ["one"]})
        backend.replace_object_permissions("/a/1", {"read": iter(["two", "three", "three"])})
        assert backend.object_permissions("/a/1") == {"read": {"two", "three"}, "write": {"one"}}
        accessible = [
            backend.principals_accessible_objects([principal], "read")
            for principal in ("one", "two", "three")
        ]
        assert accessible == [set(), {"/a/1"}, {"/a/1"}]

    def test_a_replacement_by_an_empty_list_removes_the_permission(
        self, backend: PermissionBase
    ) -> None:
        """An empty replacement removes none (P7.3)."""
        backend.replace_object_permissions("/a/1", {"read": ["one"], "write": ["one"]})
        backend.replace_object_permissions("/a/1", {"read": []})
        backend.replace_object_permissions("/a/1", {})
        assert backend.object_permissions("/a/1") == {"write": {"one"}}
        assert backend.principals_accessible_objects(["one"], "read") == set()

    def test_a_replacement_leaves_other_objects_alone(self, backend: PermissionBase) -> None:
        """Whatever their names have in common (P7.3)."""
        for uri in NEIGHBOURS:
            backend.add_principal_to_ace(uri, "read", "one")
        backend.replace_object_permissions("/a/1", {"read": ["two"]})
        backend.replace_object_permissions("/a/1", {"read": []})
        assert backend.principals_accessible_objects(["one"], "read") == set(NEIGHBOURS)

    def test_what_a_replacement_is_given_stays_the_caller_s(self, backend: PermissionBase) -> None:
        """It is neither changed nor kept."""
        principals = {"one"}
        given = {"read": principals, "write": []}
        backend.replace_object_permissions("/a/1", given)
        assert given == {"read": {"one"}, "write": []}
        principals.add("two")
        assert backend.object_permissions("/a/1") == {"read": {"one"}}


class DeletionTests(PermissionTests):
    """Deletions of objects, of trees, and of everything."""

    def test_deleted_permissions_are_found_in_no_direction(self, backend: PermissionBase) -> None:
        """Those of several objects at once, of which some may have none (P7.3)."""
        for uri in ("/a/1", "/a/2", "/a/3"):
            backend.replace_object_permissions(uri, {"read": ["one", "two"], "write": ["one"]})
        backend.delete_object_permissions("/a/1", "/a/2", "/a/4", "/a/1")
        assert backend.object_permissions("/a/1") == {}
        assert backend.principals_accessible_objects(["one", "two"], "read") == {"/a/3"}
        assert backend.principals_accessible_objects(["one"], "write") == {"/a/3"}

    def test_deleted_permissions_do_not_come_back(self, backend: PermissionBase) -> None:
        """With the next object of that id (P7.3)."""
        backend.replace_object_permissions("/a/1", {"read": ["one"], "write": ["one"]})
        backend.delete_object_permissions("/a/1")
        backend.add_principal_to_ace("/a/1", "read", "two")
        assert backend.object_permissions("/a/1") == {"read": {"two"}}

    def test_deleting_the_permissions_of_no_object_deletes_nothing(
        self, backend: PermissionBase
    ) -> None:
        """Nor does it fail."""
        backend.add_principal_to_ace("/a/1", "read", "one")
        backend.delete_object_permissions()
        backend.delete_object_trees()
        assert backend.object_permissions("/a/1") == {"read": {"one"}}

    @pytest.mark.parametrize("uri", NEIGHBOURS, ids=ascii)
    def test_a_deletion_takes_ids_as_they_stand(self, backend: PermissionBase, uri: str) -> None:
        """Never as prefixes or patterns, nor the principal of users as an object (P7.3)."""
        backend.add_principal_to_ace("/a/1", "read", "one")
        backend.add_user_principal(uri, uri)
        backend.delete_object_permissions(uri)
        assert backend.object_permissions("/a/1") == {"read": {"one"}}
        assert backend.user_principals(uri) == {uri}

    @needs(TREES)
    def test_a_tree_is_deleted_by_whole_segments(self, backend: PermissionBase) -> None:
        """The object, and all that is below its URI (P7.3)."""
        below = {"/a/1/b", "/a/1/b/2", "/a/1/b/2/c/3", "/a/1/", "/a/1//", "/a/1/\U0010ffff"}
        kept = {uri for uri in NEIGHBOURS if not uri.startswith("/a/1/")} | {"/a/10/b/2", "/a/1.b"}
        for uri in {"/a/1"} | below | kept:
            backend.add_principal_to_ace(uri, "read", "one")
        backend.delete_object_trees("/a/1")
        assert backend.principals_accessible_objects(["one"], "read") == kept

    @needs(TREES)
    @pytest.mark.parametrize("root", ["/a/%", "/a/_", "/a/*", "/a/.", "/a/\\", "/a/'"])
    def test_the_root_of_a_tree_is_no_pattern(self, backend: PermissionBase, root: str) -> None:
        """It stands for itself (P7.3)."""
        for uri in ("/a/1/b/2", f"{root}/b/2"):
            backend.add_principal_to_ace(uri, "read", "one")
        backend.delete_object_trees(root)
        assert backend.principals_accessible_objects(["one"], "read") == {"/a/1/b/2"}

    def test_the_roots_of_several_trees_are_deleted(self, backend: PermissionBase) -> None:
        """By a backend that knows of no tree, too (P7.3)."""
        for uri in ("/a/1", "/a/2", "/a/3", "/a/10"):
            backend.replace_object_permissions(uri, {"read": ["one"], "write": ["two"]})
        backend.delete_object_trees("/a/1", "/a/2", "/unknown")
        assert backend.principals_accessible_objects(["one"], "read") == {"/a/3", "/a/10"}

    def test_a_flush_forgets_everything(self, backend: PermissionBase) -> None:
        """Users and ACEs, in both directions."""
        backend.add_user_principal("user", "group")
        backend.add_principal_to_ace("/a/1", "read", "one")
        backend.flush()
        assert backend.user_principals("user") == set()
        assert backend.object_permissions("/a/1") == {}
        assert backend.principals_accessible_objects(["one"], "read") == set()

    def test_the_schema_may_be_initialized_again(self, backend: PermissionBase) -> None:
        """At each deployment; what is stored stays."""
        backend.add_user_principal("user", "group")
        backend.add_principal_to_ace("/a/1", "read", "one")
        backend.initialize_schema()
        assert backend.user_principals("user") == {"group"}
        assert backend.object_permissions("/a/1") == {"read": {"one"}}
