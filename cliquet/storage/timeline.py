"""
One collection in memory: records and tombstones by id and in time order, unique values indexed.

The structure knows nothing of threads; :mod:`cliquet.storage.memory` holds the lock around it.
"""

from __future__ import annotations

import heapq
from collections import defaultdict
from collections.abc import Hashable, Iterable, Iterator, Sequence, Set
from operator import itemgetter
from typing import Any, NamedTuple

from sortedcontainers import SortedDict

from cliquet.query import COMPARISON, MISSING, Filter, equality_key, value_of
from cliquet.storage.timestamps import stamp
from cliquet.utils import msec_time

JSONRecord = dict[str, Any]
# A position in time: (timestamp, id) of a record, or (timestamp,), which sorts before all records
# of that millisecond and is never one of them.
Position = tuple[Any, ...]


#: Records of some ids are looked for along a stretch of time that has at most so many for each.
_STEPS_AN_ID = 8


class Span(NamedTuple):
    """A stretch of time, from *start* on and before *end*; ``None`` is no bound."""

    start: Position | None = None
    end: Position | None = None

    def holds(self, position: Position) -> bool:
        """Tell whether a position lies within the stretch."""
        is_after = self.start is None or position >= self.start
        return is_after and (self.end is None or position < self.end)

    def intersection(self, other: Span) -> Span:
        """Return the stretch that both have in common."""
        starts = [bound for bound in (self.start, other.start) if bound is not None]
        ends = [bound for bound in (self.end, other.end) if bound is not None]
        return Span(max(starts, default=None), min(ends, default=None))

    def union(self, other: Span) -> Span:
        """Return the shortest stretch that holds both."""
        start = None if None in (self.start, other.start) else min(self.start, other.start)  # type: ignore[type-var]
        end = None if None in (self.end, other.end) else max(self.end, other.end)  # type: ignore[type-var]
        return Span(start, end)


def span_of(filters: Iterable[Filter], modified_field: str, id_field: str) -> tuple[Span, bool]:
    """
    Return the stretch of time in which all records that meet *filters* lie.

    Returns:
        The stretch, and whether it is exact: everything within meets the filters.
    """
    span, is_exact, instant = Span(), True, None
    for condition in filters:
        bounds = _span_of_filter(condition, modified_field)
        if condition.field == id_field and instant is not None:
            bounds = _span_within_instant(condition, instant)
        if bounds is None:
            is_exact = False
            continue
        if condition.operator is COMPARISON.EQ and condition.field == modified_field:
            instant = condition.value
        span = span.intersection(bounds)
    return span, is_exact


def span_of_rules(rules: Sequence[Sequence[Filter]], modified_field: str, id_field: str) -> Span:
    """Return the stretch of time in which all records that meet one of *rules* lie."""
    spans = [span_of(rule, modified_field, id_field)[0] for rule in rules]
    whole = spans[0]
    for span in spans[1:]:
        whole = whole.union(span)
    return whole


def _span_of_filter(condition: Filter, modified_field: str) -> Span | None:
    value = condition.value
    if condition.field != modified_field or type(value) is not int:
        return None
    spans = {
        COMPARISON.GT: Span(start=(value + 1,)),
        COMPARISON.MIN: Span(start=(value,)),
        COMPARISON.LT: Span(end=(value,)),
        COMPARISON.MAX: Span(end=(value + 1,)),
        COMPARISON.EQ: Span((value,), (value + 1,)),
    }
    return spans.get(condition.operator)


def _span_within_instant(condition: Filter, instant: int) -> Span | None:
    # Records forced to one timestamp may be many; a page among them begins at its own id.
    value = condition.value
    if not isinstance(value, str):
        return None
    if condition.operator is COMPARISON.LT:
        return Span(end=(instant, value))
    if condition.operator is COMPARISON.GT:
        return Span(start=(instant, value + "\0"))
    return None


def ids_of(filters: Sequence[Filter], id_field: str) -> tuple[frozenset[str] | None, list[Filter]]:
    """
    Return the ids, of which all records that meet *filters* have one; ``None`` for any id.

    Returns:
        The ids, and what is left of the filters for records of these ids to meet.
    """
    candidates = [
        (one.value if one.operator is COMPARISON.IN else [one.value], one)
        for one in filters
        if one.field == id_field and one.operator in (COMPARISON.EQ, COMPARISON.IN)
    ]
    if not candidates:
        return None, list(filters)
    values, chosen = min(candidates, key=lambda candidate: len(candidate[0]))
    ids = frozenset([value for value in values if isinstance(value, str)])
    return ids, [one for one in filters if one is not chosen]


