"""Writers: what is sent of the steps that were put off."""

from __future__ import annotations

from typing import Any

from cliquet.drivers.statements import Statement, Step, Total
from cliquet.drivers.writers import Writer

READ = Step(Statement("read", "SELECT"), {})
COUNT = Statement("count", "UPDATE")


class Line:
    """A connection to nowhere, which notes what is sent."""

    def __init__(self) -> None:
        self.sent: list[Any] = []

    def send(self, connection: Any, steps: Any, before: str = "", after: str = "") -> list[Any]:
        """Note the text of a statement, or the number that it adds."""
        self.sent += [one.values.get("n", one.statement.text) for one in steps]
        return []


def adding(number: int, key: str = "a") -> Step:
    return Step(COUNT, {"n": number, "at": number}, Total(key, "n"))


def test_steps_of_one_total_are_sent_as_the_last_of_them() -> None:
    line = Line()
    writer = Writer(line, None)
    writer.later(adding(1), READ, adding(10, "b"), adding(2))
    writer.commit()
    assert line.sent == ["SELECT", 10, 3]


def test_steps_on_both_sides_of_a_savepoint_stay_apart() -> None:
    line = Line()
    writer = Writer(line, None)
    writer.later(adding(1), adding(2))
    savepoint = writer.savepoint()
    writer.later(adding(4), adding(8))
    writer.run(READ)
    savepoint.rollback()
    writer.later(adding(16))
    writer.commit()
    setting, undoing = f"SAVEPOINT {savepoint.name}", f"ROLLBACK TO SAVEPOINT {savepoint.name}"
    assert line.sent == [3, setting, 12, "SELECT", undoing, 16]
