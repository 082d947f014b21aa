"""Progress of long work: shown on a terminal, and nowhere else."""

from __future__ import annotations

import io
from threading import Event

import pytest

from cliquet.scripts import progress
from cliquet.scripts.progress import Meter, bar, watching

ERASE = "\r\x1b[K"


class Terminal(io.StringIO):
    """What a terminal was sent."""

    def isatty(self) -> bool:
        return True


def test_the_line_is_replaced_and_taken_away():
    terminal = Terminal()
    meter = Meter(terminal)
    meter.show("a")
    meter.show("b")
    meter.clear()
    assert terminal.getvalue() == f"{ERASE}a{ERASE}b{ERASE}"


def test_lines_that_stay_are_printed_in_its_place(capsys):
    terminal = Terminal()
    Meter(terminal).tell("Building index.")
    assert terminal.getvalue() == ERASE
    assert capsys.readouterr().out == "Building index.\n"


def test_where_nobody_watches_nothing_is_shown_and_nobody_looks(capsys):
    stream, looked = io.StringIO(), []
    with watching(Meter(stream), lambda: looked.append(1) or "text"):
        Meter(stream).tell("Building index.")
    assert (stream.getvalue(), looked) == ("", [])
    assert capsys.readouterr().out == "Building index.\n"


def test_work_that_goes_on_elsewhere_is_looked_at_until_it_ends(monkeypatch):
    monkeypatch.setattr(progress, "PERIOD_SECONDS", 0.001)
    terminal, has_looked = Terminal(), Event()

    def look() -> str | None:
        if has_looked.is_set():
            return None
        has_looked.set()
        return "halfway"

    with watching(Meter(terminal), look):
        assert has_looked.wait(timeout=30)
    assert terminal.getvalue() == f"{ERASE}halfway{ERASE}"


@pytest.mark.parametrize(
    ("share", "text"),
    [
        (0, f"[{' ' * 30}]   0%"),
        (0.5, f"[{'#' * 15}{' ' * 15}]  50%"),
        (1, f"[{'#' * 30}] 100%"),
        (1.5, f"[{'#' * 30}] 100%"),
    ],
)
def test_a_bar_is_as_full_as_the_work_is_done(share, text):
    assert bar(share) == text
