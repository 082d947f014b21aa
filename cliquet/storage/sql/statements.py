"""
The statements of a storage on SQL, composed once for a database.

Every one names one ``parent_id``: the tables can be distributed by it.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

from sqlalchemy import (
    BigInteger,
    ColumnElement,
    Select,
    and_,
    bindparam,
    cast,
    func,
    literal_column,
    select,
    true,
)
from sqlalchemy.engine import Dialect

from cliquet.drivers.statements import Statement
from cliquet.storage.sql.elements import (
    AsDocument,
    DocumentText,
    InList,
    JSONEquals,
    JSONHash,
    PresentTime,
    quoted,
)
from cliquet.storage.sql.operands import LONGEST, indexed_value
from cliquet.storage.sql.tables import records, timestamps

Clause = ColumnElement[Any]

#: What a record is made of.
RECORD = (records.c.id, records.c.last_modified, records.c.deleted, DocumentText(records.c.data))


class Statements:
    """
    The fixed statements, and makers of those that depend on a query.

    Args:
        dialect: Of SQLAlchemy, with parameters as ``:name``.
        upsert: The dialect's ``insert`` construct, which knows ``ON CONFLICT``.
        longest: Characters of the longest text that indexes of fields hold; ``None``: no limit.
        rows_of_expressions: Whether the database sees that a comparison of rows is one stretch
            of an index of expressions; else it does so for columns only.
        asks_once: Whether a condition that is the same for all rows is to stand in their limit:
            the database would ask it of each row.
    """

    def __init__(
        self,
        dialect: Dialect,
        upsert: Callable[..., Any],
        *,
        longest: int | None = LONGEST,
        rows_of_expressions: bool = True,
        asks_once: bool = False,
    ) -> None:
        self.longest = longest
        self.rows_of_expressions = rows_of_expressions
        self.asks_once = asks_once
        self._dialect = dialect
        self._upsert = upsert
        self._by_unique_fields: dict[tuple[str, tuple[str, ...]], Statement] = {}
        self._of_collections()
        self._of_records()

    def _of_collections(self) -> None:
        self.timestamp = self._compiled(
            "timestamp", select(timestamps.c.last_modified).where(of_collection(timestamps))
        )
        self.present = self._compiled("present", select(PresentTime()))
        self.lock = self._compiled(
            "lock",
            select(timestamps.c.last_modified).where(of_collection(timestamps)).with_for_update(),
        )
        self.begin_collection = self._compiled("begin_collection", self._insert_timestamp())
        self.touch = self._compiled(
            "touch",
            timestamps.update()
            .where(of_collection(timestamps))
            .values(
                last_modified=bindparam("last_modified"),
                live=timestamps.c.live + bindparam("delta"),
            ),
        )

    def _of_records(self) -> None:
        self.get = self._compiled("get", select(*RECORD[1:]).where(_record(), ~records.c.deleted))
        self.get_many = self._compiled(
            "get_many", select(*RECORD).where(_records(), ~records.c.deleted)
        )
        self.put = self._compiled("put", self._put())
        self.bury = self._compiled(
            "bury",
            records.update()
            .where(_record())
            .values(
                last_modified=bindparam("last_modified"),
                deleted=true(),
                data=AsDocument(literal_column("'{}'")),
            ),
        )
        self.remove = self._compiled("remove", records.delete().where(_record()))
        self.state = self._compiled("state", self._state(_record(), RECORD[1:]))
        self.states = self._compiled("states", self._state(_records(), RECORD))
        self.purge = self._compiled(
            "purge",
            records.delete()
            .where(
                of_collection(records),
                records.c.deleted,
                records.c.last_modified < bindparam("before"),
            )
            .returning(records.c.id),
        )

    def state_with(self, collection_id: str, unique_fields: Sequence[str]) -> Statement:
        """
        Return the statement that reads what a write of a record depends on.

        The id of a record that holds each of *unique_fields* comes last, their values being the
        parameters ``u0``, ``u1`` …, JSON as text, NULL for those that never conflict.
        """
        if not unique_fields:
            return self.state
        key = collection_id, tuple(unique_fields)
        if key not in self._by_unique_fields:
            # Named by what it is, for prepared statements outlive this object.
            digest = hashlib.sha256(repr(key).encode()).hexdigest()[:24]
            holders = [
                _holder(collection_id, field, f"u{place}")
                for place, field in enumerate(unique_fields)
            ]
            statement = self._state(_record(), RECORD[1:]).add_columns(*holders)
            self._by_unique_fields[key] = self._compiled(f"state_{digest}", statement)
        return self._by_unique_fields[key]

    def deletion(self, where: Clause) -> tuple[Statement, Statement, Statement]:
        """
        Return the statements of a list deletion: what reads, what buries and what removes.

        The records are read, and stamped from the parameter ``first`` on, in the order of time.
        """
        wanted = and_(of_collection(records), where)
        reading = select(*RECORD).where(wanted).order_by(records.c.last_modified, records.c.id)
        return (
            self.dynamic(reading),
            self.dynamic(_burial(wanted)),
            self.dynamic(records.delete().where(wanted)),
        )

    def dynamic(self, clause: Any) -> Statement:
        """Return a statement made for one query, which is not prepared."""
        return Statement.compiled("", clause, self._dialect, is_prepared=False)

    def listing(self, clause: Any, *, is_prepared: bool) -> Statement:
        """Return the statement of a list, prepared if its plan depends on no value."""
        statement = self.dynamic(clause)
        if not is_prepared:
            return statement
        digest = hashlib.sha256(statement.text.encode()).hexdigest()[:24]
        return replace(statement, name=f"cliquet_list_{digest}", is_prepared=True)

    def _compiled(self, name: str, clause: Any) -> Statement:
        return Statement.compiled(f"cliquet_{name}", clause, self._dialect)

    def _insert_timestamp(self) -> Any:
        insert = self._upsert(timestamps).values(
            parent_id=bindparam("parent_id"),
            collection_id=bindparam("collection_id"),
            last_modified=PresentTime(),
            live=literal_column("0"),
        )
        return insert.on_conflict_do_nothing()

    def _put(self) -> Any:
        insert = self._upsert(records).values(
            parent_id=bindparam("parent_id"),
            collection_id=bindparam("collection_id"),
            id=bindparam("id"),
            last_modified=bindparam("last_modified"),
            deleted=literal_column("false"),
            data=AsDocument(bindparam("data")),
        )
        return insert.on_conflict_do_update(
            index_elements=[records.c.parent_id, records.c.collection_id, records.c.id],
            set_={
                "last_modified": insert.excluded.last_modified,
                "deleted": insert.excluded.deleted,
                "data": insert.excluded.data,
            },
        )

    def _state(self, wanted: Clause, columns: Sequence[Any]) -> Select[Any]:
        # The keys of both tables are compared with parameters, not with each other: a database
        # that knows nothing of the tables yet sees only then that one record is looked up.
        return (
            select(timestamps.c.last_modified, PresentTime(), *columns)
            .select_from(timestamps.outerjoin(records, wanted))
            .where(of_collection(timestamps))
        )


def of_collection(table: Any) -> Clause:
    """Return whether a row is of the collection of the parameters."""
    return and_(
        table.c.parent_id == bindparam("parent_id"),
        table.c.collection_id == bindparam("collection_id"),
    )


def _record() -> Clause:
    return and_(of_collection(records), records.c.id == bindparam("id"))


def _records() -> Clause:
    return and_(of_collection(records), InList(records.c.id, bindparam("ids")))


def _burial(where: Clause) -> Any:
    """Return the statement that buries what meets *where*, stamped in turn from ``first`` on."""
    place = func.row_number().over(order_by=[records.c.last_modified, records.c.id])
    listed = select(records.c.id, place.label("place")).where(where).subquery("listed")
    return (
        records.update()
        .where(of_collection(records), records.c.id == listed.c.id)
        .values(
            last_modified=cast(bindparam("first"), BigInteger) + listed.c.place - 1,
            deleted=true(),
            data=AsDocument(literal_column("'{}'")),
        )
    )


def _holder(collection_id: str, field: str, parameter: str) -> Clause:
    """Return the id of another live record with a field's value, found by the guard's index."""
    own = records.alias()
    value = indexed_value(field, own.c.data)
    sent = AsDocument(bindparam(parameter))
    return (
        select(own.c.id)
        .where(
            own.c.parent_id == bindparam("parent_id"),
            # In the text, not a parameter: the index is of this collection alone.
            own.c.collection_id == literal_column(quoted(collection_id)),
            ~own.c.deleted,
            JSONHash(value) == JSONHash(sent),
            JSONEquals(value, bindparam(parameter)),
            own.c.id != bindparam("id"),
        )
        .limit(literal_column("1"))
        .scalar_subquery()
    )
