"""An application, and the doctor who looks at it."""

from __future__ import annotations

import json
import re
import shlex
from pathlib import Path
from typing import Any

import pytest

from cliquet.scripts.cliquet import main


class Clinic:
    """
    An application of articles with nothing wrong, and the doctor.

    Args:
        folder: Where its configuration is written.
        settings: Those that name its backends.
        capsys: Has what is printed.
    """

    def __init__(self, folder: Path, settings: dict[str, Any], capsys: Any) -> None:
        self.path = folder / "articles.ini"
        self._settings = {"userid_hmac_secret": "x", "storage_pool_size": 5, **settings}
        self._capsys = capsys
        self.write()

    def write(self, more: str = "", **changes: Any) -> None:
        """Write the configuration, with some settings changed, and *more* sections."""
        lines = (f"{name} = {value}" for name, value in {**self._settings, **changes}.items())
        text = "\n".join(["[app:main]", "use = call:readinglist:main", *lines, more])
        self.path.write_text(text, encoding="utf-8")

    def follow(self, fault: dict[str, str]) -> None:
        """Do what the remedy of a fault says, which is to run a command of ours."""
        match = re.search(r'run "(?:(\w+)=(\w+) )?cliquet (.+)"', fault["remedy"])
        assert match is not None, fault
        with pytest.MonkeyPatch.context() as environment:
            if match[1]:
                environment.setenv(match[1], match[2])
            assert main(shlex.split(match[3])) == 0

    def run(self, *command: str) -> int:
        """Run a command on the application."""
        return main([*command, "--ini", str(self.path)])

    def faults(self, more: str = "", *, status: int = 1, **changes: Any) -> list[dict[str, str]]:
        """
        Return what the doctor finds, with some settings changed, and *more* sections.

        Args:
            more: Text behind the section of the application.
            status: Exit status when there are faults.
            changes: Settings, with ``__`` for the dots in their names.
        """
        self.write(more, **{name.replace("__", "."): value for name, value in changes.items()})
        self._capsys.readouterr()
        ended = self.run("doctor", "--json")
        faults: list[dict[str, str]] = json.loads(self._capsys.readouterr().out)
        assert ended == (status if faults else 0)
        return faults

    def fault(self, more: str = "", *, status: int = 1, **changes: Any) -> dict[str, str]:
        """Return the one fault that the doctor finds; arguments as of :meth:`faults`."""
        (fault,) = self.faults(more, status=status, **changes)
        return fault
