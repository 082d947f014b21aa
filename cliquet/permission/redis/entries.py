"""
Entries: names joined to one text, in whose order whatever belongs together is neighbours.

Redis compares members of a sorted set by their bytes. Names are in UTF-8, where neither of the
bytes that separate and end them occurs: any name, of whatever characters, stays itself.
"""

from __future__ import annotations

from typing import Final, NamedTuple

#: Between the names of an entry.
SEPARATOR: Final = b"\xfe"
#: Follows, in the order of bytes, on all that a name or an entry can go on with.
END: Final = b"\xff"

# A lone surrogate is kept nowhere, and may be asked about.
_ENCODING: Final = ("utf-8", "surrogatepass")


class Range(NamedTuple):
    """A stretch of a sorted set: bounds as Redis takes them."""

    low: bytes
    high: bytes


def encoded(name: str) -> bytes:
    """Return the bytes of a name."""
    return name.encode(*_ENCODING)


def decoded(name: bytes) -> str:
    """Return the name of some bytes."""
    return name.decode(*_ENCODING)


def entry(*names: str) -> bytes:
    """Return the entry of some names."""
    return SEPARATOR.join(map(encoded, names))


def names_of(text: bytes) -> list[str]:
    """Return the names of an entry."""
    return list(map(decoded, text.split(SEPARATOR)))


def beginning(*names: str) -> bytes:
    """Return what entries begin with whose first names these are."""
    return entry(*names) + SEPARATOR


def exactly(text: bytes) -> Range:
    """Return the range of one entry."""
    return Range(b"[" + text, b"[" + text)


def within(prefix: bytes) -> Range:
    """Return the range of the entries that begin with *prefix*."""
    return Range(b"[" + prefix, b"(" + prefix + END)


def behind(text: bytes, end: Range) -> Range:
    """Return what is left of a range behind an entry, or behind a prefix."""
    return Range(b"(" + text, end.high)
