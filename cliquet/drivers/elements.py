"""What statements of several families are made of, and each database has in its own way."""

from __future__ import annotations

from typing import Any

from sqlalchemy import BigInteger, Boolean, Join
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.functions import FunctionElement
from sqlalchemy.types import UserDefinedType


class Key(UserDefinedType[str]):
    """Text that is compared by code point, whatever the locale of the database."""

    cache_ok = True


class InList(FunctionElement[Any]):
    """Whether a text is in a list of texts, given as one parameter."""

    type = Boolean()
    inherit_cache = True

    def self_group(self, against: Any = None) -> Any:
        """Stand as it is among conditions: SQLite would use no index for ``(… IN …) = 1``."""
        return self


class LookUp(Join):
    """
    A join that looks up rows of a table for each row of its left side, by an index.

    No database can take the table for the smaller side, and walk through it: not even one that
    knows nothing of what either side holds.
    """

    inherit_cache = True


class ObjectLock(FunctionElement[Any]):
    """Waits until no other transaction holds the lock of that name, and holds it to its end."""

    type = BigInteger()
    inherit_cache = True


@compiles(Key, "postgresql")
def _key_on_postgresql(element: Key, compiler: Any, **kwargs: Any) -> str:
    return 'TEXT COLLATE "C"'


@compiles(Key)
def _key(element: Key, compiler: Any, **kwargs: Any) -> str:
    return "TEXT"


@compiles(InList, "postgresql")
def _in_list_on_postgresql(element: InList, compiler: Any, **kwargs: Any) -> str:
    text, texts = (compiler.process(clause, **kwargs) for clause in element.clauses)
    return f"({text} = ANY (({texts})::text[]))"


@compiles(InList, "sqlite")
def _in_list_on_sqlite(element: InList, compiler: Any, **kwargs: Any) -> str:
    text, texts = (compiler.process(clause, **kwargs) for clause in element.clauses)
    return f"({text} IN (SELECT value FROM json_each({texts})))"  # noqa: S608 - parameters


@compiles(LookUp, "postgresql")
def _look_up_on_postgresql(join: LookUp, compiler: Any, **kwargs: Any) -> str:
    left, table, condition = _sides(join, compiler, kwargs)
    # A statement with an offset is planned by itself, for the one row that it is asked for.
    found = f"SELECT * FROM {table} WHERE {condition} OFFSET 0"  # noqa: S608 - made of clauses
    return f"{left} CROSS JOIN LATERAL ({found}) AS {table}"


@compiles(LookUp, "sqlite")
def _look_up_on_sqlite(join: LookUp, compiler: Any, **kwargs: Any) -> str:
    # SQLite never swaps the sides of a join that is called so.
    left, table, condition = _sides(join, compiler, kwargs)
    return f"{left} CROSS JOIN {table} ON {condition}"


def _sides(join: LookUp, compiler: Any, kwargs: dict[str, Any]) -> tuple[str, str, str]:
    """Return both sides of a join, and its condition."""
    sides = (
        compiler.process(side, **{**kwargs, "asfrom": True}) for side in (join.left, join.right)
    )
    return *sides, compiler.process(join.onclause, **{**kwargs, "asfrom": False})


@compiles(ObjectLock, "postgresql")
def _lock_on_postgresql(element: ObjectLock, compiler: Any, **kwargs: Any) -> str:
    (name,) = (compiler.process(clause, **kwargs) for clause in element.clauses)
    return f"pg_advisory_xact_lock(hashtextextended({name}, 0))"


@compiles(ObjectLock, "sqlite")
def _lock_on_sqlite(element: ObjectLock, compiler: Any, **kwargs: Any) -> str:
    # Who writes has the lock of the file.
    (name,) = (compiler.process(clause, **kwargs) for clause in element.clauses)
    return f"length({name})"
