"""Faults of writers that race, of servers that are away, and of claims that are not kept."""

from __future__ import annotations

from threading import Lock

from cliquet.storage.exceptions import BackendError
from cliquet.testing.permission.failures import CALLS
from tests.backends.brokenpermission.base import Broken, elsewhere


class ReplacesInSteps(Broken):
    """Permissions are replaced one after the other."""

    caught_by = (
        "test_racing_replacements_leave_one_of_them",
        "test_a_deletion_and_a_replacement_leave_all_or_nothing",
    )

    def replace_object_permissions(self, object_id, permissions):
        for name, principals in permissions.items():
            super().replace_object_permissions(object_id, {name: principals})
            elsewhere()


class ReplacesInSight(Broken):
    """A replacement is one step against other writers, but readers see what it does."""

    caught_by = ("test_a_reader_sees_each_replacement_whole",)

    def __init__(self, settings):
        super().__init__(settings)
        self._writing = Lock()

    def replace_object_permissions(self, object_id, permissions):
        with self._writing:
            super().replace_object_permissions(object_id, dict.fromkeys(permissions, ()))
            elsewhere()
            super().replace_object_permissions(object_id, permissions)


class WritesWhatItRead(Broken):
    """The principals of a user are read, and written back."""

    caught_by = (
        "test_principals_given_at_once_are_all_there",
        "test_principals_taken_while_others_are_given_are_gone",
    )

    def add_user_principal(self, user_id, principal):
        seen = self.user_principals(user_id)
        elsewhere()
        for one in self.user_principals(user_id) - seen:
            super().remove_user_principal(user_id, one)
        for one in {*seen, principal}:
            super().add_user_principal(user_id, one)


class TwoDirectionsInTwoSteps(Broken):
    """Objects are told of an entry first, and principals later."""

    caught_by = ("test_racing_writes_of_one_ace_are_told_alike_in_both_directions",)

    def _add(self, object_id, permission, principal):
        self._aces.setdefault(object_id, {}).setdefault(permission, set()).add(principal)

    def add_principal_to_ace(self, object_id, permission, principal):
        super().add_principal_to_ace(object_id, permission, principal)
        elsewhere()
        with self._lock:
            super()._add(object_id, permission, principal)
            elsewhere()
            self._aces.get(object_id, {}).get(permission, set()).discard(principal)


class WaitsForEachOther(Broken):
    """Objects are locked in the order in which they are named."""

    caught_by = ("test_writers_of_the_same_objects_never_wait_for_each_other",)

    def __init__(self, settings):
        super().__init__(settings)
        self._locks = {}

    def delete_object_permissions(self, *object_ids):
        locks = [self._locks.setdefault(one, Lock()) for one in object_ids]
        held = []
        try:
            for lock in locks:
                if not lock.acquire(timeout=0.02):
                    raise BackendError(TimeoutError("deadlock detected"))
                held.append(lock)
                elsewhere()
            super().delete_object_permissions(*object_ids)
        finally:
            for lock in held:
                lock.release()


class DriverErrorsLeak(Broken):
    """What the driver raises reaches the caller as it is."""

    claims = frozenset({"failures"})
    caught_by = ("test_a_server_that_is_away_is_a_backend_error_in_time",)

    def __init__(self, settings):
        super().__init__(settings)
        if settings.get("is_away"):
            for name in CALLS:
                setattr(self, name, self.fail)

    def fail(self, *args, **kwargs):
        raise ConnectionRefusedError


class NothingIsKept(Broken):
    """The data end with the object."""

    claims = frozenset({"persistence"})
    caught_by = ("test_another_backend_of_the_same_settings_reads_the_same",)
