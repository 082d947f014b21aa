"""The commands on docs/commands, run in an empty folder as the page has them."""

from __future__ import annotations

import re
import shlex
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from cliquet.scripts import cliquet
from tests.pages import snippets, text_of

#: Stands on the page for any lines that are left out.
OMISSION = "…"


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """An empty folder, where this process is until the end of the test."""
    monkeypatch.chdir(tmp_path)
    # The handlers of an INI file would outlive the stream that this test prints to.
    monkeypatch.setattr("cliquet.scripts.loading.setup_logging", lambda ini: None)
    monkeypatch.setattr(sys, "path", sys.path[:])
    monkeypatch.delitem(sys.modules, "app", raising=False)
    yield tmp_path
    sys.modules.pop("app", None)


def sessions() -> Iterator[tuple[str, str]]:
    """Iterate over the commands of the page, each with the output that follows it."""
    for snippet in snippets("commands", "console"):
        for part in re.split(r"^\$ ", snippet.text, flags=re.MULTILINE)[1:]:
            command, _, output = part.partition("\n")
            yield command, output


def is_as_printed(page: str, real: str) -> bool:
    """Tell whether an output is that of the page, which may leave lines out."""
    lines = (re.escape(line) + "\n" for line in page.splitlines())
    pattern = "".join(lines).replace(re.escape(OMISSION) + "\n", "(?:.*\n)*")
    return re.fullmatch(pattern, real) is not None


def test_every_command_of_the_page_prints_what_it_says(folder, monkeypatch, capsys) -> None:
    for command, expected in sessions():
        words = shlex.split(command)
        with monkeypatch.context() as environment:
            while "=" in words[0]:
                environment.setenv(*words.pop(0).split("="))
            assert words.pop(0) == "cliquet"
            cliquet.main(words)
        printed = capsys.readouterr()
        assert is_as_printed(expected, printed.out), (command, printed.out)


def test_every_command_there_is_has_a_section() -> None:
    for command in cliquet._COMMANDS:
        assert f"\n{command.name}\n{'-' * len(command.name)}\n" in text_of("commands")


def test_lines_that_differ_are_noticed() -> None:
    assert is_as_printed("a\n…\nb\n", "a\nx\ny\nb\n")
    assert not is_as_printed("a\nb\n", "a\nx\nb\n")
