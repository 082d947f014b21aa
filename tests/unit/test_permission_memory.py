"""The permission backend in memory, and the heartbeat of permission backends."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor, wait
from threading import current_thread
from types import SimpleNamespace
from typing import Any

import pytest

from cliquet.permission import PermissionBase, heartbeat
from cliquet.permission.memory import Permission, load_from_config


@pytest.fixture
def backend() -> Permission:
    """Return an empty backend."""
    return Permission()


def request(readonly: bool = False) -> Any:
    """Return a request of an application."""
    return SimpleNamespace(registry=SimpleNamespace(settings={"readonly": readonly}))


def reading_needs_read_or_write(uri: str, permission: str) -> list[tuple[str, str]]:
    """Widen ``read`` as applications do: who may write may read, on the parent too."""
    return [(uri, permission), (uri, "write"), ("/parents/1", "write")]


# Principals of users.


def test_a_user_has_the_principals_it_was_given(backend: Permission) -> None:
    backend.add_user_principal("user", "group:a")
    backend.add_user_principal("user", "group:b")
    backend.add_user_principal("user", "group:b")
    backend.add_user_principal("user2", "group:c")
    assert backend.user_principals("user") == {"group:a", "group:b"}


def test_a_user_without_principals_has_an_empty_set(backend: Permission) -> None:
    assert backend.user_principals("user") == set()


def test_a_principal_taken_from_a_user_stays_with_others(backend: Permission) -> None:
    backend.add_user_principal("user", "group")
    backend.add_user_principal("other", "group")
    backend.remove_user_principal("user", "group")
    assert backend.user_principals("user") == set()
    assert backend.user_principals("other") == {"group"}


def test_taking_a_principal_that_a_user_has_not_does_nothing(backend: Permission) -> None:
    backend.add_user_principal("user", "group")
    backend.remove_user_principal("user", "other")
    backend.remove_user_principal("nobody", "group")
    assert backend.user_principals("user") == {"group"}


def test_a_removed_principal_is_taken_from_every_user_and_from_no_ace(backend: Permission) -> None:
    for user in ("one", "two"):
        backend.add_user_principal(user, "group")
        backend.add_user_principal(user, "group2")
    backend.add_principal_to_ace("/a/1", "read", "group")
    backend.remove_principal("group")
    assert [backend.user_principals(user) for user in ("one", "two")] == [{"group2"}] * 2
    assert backend.object_permission_principals("/a/1", "read") == {"group"}


def test_a_principal_taken_from_a_user_can_still_be_removed_and_given_again(
    backend: Permission,
) -> None:
    backend.add_user_principal("user", "group")
    backend.remove_user_principal("user", "group")
    backend.remove_principal("group")
    backend.add_user_principal("user", "group")
    assert backend.user_principals("user") == {"group"}


# ACEs.


def test_an_ace_holds_the_principals_it_was_given(backend: Permission) -> None:
    backend.add_principal_to_ace("/a/1", "read", "one")
    backend.add_principal_to_ace("/a/1", "read", "two")
    backend.add_principal_to_ace("/a/1", "write", "three")
    assert backend.object_permission_principals("/a/1", "read") == {"one", "two"}


def test_an_ace_never_filled_is_empty(backend: Permission) -> None:
    assert backend.object_permission_principals("/a/1", "read") == set()


def test_a_principal_taken_from_an_ace_is_found_in_no_direction(backend: Permission) -> None:
    backend.add_principal_to_ace("/a/1", "read", "one")
    backend.add_principal_to_ace("/a/1", "read", "two")
    backend.remove_principal_from_ace("/a/1", "read", "one")
    assert backend.object_permission_principals("/a/1", "read") == {"two"}
    assert backend.principals_accessible_objects(["one"], "read") == set()


def test_taking_a_principal_that_an_ace_has_not_does_nothing(backend: Permission) -> None:
    backend.add_principal_to_ace("/a/1", "read", "one")
    backend.remove_principal_from_ace("/a/1", "read", "two")
    backend.remove_principal_from_ace("/a/1", "write", "one")
    backend.remove_principal_from_ace("/a/2", "read", "one")
    assert backend.object_permissions("/a/1") == {"read": {"one"}}


def test_sets_returned_are_the_callers_own(backend: Permission) -> None:
    backend.add_user_principal("user", "group")
    backend.add_principal_to_ace("/a/1", "read", "one")
    backend.user_principals("user").clear()
    backend.object_permission_principals("/a/1", "read").clear()
    backend.object_permission_authorized_principals("/a/1", "read").clear()
    backend.object_permissions("/a/1")["read"].clear()
    backend.principals_accessible_objects(["one"], "read").clear()
    assert backend.user_principals("user") == {"group"}
    assert backend.object_permissions("/a/1") == {"read": {"one"}}
    assert backend.principals_accessible_objects(["one"], "read") == {"/a/1"}


def test_object_permissions_lists_the_permissions_that_somebody_has(backend: Permission) -> None:
    backend.add_principal_to_ace("/a/1", "read", "one")
    backend.add_principal_to_ace("/a/1", "write", "two")
    backend.add_principal_to_ace("/a/10", "read", "three")
    assert backend.object_permissions("/a/1") == {"read": {"one"}, "write": {"two"}}
    assert backend.object_permissions("/a/1", ["read", "create"]) == {"read": {"one"}}
    assert backend.object_permissions("/a/1", []) == {}
    assert backend.object_permissions("/a/2") == {}


def test_replacing_changes_the_permissions_named_and_keeps_the_others(backend: Permission) -> None:
    backend.replace_object_permissions("/a/1", {"read": ["one", "two"], "write": ["one"]})
    backend.replace_object_permissions("/a/1", {"read": ["two", "three"]})
    assert backend.object_permissions("/a/1") == {"read": {"two", "three"}, "write": {"one"}}
    accessible = [
        backend.principals_accessible_objects([principal], "read")
        for principal in ("one", "two", "three")
    ]
    assert accessible == [set(), {"/a/1"}, {"/a/1"}]


def test_replacing_by_an_empty_list_removes_the_permission(backend: Permission) -> None:
    backend.replace_object_permissions("/a/1", {"read": ["one"], "write": ["one"]})
    backend.replace_object_permissions("/a/1", {"read": []})
    assert backend.object_permissions("/a/1") == {"write": {"one"}}


def test_replacing_keeps_nothing_of_the_callers(backend: Permission) -> None:
    principals = {"one"}
    backend.replace_object_permissions("/a/1", {"read": principals})
    principals.add("two")
    assert backend.object_permissions("/a/1") == {"read": {"one"}}


def test_deleted_permissions_are_found_in_no_direction(backend: Permission) -> None:
    for uri in ("/a/1", "/a/2", "/a/3"):
        backend.replace_object_permissions(uri, {"read": ["one", "two"], "write": ["one"]})
    backend.delete_object_permissions("/a/1", "/a/2", "/a/4")
    assert backend.object_permissions("/a/1") == {}
    assert backend.principals_accessible_objects(["one", "two"], "read") == {"/a/3"}
    assert backend.principals_accessible_objects(["one"], "write") == {"/a/3"}


def test_deleting_the_permissions_of_no_object_deletes_nothing(backend: Permission) -> None:
    backend.add_principal_to_ace("/a/1", "read", "one")
    backend.delete_object_permissions()
    assert backend.object_permissions("/a/1") == {"read": {"one"}}


@pytest.mark.parametrize("uri", ["/a/1", "/a/*", "/a", "*", "/a/.*", "/a/%", "/a/_", "/A/10"])
def test_deleting_takes_ids_as_they_stand(backend: Permission, uri: str) -> None:
    # Lessons 21, 23 and 28.
    backend.add_principal_to_ace("/a/10", "read", "one")
    backend.delete_object_permissions(uri)
    assert backend.object_permissions("/a/10") == {"read": {"one"}}


@pytest.mark.parametrize("uri", ["/a/1", "/a/*", "/a", "*", "/a/.*", "/a/%", "' OR 1=1 --"])
def test_permissions_are_checked_on_ids_as_they_stand(backend: Permission, uri: str) -> None:
    # Lessons 21, 23 and 28.
    backend.add_principal_to_ace("/a/10", "read", "one")
    assert not backend.check_permission(uri, "read", ["one"])


class Watched(str):
    """A text that lets other threads try something each time it is looked up."""

    __slots__ = ("attempt",)
    attempt: Callable[[], object]

    def __hash__(self) -> int:
        self.attempt()
        return super().__hash__()


def test_no_other_thread_comes_between_the_two_directions(backend: Permission) -> None:
    principal, here = Watched("one"), current_thread()

    def delete() -> None:
        if current_thread() is here:
            wait([pool.submit(backend.delete_object_permissions, "/a/1")], timeout=0.05)

    principal.attempt = delete
    with ThreadPoolExecutor() as pool:
        backend.add_principal_to_ace("/a/1", "read", principal)
    assert backend.object_permissions("/a/1") == {}
    assert backend.principals_accessible_objects(["one"], "read") == set()


def test_flush_forgets_everything(backend: Permission) -> None:
    backend.initialize_schema()
    backend.add_user_principal("user", "group")
    backend.add_principal_to_ace("/a/1", "read", "one")
    backend.flush()
    backend.remove_principal("group")
    assert backend.user_principals("user") == set()
    assert backend.object_permissions("/a/1") == {}
    assert backend.principals_accessible_objects(["one"], "read") == set()


# Checks.


def test_one_principal_of_the_ace_is_enough(backend: Permission) -> None:
    backend.add_principal_to_ace("/a/1", "read", "one")
    assert backend.check_permission("/a/1", "read", ["system.Everyone", "one"]) is True
    assert backend.check_permission("/a/1", "read", {"two"}) is False
    assert backend.check_permission("/a/1", "read", []) is False
    assert backend.check_permission("/a/1", "write", ["one"]) is False


def test_bound_permissions_widen_a_check(backend: Permission) -> None:
    # Protocol P7.8.
    backend.add_principal_to_ace("/a/1", "write", "one")
    backend.add_principal_to_ace("/parents/1", "write", "two")
    backend.add_principal_to_ace("/parents/2", "write", "three")
    allowed = [
        backend.check_permission("/a/1", "read", [principal], reading_needs_read_or_write)
        for principal in ("one", "two", "three")
    ]
    assert allowed == [True, True, False]


def test_an_empty_collection_of_bound_permissions_refuses(backend: Permission) -> None:
    backend.add_principal_to_ace("/a/1", "read", "one")
    assert not backend.check_permission("/a/1", "read", ["one"], lambda uri, permission: [])
    accessible = backend.principals_accessible_objects(
        ["one"], "read", "/a/*", lambda uri, permission: ()
    )
    assert accessible == set()


def test_authorized_principals_are_those_of_every_bound_permission(backend: Permission) -> None:
    backend.add_principal_to_ace("/a/1", "read", "one")
    backend.add_principal_to_ace("/a/1", "write", "two")
    backend.add_principal_to_ace("/parents/1", "write", "three")
    backend.add_principal_to_ace("/a/10", "read", "four")
    arguments = "/a/1", "read", reading_needs_read_or_write
    assert backend.object_permission_authorized_principals("/a/1", "read") == {"one"}
    everybody = {"one", "two", "three"}
    assert backend.object_permission_authorized_principals(*arguments) == everybody
    assert PermissionBase.object_permission_authorized_principals(backend, *arguments) == everybody


def test_a_function_that_asks_the_backend_itself_is_not_locked_out(backend: Permission) -> None:
    backend.add_principal_to_ace("/a/1", "read", "one")

    def ask(uri: str, permission: str) -> list[tuple[str, str]]:
        return [(uri, name) for name in backend.object_permissions("/a/1")]

    with ThreadPoolExecutor(1) as pool:
        check = pool.submit(backend.check_permission, "/a/1", "write", ["one"], ask)
        assert check.result(timeout=10)
        listed = pool.submit(backend.principals_accessible_objects, ["one"], "write", "/a/*", ask)
        assert listed.result(timeout=10) == {"/a/1"}


# Settings and heartbeat. (protocol P3.2)


class ReadOnly(Permission):
    """A backend on a server that takes no writes."""

    def add_user_principal(self, user_id: str, principal: str) -> None:
        """Refuse."""
        raise OSError("read-only")

    def remove_user_principal(self, user_id: str, principal: str) -> None:
        """Refuse."""
        raise OSError("read-only")


class Unreadable(Permission):
    """A backend on a server that does not answer."""

    def user_principals(self, user_id: str) -> set[str]:
        """Fail."""
        raise OSError("gone")


def test_backends_loaded_from_settings_share_nothing() -> None:
    config = SimpleNamespace(get_settings=dict)
    one, two = load_from_config(config), load_from_config(config)
    one.add_user_principal("user", "group")
    assert two.user_principals("user") == set()


def test_the_heartbeat_leaves_nothing_behind(backend: Permission) -> None:
    assert heartbeat(backend)(request()) is True
    assert backend.user_principals("__heartbeat__") == set()


def test_the_heartbeat_writes() -> None:
    with pytest.raises(OSError, match="read-only"):
        heartbeat(ReadOnly())(request())


def test_the_heartbeat_only_reads_in_read_only_mode() -> None:
    assert heartbeat(ReadOnly())(request(readonly=True)) is True
    with pytest.raises(OSError, match="gone"):
        heartbeat(Unreadable())(request(readonly=True))
