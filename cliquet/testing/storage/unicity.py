"""Unique fields: no two live records of a collection share a value."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pytest
from hypothesis import strategies as st

from cliquet.query import MISSING, equality_key
from cliquet.storage.exceptions import RecordNotFoundError, UnicityError
from cliquet.testing.storage.base import GUARDED, StorageTests
from cliquet.testing.storage.places import Place, Record, fresh

UNIQUE = ("u",)

VALUES = ["x", "", "é", 0, 1, 1.5, True, False, [], [1, {"a": None}], {}, {"a": [1]}, 2**70, -1]

EQUAL: list[tuple[Any, Any]] = [
    (1, 1.0),
    (0, -0.0),
    (2**53, float(2**53)),
    ([1], [1.0]),
    ({"a": 1, "b": 2}, {"b": 2, "a": 1}),
]

DIFFERENT: list[tuple[Any, Any]] = [
    (1, True),
    (0, False),
    (1, "1"),
    ([1], [True]),
    ([], {}),
    ("", 0),
    (2**53 + 1, float(2**53)),
    (2**70, 2**70 + 1),
    ("a", "A"),
    ("a", "a "),
    ([1, 2], [2, 1]),
    ({"a": 1}, {"a": True}),
    ("é", "e\u0301"),
]


def store(
    place: Place,
    record: Record,
    object_id: str | None = None,
    unique_fields: Sequence[str] = UNIQUE,
) -> Record:
    """Create a record, or replace that of *object_id*."""
    arguments: dict[str, Any] = {"record": record, "unique_fields": unique_fields}
    if object_id is None:
        return place.create(**arguments)
    return place.update(**arguments, object_id=object_id)


def conflict(place: Place, record: Record, **kwargs: Any) -> UnicityError:
    """Return the error that storing *record* raises."""
    with pytest.raises(UnicityError) as caught:
        store(place, record, **kwargs)
    return caught.value


class UnicityTests(StorageTests):
    """Unique fields, in a collection that the storage was told of and in one that it was not."""

    @pytest.fixture(params=["note", GUARDED])
    def unique(self, request: pytest.FixtureRequest, storage: Any) -> Place:
        """Empty collection; the schema declares the field ``u`` of the second unique."""
        return Place(storage, collection_id=request.param)

    @pytest.mark.parametrize("object_id", [None, "abc"])
    def test_a_value_that_is_taken_is_refused_with_its_holder(
        self, unique: Place, object_id: str | None
    ) -> None:
        """The error names the field and the record; nothing is written (P4.10)."""
        holder = store(unique, {"u": "x", "more": 1})
        before = unique.everything()
        error = conflict(unique, {"u": "x"}, object_id=object_id)
        assert (error.field, error.record) == ("u", holder)
        assert unique.everything() == before

    @pytest.mark.parametrize("value", VALUES, ids=repr)
    def test_values_of_every_type_are_unique(self, unique: Place, value: Any) -> None:
        """A unique field may hold any JSON value (P4.10)."""
        store(unique, {"u": value})
        assert conflict(unique, {"u": value}).field == "u"

    def test_dots_reach_into_objects_of_unique_fields(self, unique: Place) -> None:
        """A unique field may lie within another one (P4.10, P6.4)."""
        store(unique, {"a": {"b": 1}}, unique_fields=["a.b"])
        store(unique, {"a": {"b": 2}}, unique_fields=["a.b"])
        assert conflict(unique, {"a": {"b": 1}}, unique_fields=["a.b"]).field == "a.b"

    @pytest.mark.parametrize(("one", "other"), EQUAL, ids=repr)
    def test_values_that_are_equal_conflict(self, unique: Place, one: Any, other: Any) -> None:
        """Numbers are equal by value, equality is deep (P4.10, P6.4)."""
        store(unique, {"u": one})
        assert conflict(unique, {"u": other}).field == "u"

    @pytest.mark.parametrize(("one", "other"), DIFFERENT, ids=repr)
    def test_values_that_are_not_equal_do_not_conflict(
        self, unique: Place, one: Any, other: Any
    ) -> None:
        """Types do not mix, integers are exact, text is compared as it stands (P4.10, P6.4)."""
        store(unique, {"u": one})
        store(unique, {"u": other})
        assert unique.count() == 2

    def test_values_of_any_length_are_unique(self, unique: Place) -> None:
        """A value may be longer than a row of an index (P4.10)."""
        long = "x" * 100_000
        store(unique, {"u": long})
        store(unique, {"u": f"{long}y"})
        assert conflict(unique, {"u": long}).field == "u"

    @pytest.mark.parametrize("record", [{}, {"u": None}], ids=repr)
    def test_null_and_missing_values_never_conflict(self, unique: Place, record: Record) -> None:
        """Any number of records may be without (P4.10)."""
        for _ in range(3):
            store(unique, record)
        store(unique, record, object_id="abc")
        assert unique.count() == 4

    def test_a_record_does_not_conflict_with_itself(self, unique: Place) -> None:
        """It may be written again with the value that it has (P4.10)."""
        store(unique, {"u": "x"}, object_id="abc")
        assert store(unique, {"u": "x", "more": 1}, object_id="abc")["more"] == 1

    def test_tombstones_do_not_conflict(self, unique: Place) -> None:
        """What was deleted holds no value, deleted alone or in a list (P4.10)."""
        record = store(unique, {"u": "x"})
        unique.delete(object_id=record["id"])
        store(unique, {"u": "x"})
        unique.delete_all()
        assert store(unique, {"u": "x"})["u"] == "x"

    def test_values_given_up_do_not_conflict(self, unique: Place) -> None:
        """A record that was replaced holds its present value alone (P4.10)."""
        record = store(unique, {"u": "x"})
        store(unique, {"u": "y"}, object_id=record["id"])
        store(unique, {"u": "x"})
        store(unique, {}, object_id=record["id"])
        assert store(unique, {"u": "y"})["u"] == "y"

    def test_parents_and_collections_do_not_conflict(self, unique: Place) -> None:
        """Values are unique within a collection of a parent (P4.10)."""
        store(unique, {"u": "x"})
        for others in (Place(unique.storage, "bob"), Place(unique.storage, collection_id="other")):
            assert store(others, {"u": "x"})["u"] == "x"

    def test_a_field_that_is_not_named_is_not_unique(self, storage: Any) -> None:
        """Who calls says which fields are unique (P4.10)."""
        place = Place(storage)
        for _ in range(2):
            store(place, {"u": "x"}, unique_fields=["other"])
            store(place, {"u": "x"}, unique_fields=[])
        assert place.count() == 4

    def test_values_written_without_asking_are_unique_too(self, unique: Place) -> None:
        """Whatever is there counts, whoever wrote it (P4.10)."""
        holder = unique.add(u="x")
        assert conflict(unique, {"u": "x"}).record == holder
        holder = unique.add(u="y")
        assert conflict(unique, {"u": "y"}).record == holder

    def test_of_two_holders_the_one_that_is_left_conflicts(self, storage: Any) -> None:
        """Where values were not unique before, each holder counts (P4.10)."""
        place = Place(storage)
        first, second = place.add(u="x"), place.add(u="x")
        assert conflict(place, {"u": "x"}).record in (first, second)
        place.delete(object_id=first["id"])
        assert conflict(place, {"u": "x"}).record == second

    @pytest.mark.parametrize("object_id", [None, "abc"])
    def test_the_field_told_is_the_guilty_one(self, unique: Place, object_id: str | None) -> None:
        """Of several unique fields it is the one whose value is taken (P4.10)."""
        holder = unique.add(one=1, two=2)
        for record, field in (({"one": 9, "two": 2}, "two"), ({"one": 1, "two": 9}, "one")):
            error = conflict(unique, record, unique_fields=["one", "two"], object_id=object_id)
            assert (error.field, error.record) == (field, holder)

    def test_the_id_comes_before_unique_fields(self, unique: Place) -> None:
        """When both are taken, the record of that id is told (P4.2)."""
        by_id = unique.add(id="abc", u="x")
        unique.add(u="y")
        error = conflict(unique, {"id": "abc", "u": "y"})
        assert (error.field, error.record) == ("id", by_id)

    def test_a_refusal_leaves_no_trace(self, unique: Place) -> None:
        """The value refused is not held, the one that is kept is (P4.10)."""
        record = store(unique, {"u": "x"})
        other = store(unique, {"u": "y"})
        conflict(unique, {"u": "x"}, object_id=other["id"])
        unique.delete(object_id=record["id"])
        assert store(unique, {"u": "x"})["u"] == "x"
        assert conflict(unique, {"u": "y"}).record == other

    @pytest.mark.parametrize("field", ["a.b", "a b", "it's", 'say "u"', "100%", "{u}", "$u", "ü"])
    def test_unique_fields_may_have_any_name(self, storage: Any, field: str) -> None:
        """Names are text, and no pattern (P4.10)."""
        place = Place(storage)
        store(place, {field: "x"}, unique_fields=[field])
        store(place, {field: "y"}, unique_fields=[field])
        assert conflict(place, {field: "x"}, unique_fields=[field]).field == field

    def test_values_are_refused_exactly_when_another_live_record_has_them(
        self, unique: Place
    ) -> None:
        """Whatever was created, replaced and deleted before (P4.10)."""

        @self.for_all(st.lists(_STEPS, max_size=20))
        def check(steps: list[tuple[str, str, Any]]) -> None:
            _follow(fresh(unique.storage, unique.collection_id), steps)


_STEPS = st.tuples(
    st.sampled_from(["create", "put", "delete"]),
    st.sampled_from("abcd"),
    st.sampled_from([MISSING, None, 0, 1, 1.0, True, "1", "", [1], [True], {"a": 1}, {"a": 1.0}]),
)


def _follow(place: Place, steps: list[tuple[str, str, Any]]) -> None:
    """Take *steps*, and compare with a mapping of ids to keys of values."""
    held: dict[str, Any] = {}
    for kind, record_id, value in steps:
        key = None if value is MISSING or value is None else equality_key(value)
        others = {one for holder, one in held.items() if holder != record_id}
        refused = "u" if key is not None and key in others and kind != "delete" else None
        if kind != "put" and (kind == "create") is (record_id in held):
            refused = "id"
        record = {} if value is MISSING else {"u": value}
        assert _attempt(place, kind, record_id, record) == refused
        if refused is None and kind == "delete":
            del held[record_id]
        elif refused is None:
            held[record_id] = key


def _attempt(place: Place, kind: str, record_id: str, record: Record) -> str | None:
    """Do one thing, and return the field that refused it, if one did."""
    try:
        if kind == "create":
            store(place, {**record, "id": record_id})
        elif kind == "put":
            store(place, record, object_id=record_id)
        else:
            place.delete(object_id=record_id)
    except UnicityError as error:
        return error.field
    except RecordNotFoundError:
        return "id"
    return None
