"""Values and keys: JSON of every kind comes back as it went in, under keys of every kind."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given

from cliquet.testing.cache.base import CacheTests, shown
from cliquet.testing.kit import ODD_TEXTS, profile
from cliquet.testing.storage.values import FLOATS, INTEGERS, json_values, nested

VALUES: dict[str, list[Any]] = {
    "integers": INTEGERS,
    "floats": FLOATS,
    "texts": [*ODD_TEXTS, "\0"],
    "others": [
        True,
        False,
        [],
        {},
        {"b": [{"a": None}], "a": 1.0},
        [2**70, 1.0, 1, True],
        nested(50),
    ],
}

#: Text that a server could take for another text, for a command or for nothing at all.
ODD_KEYS = [
    *ODD_TEXTS,
    "a b",
    "a\0b",
    "a\r\nflush_all\r\n",
    "\ud800",
    "a",
    "A",
    "a:b",
    "a%3Ab",
    "a%253Ab",
    "é",
    "e\u0301",
    "k" * 250,
    "k" * 251,
    "k" * 5000,
    "k" * 5000 + "x",
    "é" * 3000,
]


class ValueTests(CacheTests):
    """What is set is what is got."""

    @pytest.mark.parametrize("values", VALUES.values(), ids=VALUES)
    def test_a_value_comes_back_as_it_was(self, cache: Any, values: list[Any]) -> None:
        """Its type, the order of its members and every digit."""
        for value in values:
            cache.set("key", value)
            assert shown(cache.get("key")) == shown(value)

    def test_values_of_any_content_come_back(self, cache: Any) -> None:
        """Whatever JSON can say."""

        @profile(self.examples)
        @given(json_values)
        def check(value: Any) -> None:
            cache.set("key", value)
            assert shown(cache.get("key")) == shown(value)

        check()

    def test_a_value_of_many_kilobytes_comes_back(self, cache: Any) -> None:
        """Larger than what a server or a driver reads at once."""
        value = [f"{number} é" for number in range(30_000)]
        cache.set("key", value)
        assert cache.get("key") == value

    def test_an_absent_key_is_none(self, cache: Any) -> None:
        """And nothing is made of it."""
        assert (cache.get("key"), cache.get("key"), cache.ttl("key")) == (None, None, -1)

    def test_null_is_read_as_an_absent_key_is(self, cache: Any) -> None:
        """It takes the place of what was there."""
        cache.set("key", 1)
        cache.set("key", None)
        assert cache.get("key") is None

    def test_setting_again_replaces_the_value(self, cache: Any) -> None:
        """Whatever its type."""
        cache.set("key", {"a": 1})
        cache.set("key", [2])
        assert cache.get("key") == [2]

    def test_values_are_the_callers_own(self, cache: Any) -> None:
        """Those that were given, and those that were returned."""
        given: dict[str, Any] = {"list": [1]}
        cache.set("key", given)
        assert given == {"list": [1]}
        given["list"].append(2)
        cache.get("key")["list"].append(3)
        assert cache.get("key") == {"list": [1]}

    def test_what_only_python_has_comes_back_as_json_has_it(self, cache: Any) -> None:
        """Arrays are lists, and names are texts; who gave them may change them."""
        inner = [2]
        cache.set("key", {1: (1, inner)})
        inner.append(3)
        assert shown(cache.get("key")) == shown({"1": [1, [2]]})

    @pytest.mark.parametrize("value", [b"bytes", {1}, object()], ids=["bytes", "set", "object"])
    def test_what_json_cannot_say_is_refused_and_changes_nothing(
        self, cache: Any, value: object
    ) -> None:
        """By ``TypeError``, also within another value."""
        cache.set("key", 1, 60)
        for one in (value, [value]):
            with pytest.raises(TypeError):
                cache.set("key", one)
        assert (cache.get("key"), cache.ttl("key") > 0) == (1, True)

    def test_a_deleted_key_is_gone_and_no_other(self, cache: Any) -> None:
        """Its time to live too; deleting it again does nothing."""
        cache.set("key", 1, 60)
        cache.set("key 2", 2)
        cache.delete("key")
        cache.delete("key")
        assert (cache.get("key"), cache.ttl("key"), cache.get("key 2")) == (None, -1, 2)

    def test_flush_deletes_every_key(self, cache: Any) -> None:
        """And the cache goes on."""
        cache.set("a", 1)
        cache.set("b", 1, 60)
        cache.flush()
        assert (cache.get("a"), cache.get("b"), cache.ttl("b")) == (None, None, -1)
        cache.set("a", 2)
        assert cache.get("a") == 2

    def test_initializing_again_does_no_harm(self, cache: Any) -> None:
        """What is there stays."""
        cache.set("key", 1)
        cache.initialize_schema()
        assert cache.get("key") == 1

    def test_any_text_is_a_key_of_its_own(self, cache: Any) -> None:
        """However long or odd: no two of them are one."""
        for number, key in enumerate(ODD_KEYS):
            cache.set(key, number, 60)
        assert [cache.get(key) for key in ODD_KEYS] == list(range(len(ODD_KEYS)))
        for key in ODD_KEYS:
            cache.expire(key, 1000)
        assert all(cache.ttl(key) > 100 for key in ODD_KEYS)
        for key in ODD_KEYS[::2]:
            cache.delete(key)
        left = [number if number % 2 else None for number in range(len(ODD_KEYS))]
        assert [cache.get(key) for key in ODD_KEYS] == left
