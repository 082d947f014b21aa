"""Faults of caches that share a server, of requests, races and failures."""

from __future__ import annotations

import fnmatch
import time

from pyramid.threadlocal import get_current_request

from cliquet.cache import memory
from cliquet.jsonlib import copied
from cliquet.testing.cache.failures import CALLS
from tests.backends.brokencaches.base import Broken


class SharesNothing(Broken):
    """Each cache holds what it was told itself."""

    caught_by = ("test_another_cache_of_the_same_settings_has_the_same",)

    def __init__(self, settings):
        super().__init__(settings)
        own = memory.Cache()
        self._entries, self._deadlines = own._entries, own._deadlines


class FlushesEverybody(Broken):
    """A flush deletes what the server has."""

    caught_by = (
        "test_caches_of_two_prefixes_share_nothing",
        "test_where_a_prefix_ends_is_not_guessed",
    )

    def is_mine(self, name):
        return True


class PrefixesArePatterns(Broken):
    """A flush deletes what its prefix matches."""

    caught_by = ("test_caches_of_two_prefixes_share_nothing",)

    def head(self, prefix):
        return f"{prefix}:"

    def is_mine(self, name):
        return fnmatch.fnmatchcase(name, f"{self.prefix[:-1]}*:*") or super().is_mine(name)


class PrefixesAreGlued(Broken):
    """A key with its prefix is another prefix with another key."""

    caught_by = ("test_where_a_prefix_ends_is_not_guessed",)

    def head(self, prefix):
        return prefix and f"{prefix}:"


# Requests, races, failures.


class TakesPartInRequests(Broken):
    """What was set within a request is gone with it."""

    caught_by = ("test_what_was_set_stays_when_the_request_is_rolled_back",)

    def set(self, key, value, ttl=None):
        if get_current_request() is None:
            super().set(key, value, ttl)


class WaitsForTheRequest(Broken):
    """Until a lock that the request holds is given up for lost."""

    caught_by = ("test_a_request_that_has_written_does_not_wait_for_itself",)

    def delete(self, key):
        if get_current_request() is not None:
            time.sleep(2.1)
        super().delete(key)


class WritesAreTorn(Broken):
    """A value is written in two parts."""

    caught_by = ("test_of_racing_sets_one_whole_value_is_left",)

    def set(self, key, value, ttl=None):
        if isinstance(value, dict) and "same" in value:
            half = {**copied(value), "same": value["same"][:250]}
            super().set(key, half, ttl)
            time.sleep(0.0002)
        super().set(key, value, ttl)


class InsertsTwice(Broken):
    """Looks for a key, then makes it, and fails when another has made it meanwhile."""

    caught_by = ("test_whatever_others_do_no_operation_fails",)

    def set(self, key, value, ttl=None):
        was_there = self.prefix + key in self._entries
        time.sleep(0.0002)
        if self.prefix + key in self._entries and not was_there:
            raise ValueError("duplicate key")
        super().set(key, value, ttl)


class DriverErrorsLeak(Broken):
    """What the driver raises reaches the caller as it is."""

    claims = frozenset({"shared", "failures"})
    caught_by = ("test_a_server_that_is_away_is_a_backend_error_in_time",)

    def __init__(self, settings):
        super().__init__(settings)
        if settings.get("is_away"):
            for name in {call.partition(",")[0] for call in CALLS}:
                setattr(self, name, self.fail)

    def fail(self, *args, **kwargs):
        raise ConnectionRefusedError
