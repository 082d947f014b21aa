"""
Databases: pools of connections, and transactions on them.

A read outside of transactions commits itself. A write is a transaction: its own, or that of the
request being served, in which everything that follows the first write is read too.
"""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from contextvars import ContextVar
from typing import Any, Protocol
from weakref import WeakSet

from sqlalchemy.engine import Engine
from sqlalchemy.exc import SQLAlchemyError

from cliquet.drivers.statements import Step
from cliquet.drivers.writers import ConnectionLost, Row, Writer
from cliquet.exceptions import BackendError

_databases: WeakSet[Database] = WeakSet()


class Wire(Protocol):
    """How statements reach a database, and what of its driver's errors means."""

    #: Errors of the driver.
    errors: tuple[type[Exception], ...]

    def send(self, connection: Any, steps: tuple[Step, ...], before: str, after: str) -> list[Row]:
        """
        Run *before*, the steps and *after*, in one round trip where the database can.

        Returns:
            The rows of the last step that gives rows.
        """

    def is_disconnect(self, error: Exception, connection: Any) -> bool:
        """Tell whether, by *error*, another connection may do what this one could not."""

    def is_spoilt(self, connection: Any) -> bool:
        """Tell whether what happened leaves a connection of no use to others."""


class Database:
    """
    One database, as one process uses it.

    Args:
        engine: Of SQLAlchemy; only its pool is used.
        wire: Sends statements.
    """

    def __init__(self, engine: Engine, wire: Wire) -> None:
        self.engine = engine
        self.wire = wire
        _databases.add(self)

    def read(self, step: Step) -> list[Row]:
        """
        Run a statement that only reads, in the transaction of the request if it has begun one.

        A connection that turns out to be dead is replaced once: a read can be repeated.

        Raises:
            BackendError: The database failed, or there is no connection.
        """
        writer = self.writer
        if writer is not None:
            return writer.run(step)
        try:
            return self._read_once(step)
        except ConnectionLost as lost:
            if not lost.is_sudden:
                raise
            return self._read_once(step)

    @property
    def writer(self) -> Writer | None:
        """The transaction of the request, if it has begun one."""
        scope = _open_scope()
        return None if scope is None else scope.writer_of(self)

    def _read_once(self, step: Step) -> list[Row]:
        connection = self.checked_out()
        try:
            return self.send(connection, (step,))
        finally:
            connection.close()

    def writing(self) -> AbstractContextManager[Writer]:
        """
        Write in a transaction: the request's, else one that ends with the block.

        Raises:
            BackendError: The database failed; nothing is half-written.
        """
        scope = _open_scope()
        return self.writing_alone() if scope is None else nullcontext(scope.joined(self))

    @contextmanager
    def writing_alone(self) -> Iterator[Writer]:
        """
        Write in a transaction that ends with the block, whatever becomes of the request's.

        Raises:
            BackendError: The database failed; nothing is half-written.
        """
        writer = Writer(self, self.checked_out())
        try:
            yield writer
            writer.commit()
        except BaseException:
            writer.roll_back()
            raise
        finally:
            writer.close()

    @contextmanager
    def transaction(self) -> Iterator[Writer]:
        """
        Make all that is read and written within the block one transaction.

        It is the request's, if there is one; else it ends with the block.
        """
        if _open_scope() is not None:
            with self.writing() as writer:
                yield writer
            return
        scope = RequestScope(join=lambda writer: None)
        with request_scope(scope):
            writer = scope.joined(self)
            try:
                yield writer
                writer.commit()
            except BaseException:
                writer.roll_back()
                raise
            finally:
                scope.forget(writer)

    def checked_out(self) -> Any:
        """Return a connection of the pool, in autocommit mode; whoever has it closes it."""
        with backend_errors(self.wire.errors):
            return self.engine.raw_connection()

    def send(
        self, connection: Any, steps: tuple[Step, ...], before: str = "", after: str = ""
    ) -> list[Row]:
        """
        Run *before*, the steps and *after* on a connection, in one round trip.

        Raises:
            BackendError: The database failed; ``ConnectionLost`` when the connection is no more.
        """
        began = time.monotonic()
        try:
            return self.wire.send(connection, steps, before, after)
        except self.wire.errors as error:
            if self.wire.is_disconnect(error, connection):
                # The others of the pool died of the same: each is replaced when its turn comes.
                self.engine.pool._invalidate(connection, error)
                raise ConnectionLost(error, time.monotonic() - began) from error
            if self.wire.is_spoilt(connection):
                connection.invalidate(error)
            raise BackendError(error) from error


class RequestScope:
    """
    The transactions of one request: one a database, begun by the first write.

    Args:
        join: Called once a database that is written, with its writer: makes a transaction
            manager commit it or roll it back.
    """

    def __init__(self, join: Any) -> None:
        self._join = join
        self._writers: dict[int, Writer] = {}
        #: Whether writes may still take part; not when the request is over.
        self.is_open = True

    def writer_of(self, database: Database) -> Writer | None:
        """Return the writer of a database, if it has been written."""
        return self._writers.get(id(database))

    @property
    def changes(self) -> int:
        """How many changes its transactions were given so far."""
        return sum(writer.changes for writer in self._writers.values())

    def joined(self, database: Database) -> Writer:
        """Return the writer of a database; the first time, its transaction joins the request's."""
        writer = self._writers.get(id(database))
        if writer is None:
            writer = Writer(database, database.checked_out())
            try:
                self._join(writer)
            except BaseException:
                writer.close()
                raise
            self._writers[id(database)] = writer
        return writer

    def forget(self, writer: Writer) -> None:
        """Give the connection of a transaction that ended back to its pool."""
        self._writers = {key: one for key, one in self._writers.items() if one is not writer}
        writer.close()


_scope: ContextVar[RequestScope | None] = ContextVar("cliquet_request_scope", default=None)


@contextmanager
def request_scope(scope: RequestScope) -> Iterator[None]:
    """Make the writes within the block part of the transactions of a request."""
    token = _scope.set(scope)
    try:
        yield
    finally:
        # A thread that was given a copy of the context may outlive the request.
        scope.is_open = False
        _scope.reset(token)


def is_in_transaction() -> bool:
    """Tell whether what is written now is part of the transactions of a request."""
    return _open_scope() is not None


def count_changes() -> int:
    """Return how many changes the transactions of a request were given so far."""
    scope = _open_scope()
    return 0 if scope is None else scope.changes


def _open_scope() -> RequestScope | None:
    scope = _scope.get()
    return scope if scope is not None and scope.is_open else None


@contextmanager
def backend_errors(more: tuple[type[Exception], ...] = ()) -> Iterator[None]:
    """Turn what SQLAlchemy raises, or *more*, into the error of the contract."""
    try:
        yield
    except SQLAlchemyError as error:
        raise BackendError(getattr(error, "orig", None) or error) from error
    except more as error:
        raise BackendError(error) from error


def _forget_connections() -> None:
    # A child must not speak through its parent's sockets, nor close them.
    for database in list(_databases):
        database.engine.dispose(close=False)


os.register_at_fork(after_in_child=_forget_connections)
