"""What is accessible to somebody: objects that match a pattern, and parts of collections."""

from __future__ import annotations

import pytest
from hypothesis import strategies as st

from cliquet.permission import PermissionBase
from cliquet.testing.permission.base import (
    PermissionTests,
    reading_needs_read_or_write,
    share_of,
)

#: Objects of which each pattern below matches some: ``*`` is an id as well.
URIS = (
    "/a/1", "/a/10", "/a/*", "/a/", "/a", "/a/1/", "/a/1/b", "/a/1/b/2", "/a/10/b/2", "/a/*/b/2",
    "/a/1/c/b/2", "/ab/1", "/A/1", "/x/a/1", "a/1", "/a/1\n", "\n/a/1", "/a/.", "/a/%", "/a/\\",
    "/a.c/1", "/abc/1", "/a%/1", "/a_/1", "/a\\/1", "/a[b]/1", "/a'/1", "/é/1", "/*/1", "",
)  # fmt: skip

#: What each pattern matches; others match nothing.
MATCHES = {
    "/a/*": ("/a/1", "/a/10", "/a/*", "/a/1\n", "/a/.", "/a/%", "/a/\\"),
    "/a/*/b/2": ("/a/1/b/2", "/a/10/b/2", "/a/*/b/2"),
    "/a/1": ("/a/1",),
    "/a/1*": (),
    "/a/1/*": ("/a/1/b",),
    "/a.c/*": ("/a.c/1",),
    "/a%/*": ("/a%/1",),
    "/a_/*": ("/a_/1",),
    "/a\\/*": ("/a\\/1",),
    "/a[b]/*": ("/a[b]/1",),
    "/a'/*": ("/a'/1",),
    "/é/*": ("/é/1",),
    "*": URIS,
    "": ("",),
}

segments = st.sampled_from(["a", "1", "10", "0", "*", ".", "%", "_", "'", "\\", "é", " "])
uris = st.lists(segments, min_size=1, max_size=4).map(lambda parts: "/" + "/".join(parts))


class AccessibleTests(PermissionTests):
    """Ids of objects, by those who may access them."""

    def test_accessible_objects_are_those_of_any_of_the_principals(
        self, backend: PermissionBase
    ) -> None:
        """By the permission asked for (P7.6)."""
        backend.add_principal_to_ace("/a/1", "read", "one")
        backend.add_principal_to_ace("/a/2", "read", "two")
        backend.replace_object_permissions("/a/3", {"read": ["one", "two"]})
        backend.add_principal_to_ace("/a/4", "read", "three")
        backend.add_principal_to_ace("/a/5", "write", "one")
        accessible = backend.principals_accessible_objects
        assert accessible(iter(["one", "two"]), "read") == {"/a/1", "/a/2", "/a/3"}
        assert accessible(["two"], "write") == set()

    def test_no_principals_and_unknown_ones_access_nothing(self, backend: PermissionBase) -> None:
        """Least of all everything (P7.6)."""
        backend.add_principal_to_ace("/a/1", "read", "one")
        for principals in ([], ["two"], ["on"], ["one "], ["%"], ["o*"], [""]):
            assert backend.principals_accessible_objects(principals, "read") == set()
            assert backend.principals_accessible_objects(principals, "read", "/a/*") == set()

    @pytest.mark.parametrize("pattern", [None, *MATCHES], ids=ascii)
    def test_a_star_stands_for_one_segment_and_the_rest_for_itself(
        self, backend: PermissionBase, pattern: str | None
    ) -> None:
        """Patterns match whole URIs (P7.6)."""
        for uri in URIS:
            backend.add_principal_to_ace(uri, "read", "one")
        expected = set(URIS if pattern is None else MATCHES[pattern])
        assert backend.principals_accessible_objects(["one"], "read", pattern) == expected

    def test_bound_permissions_of_the_pattern_widen_a_list_and_others_are_ignored(
        self, backend: PermissionBase
    ) -> None:
        """A permission on a parent opens no object of the list (P7.8)."""
        backend.add_principal_to_ace("/a/1", "write", "one")
        backend.add_principal_to_ace("/a/2", "read", "one")
        backend.add_principal_to_ace("/a/3", "create", "one")
        backend.add_principal_to_ace("/parents/1", "write", "one")
        accessible = backend.principals_accessible_objects
        found = accessible(["one"], "read", "/a/*", reading_needs_read_or_write)
        assert found == {"/a/1", "/a/2"}
        parent = [("/parents/1", "write")]
        assert accessible(["one"], "read", "/a/*", lambda uri, name: iter(parent)) == set()
        assert accessible(["one"], "read", "/a/*", lambda uri, name: ()) == set()

    def test_bound_permissions_of_a_list_are_asked_for_once_with_the_pattern(
        self, backend: PermissionBase
    ) -> None:
        """However many objects there are (P7.8)."""
        asked = []

        def note(uri: str, permission: str) -> list[tuple[str, str]]:
            asked.append((uri, permission))
            return [(uri, "write")]

        for uri in ("/a/1", "/a/2"):
            backend.add_principal_to_ace(uri, "write", "one")
        accessible = backend.principals_accessible_objects
        assert accessible(["one"], "read", "/a/*", note) == {"/a/1", "/a/2"}
        assert accessible(["one"], "read", None, note) == {"/a/1", "/a/2"}
        assert asked == [("/a/*", "read"), ("*", "read")]

    def test_thousands_of_objects_and_principals_are_told(self, backend: PermissionBase) -> None:
        """None is left out, and none is there twice (P7.6)."""
        numbers = range(2000)
        backend.replace_object_permissions("/b/1", {"read": [f"group:{n}" for n in numbers]})
        for number in numbers:
            backend.add_principal_to_ace(f"/a/{number}", "read", f"group:{number % 1500}")
        groups = [f"group:{number}" for number in range(1000)]
        expected = {str(number) for number in numbers if number % 1500 < 1000}
        uris = {f"/a/{one}" for one in expected} | {"/b/1"}
        assert backend.principals_accessible_objects(groups, "read") == uris
        assert backend.accessible_ids(share_of(groups, ["read", "write"])) == expected
        assert len(backend.object_permission_principals("/b/1", "read")) == len(numbers)


