"""Which parts of a batch are about records of one collection, told by their URLs."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import groupby, repeat
from typing import Any

from cliquet.resource.runs import Run

_READING = frozenset({"GET", "HEAD"})
_WRITING = frozenset({"PUT", "PATCH", "DELETE"})

Part = Mapping[str, Any]


def find_runs(parts: Sequence[Part], defaults: Part) -> Iterator[Run | None]:
    """
    Return the run of each part, or ``None``.

    Parts are in one run when they follow each other, their URLs differ in the last segment only,
    and all of them read, or all of them write: what one has read ahead is then what the next one
    would read, since nothing comes between that could change it.
    """
    for (head, is_writing), group in groupby(parts, key=lambda part: _kind(part, defaults)):
        ids = [_path(part, defaults).rpartition("/")[2] for part in group]
        is_run = head is not None and len(ids) > 1
        yield from repeat(Run(ids, is_writing=is_writing) if is_run else None, len(ids))


def _kind(part: Part, defaults: Part) -> tuple[str | None, bool]:
    """Return what parts of a run have in common: the head of the URL, and whether they write."""
    method, path = part.get("method") or defaults.get("method", "GET"), _path(part, defaults)
    is_of_record = method in _READING or method in _WRITING
    if not is_of_record or "?" in path:
        return None, False
    return path.rpartition("/")[0], method in _WRITING


def _path(part: Part, defaults: Part) -> str:
    path: str = part.get("path") or defaults["path"]
    return path
