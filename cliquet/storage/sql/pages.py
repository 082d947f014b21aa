"""
Pages of lists: statements that read as much as a page holds, however large the collection is.

The rows of a page come from a few *streams*: stretches of one index, each read in its order and
cut at the page's limit, then merged. Live records and tombstones are streams of their own; so are,
behind the end of the last page, the rows that tie with it and those beyond.
"""

from __future__ import annotations

import operator
from collections.abc import Iterator, Mapping, Sequence
from functools import lru_cache
from itertools import groupby
from typing import Any, NamedTuple

from sqlalchemy import (
    Column,
    ColumnElement,
    UnaryExpression,
    and_,
    bindparam,
    case,
    literal_column,
    or_,
    select,
    true,
    tuple_,
    union_all,
)

from cliquet.drivers.statements import Statement, Step
from cliquet.permission import Share
from cliquet.permission.sql.statements import share_values
from cliquet.query import COMPARISON, Filter, Sort, page_after
from cliquet.storage.fields import Fields
from cliquet.storage.sql.conditions import Conditions
from cliquet.storage.sql.elements import DocumentText
from cliquet.storage.sql.operands import ColumnOperand, IndexedOperand, Operands
from cliquet.storage.sql.parameters import (
    Binding,
    Condition,
    condition_of,
    gathered,
    values_of,
)
from cliquet.storage.sql.parts import (
    HEAD,
    Narrowing,
    count_of,
    document_of,
    within_collection,
    within_part,
)
from cliquet.storage.sql.statements import Statements, of_collection
from cliquet.storage.sql.tables import records, timestamps

Clause = ColumnElement[Any]

#: Shapes of lists whose statements are kept, and values that the largest of them has.
_KEPT = 512
_LARGEST_KEPT = 32

#: What a timestamp is compared by in a list of changes.
_LOWER = (COMPARISON.GT, COMPARISON.MIN)


class ListQuery(NamedTuple):
    """What a list is asked for; see :meth:`cliquet.storage.StorageBase.get_all`."""

    names: Fields
    filters: Sequence[Filter] = ()
    sorting: Sequence[Sort] = ()
    rules: Sequence[Sequence[Filter]] = ()
    include_deleted: bool = False
    share: Share | None = None


class Shape(NamedTuple):
    """
    What a statement is composed of: a query without its values.

    Attributes:
        collection_id: Empty where no field of the collection has indexes.
        is_keyset: Whether *rules* is one rule, a condition for each sort key: the values of the
            record that the page before ended with.
        is_shared: Whether only the part is listed that is shared with somebody.
        asks_once: See :class:`~cliquet.storage.sql.statements.Statements`.
    """

    collection_id: str
    names: Fields
    filters: tuple[Condition, ...]
    sorting: tuple[Sort, ...]
    rules: tuple[tuple[Condition, ...], ...]
    is_keyset: bool
    include_deleted: bool
    is_shared: bool
    asks_once: bool


class Composed(NamedTuple):
    """A statement, the values of its own parameters, and the others'."""

    statement: Statement
    values: dict[str, Any]
    bindings: tuple[Binding, ...]


class Key(NamedTuple):
    """A column to sort by, and where the page before ended in it."""

    direction: int
    column: Clause
    last: Clause | None


class Stretch(NamedTuple):
    """Rows that meet *where*, and of the keys to sort by the first that are *tied* among them."""

    where: Clause
    tied: int = 0


