"""
Writers: the connection of a transaction, from its first statement to its end.

What was written is sent with the next question, or with the commit; savepoints cost nothing until
there is something to bring back.
"""

from __future__ import annotations

from itertools import count
from typing import Any
from weakref import ReferenceType, ref

from cliquet.drivers.statements import Statement, Step, merged
from cliquet.exceptions import BackendError

Row = tuple[Any, ...]

#: Within which a connection that was dead already says so.
SUDDEN_SECONDS = 2.0


class ConnectionLost(BackendError):
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
        changes: How many changes it was given so far, whether undone or not.
    """

    def __init__(self, database: Any, connection: Any) -> None:
        self._database = database
        self._connection = connection
        self._is_begun = False
        self._failure: BackendError | None = None
        self._pending: list[Step] = []
        self.known: dict[Any, Any] = {}
        self.changes = 0
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
        self.later(*steps)
        return self._sent(self._due())

    def later(self, *steps: Step) -> None:
        """Put off *steps*, which give no rows, until the next round trip, the commit's at last."""
        self._pending.extend(steps)
        self.changes += len(steps)

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
        if savepoint.is_set:
            self._pending = [_step(f"ROLLBACK TO SAVEPOINT {savepoint.name}")]
        elif savepoint.place < len(self._pending):
            del self._pending[savepoint.place :]
        else:
            # Nothing has changed: what is known stays true, and locks are still held.
            return
        self.known.clear()

    def commit(self) -> None:
        """
        Run what was put off, and commit.

        Raises:
            BackendError: This failed, or something before it; nothing is kept then.
        """
        if self._is_begun or self._pending or self._failure:
            pending, self._pending = self._pending, []
            self._sent(tuple(merged(pending)), "COMMIT")
            self._is_begun = False

    def roll_back(self) -> None:
        """Forget everything; a connection that cannot is closed."""
        self._pending = []
        if not self._is_begun or self._connection.driver_connection is None:
            return
        self._is_begun = False
        try:
            self._database.send(self._connection, (), "ROLLBACK")
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
        later: list[Step] = []
        end = len(due)
        for savepoint in reversed(kept):
            if not savepoint.is_set and savepoint.place < len(due):
                setting = _step(f"SAVEPOINT {savepoint.name}")
                # Steps on either side of it may have different fates.
                later = [setting, *merged(due[savepoint.place : end]), *later]
                savepoint.is_set, end = True, savepoint.place
            savepoint.place = 0
        return (*merged(due[:end]), *later)

    def _sent(self, steps: tuple[Step, ...], after: str = "") -> list[Row]:
        if self._failure is not None:
            raise BackendError(self._failure.original) from self._failure
        try:
            if self._is_begun:
                return self._database.send(self._connection, steps, after=after)
            return self._begun(steps, after)
        except BackendError as error:
            self._failure = error
            raise

    def _begun(self, steps: tuple[Step, ...], after: str) -> list[Row]:
        self._is_begun = True
        try:
            return self._database.send(self._connection, steps, "BEGIN", after)
        except ConnectionLost as lost:
            if after or not lost.is_sudden:
                # Whether it was committed, nobody knows: it is not done twice.
                raise
            self._connection.close()
            self._connection = self._database.checked_out()
            return self._database.send(self._connection, steps, "BEGIN", after)


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
