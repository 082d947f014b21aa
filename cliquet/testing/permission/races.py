"""Races: writers at one moment, of which each is one step, and readers beside them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from threading import Barrier, Event
from typing import Any, ClassVar

from cliquet.permission import PermissionBase
from cliquet.testing.kit import needs
from cliquet.testing.permission.base import PermissionTests
from cliquet.testing.permission.capabilities import ATOMIC

#: Seconds that a worker has to begin.
TIMEOUT_SECONDS = 60


def at_once(*tasks: Callable[[], Any]) -> list[Any]:
    """Do all tasks, each in a thread of its own from one moment on; return their results."""
    start = Barrier(len(tasks))

    def begin(task: Callable[[], Any]) -> Any:
        start.wait(TIMEOUT_SECONDS)
        return task()

    with ThreadPoolExecutor(len(tasks)) as pool:
        return list(pool.map(begin, tasks))


def by_name(aces: dict[tuple[str, str], set[str]]) -> dict[str, set[str]]:
    """Return the entries of one object by their permissions."""
    return {name: principals for (_, name), principals in aces.items()}


class RaceTests(PermissionTests):
    """
    Writes that happen whole, and one after the other.

    Attributes:
        threads: How many writers race.
        rounds: How often each of them writes.
    """

    threads: ClassVar[int] = 4
    rounds: ClassVar[int] = 20

    @property
    def uris(self) -> list[str]:
        """Objects that each writer writes, one after the other."""
        return [f"/a/{number}" for number in range(self.rounds)]

    def race(self, write: Callable[[str, int], object]) -> None:
        """Let all threads write each of the objects at once; *write* is told the object and who."""
        for uri in self.uris:
            at_once(*(partial(write, uri, number) for number in range(self.threads)))

    def assert_told_alike(self, backend: PermissionBase, principals: Sequence[str]) -> None:
        """Assert that objects and principals tell the same."""
        by_object = {
            (uri, name, principal)
            for uri in self.uris
            for name, found in backend.object_permissions(uri).items()
            for principal in found
        }
        by_principal = {
            (uri, name, principal)
            for name in ("read", "write")
            for principal in principals
            for uri in backend.principals_accessible_objects([principal], name)
        }
        assert by_object == by_principal

    @needs(ATOMIC)
    def test_racing_replacements_leave_one_of_them(self, backend: PermissionBase) -> None:
        """Never a mixture of two, in either direction (P7.3)."""
        names = [f"user:{number}" for number in range(self.threads)]

        def replace(uri: str, number: int) -> None:
            whole = [names[number], f"{names[number]}'s"]
            order = ("read", "write") if number % 2 else ("write", "read")
            backend.replace_object_permissions(uri, dict.fromkeys(order, whole))

        self.race(replace)
        for uri in self.uris:
            found = backend.object_permissions(uri)
            assert found["read"] == found["write"]
            assert found["read"] in [{name, f"{name}'s"} for name in names]
        self.assert_told_alike(backend, [*names, *(f"{name}'s" for name in names)])

    @needs(ATOMIC)
    def test_a_reader_sees_each_replacement_whole(self, backend: PermissionBase) -> None:
        """What was there, or what is there now; there is no moment between (P7.3, P7.4)."""
        wholes = [{"read": {name}, "write": {name}} for name in ("one", "two")]
        backend.replace_object_permissions("/a/1", wholes[0])
        is_over = Event()

        def replace() -> list[Any]:
            try:
                for number in range(self.rounds * self.threads):
                    backend.replace_object_permissions("/a/1", wholes[number % 2])
            finally:
                is_over.set()
            return []

        def read() -> list[Any]:
            seen = [backend.object_permissions("/a/1")]
            while not is_over.is_set():
                seen.append(backend.object_permissions("/a/1"))
                seen.append(by_name(backend.access(None, [], "/a/1").aces))
            return [one for one in seen if one not in wholes]

        assert at_once(replace, read, read) == [[], [], []]

    @needs(ATOMIC)
    def test_principals_given_at_once_are_all_there(self, backend: PermissionBase) -> None:
        """To one user, and in one ACE: nobody writes what was read before (P7.3, P7.7)."""

        def give(uri: str, number: int) -> None:
            backend.add_user_principal("user", f"{uri}:{number}")
            backend.add_principal_to_ace("/b/1", "read", f"{uri}:{number}")

        self.race(give)
        everything = {f"{uri}:{number}" for uri in self.uris for number in range(self.threads)}
        assert backend.user_principals("user") == everything
        assert backend.object_permission_principals("/b/1", "read") == everything

    @needs(ATOMIC)
    def test_principals_taken_while_others_are_given_are_gone(
        self, backend: PermissionBase
    ) -> None:
        """And none of the others is lost (P7.3, P7.7)."""
        for uri in self.uris:
            backend.add_user_principal("user", f"old:{uri}")
            backend.add_principal_to_ace("/b/1", "read", f"old:{uri}")

        def change(uri: str, number: int) -> None:
            if number % 2:
                backend.add_user_principal("user", f"new:{uri}")
                backend.add_principal_to_ace("/b/1", "read", f"new:{uri}")
            elif number:
                backend.remove_principal(f"old:{uri}")
                backend.remove_principal_from_ace("/b/1", "read", f"old:{uri}")
            else:
                backend.remove_user_principal("user", f"old:{uri}")
                backend.remove_principal_from_ace("/b/1", "read", f"old:{uri}")

        self.race(change)
        new = {f"new:{uri}" for uri in self.uris}
        assert backend.user_principals("user") == new
        assert backend.object_permission_principals("/b/1", "read") == new

    @needs(ATOMIC)
    def test_racing_writes_of_one_ace_are_told_alike_in_both_directions(
        self, backend: PermissionBase
    ) -> None:
        """By the object and by the principal, whichever came last (P7.3, P7.6)."""
        writes: list[Callable[[str], None]] = [
            lambda uri: backend.add_principal_to_ace(uri, "read", "one"),
            lambda uri: backend.remove_principal_from_ace(uri, "read", "one"),
            lambda uri: backend.replace_object_permissions(uri, {"read": ["one", "two"]}),
            backend.delete_object_permissions,
        ]
        self.race(lambda uri, number: writes[number % len(writes)](uri))
        self.assert_told_alike(backend, ["one", "two"])

    @needs(ATOMIC)
    def test_a_deletion_and_a_replacement_leave_all_or_nothing(
        self, backend: PermissionBase
    ) -> None:
        """Whichever came last (P7.3)."""
        whole = {"read": {"one", "two"}, "write": {"one", "two"}}

        def write(uri: str, number: int) -> None:
            if number % 2:
                backend.replace_object_permissions(uri, whole)
            else:
                backend.delete_object_trees(uri)

        self.race(write)
        for uri in self.uris:
            assert backend.object_permissions(uri) in ({}, whole)
        self.assert_told_alike(backend, ["one", "two"])

    @needs(ATOMIC)
    def test_writers_of_the_same_objects_never_wait_for_each_other(
        self, backend: PermissionBase
    ) -> None:
        """In whatever order objects, permissions and principals are named (P7.3)."""
        names = ["one", "two", "three"]

        def write(uri: str, number: int) -> None:
            step = 1 if number % 2 else -1
            backend.replace_object_permissions(uri, dict.fromkeys(names[::step], names[::step]))
            backend.delete_object_permissions(*self.uris[::step])
            backend.delete_object_trees(*self.uris[::step])

        self.race(write)
        assert backend.principals_accessible_objects(names, "one") == set()
