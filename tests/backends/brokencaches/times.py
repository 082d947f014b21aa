"""Faults of times to live."""

from __future__ import annotations

import math

from cliquet.exceptions import BackendError
from tests.backends.brokencaches.base import Broken


class TtlIsInSeconds(Broken):
    """Fractions are cut off."""

    caught_by = (
        "test_ttl_is_what_is_left_in_seconds_with_their_fraction",
        "test_a_value_is_served_until_its_time_is_over",
    )

    def _put(self, name, value, ttl, now):
        super()._put(name, value, ttl if ttl == math.inf else math.floor(ttl), now)


class TtlIsTheSecondsPart(Broken):
    """Of an interval of an hour, the seconds are 0."""

    caught_by = (
        "test_ttl_is_what_is_left_in_seconds_with_their_fraction",
        "test_expire_gives_a_key_another_time_to_live",
        "test_another_cache_of_the_same_settings_has_the_same",
    )

    def ttl(self, key):
        seconds = super().ttl(key)
        return seconds if seconds < 0 else seconds % 60 - 10


class MonthsAreDates(Broken):
    """Beyond 30 days a time to live is a date, which is over."""

    caught_by = ("test_ttl_is_what_is_left_in_seconds_with_their_fraction",)

    def set(self, key, value, ttl=None):
        super().set(key, value, 0 if ttl is not None and ttl > 30 * 86400 else ttl)


class LongTimesOverflow(Broken):
    """Beyond what the server counts, a time to live is a failure."""

    caught_by = ("test_a_time_beyond_all_others_is_the_longest",)

    def set(self, key, value, ttl=None):
        if ttl is not None and ttl > 2**53:
            raise BackendError(ValueError("out of range"))
        super().set(key, value, ttl)


class TrueIsASecond(Broken):
    """A boolean is a number."""

    caught_by = ("test_what_is_no_number_of_seconds_is_refused_and_changes_nothing",)

    def expire(self, key, ttl):
        super().expire(key, int(ttl) if isinstance(ttl, bool) else ttl)


class ForEverIsZero(Broken):
    """A key without time to live has one of 0."""

    caught_by = ("test_ttl_is_minus_one_for_keys_that_never_expire_or_are_not_there",)

    def ttl(self, key):
        return 0 if super().ttl(key) == -1 and super().get(key) is not None else super().ttl(key)


class TtlIsIgnored(Broken):
    """Everything is there for ever."""

    caught_by = (
        "test_a_value_is_served_until_its_time_is_over",
        "test_the_heartbeat_of_a_sound_cache_is_true",
    )

    def set(self, key, value, ttl=None):
        super().set(key, value, None if ttl and ttl > 0 else ttl)


class ReadingProlongs(Broken):
    """The time of a value begins anew whenever it is read."""

    caught_by = ("test_a_value_is_served_until_its_time_is_over",)

    def get(self, key):
        value = super().get(key)
        if value is not None and 0 < self.ttl(key) < 1:
            self.expire(key, self.ttl(key) + 0.1)
        return value


class ExpireAddsUp(Broken):
    """A new time to live begins at the end of the old one."""

    caught_by = ("test_expire_gives_a_key_another_time_to_live",)

    def expire(self, key, ttl):
        super().expire(key, ttl + max(0, self.ttl(key)) if ttl > 0 else ttl)


class ExpireMakesKeys(Broken):
    """A key that is not there is made."""

    caught_by = ("test_expire_makes_no_key",)

    def expire(self, key, ttl):
        self.set(key, self.get(key), ttl)
        if self.get(key) is None:
            self.set(key, {}, ttl)


class NoTimeIsForEver(Broken):
    """Times of 0 and less mean none."""

    caught_by = (
        "test_expire_at_once_deletes",
        "test_a_value_without_time_to_live_is_not_kept_nor_what_was_there",
    )

    def _put(self, name, value, ttl, now):
        super()._put(name, value, ttl if ttl > 0 else math.inf, now)


class OldTimesStay(Broken):
    """A value that is set without time to live has that of the one before."""

    caught_by = ("test_setting_again_forgets_the_time_to_live_of_before",)

    def set(self, key, value, ttl=None):
        left = self.ttl(key)
        super().set(key, value, left if ttl is None and left > 0 else ttl)


class ExpiredForGood(Broken):
    """A key that expired is never set again."""

    caught_by = ("test_a_key_that_expired_can_be_set_again",)

    def _live(self, name, now):
        entry = self._entries.get(name)
        return entry if entry is not None and entry.deadline > now else None

    def set(self, key, value, ttl=None):
        name = self.prefix + key
        if name not in self._entries or self._live(name, self._clock()):
            super().set(key, value, ttl)

    def _purge(self, now):
        pass
