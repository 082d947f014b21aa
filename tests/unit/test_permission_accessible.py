"""Accessible objects, on the permission backend in memory, and the meaning of patterns."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cliquet.permission import uri_matcher
from cliquet.permission.memory import Permission
from tests.unit.test_permission_memory import reading_needs_read_or_write

ACE = tuple[str, str, str]


@pytest.fixture
def backend() -> Permission:
    """Return an empty backend."""
    return Permission()


def test_accessible_objects_are_those_of_any_of_the_principals(backend: Permission) -> None:
    backend.add_principal_to_ace("/a/1", "read", "one")
    backend.add_principal_to_ace("/a/2", "read", "two")
    backend.add_principal_to_ace("/a/3", "read", "three")
    backend.add_principal_to_ace("/a/4", "write", "one")
    accessible = backend.principals_accessible_objects(iter(["one", "two"]), "read")
    assert accessible == {"/a/1", "/a/2"}


def test_no_principals_and_unknown_ones_access_nothing(backend: Permission) -> None:
    backend.add_principal_to_ace("/a/1", "read", "one")
    assert backend.principals_accessible_objects([], "read") == set()
    assert backend.principals_accessible_objects(["two"], "read") == set()


def test_a_pattern_restricts_accessible_objects_to_one_collection(backend: Permission) -> None:
    for uri in ("/a/1", "/ab/1", "/a/1/b/1", "/a", "/a/", "/x/a/1"):
        backend.add_principal_to_ace(uri, "read", "one")
    assert backend.principals_accessible_objects(["one"], "read", "/a/*") == {"/a/1"}


def test_bound_permissions_of_the_pattern_widen_and_others_are_ignored(
    backend: Permission,
) -> None:
    # Protocol P7.8.
    backend.add_principal_to_ace("/a/1", "write", "one")
    backend.add_principal_to_ace("/a/2", "read", "one")
    backend.add_principal_to_ace("/parents/1", "write", "one")
    accessible = backend.principals_accessible_objects(
        ["one"], "read", "/a/*", reading_needs_read_or_write
    )
    assert accessible == {"/a/1", "/a/2"}


def test_a_permission_on_the_parent_alone_opens_no_object_of_the_list(backend: Permission) -> None:
    # Protocol P7.8.
    backend.add_principal_to_ace("/a/1", "write", "one")
    accessible = backend.principals_accessible_objects(
        ["one"], "read", "/a/*", lambda uri, permission: [("/parents/1", "write")]
    )
    assert accessible == set()


def test_bound_permissions_are_asked_for_once_with_the_pattern(backend: Permission) -> None:
    # Protocol P7.8.
    asked = []

    def note(uri: str, permission: str) -> list[tuple[str, str]]:
        asked.append((uri, permission))
        return [(uri, "write")]

    for uri in ("/a/1", "/a/2"):
        backend.add_principal_to_ace(uri, "write", "one")
    assert len(backend.principals_accessible_objects(["one"], "read", "/a/*", note)) == 2
    assert len(backend.principals_accessible_objects(["one"], "read", None, note)) == 2
    assert asked == [("/a/*", "read"), ("*", "read")]


def duration_seconds(call: Callable[[], object]) -> float:
    """Return the shortest of some durations of a call."""
    durations = []
    for _ in range(20):
        start = time.perf_counter()
        call()
        durations.append(time.perf_counter() - start)
    return min(durations)


def test_the_aces_of_others_do_not_slow_down_a_list(backend: Permission) -> None:
    # Lesson 36.
    def list_mine() -> set[str]:
        return backend.principals_accessible_objects(["me"], "read", "/a/*")

    for number in range(20):
        backend.add_principal_to_ace(f"/a/{number}", "read", "me")
    alone = duration_seconds(list_mine)
    for number in range(20_000):
        backend.add_principal_to_ace(f"/a/{number}", "read", "other")
    # One look at each ACE would make it more than a hundred times slower.
    assert duration_seconds(list_mine) < 20 * alone


# Patterns.


@pytest.mark.parametrize(
    ("pattern", "uri", "is_match"),
    [
        (None, "/a/1", True),
        ("*", "/a/1/b/2", True),
        ("/a/*", "/a/1", True),
        ("/a/*", "/a/*", True),
        ("/a/*", "/a/", False),
        ("/a/*", "/a", False),
        ("/a/*", "/a/1/", False),
        ("/a/*", "/a/1/b", False),
        ("/a/*", "/ab/1", False),
        ("/a/*", "/A/1", False),
        ("/a/*/b/2", "/a/1/b/2", True),
        ("/a/*/b/2", "/a/1/c/b/2", False),
        ("/a/1*", "/a/10", False),
        ("/a/1", "/a/1", True),
        ("/a/1", "/a/10", False),
        ("/a.c/*", "/abc/1", False),
        ("/a+(x|y)[z]/*", "/a+(x|y)[z]/1", True),
        ("/a%/*", "/ab/1", False),
        ("/a_/*", "/ab/1", False),
        ("/a/*", "/a/1\n", True),
        ("/a/*", "\n/a/1", False),
    ],
)
def test_a_star_stands_for_one_segment_and_the_rest_for_itself(
    pattern: str | None, uri: str, is_match: bool
) -> None:
    # Lessons 21 and 28.
    assert uri_matcher(pattern)(uri) is is_match


# Both directions of the relations, whatever was done.

URIS = st.sampled_from(["/a/1", "/a/10", "/b/1"])
NAMES = st.sampled_from(["read", "write"])
PRINCIPALS = st.sampled_from(["one", "two"])
OPERATIONS = st.one_of(
    st.tuples(st.just("add_principal_to_ace"), URIS, NAMES, PRINCIPALS),
    st.tuples(st.just("remove_principal_from_ace"), URIS, NAMES, PRINCIPALS),
    st.tuples(
        st.just("replace_object_permissions"),
        URIS,
        st.dictionaries(NAMES, st.lists(PRINCIPALS, max_size=2)),
    ),
    st.tuples(st.just("delete_object_permissions"), URIS, URIS),
)


def apply(aces: set[ACE], operation: str, *arguments: Any) -> set[ACE]:
    """Return what the plainest of backends holds after an operation."""
    if operation == "add_principal_to_ace":
        return aces | {arguments}
    if operation == "remove_principal_from_ace":
        return aces - {arguments}
    if operation == "delete_object_permissions":
        return {ace for ace in aces if ace[0] not in arguments}
    uri, permissions = arguments
    kept = {ace for ace in aces if ace[0] != uri or ace[1] not in permissions}
    return kept | {(uri, name, one) for name, them in permissions.items() for one in them}


@given(st.lists(OPERATIONS, max_size=20))
def test_objects_and_principals_tell_the_same_after_any_operations(
    operations: list[tuple[Any, ...]],
) -> None:
    backend, aces = Permission(), set[ACE]()
    for name, *arguments in operations:
        getattr(backend, name)(*arguments)
        aces = apply(aces, name, *arguments)
    by_object = {
        (uri, name, one)
        for uri in ("/a/1", "/a/10", "/b/1")
        for name, principals in backend.object_permissions(uri).items()
        for one in principals
    }
    by_principal = {
        (uri, name, one)
        for name in ("read", "write")
        for one in ("one", "two")
        for uri in backend.principals_accessible_objects([one], name)
    }
    assert by_object == by_principal == aces
