"""Random sequences of operations, compared with a plain model step by step."""

from __future__ import annotations

import math
import time
from typing import Any

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule, run_state_machine_as_test

from cliquet.testing.cache.base import CacheTests, shown
from cliquet.testing.cache.times import until_gone
from cliquet.testing.kit import sequences

_keys = st.sampled_from(["a", "b", "a b", "k" * 300])
_values = st.sampled_from([None, 0, 1.0, True, "", "é\0", 2**70, {"x": [1]}])
_times = st.sampled_from([None, None, 100, 10_000.5, 0, -1])


class CacheMachine(RuleBasedStateMachine):
    """A cache, and for each key the value and the deadline that it should have."""

    def __init__(self, cache: Any) -> None:
        super().__init__()
        self._cache = cache
        self._cache.flush()
        self._model: dict[str, tuple[Any, float]] = {}
        self._touched = "a"

    @rule(key=_keys, value=_values, ttl=_times)
    def set(self, key: str, value: Any, ttl: float | None) -> None:
        """Set a key, for a time or for ever."""
        self._touched = key
        self._cache.set(key, value, ttl)
        self._keep(key, value, ttl)

    @rule(key=_keys, value=_values)
    def set_for_a_moment(self, key: str, value: Any) -> None:
        """Set a key, and wait until it has expired."""
        self._touched = key
        self._cache.set(key, value, 0.002)
        until_gone(self._cache, key)
        self._model.pop(key, None)

    @rule(key=_keys, ttl=_times.filter(lambda ttl: ttl is not None))
    def expire(self, key: str, ttl: float) -> None:
        """Give a key another time to live."""
        self._touched = key
        self._cache.expire(key, ttl)
        if key in self._model:
            self._keep(key, self._model[key][0], ttl)

    @rule(key=_keys)
    def delete(self, key: str) -> None:
        """Delete a key."""
        self._touched = key
        self._cache.delete(key)
        self._model.pop(key, None)

    @rule()
    def flush(self) -> None:
        """Delete all keys."""
        self._cache.flush()
        self._model.clear()

    @invariant()
    def is_as_the_model_says(self) -> None:
        """Value and time to live of the key that was touched, and of another."""
        for key in (self._touched, "b"):
            value, deadline = self._model.get(key, (None, math.inf))
            assert shown(self._cache.get(key)) == shown(value)
            found = self._cache.ttl(key)
            if deadline == math.inf:
                assert found == -1
            else:
                assert abs(deadline - time.monotonic() - found) < 5

    def _keep(self, key: str, value: Any, ttl: float | None) -> None:
        self._model.pop(key, None)
        if ttl is None:
            self._model[key] = value, math.inf
        elif ttl > 0:
            self._model[key] = value, time.monotonic() + ttl


class SequenceTests(CacheTests):
    """Sequences of operations."""

    def test_sequences_of_operations_leave_what_the_model_says(self, cache: Any) -> None:
        """Every value and every time to live."""

        class Machine(CacheMachine):
            def __init__(self) -> None:
                super().__init__(cache)

        run_state_machine_as_test(Machine, settings=sequences(self.examples))
