"""Where the programs of servers are: on this machine, or in wheels."""

from __future__ import annotations

import importlib.util
import os
import re
from collections.abc import Iterator
from pathlib import Path


class ServerUnavailable(Exception):
    """There is no program of the server on this machine, or the one that was named is away."""


#: Patterns of folders where packages put programs, beside those of the ``PATH``.
FOLDERS = ["/usr/lib/postgresql/*/bin", "/opt/homebrew/bin", "/usr/local/bin"]


def folders(package: str, within: str) -> Iterator[Path]:
    """
    Yield the folders where a server's programs may be, the best first.

    Args:
        package: Of the wheel that has the programs; looked for without being imported, since
            the programs are all that is needed of it.
        within: Pattern of their folder in the package.
    """
    yield from map(Path, os.get_exec_path())
    for pattern in FOLDERS:
        yield from sorted(Path("/").glob(pattern.lstrip("/")), key=_version, reverse=True)
    found = importlib.util.find_spec(package)
    if found is not None and found.origin is not None:
        yield from Path(found.origin).parent.glob(within)


def _version(folder: Path) -> list[int]:
    return [int(number) for number in re.findall(r"\d+", str(folder))]
