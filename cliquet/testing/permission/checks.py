"""Checks: who has a permission, inheritance included, and all that decides about a request."""

from __future__ import annotations

import pytest

from cliquet.permission import Access, PermissionBase
from cliquet.testing.permission.base import (
    NEIGHBOURS,
    PermissionTests,
    reading_needs_read_or_write,
)


class CheckTests(PermissionTests):
    """One permission on one object."""

    def test_one_principal_of_the_ace_is_enough(self, backend: PermissionBase) -> None:
        """Whatever collection they come in (P7.4)."""
        backend.add_principal_to_ace("/a/1", "read", "one")
        assert backend.check_permission("/a/1", "read", ["system.Everyone", "one"]) is True
        assert backend.check_permission("/a/1", "read", iter(["one"])) is True
        assert backend.check_permission("/a/1", "read", {"two"}) is False
        assert backend.check_permission("/a/1", "read", []) is False
        assert backend.check_permission("/a/1", "write", ["one"]) is False

    @pytest.mark.parametrize("uri", NEIGHBOURS, ids=ascii)
    def test_a_check_takes_ids_as_they_stand(self, backend: PermissionBase, uri: str) -> None:
        """Never as prefixes or patterns, on either side (P7.4)."""
        backend.add_principal_to_ace("/a/1", "read", "one")
        backend.add_principal_to_ace(uri, "write", "one")
        assert not backend.check_permission(uri, "read", ["one"])
        assert not backend.check_permission("/a/1", "write", ["one"])
        assert backend.object_permissions(uri) == {"write": {"one"}}

    def test_bound_permissions_widen_a_check(self, backend: PermissionBase) -> None:
        """They name other permissions, and other objects (P7.8)."""
        backend.add_principal_to_ace("/a/1", "write", "one")
        backend.add_principal_to_ace("/parents/1", "write", "two")
        backend.add_principal_to_ace("/parents/2", "write", "three")
        allowed = [
            backend.check_permission("/a/1", "read", [principal], reading_needs_read_or_write)
            for principal in ("one", "two", "three")
        ]
        assert allowed == [True, True, False]

    def test_nothing_is_looked_at_but_the_bound_permissions(self, backend: PermissionBase) -> None:
        """Not even the pair asked for; there may be none at all (P7.8)."""
        backend.add_principal_to_ace("/a/1", "read", "one")
        assert not backend.check_permission("/a/1", "read", ["one"], lambda uri, name: [])
        others = {("/a/1", "write"), ("/a/2", "read")}
        assert not backend.check_permission("/a/1", "read", ["one"], lambda uri, name: others)

    def test_authorized_principals_are_those_of_every_bound_permission(
        self, backend: PermissionBase
    ) -> None:
        """Of pairs as they are, and not of their combinations (P7.8)."""
        backend.add_principal_to_ace("/a/1", "read", "one")
        backend.add_principal_to_ace("/a/1", "write", "two")
        backend.add_principal_to_ace("/parents/1", "write", "three")
        backend.add_principal_to_ace("/parents/1", "read", "four")
        backend.add_principal_to_ace("/a/10", "read", "five")
        authorized = backend.object_permission_authorized_principals
        assert authorized("/a/1", "read") == {"one"}
        everybody = {"one", "two", "three"}
        assert authorized("/a/1", "read", reading_needs_read_or_write) == everybody
        assert authorized("/a/1", "read", lambda uri, name: iter(())) == set()

    def test_bound_permissions_are_asked_for_once(self, backend: PermissionBase) -> None:
        """And with what was asked: a policy may be slow (P7.8)."""
        asked = []

        def note(uri: str, permission: str) -> list[tuple[str, str]]:
            asked.append((uri, permission))
            return [(uri, permission)]

        backend.check_permission("/a/1", "read", ["one"], note)
        backend.object_permission_authorized_principals("/a/1", "write", note)
        assert asked == [("/a/1", "read"), ("/a/1", "write")]

    def test_bound_permissions_may_come_from_the_backend_itself(
        self, backend: PermissionBase
    ) -> None:
        """It holds nothing while the policy is asked (P7.8)."""
        backend.add_principal_to_ace("/a/1", "read", "one")

        def ask(uri: str, permission: str) -> list[tuple[str, str]]:
            return [(uri, name) for name in backend.object_permissions("/a/1")]

        assert backend.check_permission("/a/1", "write", ["one"], ask)
        accessible = backend.principals_accessible_objects(["one"], "write", "/a/*", ask)
        assert accessible == {"/a/1"}


class AccessTests(PermissionTests):
    """All that decides about one request, in one look."""

    def test_one_look_tells_groups_and_aces(self, backend: PermissionBase) -> None:
        """Of the pairs, and all of the object (P7.4)."""
        backend.add_user_principal("bob", "group")
        backend.add_principal_to_ace("/a/1", "read", "bob")
        backend.add_principal_to_ace("/a/1", "write", "eve")
        backend.add_principal_to_ace("/a", "write", "group")
        pairs = {("/a", "write"), ("/a", "read"), ("/a/1", "read")}
        assert backend.access("bob", pairs, "/a/1") == Access(
            {"group"},
            {("/a/1", "read"): {"bob"}, ("/a/1", "write"): {"eve"}, ("/a", "write"): {"group"}},
        )

    def test_one_look_tells_nothing_that_was_not_asked(self, backend: PermissionBase) -> None:
        """No other user, pair or object, nor combinations of what was asked (P7.4)."""
        backend.add_user_principal("bob", "group")
        backend.add_user_principal("eve", "other")
        for uri in ("/a/1", "/a/10"):
            for name in ("read", "write"):
                backend.add_principal_to_ace(uri, name, "bob")
        assert backend.access(None) == Access(set(), {})
        assert backend.access("bob") == Access({"group"}, {})
        assert backend.access("nobody", [("/a/2", "read")], "/a/3") == Access(set(), {})
        pairs = [("/a/1", "read"), ("/a/10", "write")]
        assert backend.access(None, pairs) == Access(set(), {pair: {"bob"} for pair in pairs})
        assert set(backend.access(None, [], "/a/1").aces) == {("/a/1", "read"), ("/a/1", "write")}

    def test_one_look_is_at_any_number_of_pairs(self, backend: PermissionBase) -> None:
        """A policy may inherit from far away (P7.8)."""
        pairs = [(f"/a/{number}", "read") for number in range(100)]
        for number in (0, 7, 99):
            backend.add_principal_to_ace(f"/a/{number}", "read", "bob")
        assert backend.access(None, iter(pairs)).aces == {
            (f"/a/{number}", "read"): {"bob"} for number in (0, 7, 99)
        }
