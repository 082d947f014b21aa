"""
Names of keys: those of one collection of one parent share a hash tag, and so a node of a cluster.

``cliquet:storage:{article/basicauth:alice}:records``: names are percent-encoded, so that no text
in them is taken for a brace, a slash or a pattern.
"""

from __future__ import annotations

from typing import Final, NamedTuple
from urllib.parse import quote, unquote

_PREFIX: Final = "cliquet:storage:"

#: Says that the database holds records in the form known here.
FORMAT_KEY: Final = f"{_PREFIX}format"
#: Matches one key of every collection that was ever written or read.
EVERY_STATE: Final = f"{_PREFIX}{{*/*}}:state"

_PARTS: Final = ("state", "records", "live", "tombstones", "values", "holders", "lock")


class Place(NamedTuple):
    """A collection of a parent."""

    collection_id: str
    parent_id: str

    @property
    def keys(self) -> tuple[str, ...]:
        """Keys of all that is stored of it, in the order that scripts know."""
        tag = f"{_quoted(self.collection_id)}/{_quoted(self.parent_id)}"
        return tuple([f"{_PREFIX}{{{tag}}}:{part}" for part in _PARTS])

    @classmethod
    def of_key(cls, key: bytes) -> Place:
        """Return the place that a key belongs to."""
        tag = key.decode().partition("{")[2].partition("}")[0]
        return cls(*map(unquote, tag.split("/")))


def _quoted(name: str) -> str:
    return quote(name, safe=":@")