class Pages:
    """
    Makes the statements of lists.

    Args:
        statements: Compile for the database.
        indexed: Fields that have indexes, by collection.
    """

    def __init__(self, statements: Statements, indexed: Mapping[str, frozenset[str]]) -> None:
        self._statements = statements
        self._indexed = indexed
        self._composed = lru_cache(maxsize=_KEPT)(self._compose)

    def step(self, place: Mapping[str, Any], query: ListQuery, limit: int, known: Any) -> Step:
        """
        Return the statement of a page, with its values.

        Returns:
            Of rows (timestamp, total, id, last_modified, deleted, data as text, …): one with
            NULL for a record when there is none, or when the timestamp of the collection is
            *known*; none at all when the collection has no timestamp yet.
        """
        longest = self._statements.longest
        wanted = [gathered(one, longest) for one in query.filters]
        ends = _ends(query)
        rules = query.rules if ends is None else [ends]
        # What is shared is read as a whole, without the columns that conditions on indexes name.
        is_indexed = place["collection_id"] in self._indexed and query.share is None
        shape = Shape(
            place["collection_id"] if is_indexed else "",
            query.names,
            tuple(condition_of(one, longest) for one in wanted),
            tuple(_decisive(query)),
            tuple(tuple(condition_of(one, longest) for one in rule) for rule in rules),
            ends is not None,
            query.include_deleted,
            query.share is not None,
            self._statements.asks_once,
        )
        # A statement of many parameters is like no other, and not worth its place.
        composed = (self._composed if _size(shape) <= _LARGEST_KEPT else self._compose)(shape)
        filters = [*wanted, *(one for rule in rules for one in rule)]
        values = values_of(composed.bindings, filters)
        values.update(composed.values, **place, limit=limit, known=known)
        if query.share is not None:
            values.update(share_values(query.share))
        return Step(composed.statement, values)

    def matching(
        self, place: Mapping[str, Any], filters: Sequence[Filter], names: Fields
    ) -> tuple[Clause, dict[str, Any]]:
        """Return whether a record is live and meets *filters*, with the values of parameters."""
        operands = self._operands(place["collection_id"], names)
        conditions = Conditions(operands)
        filters = [gathered(one, self._statements.longest) for one in filters]
        shapes = [condition_of(one, self._statements.longest) for one in filters]
        clause = and_(~records.c.deleted, conditions.all_of(shapes, 0))
        values = values_of(tuple(conditions.bindings.values()), filters)
        return clause, {**values, **operands.values, **place}

    def _operands(self, collection_id: str, names: Fields) -> Operands:
        indexed = self._indexed.get(collection_id, frozenset())
        return Operands(names, collection_id, indexed, self._statements.longest)

    def _compose(self, shape: Shape) -> Composed:
        operands = self._operands(shape.collection_id, shape.names)
        conditions = Conditions(operands)
        wanted = conditions.all_of(shape.filters, 0)
        keys = list(_keys(shape, operands, conditions))
        behind = (
            list(_segments(keys, self._statements.rows_of_expressions))
            if shape.is_keyset
            else [Stretch(conditions.any_of(shape.rules, len(shape.filters)))] * bool(shape.rules)
        )
        streams = [
            Stretch(and_(wanted, where), tied)
            for where, tied in _streams(shape, operands, behind or [Stretch(true())])
        ]
        statement = self._statements.listing(
            _page(streams, keys, wanted, shape, _since(shape, conditions)),
            is_prepared=_is_plain(shape, operands),
        )
        return Composed(statement, operands.values, tuple(conditions.bindings.values()))


def _size(shape: Shape) -> int:
    """Return how many values a shape has parameters for."""
    lists = (one.kind if isinstance(one.kind, tuple) else (one.kind,) for one in shape.filters)
    return sum(map(len, lists)) + sum(map(len, shape.rules))


def _decisive(query: ListQuery) -> Sequence[Sort]:
    """Return the keys to sort by up to the id, behind which nothing ties."""
    fields = [sort.field for sort in query.sorting]
    if query.names.id not in fields:
        return query.sorting
    return query.sorting[: fields.index(query.names.id) + 1]


