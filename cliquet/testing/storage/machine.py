"""Random sequences of operations, compared with the model step by step."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple, TypeVar

from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    rule,
    run_state_machine_as_test,
)

from cliquet.query import COMPARISON, Filter
from cliquet.storage import ABSENT, Expected
from cliquet.storage.exceptions import ModifiedError, RecordNotFoundError, UnicityError
from cliquet.testing.kit import sequences
from cliquet.testing.storage.base import StorageTests
from cliquet.testing.storage.capabilities import ATOMIC
from cliquet.testing.storage.model import Model
from cliquet.testing.storage.places import OLDEST_FIRST, Place, Record, fresh

T = TypeVar("T")

REFUSALS = (ModifiedError, RecordNotFoundError, UnicityError)


class Stamp(NamedTuple):
    """A timestamp told by another one: the record's, the collection's, or that of long ago."""

    base: str
    delta: int

    def within(self, model: Model, record_id: str) -> int:
        """Return it, in milliseconds."""
        bases = {"record": model.stamp_of(record_id), "collection": model.timestamp}
        return max(0, (bases.get(self.base) or 10) + self.delta)


class Side(NamedTuple):
    """A place, and the model of it."""

    place: Place
    model: Model


_new_ids = st.sampled_from(["a", "a0", "b"])
# A number is a live record, if there is one: the first of them, or the last.
_ids = st.sampled_from([0, 0, -1, -1, "a", "a0", "b"])
_stamps = st.builds(
    Stamp,
    st.sampled_from(["record", "record", "collection", "past"]),
    st.sampled_from([-1, 0, 1, 2, 3_600_000]),
)
_forced = st.none() | st.none() | _stamps
_seen = st.just(Stamp("record", 0))
_expected = st.none() | st.none() | st.none() | _seen | _seen | st.just(ABSENT) | _stamps
_collections = st.none() | st.none() | st.none() | st.just(Stamp("collection", 0)) | _stamps
_fields = st.fixed_dictionaries(
    {},
    optional={
        "u": st.sampled_from([None, 1, 1, 1.0, True]),
        "v": st.sampled_from([None, 0, "a", True, 2**70, {"x": [1]}]),
        "deleted": st.just(False),
    },
)
_by_value = st.builds(
    Filter,
    st.just("v"),
    st.sampled_from([None, 0, "a", True]),
    st.sampled_from([COMPARISON.EQ, COMPARISON.NOT, COMPARISON.MIN]),
)
_by_id = st.builds(Filter, st.just("id"), _new_ids, st.just(COMPARISON.EQ))
_some_filters = st.lists(_by_value | _by_id, min_size=1, max_size=2)
_filters: st.SearchStrategy[list[Filter]] = st.just([]) | _some_filters
# Most happens on one side, so that much happens to one record.
_sides = st.sampled_from([0, 0, 0, 1])


class StorageMachine(RuleBasedStateMachine):
    """Two places, whose names begin alike, on one storage."""

    def __init__(self, storage: Any, is_atomic: bool) -> None:
        super().__init__()
        self._is_atomic = is_atomic
        first = fresh(storage)
        places = [first, Place(storage, f"{first.parent_id}0", first.collection_id)]
        self._sides = [Side(place, Model()) for place in places]
        self._touched = self._sides[0]

    @initialize(is_read=st.booleans())
    def begin(self, is_read: bool) -> None:
        """Read the timestamp of one collection before it is written, or of none."""
        if is_read:
            self._touched.model.read(self._touched.place.timestamp)

    @rule(
        side=_sides, record_id=_new_ids, fields=_fields, forced=_forced,
        expected=_expected, collection=_collections,
    )  # fmt: skip
    def create(
        self, side: int, record_id: str, fields: Record, forced: Stamp | None,
        expected: Any, collection: Stamp | None,
    ) -> None:  # fmt: skip
        """Create a record."""
        place, model = self._touch(side)
        given = _record(model, {**fields, "id": record_id}, forced)
        conditions = self._conditions(model, record_id, expected, collection)

        def check() -> None:
            model.check_collection(conditions.get("expected_collection"))
            model.check_record(record_id, conditions.get("expected"))
            model.check_free(record_id)
            model.check_unique(record_id, given)

        stored = _agreed(
            check, lambda: place.create(record=given, unique_fields=["u"], **conditions)
        )
        if stored is not None:
            assert stored["id"] == record_id
            model.put(stored, given, place.timestamp)

    @rule(side=_sides, which=_ids, fields=_fields, forced=_forced, expected=_expected)
    def update(
        self, side: int, which: int | str, fields: Record, forced: Stamp | None, expected: Any
    ) -> None:
        """Replace a record, or create it."""
        place, model = self._touch(side)
        record_id = _chosen(model, which)
        given = _record(model, {**fields, "id": record_id}, forced)
        conditions = self._conditions(model, record_id, expected)

        def check() -> None:
            model.check_record(record_id, conditions.get("expected"))
            model.check_unique(record_id, given)

        write = {"object_id": record_id, "record": given, "unique_fields": ["u"]}
        stored = _agreed(check, lambda: place.update(**write, **conditions))
        if stored is not None:
            assert stored["id"] == record_id
            model.put(stored, given, place.timestamp)

    @rule(side=_sides, which=_ids, forced=_forced, expected=_expected)
    def delete(self, side: int, which: int | str, forced: Stamp | None, expected: Any) -> None:
        """Delete a record."""
        place, model = self._touch(side)
        record_id = _chosen(model, which)
        stamp = forced and forced.within(model, record_id)
        conditions = self._conditions(model, record_id, expected)

        def check() -> None:
            model.check_there(record_id)
            model.check_record(record_id, conditions.get("expected"))

        write = {"object_id": record_id, "last_modified": stamp}
        tombstone = _agreed(check, lambda: place.delete(**write, **conditions))
        if tombstone is not None:
            assert tombstone["id"] == record_id
            model.delete(tombstone, stamp, place.timestamp)

    @rule(side=_sides, filters=_filters | _some_filters, collection=_collections)
    def delete_all(self, side: int, filters: list[Filter], collection: Stamp | None) -> None:
        """Delete a list."""
        place, model = self._touch(side)
        conditions = self._conditions(model, "", None, collection)

        def check() -> None:
            model.check_collection(conditions.get("expected_collection"))

        tombstones = _agreed(check, lambda: place.delete_all(filters=filters, **conditions))
        if tombstones is not None:
            model.delete_all(tombstones, filters, place.timestamp)

    @rule(side=_sides, which=_new_ids, before=_forced)
    def purge_deleted(self, side: int, which: str, before: Stamp | None) -> None:
        """Forget tombstones."""
        place, model = self._touch(side)
        stamp = before and before.within(model, which)
        assert place.purge_deleted(before=stamp) == model.purge(stamp)

    @rule(side=_sides, which=_ids)
    def get(self, side: int, which: int | str) -> None:
        """Read a record."""
        place, model = self._touch(side)
        record_id = _chosen(model, which)
        record = _agreed(
            lambda: model.check_there(record_id), lambda: place.get(object_id=record_id)
        )
        assert record == model.live.get(record_id)

    @rule(side=_sides, filters=_filters, include_deleted=st.booleans())
    def get_all(self, side: int, filters: list[Filter], include_deleted: bool) -> None:
        """Read a list."""
        place, model = self._touch(side)
        query: dict[str, Any] = {"filters": filters, "include_deleted": include_deleted}
        assert place.get_all(sorting=OLDEST_FIRST, **query) == model.list(**query)

    @rule(side=_sides, limit=st.integers(1, 3), known=_collections)
    def get_page(self, side: int, limit: int, known: Stamp | None) -> None:
        """Read a page."""
        place, model = self._touch(side)
        stamp = known and known.within(model, "")
        page = place.get_page(limit=limit, known=stamp, sorting=OLDEST_FIRST, include_deleted=True)
        model.read(page.timestamp)
        records, total = model.list([], include_deleted=True)
        if stamp == page.timestamp:
            assert page[1:] == (0, [], False)
        else:
            assert page[1:] == (total, records[:limit], len(records) > limit)

    @invariant()
    def is_as_the_model_is(self) -> None:
        """What the last step may have changed is as it should be."""
        place, model = self._touched
        query: dict[str, Any] = {"filters": [], "include_deleted": True}
        assert place.get_all(sorting=OLDEST_FIRST, **query) == model.list(**query)
        if model.timestamp is not None:
            model.read(place.timestamp)

    def teardown(self) -> None:
        """Compare all there is, once more."""
        for side in range(len(self._sides)):
            self._touch(side)
            self.is_as_the_model_is()

    def _touch(self, side: int) -> Side:
        self._touched = self._sides[side]
        return self._touched

    def _conditions(
        self, model: Model, record_id: str, expected: Any, collection: Stamp | None = None
    ) -> dict[str, Any]:
        """Return the conditions of a write; there are none on a storage without."""
        conditions: dict[str, Expected] = {}
        if not self._is_atomic:
            return conditions
        if expected is not None:
            is_stamp = isinstance(expected, Stamp)
            conditions["expected"] = expected.within(model, record_id) if is_stamp else expected
        if collection is not None and model.timestamp is not None:
            conditions["expected_collection"] = collection.within(model, record_id)
        return conditions


def _chosen(model: Model, which: int | str) -> str:
    """Return the id that is meant."""
    if isinstance(which, str):
        return which
    return sorted(model.live)[which] if model.live else "a"


def _record(model: Model, record: Record, forced: Stamp | None) -> Record:
    """Return *record* with the timestamp that is asked for."""
    if forced is None:
        return record
    return {**record, "last_modified": forced.within(model, record["id"])}


def _agreed(check: Callable[[], None], act: Callable[[], T]) -> T | None:
    """Do what the model allows, and return the result; ``None`` where both refuse, alike."""
    refusal = _refusal(check)
    if refusal is None:
        return act()
    assert _refusal(act) == refusal
    return None


def _refusal(act: Callable[[], object]) -> tuple[Any, ...] | None:
    try:
        act()
    except REFUSALS as error:
        told = {key: value for key, value in vars(error).items() if key != "original"}
        return type(error), told
    return None


class SequenceTests(StorageTests):
    """Sequences of operations."""

    def test_sequences_of_operations_leave_what_the_model_says(self, storage: Any) -> None:
        """Every result, refusal, timestamp and list is that of a plain model (P4, P5, P6)."""
        is_atomic = ATOMIC not in self.lacks

        class Machine(StorageMachine):
            def __init__(self) -> None:
                super().__init__(storage, is_atomic)

        run_state_machine_as_test(Machine, settings=sequences(self.examples))
