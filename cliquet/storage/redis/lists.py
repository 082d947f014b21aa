"""
Lists: stretches of time read from sorted sets, filters and sorts as :mod:`cliquet.query` has them.

What the order of time answers is one round trip. Anything else is read in portions; they are of
one snapshot, since no change leaves the timestamp of the collection as it was.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, Final, NamedTuple

from cliquet import jsonlib
from cliquet.drivers.redis import Server
from cliquet.query import COMPARISON, Filter, Sort, any_matcher, matcher, sort_records
from cliquet.storage import JSONRecord
from cliquet.storage.fields import Fields
from cliquet.storage.redis.keys import Place
from cliquet.storage.redis.reading import LIST, LOOK_UP
from cliquet.storage.timeline import Span, span_of, span_of_rules

#: Records of a portion.
PORTION: Final = 500
#: Portions of each attempt: the last reads everything in one step, whoever writes meanwhile.
_ATTEMPTS: Final = (PORTION, 10 * PORTION, 100 * PORTION, 2**53)
#: Scores are doubles: bounds beyond this one are all the same.
_FAR: Final = 2**60


class Entry(NamedTuple):
    """A record, or a tombstone, which has no document."""

    timestamp: int
    id: str
    document: JSONRecord | None

    def record(self, names: Fields) -> JSONRecord:
        """Return it as it is shown; the document becomes that."""
        record = {} if self.document is None else self.document
        record[names.id] = self.id
        record[names.modified] = self.timestamp
        if self.document is None:
            record[names.deleted] = True
        return record


class Listing(NamedTuple):
    """What a list was at one moment; *total* counts live records that meet the filters."""

    timestamp: int
    total: int
    records: list[JSONRecord]


@dataclass(frozen=True)
class Query:
    """What a list asks for."""

    filters: Sequence[Filter]
    sorting: Sequence[Sort] = ()
    rules: Sequence[Sequence[Filter]] = ()
    include_deleted: bool = False
    names: Fields = field(default_factory=Fields)

    @cached_property
    def span(self) -> tuple[Span, bool]:
        """The stretch of time of all that meets the filters; whether all of it does."""
        return span_of(self.filters, self.names.modified, self.names.id)

    @cached_property
    def walked_span(self) -> Span:
        """The stretch of time to read: that of the page, unless the rest is to be counted."""
        span, is_exact = self.span
        if not self.rules or not is_exact:
            return span
        return span.intersection(span_of_rules(self.rules, self.names.modified, self.names.id))

    @cached_property
    def ids(self) -> list[str] | None:
        """The only ids that can meet the filters, if these say so."""
        for condition in self.filters:
            values = condition.value
            if condition.field != self.names.id:
                continue
            if condition.operator is COMPARISON.EQ and isinstance(values, str):
                return [values]
            if condition.operator is COMPARISON.IN:
                return list(dict.fromkeys(one for one in values if isinstance(one, str)))
        return None

    @cached_property
    def is_descending(self) -> bool:
        """Whether time is walked backwards."""
        return bool(self.sorting) and self.sorting[0].direction < 0

    @cached_property
    def is_in_time_order(self) -> bool:
        """Whether the list has the order of time: by timestamp, then id, in one direction."""
        order = (self.names.modified, self.names.id)
        names = tuple(sort.field for sort in self.sorting)
        directions = {sort.direction for sort in self.sorting}
        return names in ((), order[:1], order) and len(directions) <= 1


class _Found:
    """Collects what a query asks for from entries in order of time."""

    def __init__(self, query: Query, limit: int | None) -> None:
        self._query = query
        self._limit = limit
        # All that is in an exact stretch of time meets the filters.
        self._is_match = None if query.span[1] else matcher(query.filters)
        self._is_of_page = any_matcher(query.rules) if query.rules else None
        self.total = 0
        self.records: list[JSONRecord] = []

    @property
    def is_complete(self) -> bool:
        """Whether what follows does not matter."""
        is_counted = self._query.span[1]
        return is_counted and self._query.is_in_time_order and self._has(self._limit)

    def take(self, entries: Iterable[Entry]) -> None:
        """Take the next entries."""
        for entry in entries:
            is_live = entry.document is not None
            record = entry.record(self._query.names)
            if self._is_match is not None and not self._is_match(record):
                continue
            self.total += is_live
            if self._is_of_page is None or self._is_of_page(record):
                self.records.append(record)
        # So that a long list is never in memory as a whole for the sake of a short page.
        if self._limit is not None and self._has(self._limit + PORTION):
            self.cut()

    def cut(self) -> None:
        """Put the records in order, and forget those beyond the limit."""
        if not self._query.is_in_time_order:
            sort_records(self.records, self._query.sorting)
        if self._limit is not None:
            del self.records[self._limit :]

    def _has(self, count: int | None) -> bool:
        return count is not None and len(self.records) >= count


class _Moved(Exception):
    """The collection changed between two portions."""


class Reader:
    """
    Reads lists.

    Args:
        server: Where they are.
        readonly: Whether the timestamp of a collection never written is left open.
    """

    def __init__(self, server: Server, readonly: bool) -> None:
        self._server = server
        self._readonly = readonly

    def read(
        self,
        place: Place,
        query: Query,
        limit: int | None,
        known: int | None = None,
        *,
        is_fixing: bool = True,
    ) -> Listing:
        """
        Return what *query* asks for, of one snapshot.

        Args:
            limit: Most records returned.
            known: A timestamp: when the collection still has it, no record is read.
            is_fixing: Whether this fixes the timestamp of a collection never written.
        """
        head = ("" if known is None else known, int(is_fixing and not self._readonly))
        if query.ids is not None:
            return self._looked_up(place, query, limit, head)
        for portion in _ATTEMPTS:
            try:
                return self._walked(place, query, limit, portion, head)
            except _Moved:
                continue
        raise AssertionError("one portion cannot change between two")

    def walk(self, place: Place) -> Iterator[list[Entry]]:
        """Iterate over live records in portions, which are not of one snapshot."""
        query, span = Query(()), Span()
        while True:
            _, _, entries = self._portion(place, query, span, PORTION, ("", 0))
            if entries:
                yield entries
            if len(entries) < PORTION:
                return
            span = _behind(entries[-1], span, is_descending=False)

    def _looked_up(
        self, place: Place, query: Query, limit: int | None, head: tuple[Any, ...]
    ) -> Listing:
        ids = query.ids or ()
        reply = self._server.ask(LOOK_UP, place.keys, *head, int(query.include_deleted), *ids)
        timestamp, _, entries = _parsed(reply)
        # They come as they were asked for.
        entries.sort(key=lambda entry: entry[:2])
        found = _Found(query, limit)
        found.take(reversed(entries) if query.is_descending else entries)
        found.cut()
        return Listing(timestamp, found.total, found.records)

    def _walked(
        self, place: Place, query: Query, limit: int | None, portion: int, head: tuple[Any, ...]
    ) -> Listing:
        is_counted = query.span[1]
        if is_counted and query.is_in_time_order and limit is not None:
            portion = max(1, limit)
        span, found = query.walked_span, _Found(query, limit)
        timestamp, total, entries = self._portion(place, query, span, portion, head)
        found.take(entries)
        while len(entries) == portion and not found.is_complete:
            span = _behind(entries[-1], span, is_descending=query.is_descending)
            now, _, entries = self._portion(place, query, span, portion, ("", *head[1:]))
            if now != timestamp:
                raise _Moved
            found.take(entries)
        found.cut()
        return Listing(timestamp, total if is_counted else found.total, found.records)

    def _portion(
        self, place: Place, query: Query, span: Span, portion: int, head: tuple[Any, ...]
    ) -> tuple[int, int, list[Entry]]:
        """Return timestamp, count, and the first *portion* entries of *span* in walking order."""
        reply = self._server.ask(
            LIST,
            place.keys,
            *head,
            int(query.is_descending),
            int(query.include_deleted),
            portion,
            *_bounds(span),
            *_bounds(query.span[0]),
        )
        timestamp, total, entries = _parsed(reply)
        if query.is_descending:
            entries.reverse()
        return timestamp, total, entries[:portion]


def _parsed(reply: list[Any]) -> tuple[int, int, list[Entry]]:
    timestamp, total, *texts = reply
    ids, stamps, documents, buried, burials = map(jsonlib.loads_stored, texts)
    entries = list(map(Entry, stamps, ids, documents))
    if buried:
        entries += [Entry(*pair, None) for pair in zip(burials, buried, strict=True)]
        entries.sort(key=lambda entry: entry[:2])
    return int(timestamp), total, entries


def _behind(entry: Entry, span: Span, *, is_descending: bool) -> Span:
    """Return what is left of *span* behind an entry."""
    if is_descending:
        return Span(span.start, (entry.timestamp, entry.id))
    return Span((entry.timestamp, entry.id + "\0"), span.end)


def _bounds(span: Span) -> Iterator[Any]:
    for position in span:
        timestamp, record_id = (*(position or ("",)), "")[:2]
        yield timestamp if position is None else max(-_FAR, min(_FAR, timestamp))
        yield record_id