class Timeline:
    """Records by id, and in order of time."""

    def __init__(self) -> None:
        self._by_id: dict[str, tuple[Position, JSONRecord]] = {}
        self._in_order = SortedDict()

    def __len__(self) -> int:
        return len(self._by_id)

    def get(self, record_id: str) -> JSONRecord | None:
        """Return the record of that id, not a copy, or ``None``."""
        entry = self._by_id.get(record_id)
        return None if entry is None else entry[1]

    def timestamp_of(self, record_id: str) -> int | None:
        """Return the timestamp of the record of that id, or ``None``."""
        entry = self._by_id.get(record_id)
        return None if entry is None else entry[0][0]

    def put(self, record_id: str, timestamp: int, record: JSONRecord) -> None:
        """Store *record* in place of any of that id."""
        self.pop(record_id)
        position = (timestamp, record_id)
        self._by_id[record_id] = position, record
        self._in_order[position] = record

    def pop(self, record_id: str) -> JSONRecord | None:
        """Remove and return the record of that id, or return ``None``."""
        position, record = self._by_id.pop(record_id, ((), None))
        if record is not None:
            del self._in_order[position]
        return record

    def count(self, span: Span) -> int:
        """Return how many records lie within *span*, in O(log n)."""
        order = self._in_order
        start = 0 if span.start is None else order.bisect_left(span.start)
        end = len(order) if span.end is None else order.bisect_left(span.end)
        return max(0, end - start)

    def count_among(self, ids: Set[str], span: Span) -> int:
        """Return how many records of these ids lie within *span*."""
        if span == Span():
            return sum(map(self._by_id.__contains__, ids))
        return sum(1 for _ in self.walk_among(ids, span))

    def walk_among(
        self, ids: Set[str], span: Span, *, is_descending: bool = False
    ) -> Iterator[tuple[Position, JSONRecord]]:
        """Iterate as :meth:`walk` does over records of these ids alone; the cost follows them."""
        if self.count(span) <= len(ids) * _STEPS_AN_ID:
            walk = self.walk(span, is_descending=is_descending)
            return (entry for entry in walk if entry[0][1] in ids)
        found = [entry for entry in map(self._by_id.get, ids) if entry and span.holds(entry[0])]
        return iter(sorted(found, key=itemgetter(0), reverse=is_descending))

    def walk(
        self, span: Span, *, is_descending: bool = False
    ) -> Iterator[tuple[Position, JSONRecord]]:
        """Iterate over the records within *span* in order of time, each with its position."""
        if span.start is not None and span.end is not None and span.start >= span.end:
            return
        order = self._in_order
        for position in order.irange(span.start, span.end, (True, False), is_descending):
            yield position, order[position]


class Collection:
    """The records and tombstones of one parent in one collection."""

    def __init__(self) -> None:
        self.live = Timeline()
        self.tombstones = Timeline()
        self.timestamp: int | None = None
        self._unique: dict[str, dict[Hashable, set[str]]] = {}

    def current(self, record_id: str) -> JSONRecord | None:
        """Return the record, else the tombstone of that id, not a copy, or ``None``."""
        return self.live.get(record_id) or self.tombstones.get(record_id)

    def current_timestamp(self, record_id: str) -> int | None:
        """Return the timestamp of the record or tombstone of that id, or ``None``."""
        timestamp = self.live.timestamp_of(record_id)
        return self.tombstones.timestamp_of(record_id) if timestamp is None else timestamp

    def next_timestamp(self, forced: object, present: int | None) -> int:
        """
        Move the collection's timestamp for a change, and return that of the changed record.

        Args:
            forced: The timestamp that a client asks for; what is no integer is ignored.
            present: The timestamp of the record or tombstone that is replaced, if any.

        Source: protocol P4.12, P5.1.
        """
        stamps = stamp(msec_time(), collection=self.timestamp, present=present, forced=forced)
        self.timestamp = stamps.collection
        return stamps.record

    def put(self, record_id: str, timestamp: int, record: JSONRecord) -> None:
        """Store a live record; a record or tombstone of that id goes away."""
        self._forget_values(record_id)
        self.tombstones.pop(record_id)
        self.live.put(record_id, timestamp, record)
        for field, index in self._unique.items():
            if (key := _unique_key(record, field)) is not None:
                index[key].add(record_id)

    def bury(self, record_id: str, timestamp: int, tombstone: JSONRecord | None) -> JSONRecord:
        """Remove the live record of that id and return it; keep *tombstone* if one is given."""
        self._forget_values(record_id)
        previous = self.live.pop(record_id)
        assert previous is not None
        if tombstone is not None:
            self.tombstones.put(record_id, timestamp, tombstone)
        return previous

    def holder_of(self, record: JSONRecord, field: str, record_id: str | None) -> str | None:
        """Return the id of another record with *record*'s value of *field*, or ``None``."""
        key = _unique_key(record, field)
        if key is None:
            return None
        holders = self._index(field).get(key, ())
        return next((holder for holder in holders if holder != record_id), None)

    def walk(
        self,
        span: Span,
        ids: Set[str] | None = None,
        *,
        is_descending: bool = False,
        include_deleted: bool = False,
    ) -> Iterator[JSONRecord]:
        """
        Iterate over records, not copies, in order of time; tombstones among them if asked.

        Args:
            span: Where they lie.
            ids: Those that they may have; ``None``: any.
            is_descending: Whether the latest come first.
            include_deleted: Whether tombstones are among them.
        """
        timelines = [self.live, self.tombstones] if include_deleted else [self.live]
        walks = [
            one.walk(span, is_descending=is_descending)
            if ids is None
            else one.walk_among(ids, span, is_descending=is_descending)
            for one in timelines
        ]
        merged = heapq.merge(*walks, key=itemgetter(0), reverse=is_descending)
        return (record for _, record in (merged if include_deleted else walks[0]))

    def _index(self, field: str) -> dict[Hashable, set[str]]:
        # Made when the field is first asked about, and kept up to date from then on.
        if field not in self._unique:
            index: dict[Hashable, set[str]] = defaultdict(set)
            for (_, record_id), record in self.live.walk(Span()):
                if (key := _unique_key(record, field)) is not None:
                    index[key].add(record_id)
            self._unique[field] = index
        return self._unique[field]

    def _forget_values(self, record_id: str) -> None:
        record = self.live.get(record_id)
        if record is None:
            return
        for field, index in self._unique.items():
            key = _unique_key(record, field)
            if key is not None:
                index[key].discard(record_id)
                if not index[key]:
                    del index[key]


def _unique_key(record: JSONRecord, field: str) -> Hashable | None:
    """Return the key of a value that must be unique; ``None`` for null and missing ones."""
    value = value_of(record, field)
    return None if value is None or value is MISSING else equality_key(value)
