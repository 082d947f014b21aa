"""Faults of storages that fail, and of those that claim what they cannot do."""

from __future__ import annotations

from cliquet.testing.storage.failures import CALLS
from tests.backends.broken.base import Broken


class DriverErrorsLeak(Broken):
    """What the driver raises reaches the caller as it is."""

    claims = frozenset({"failures"})
    caught_by = ("test_a_server_that_is_away_is_a_backend_error_in_time",)

    def __init__(self, settings):
        super().__init__(settings)
        if settings.get("is_away"):
            for name in {call.partition(",")[0] for call in CALLS}:
                setattr(self, name, self.fail)

    def fail(self, *args, **kwargs):
        raise ConnectionRefusedError


class ProcessesShareNothing(Broken):
    """Each process has its own data."""

    claims = frozenset({"processes"})
    caught_by = ("test_increments_of_what_was_read_are_never_lost",)


class NothingIsKept(Broken):
    """The data end with the object."""

    claims = frozenset({"persistence"})
    caught_by = ("test_another_storage_of_the_same_settings_reads_the_same",)


class EachWriteIsKept(Broken):
    """A write of a request that fails is kept."""

    claims = frozenset({"transactions"})
    caught_by = (
        "test_a_failure_undoes_all_writes_of_the_request",
        "test_others_see_nothing_before_the_request_is_over",
        "test_requests_after_a_failure_are_served",
    )
