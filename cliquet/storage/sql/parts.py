"""What a list is of: a collection, or the part of it that is shared with a user."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, select
from sqlalchemy.sql import visitors
from sqlalchemy.sql.util import ClauseAdapter

from cliquet.drivers.elements import LookUp
from cliquet.permission.sql.statements import shared_ids
from cliquet.storage.sql.elements import DocumentText
from cliquet.storage.sql.statements import of_collection
from cliquet.storage.sql.tables import records

Clause = ColumnElement[Any]

#: What a record has beside its document.
HEAD = (records.c.id, records.c.last_modified, records.c.deleted)


def within_collection(statement: Select[Any]) -> Select[Any]:
    """Return a statement on records as one on those of the collection."""
    return statement.where(of_collection(records))


def within_part(*clauses: Clause) -> Callable[[Select[Any]], Select[Any]]:
    """
    Return what makes a statement on records, made of *clauses*, one on the shared part of them.

    The part is read as a whole, once, by the ids: no plan of the database can make it depend on
    the size of the collection. It has no documents unless the clauses need them.
    """
    nodes = (node for clause in clauses for node in visitors.iterate(clause))
    documents = [records.c.data] if any(node is records.c.data for node in nodes) else []
    # In the order of the index, in which neighbours are on one page of it.
    ids = shared_ids().order_by("id").subquery("shared")
    found = LookUp(ids, records, and_(of_collection(records), records.c.id == ids.c.id))
    part = select(*HEAD, *documents).select_from(found).cte("part")
    adapt: Callable[[Select[Any]], Select[Any]] = ClauseAdapter(part).traverse
    return adapt


def document_of(page: Any) -> Clause:
    """Return the document of each row of a page that has none, as text."""
    is_same = and_(of_collection(records), records.c.id == page.c.id)
    return select(DocumentText(records.c.data)).where(is_same).scalar_subquery()