def _ends(query: ListQuery) -> list[Filter] | None:
    """Return the values that the page before ended with, if the rules say "behind that"."""
    if not query.rules or len(query.rules) != len(query.sorting):
        return None
    ends = [rule[-1] for rule in query.rules if rule]
    last = {one.field: one.value for one in ends}
    if [one.field for one in ends] != [sort.field for sort in query.sorting]:
        return None
    expected = page_after(query.sorting, last, (query.names.id, query.names.modified))
    if [list(rule) for rule in query.rules] != expected:
        return None
    return ends[: len(_decisive(query))]


def _is_plain(shape: Shape, operands: Operands) -> bool:
    """Tell whether the best plan is the same for all values: one stretch of an index a stream."""
    modified = shape.names.modified

    def is_plain(condition: Condition) -> bool:
        if condition.field == modified:
            return condition.is_timestamp
        return condition.operator is COMPARISON.EQ and operands.is_indexed(condition.field)

    is_keyset = shape.is_keyset or not shape.rules
    if not (shape.sorting and is_keyset) or len(shape.filters) > 2:
        return False
    if shape.is_shared and not any(one.operator in _LOWER for one in shape.filters):
        return False
    lead = shape.sorting[0].field
    if shape.filters and lead != modified:
        return False
    is_read_off = isinstance(operands.of(lead), (ColumnOperand, IndexedOperand))
    ends = (one for rule in shape.rules for one in rule if one.field == modified)
    return is_read_off and all(map(is_plain, (*shape.filters, *ends)))


def _is_since(shape: Shape) -> bool:
    """Tell whether a list is of what changed in a time, in another order than that of time."""
    is_by_time = bool(shape.sorting) and shape.sorting[0].field == shape.names.modified
    return not is_by_time and any(one.field == shape.names.modified for one in shape.filters)


def _since(shape: Shape, conditions: Conditions) -> Clause | None:
    """Return what all that has changed since a time meets, if a list is of that."""
    bounds = [
        conditions.all_of([one], place)
        for place, one in enumerate(shape.filters)
        if one.field == shape.names.modified and one.is_timestamp and one.operator in _LOWER
    ]
    return and_(*bounds) if bounds else None


def _keys(shape: Shape, operands: Operands, conditions: Conditions) -> Iterator[Key]:
    for place, (field, direction) in enumerate(shape.sorting):
        operand = operands.of(field)
        columns = operand.sort_columns()
        if field == shape.names.id and _is_since(shape):
            # What has changed since is few, and is sorted: the database is not to walk along the
            # ids of a whole collection to find them.
            columns = [column.concat(literal_column("''")) for column in columns]
        lasts: Sequence[Clause | None] = [None] * len(columns)
        if shape.is_keyset:
            end = conditions.parameter(shape.rules[0][place], len(shape.filters) + place)
            lasts = operand.sort_values(end)
        for column, last in zip(columns, lasts, strict=True):
            yield Key(direction, column, last)


def _segments(keys: Sequence[Key], rows_of_expressions: bool) -> Iterator[Stretch]:
    """
    Return the stretches behind the end of a page, the nearest last.

    Keys of one direction are compared as a row where that is one stretch of an index.
    """

    def run_of(numbered: tuple[int, Key]) -> tuple[int, int]:
        number, key = numbered
        is_alone = not (rows_of_expressions or isinstance(key.column, Column))
        return key.direction, number if is_alone else -1

    ties: list[Clause] = []
    for (direction, _), run in groupby(enumerate(keys), key=run_of):
        columns, lasts = zip(*((key.column, key.last) for _, key in run), strict=True)
        compare = operator.gt if direction > 0 else operator.lt
        is_beyond = (
            compare(tuple_(*columns), tuple_(*lasts))
            if len(columns) > 1
            else compare(columns[0], lasts[0])
        )
        yield Stretch(and_(*ties, is_beyond), len(ties))
        ties += [column == last for column, last in zip(columns, lasts, strict=True)]


