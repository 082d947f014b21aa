"""Faults of values and keys."""

from __future__ import annotations

from cliquet.jsonlib import copied
from tests.backends.brokencaches.base import Broken


class Forgets(Broken):
    """What is set is stored nowhere."""

    caught_by = (
        "test_a_value_comes_back_as_it_was",
        "test_values_of_any_content_come_back",
        "test_a_value_of_many_kilobytes_comes_back",
        "test_setting_again_replaces_the_value",
        "test_initializing_again_does_no_harm",
        "test_a_key_that_expired_can_be_set_again",
        "test_sequences_of_operations_leave_what_the_model_says",
        "test_the_heartbeat_of_a_sound_cache_is_true",
        "test_of_racing_sets_one_whole_value_is_left",
    )

    def set(self, key, value, ttl=None):
        pass


class NumbersAreDoubles(Broken):
    """Integers lose their last digits, and booleans are numbers."""

    caught_by = ("test_a_value_comes_back_as_it_was",)

    def get(self, key):
        value = super().get(key)
        return int(float(value)) if isinstance(value, int) else value


class TextIsASCII(Broken):
    """Text loses what is not ASCII."""

    caught_by = ("test_a_value_comes_back_as_it_was",)

    def set(self, key, value, ttl=None):
        if isinstance(value, str):
            value = value.encode("ascii", "ignore").decode()
        super().set(key, value, ttl)


class LargeValuesAreDropped(Broken):
    """Beyond a limit of the server, in silence."""

    caught_by = ("test_a_value_of_many_kilobytes_comes_back",)

    def set(self, key, value, ttl=None):
        if len(repr(value)) < 100_000:
            super().set(key, value, ttl)


class NullIsNotSet(Broken):
    """A null leaves what was there."""

    caught_by = ("test_null_is_read_as_an_absent_key_is",)

    def set(self, key, value, ttl=None):
        if value is not None:
            super().set(key, value, ttl)


class FirstWins(Broken):
    """A key that is there is not set again."""

    caught_by = ("test_setting_again_replaces_the_value",)

    def set(self, key, value, ttl=None):
        if super().get(key) is None:
            super().set(key, value, ttl)


class ReadingMakesKeys(Broken):
    """Who asks for an absent key makes it."""

    caught_by = ("test_an_absent_key_is_none",)

    def get(self, key):
        value = super().get(key)
        if value is None:
            self.set(key, {})
        return value


class HandsOutItsOwn(Broken):
    """A caller that changes a value changes the cache."""

    caught_by = ("test_values_are_the_callers_own",)

    def get(self, key):
        entry = self._live(self.prefix + key, self._clock())
        return None if entry is None else entry.value


class KeepsObjects(Broken):
    """A value is kept as it is, whether or not JSON can say it."""

    caught_by = (
        "test_what_only_python_has_comes_back_as_json_has_it",
        "test_what_json_cannot_say_is_refused_and_changes_nothing",
    )

    def set(self, key, value, ttl=None):
        super().set(key, 0, ttl)
        name = self.prefix + key
        if name in self._entries:
            self._entries[name] = self._entries[name]._replace(value=copied(value))


class DeletesAlike(Broken):
    """Keys that begin alike are deleted too."""

    caught_by = ("test_a_deleted_key_is_gone_and_no_other",)

    def delete(self, key):
        for name in list(self._entries):
            if name.startswith(self.prefix + key):
                self._remove(name)


class FlushDoesNothing(Broken):
    """Everything stays."""

    caught_by = ("test_flush_deletes_every_key",)

    def flush(self):
        pass


class InitializingEmpties(Broken):
    """A migration begins anew."""

    caught_by = ("test_initializing_again_does_no_harm",)

    def initialize_schema(self):
        self.flush()


class KeysAreCut(Broken):
    """Keys beyond the limit of a server are those that begin alike."""

    caught_by = ("test_any_text_is_a_key_of_its_own",)

    def __init__(self, settings):
        super().__init__(settings)
        for method in ("get", "set", "ttl", "expire", "delete"):
            setattr(self, method, self.cut(getattr(super(), method)))

    def cut(self, method):
        return lambda key, *rest: method(key[:250], *rest)