class ShareTests(PermissionTests):
    """The part of a collection that is shared with somebody."""

    def test_a_part_has_the_objects_of_its_collection(self, backend: PermissionBase) -> None:
        """By their ids, whatever collections and ids are named (P7.6)."""

        @self.for_all(st.sets(uris, max_size=8), uris)
        def check(objects: set[str], collection: str) -> None:
            backend.flush()
            for uri in {*objects, "/a/1", "/*/2"}:
                backend.add_principal_to_ace(uri, "read", "bob")
            share = share_of(["bob"], ["read", "write"], f"{collection}/")
            parts = [uri.rpartition("/") for uri in {*objects, "/a/1", "/*/2"}]
            expected = {object_id for parent, _, object_id in parts if parent == collection}
            assert backend.accessible_ids(share) == expected
            assert backend.is_shared(share) == bool(expected)

    def test_a_part_is_opened_by_any_permission_to_any_principal(
        self, backend: PermissionBase
    ) -> None:
        """An object that several open is there once (P7.6)."""
        backend.add_principal_to_ace("/a/1", "read", "one")
        backend.add_principal_to_ace("/a/1", "write", "two")
        backend.add_principal_to_ace("/a/2", "write", "two")
        backend.add_principal_to_ace("/a/3", "create", "one")
        backend.add_principal_to_ace("/a/4", "read", "three")
        share = share_of(["one", "two"], ["read", "write"])
        assert backend.accessible_ids(share) == {"1", "2"}
        assert backend.is_shared(share)

    @pytest.mark.parametrize(
        ("principals", "permissions", "prefix"),
        [((), ["read"], "/a/"), (["bob"], (), "/a/"), (["eve"], ["read"], "/a/"),
         (["bob"], ["write"], "/a/"), (["bob"], ["read"], "/b/"), (["bob"], ["read"], "/a/1/")],
    )  # fmt: skip
    def test_a_part_of_nobody_is_empty(
        self, backend: PermissionBase, principals: list[str], permissions: list[str], prefix: str
    ) -> None:
        """It is never the whole (P7.6)."""
        backend.add_principal_to_ace("/a/1", "read", "bob")
        share = share_of(principals, permissions, prefix)
        assert (backend.accessible_ids(share), backend.is_shared(share)) == (set(), False)

    def test_objects_above_and_below_a_collection_do_not_make_a_part(
        self, backend: PermissionBase
    ) -> None:
        """The id of an object is one segment (P7.6)."""
        for uri in ("/a", "/a/", "/a/1/b/2", "/a/1/", "/ab", "/a0"):
            backend.add_principal_to_ace(uri, "read", "bob")
        share = share_of(["bob"], ["read"])
        assert (backend.accessible_ids(share), backend.is_shared(share)) == (set(), False)