def _streams(shape: Shape, operands: Operands, behind: Sequence[Stretch]) -> list[Stretch]:
    """Return what the rows of each stream meet, beside the filters."""
    live = ~records.c.deleted
    is_behind = or_(*(where for where, _ in behind))
    if shape.is_shared:
        # No index has these alone: they are read, and then sorted.
        return [Stretch(and_(true() if shape.include_deleted else live, is_behind))]
    lead = operands.of(shape.sorting[0].field) if shape.sorting else None
    if isinstance(lead, ColumnOperand) and shape.sorting[0].field == shape.names.modified:
        kinds = [live, records.c.deleted] if shape.include_deleted else [live]
        return [Stretch(and_(kind, where), tied) for kind in kinds for where, tied in behind]
    if isinstance(lead, IndexedOperand) and not shape.include_deleted:
        is_held = and_(live, lead.is_held(is_long=False))
        held = [Stretch(and_(is_held, where), tied) for where, tied in behind]
        if not lead.is_limited:
            return held
        return [*held, Stretch(and_(live, lead.is_held(is_long=True), is_behind))]
    if shape.include_deleted and not _is_since(shape):
        return [Stretch(is_behind)]
    # What has changed since is a stretch of the index of time, in which tombstones stand apart.
    kinds = [live, records.c.deleted] if shape.include_deleted else [live]
    return [Stretch(and_(kind, is_behind)) for kind in kinds]


def _page(
    streams: Sequence[Stretch],
    keys: Sequence[Key],
    wanted: Clause,
    shape: Shape,
    since: Clause | None,
) -> Any:
    present = select(timestamps.c.last_modified).where(of_collection(timestamps)).scalar_subquery()
    is_changed = present.is_distinct_from(bindparam("known"))
    limit: Clause = bindparam("limit")
    if shape.asks_once:
        limit = case((is_changed, limit), else_=literal_column("0"))
    columns = [key.column.label(f"key{number}") for number, key in enumerate(keys)]
    narrowed: Narrowing = within_collection
    if shape.is_shared:
        narrowed = within_part(wanted, *(where for where, _ in streams), *columns, since=since)
    record = [*HEAD] if shape.is_shared else [*HEAD, records.c.data]
    rows = [
        narrowed(
            select(*record, *columns)
            .where(true() if shape.asks_once else is_changed, where)
            # Where keys are tied, not every database sees for itself that they sort nothing.
            .order_by(*_directed([key.column for key in keys[tied:]], keys[tied:]))
            .limit(limit)
        ).subquery(f"stream{number}")
        for number, (where, tied) in enumerate(streams)
    ]
    page = rows[0] if len(rows) == 1 else _merged(rows, keys)
    total: Any = timestamps.c.live
    if shape.filters or shape.is_shared:
        counted = narrowed(count_of(wanted, is_shared=shape.is_shared)).scalar_subquery()
        total = case((is_changed, counted), else_=literal_column("0"))
    # Of the records in the page alone: to read a document, and to write it as text, is dear.
    document = document_of(page) if shape.is_shared else DocumentText(page.c.data)
    return (
        select(timestamps.c.last_modified, total, *list(page.c)[: len(HEAD)], document)
        .select_from(timestamps.outerjoin(page, true()))
        .where(of_collection(timestamps))
        .order_by(*_directed(_sorted_by(page, keys), keys))
    )


def _merged(rows: Sequence[Any], keys: Sequence[Key]) -> Any:
    every = union_all(*(select(one) for one in rows)).subquery("streams")
    ordered = select(every).order_by(*_directed(_sorted_by(every, keys), keys))
    return ordered.limit(bindparam("limit")).subquery("page")


def _sorted_by(rows: Any, keys: Sequence[Key]) -> list[Clause]:
    return [rows.c[f"key{number}"] for number in range(len(keys))]


def _directed(columns: Sequence[Clause], keys: Sequence[Key]) -> list[UnaryExpression[Any]]:
    return [
        column.asc() if key.direction > 0 else column.desc()
        for column, key in zip(columns, keys, strict=True)
    ]
