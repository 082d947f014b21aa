"""Values: JSON of every kind comes back as it went in."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import strategies as st

from cliquet.query import COMPARISON, Filter
from cliquet.testing.kit import ODD_TEXTS
from cliquet.testing.storage.base import StorageTests
from cliquet.testing.storage.places import Place, equal, fresh

INTEGERS = [0, -1, 2**31, 2**53 + 1, -(2**63), 2**63 - 1, 2**64, 10**30 + 1, -(10**100) - 1]
FLOATS = [0.0, -0.5, 0.1, 1.5, 1e-300, 1e300, 123456789.123456789, 5e-324]


def is_same(one: Any, other: Any) -> bool:
    """
    Tell whether two JSON values are the same: types, order of arrays and every digit.

    A number that was a float may come back with or without its fraction, as JSON may write it.
    """
    if isinstance(one, float):
        return type(other) in (int, float) and float(other) == one
    if type(one) is not type(other):
        return False
    if isinstance(one, dict):
        return one.keys() == other.keys() and all(is_same(one[key], other[key]) for key in one)
    if isinstance(one, list):
        return len(one) == len(other) and all(map(is_same, one, other))
    return bool(one == other)


def nested(depth: int) -> Any:
    """Return a value with arrays and objects in one another, *depth* levels of them."""
    value: Any = "deep"
    for level in range(depth):
        value = [value] if level % 2 else {"x": value}
    return value


# Every character but NUL and surrogates, which are refused before they reach a storage.
texts = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=10)
scalars = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.integers(min_value=2**53)
    | st.floats(allow_nan=False, allow_infinity=False)
    | texts
)
json_values = st.recursive(
    scalars,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(texts, inner, max_size=4),
    max_leaves=15,
)


class ValueTests(StorageTests):
    """What records hold."""

    def assert_survives(self, place: Place, value: Any) -> None:
        """Store *value* by both writes, and read it by every read."""
        made = place.add(id="abc", v=value)
        updated = place.put("abc", v=value)
        got = place.get(object_id="abc")
        [listed] = place.all()
        for record in (made, updated, got, listed):
            assert is_same(value, record["v"]), record["v"]

    @pytest.mark.parametrize("value", [None, True, False, [], {}, [[]], [None], {"a": None}])
    def test_values_of_every_type_survive(self, place: Place, value: Any) -> None:
        """Null is not missing, an empty array is not an empty object (P11.2)."""
        self.assert_survives(place, value)

    @pytest.mark.parametrize("value", INTEGERS)
    def test_integers_survive_to_the_last_digit(self, place: Place, value: int) -> None:
        """However large they are, alone and within others (P11.2)."""
        self.assert_survives(place, value)
        self.assert_survives(fresh(place.storage), [{"n": value}])

    @pytest.mark.parametrize("value", FLOATS)
    def test_floats_survive_to_the_last_digit(self, place: Place, value: float) -> None:
        """As doubles are written (P11.2)."""
        self.assert_survives(place, value)

    @pytest.mark.parametrize("text", ODD_TEXTS, ids=ascii)
    def test_text_is_text_whatever_it_looks_like(self, place: Place, text: str) -> None:
        """Neither SQL nor a pattern nor a format; no character is lost or changed."""
        self.assert_survives(place, text)
        assert place.count(filters=equal("v", text)) == 1
        assert place.count(filters=equal("v", f"{text}x")) == 0

    @pytest.mark.parametrize("name", ODD_TEXTS, ids=ascii)
    def test_names_of_fields_are_text_whatever_they_look_like(
        self, place: Place, name: str
    ) -> None:
        """They are stored, filtered and sorted by."""
        record = place.add(id="abc", **{name: 1, "more": {name: [2]}})
        place.add(**{name: 2})
        assert place.get(object_id="abc") == record
        assert place.ids(filters=equal(name, 1)) == ["abc"]
        assert place.count(filters=[Filter(name, 1, COMPARISON.MIN)]) == 2

    def test_deep_values_survive(self, place: Place) -> None:
        """Arrays and objects may be nested far deeper than anyone reads."""
        self.assert_survives(place, nested(150))

    def test_long_values_survive(self, place: Place) -> None:
        """A record of a megabyte is a record."""
        self.assert_survives(place, "é🍄x" * 150_000)

    def test_wide_values_survive(self, place: Place) -> None:
        """So is one of a thousand fields."""
        fields = {f"field {number}": number for number in range(1000)}
        record = place.add(id="abc", **fields)
        assert place.get(object_id="abc") == record
        assert len(record) == 1002

    def test_all_values_survive(self, storage: Any) -> None:
        """Whatever JSON there is (P11.2)."""

        @self.for_all(json_values)
        def check(value: Any) -> None:
            self.assert_survives(fresh(storage), value)
