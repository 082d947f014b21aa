"""What a list is of: a collection, or the part of it that is shared with a user."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from sqlalchemy import (
    ColumnElement,
    CompoundSelect,
    FromClause,
    Integer,
    Select,
    and_,
    func,
    literal_column,
    select,
    union_all,
)
from sqlalchemy.sql import visitors
from sqlalchemy.sql.util import ClauseAdapter

from cliquet.drivers.elements import LookUp
from cliquet.permission.sql.statements import is_shared, shared_ids
from cliquet.storage.sql.elements import DocumentText
from cliquet.storage.sql.statements import of_collection
from cliquet.storage.sql.tables import records

Clause = ColumnElement[Any]
#: Makes a statement on records one on some of them.
Narrowing = Callable[[Select[Any]], Select[Any]]

#: What a record has beside its document.
HEAD = (records.c.id, records.c.last_modified, records.c.deleted)

#: Most changes that are asked one by one whether they are shared.
_FEW = literal_column("256", Integer)
_ONE = literal_column("1", Integer)


def within_collection(statement: Select[Any]) -> Select[Any]:
    """Return a statement on records as one on those of the collection."""
    return statement.where(of_collection(records))


def within_part(*clauses: Clause, since: Clause | None = None) -> Narrowing:
    """
    Return what makes a statement on records, made of *clauses*, one on the shared part of them.

    The part is read as a whole, once, by the ids: no plan of the database can make it depend on
    the size of the collection. It has no documents unless the clauses need them.

    Args:
        since: What records and tombstones meet that a list of changes is of. When they are few,
            each is asked whether it is shared, and the rest of the part is not read.
    """
    nodes = (node for clause in clauses for node in visitors.iterate(clause))
    documents = [records.c.data] if any(node is records.c.data for node in nodes) else []
    columns = [*HEAD, *documents]
    if since is None:
        part = _looked_up(columns).cte("part")
    else:
        changes = _changes(columns, since).cte("changes")
        number = func.count()
        are_few = select(number <= _FEW).select_from(changes).scalar_subquery()
        # A row or none: of a condition, SQLite would ask for each entry that is shared.
        are_many = select(number).select_from(changes).having(number > _FEW).subquery("many")
        changed = select(changes).where(are_few, is_shared(changes.c.id))
        part = union_all(changed, _looked_up(columns, are_many)).cte("part")
    adapt: Narrowing = ClauseAdapter(part).traverse
    return adapt


def _looked_up(columns: Sequence[Any], asked: FromClause | None = None) -> Select[Any]:
    # In the order of the index, in which neighbours are on one page of it.
    ids = shared_ids(asked).order_by("id").subquery("shared")
    is_same = and_(of_collection(records), records.c.id == ids.c.id)
    return select(*columns).select_from(LookUp(ids, records, is_same))


def _changes(columns: Sequence[Any], since: Clause) -> CompoundSelect[Any]:
    """Return the statement of what has changed, but of no more than shows that it is much."""
    streams = [
        select(*columns)
        .where(of_collection(records), kind, since)
        .order_by(records.c.last_modified)
        .limit(_FEW + _ONE)
        .subquery()
        for kind in (~records.c.deleted, records.c.deleted)
    ]
    return union_all(*map(select, streams))


def count_of(wanted: Clause, *, is_shared: bool) -> Select[Any]:
    """Return the statement of how many live records there are that are *wanted*."""
    is_counted = and_(~records.c.deleted, wanted)
    if not is_shared:
        return select(func.count()).select_from(records).where(is_counted)
    # What is shared is read whole: for a condition on it, SQLite would make it an index first.
    return select(func.count().filter(is_counted)).select_from(records)


def document_of(page: Any) -> Clause:
    """Return the document of each row of a page that has none, as text."""
    is_same = and_(of_collection(records), records.c.id == page.c.id)
    return select(DocumentText(records.c.data)).where(is_same).scalar_subquery()
