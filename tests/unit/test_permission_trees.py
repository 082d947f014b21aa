"""What the memory backend of permissions adds: one look for a request, parts, and trees."""

from __future__ import annotations

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from cliquet.permission import Access, PermissionBase, Share
from cliquet.permission.memory import Permission

SEGMENT = st.sampled_from(["a", "1", "10", "0", "*", ".", "%", "'", "\\", "é", "\0", " "])
URI = st.lists(SEGMENT, min_size=1, max_size=4).map(lambda parts: "/" + "/".join(parts))


class Plain(Permission):
    """The backend with what the base class makes of the older methods."""

    access = PermissionBase.access
    is_shared = PermissionBase.is_shared


@pytest.fixture(params=[Permission, Plain])
def backend(request: pytest.FixtureRequest) -> Permission:
    """Return an empty backend."""
    return request.param()


def filled(*uris: str) -> Permission:
    """Return a backend in which bob may read the objects."""
    backend = Permission()
    for uri in uris:
        backend.add_principal_to_ace(uri, "read", "bob")
    return backend


def test_one_look_tells_groups_and_aces(backend: Permission) -> None:  # P7.4
    backend.add_user_principal("bob", "group")
    backend.add_principal_to_ace("/a/1", "read", "bob")
    backend.add_principal_to_ace("/a/1", "write", "eve")
    backend.add_principal_to_ace("/a", "write", "group")
    pairs = {("/a", "write"), ("/a", "read"), ("/a/1", "read")}
    assert backend.access("bob", pairs, "/a/1") == Access(
        {"group"},
        {("/a/1", "read"): {"bob"}, ("/a/1", "write"): {"eve"}, ("/a", "write"): {"group"}},
    )


def test_one_look_tells_nothing_that_was_not_asked(backend: Permission) -> None:  # P7.4
    backend.add_user_principal("bob", "group")
    backend.add_principal_to_ace("/a/1", "read", "bob")
    assert backend.access(None) == Access(set(), {})
    assert backend.access(None, [("/a/1", "write")]) == Access(set(), {})


def test_what_is_told_is_the_callers_own(backend: Permission) -> None:  # contract
    backend.add_user_principal("bob", "group")
    backend.add_principal_to_ace("/a/1", "read", "bob")
    groups, aces = backend.access("bob", [], "/a/1")
    groups.clear()
    aces["/a/1", "read"].clear()
    assert backend.access("bob", [], "/a/1") == Access({"group"}, {("/a/1", "read"): {"bob"}})


@given(st.sets(URI), URI)
@example({"/a/1"}, "/*")
@example({"/a/1", "/*/2"}, "/*")
def test_a_part_has_the_objects_of_its_collection(uris: set[str], collection: str) -> None:
    backend = filled(*uris)
    share = Share(frozenset({"bob"}), frozenset({"read", "write"}), f"{collection}/")
    expected = {uri.rpartition("/")[2] for uri in uris if uri.rpartition("/")[0] == collection}
    assert backend.accessible_ids(share) == expected
    assert backend.is_shared(share) == bool(expected)


@pytest.mark.parametrize("share", [((), ("read",)), (("bob",), ()), (("eve",), ("read",))])
def test_a_part_of_nobody_is_empty(backend: Permission, share: tuple[tuple[str, ...], ...]) -> None:
    backend.add_principal_to_ace("/a/1", "read", "bob")
    part = Share(*map(frozenset, share), "/a/")
    assert (backend.accessible_ids(part), backend.is_shared(part)) == (set(), False)


@given(st.sets(URI), URI)
def test_a_tree_is_deleted_by_whole_segments(uris: set[str], root: str) -> None:  # lessons 21, 30
    backend = filled(*uris)
    backend.delete_object_trees(root)
    kept = {uri for uri in uris if uri != root and not uri.startswith(f"{root}/")}
    assert backend.principals_accessible_objects(["bob"], "read") == kept


def test_several_trees_are_deleted_at_once() -> None:
    backend = filled("/a/1", "/a/1/b/2", "/a/10", "/a/2", "/a/3")
    backend.delete_object_trees("/a/1", "/a/2", "/unknown")
    assert backend.principals_accessible_objects(["bob"], "read") == {"/a/10", "/a/3"}
