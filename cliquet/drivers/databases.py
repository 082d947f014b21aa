"""
Databases: pools of connections, and transactions on them.

A read outside of transactions commits itself. A write is a transaction: its own, or that of the
request being served, in which everything that follows the first write is read too.
"""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from itertools import count
from typing import Any, Protocol
from weakref import ReferenceType, WeakSet, ref

from sqlalchemy.engine import Engine
from sqlalchemy.exc import SQLAlchemyError

from cliquet.drivers.statements import Statement, Step
from cliquet.exceptions import BackendError

Row = tuple[Any, ...]

#: Within which a connection that was dead already says so.
SUDDEN_SECONDS = 2.0

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
        except _ConnectionLost as lost:
            if not lost.is_sudden:
                raise
            return self._read_once(step)

    @property
    def writer(self) -> Writer | None:
        """The transaction of the request, if it has begun one."""
        scope = _open_scope()
        return None if scope is None else scope.writer_of(self)

    @property
    def is_in_request(self) -> bool:
        """Whether what is written now is part of a request's transaction."""
        return _open_scope() is not None

    def _read_once(self, step: Step) -> list[Row]:
        connection = self.checked_out()
        try:
            return self._sent(connection, (step,))
        finally:
            connection.close()

    @contextmanager
    def writing(self) -> Iterator[Writer]:
        """
        Write in a transaction: the request's, else one that ends with the block.

        Raises:
            BackendError: The database failed; nothing is half-written.
        """
        scope = _open_scope()
        if scope is not None:
            yield scope.joined(self)
            return
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

    def _sent(
        self, connection: Any, steps: tuple[Step, ...], before: str = "", after: str = ""
    ) -> list[Row]:
        began = time.monotonic()
        try:
            return self.wire.send(connection, steps, before, after)
        except self.wire.errors as error:
            if self.wire.is_disconnect(error, connection):
                # The others of the pool died of the same: each is replaced when its turn comes.
                self.engine.pool._invalidate(connection, error)
                raise _ConnectionLost(error, time.monotonic() - began) from error
            if self.wire.is_spoilt(connection):
                connection.invalidate(error)
            raise BackendError(error) from error


class _ConnectionLost(BackendError):
    """
    The connection broke: whether the statement was run, nobody knows.

    Attributes:
        is_sudden: Whether it turned out at once: it was dead before. A server that kept silent is
            not asked again, for the client waits already.
    """

    def __init__(self, original: Exception, seconds: float) -> None:
        super().__init__(original)
        self.is_sudden = seconds < SUDDEN_SECONDS


class Writer:
    """
    The connection of a transaction, which begins with the first statement.

    A transaction that failed stays failed, even where whoever used it went on: it cannot be
    committed, since the database has forgotten what it had done.

    Attributes:
        known: What its users know of the database while it lasts; forgotten when part of it is
            undone.
    """

    def __init__(self, database: Database, connection: Any) -> None:
        self._database = database
        self._connection = connection
        self._is_begun = False
        self._failure: BackendError | None = None
        self._pending: list[Step] = []
        self.known: dict[Any, Any] = {}
        self._savepoints: list[ReferenceType[Savepoint]] = []
        self._numbers = count()

    def run(self, *steps: Step) -> list[Row]:
        """
        Run *steps*, after those put off, in one round trip; return the last one's rows.

        Steps that change what a savepoint is to bring back are for :meth:`change`.
        """
        return self._sent((*self._due(), *steps))

    def change(self, *steps: Step) -> list[Row]:
        """Run *steps* as :meth:`run` does; savepoints undo them."""
        self._pending.extend(steps)
        return self._sent(self._due())

    def later(self, *steps: Step) -> None:
        """Put off *steps*, which give no rows, until the next round trip, the commit's at last."""
        self._pending.extend(steps)

    def savepoint(self) -> Savepoint:
        """
        Return a place to come back to, for as long as somebody keeps it.

        Nothing is sent for it, and the database knows of it only when changes were sent after it.
        """
        savepoint = Savepoint(self, f"cliquet_{next(self._numbers)}", len(self._pending))
        self._savepoints.append(ref(savepoint))
        return savepoint

    def return_to(self, savepoint: Savepoint) -> None:
        """Undo all changes since *savepoint*, and forget later ones; it stays."""
        kept = self._savepoints.index(ref(savepoint)) + 1
        del self._savepoints[kept:]
        self.known.clear()
        if savepoint.is_set:
            self._pending = [_step(f"ROLLBACK TO SAVEPOINT {savepoint.name}")]
        else:
            del self._pending[savepoint.place :]

    def commit(self) -> None:
        """
        Run what was put off, and commit.

        Raises:
            BackendError: This failed, or something before it; nothing is kept then.
        """
        if self._is_begun or self._pending or self._failure:
            pending, self._pending = tuple(self._pending), []
            self._sent(pending, "COMMIT")
            self._is_begun = False

    def roll_back(self) -> None:
        """Forget everything; a connection that cannot is closed."""
        self._pending = []
        if not self._is_begun or self._connection.driver_connection is None:
            return
        self._is_begun = False
        try:
            self._database._sent(self._connection, (), "ROLLBACK")
        except BackendError as error:
            self._connection.invalidate(error)

    def close(self) -> None:
        """Give the connection back."""
        self._connection.close()

    def _due(self) -> tuple[Step, ...]:
        """Return what was put off, and set the savepoints that part of it came after."""
        due, self._pending = self._pending, []
        kept = [one for known in self._savepoints if (one := known()) is not None]
        self._savepoints = [ref(one) for one in kept]
        for savepoint in reversed(kept):
            if not savepoint.is_set and savepoint.place < len(due):
                due.insert(savepoint.place, _step(f"SAVEPOINT {savepoint.name}"))
                savepoint.is_set = True
            savepoint.place = 0
        return tuple(due)

    def _sent(self, steps: tuple[Step, ...], after: str = "") -> list[Row]:
        if self._failure is not None:
            raise BackendError(self._failure.original) from self._failure
        try:
            if self._is_begun:
                return self._database._sent(self._connection, steps, after=after)
            return self._begun(steps, after)
        except BackendError as error:
            self._failure = error
            raise

    def _begun(self, steps: tuple[Step, ...], after: str) -> list[Row]:
        self._is_begun = True
        try:
            return self._database._sent(self._connection, steps, "BEGIN", after)
        except _ConnectionLost as lost:
            if after or not lost.is_sudden:
                # Whether it was committed, nobody knows: it is not done twice.
                raise
            self._connection.close()
            self._connection = self._database.checked_out()
            return self._database._sent(self._connection, steps, "BEGIN", after)


class Savepoint:
    """
    A place in a transaction; see :meth:`Writer.savepoint`.

    Attributes:
        name: Its name in the database.
        place: How much of what is put off came before it.
        is_set: Whether the database knows of it.
    """

    def __init__(self, writer: Writer, name: str, place: int) -> None:
        self.name = name
        self.place = place
        self.is_set = False
        self._writer = writer

    def rollback(self) -> None:
        """Undo what came after it."""
        self._writer.return_to(self)


def _step(text: str) -> Step:
    return Step(Statement(text, text, is_prepared=False), {})


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
