"""What statements of several families are made of, and each database has in its own way."""

from __future__ import annotations

from typing import Any

from sqlalchemy import BigInteger, Boolean
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


@compiles(ObjectLock, "postgresql")
def _lock_on_postgresql(element: ObjectLock, compiler: Any, **kwargs: Any) -> str:
    (name,) = (compiler.process(clause, **kwargs) for clause in element.clauses)
    return f"pg_advisory_xact_lock(hashtextextended({name}, 0))"


@compiles(ObjectLock, "sqlite")
def _lock_on_sqlite(element: ObjectLock, compiler: Any, **kwargs: Any) -> str:
    # Who writes has the lock of the file.
    (name,) = (compiler.process(clause, **kwargs) for clause in element.clauses)
    return f"length({name})"
