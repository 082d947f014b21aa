"""The statements of a permission backend on SQL, composed once for a database."""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache
from typing import Any

from sqlalchemy import (
    ColumnElement,
    FromClause,
    Select,
    and_,
    bindparam,
    func,
    literal_column,
    or_,
    select,
    union_all,
)
from sqlalchemy.engine import Dialect

from cliquet.drivers.elements import InList, LookUp, ObjectLock
from cliquet.drivers.statements import Statement
from cliquet.permission import Share
from cliquet.permission.sql.tables import aces, user_principals

Clause = ColumnElement[Any]

#: Pairs (object, permission) that a statement is prepared for; more are asked for all the same.
_PREPARED_PAIRS = 8


class Statements:
    """
    The fixed statements, and makers of those that depend on how much is asked for.

    Args:
        dialect: Of SQLAlchemy, with parameters as ``:name``.
        upsert: The dialect's ``insert`` construct, which knows ``ON CONFLICT``.
    """

    def __init__(self, dialect: Dialect, upsert: Callable[..., Any]) -> None:
        self._dialect = dialect
        self._upsert = upsert
        self._of_users()
        self._of_objects()
        self._of_principals()
        self.access = lru_cache(maxsize=4 * _PREPARED_PAIRS)(self._access)

    def _of_users(self) -> None:
        table = user_principals
        is_user, is_principal = _is(table.c.user_id), _is(table.c.principal)
        self.add_user_principal = self._compiled("add_user_principal", self._insert(table))
        self.remove_user_principal = self._compiled(
            "remove_user_principal", table.delete().where(is_user, is_principal)
        )
        self.remove_principal = self._compiled(
            "remove_principal", table.delete().where(is_principal)
        )
        self.user_principals = self._compiled(
            "user_principals", select(table.c.principal).where(is_user)
        )

    def _of_objects(self) -> None:
        is_object, is_named = _is(aces.c.object_id), _is(aces.c.permission)
        self.lock = self._compiled("lock_object", select(ObjectLock(bindparam("object_id"))))
        self.add_ace = self._compiled("add_ace", self._insert(aces))
        self.remove_ace = self._compiled(
            "remove_ace", aces.delete().where(is_object, is_named, _is(aces.c.principal))
        )
        self.forget_permission = self._compiled(
            "forget_permission", aces.delete().where(is_object, is_named)
        )
        self.forget_object = self._compiled("forget_object", aces.delete().where(is_object))
        self.forget_below = self._compiled("forget_below", aces.delete().where(_is_within()))
        self.principals = self._compiled(
            "ace_principals", select(aces.c.principal).where(is_object, is_named)
        )
        self.permissions = self._compiled(
            "object_permissions", select(aces.c.permission, aces.c.principal).where(is_object)
        )

    def _of_principals(self) -> None:
        found = select(aces.c.object_id).distinct()
        self.accessible = self.dynamic(found.where(_is_shared()))
        self.accessible_within = self.dynamic(found.where(_is_shared(), _is_within()))
        rest: Clause = _rest_of_uri()
        is_one_segment = and_(rest.not_like(literal_column("'%/%'")), rest != literal_column("''"))
        self.any_shared = self.dynamic(
            select(literal_column("1"))
            .where(_is_shared(), _is_within(), is_one_segment)
            .limit(literal_column("1"))
        )

    def _access(self, pairs: int, *, with_user: bool, with_object: bool) -> Statement:
        """
        Return the statement of all that decides about a request.

        Returns:
            Of rows (object, permission, principal); principals of the user have no object.
        """
        parts: list[Select[Any]] = []
        if with_user:
            nothing: Clause = literal_column("NULL")
            own = select(nothing, nothing, user_principals.c.principal)
            parts.append(own.where(_is(user_principals.c.user_id)))
        wanted = [
            and_(
                aces.c.object_id == bindparam(f"object{place}"),
                aces.c.permission == bindparam(f"permission{place}"),
            )
            for place in range(pairs)
        ]
        if with_object:
            wanted.append(_is(aces.c.object_id))
        if wanted:
            parts.append(select(*aces.c).where(or_(*wanted)))
        statement = parts[0] if len(parts) == 1 else union_all(*parts)
        if pairs > _PREPARED_PAIRS:
            return self.dynamic(statement)
        return self._compiled(f"access_{pairs}_{with_user:d}{with_object:d}", statement)

    def dynamic(self, clause: Any) -> Statement:
        """Return a statement whose best plan depends on its values: it is not prepared."""
        return Statement.compiled("", clause, self._dialect, is_prepared=False)

    def _compiled(self, name: str, clause: Any) -> Statement:
        return Statement.compiled(f"cliquet_{name}", clause, self._dialect)

    def _insert(self, table: Any) -> Any:
        values: dict[str, Any] = {column.name: bindparam(column.name) for column in table.c}
        return self._upsert(table).values(values).on_conflict_do_nothing()


def shared_ids(asked: FromClause | None = None) -> Select[Any]:
    """
    Return the statement of the ids of what is shared, without the rest of their URIs.

    Its parameters are :func:`share_values`.

    Args:
        asked: What has one row if it is asked for them, and none otherwise.
    """
    ids = select(_rest_of_uri().label("id")).distinct()
    is_entry = and_(_is_shared(), _is_within())
    return ids.where(is_entry) if asked is None else ids.select_from(LookUp(asked, aces, is_entry))


def is_shared(record_id: Clause) -> Clause:
    """
    Return whether the record of an id is shared, looked up by its URI.

    Its parameters are :func:`share_values`.
    """
    uri: Clause = bindparam("low").concat(record_id)
    entry: Select[Any] = select(literal_column("1")).where(aces.c.object_id == uri, _is_shared())
    # A value, of which no database makes a join: it might begin with all that is shared.
    return entry.limit(literal_column("1")).scalar_subquery() == literal_column("1")


def share_values(share: Share) -> dict[str, Any]:
    """Return the parameters of what is asked of a shared part."""
    return {
        "principals": list(share.principals),
        "permissions": list(share.permissions),
        "length": len(share.uri_prefix),
        **prefix_range(share.uri_prefix),
    }


def prefix_range(prefix: str) -> dict[str, str]:
    """Return the bounds of the texts that begin with *prefix*: the upper one is not among them."""
    return {"low": prefix, "high": prefix[:-1] + chr(ord(prefix[-1]) + 1)}


def _is(column: Any) -> Clause:
    return column == bindparam(column.name)


def _is_shared() -> Clause:
    return and_(
        InList(aces.c.principal, bindparam("principals")),
        InList(aces.c.permission, bindparam("permissions")),
    )


def _is_within() -> Clause:
    """Return whether a URI begins with a prefix: it stands between that and what follows it."""
    return and_(aces.c.object_id >= bindparam("low"), aces.c.object_id < bindparam("high"))


def _rest_of_uri() -> Clause:
    return func.substr(aces.c.object_id, bindparam("length") + literal_column("1"))
