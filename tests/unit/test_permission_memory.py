"""The permission backend in memory, and the heartbeat of permission backends."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor, wait
from threading import current_thread
from types import SimpleNamespace
from typing import Any

import pytest

from cliquet.permission import heartbeat
from cliquet.permission.memory import Permission, load_from_config


@pytest.fixture
def backend() -> Permission:
    """Return an empty backend."""
    return Permission()


def request(readonly: bool = False) -> Any:
    """Return a request of an application."""
    return SimpleNamespace(registry=SimpleNamespace(settings={"readonly": readonly}))


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
