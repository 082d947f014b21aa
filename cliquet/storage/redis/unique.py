"""
Unique values: an index of digests, which every writer of a collection keeps up to date.

A collection says by which fields its records are indexed. A writer that knows of others is told,
and writes again with the digests that were missing. A field that is declared unique later is
announced first, so that all writers index it from then on; then the records that were there before
are indexed, in portions; only then is it relied upon.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import cached_property
from hashlib import blake2b
from typing import Any, Final

from cliquet.drivers.redis import Server
from cliquet.exceptions import BackendError
from cliquet.query import MISSING, value_of
from cliquet.storage.redis.keys import Place
from cliquet.storage.redis.lists import Reader
from cliquet.storage.redis.scripts import ANNOUNCE, COMPLETE, DIGEST_BYTES, INDEX

#: Times that a writer learns of other fields before it gives up.
_MAX_SURPRISES: Final = 10


class IndexedFields:
    """
    The fields by which the records of a collection are indexed.

    Args:
        text: As the server has them: JSON, or '' for none.
    """

    def __init__(self, text: str = "") -> None:
        self.text = text

    @cached_property
    def names(self) -> tuple[str, ...]:
        """Their names, in the order of digests."""
        return tuple(json.loads(self.text)) if self.text else ()

    def joined(self, fields: Iterable[str]) -> IndexedFields:
        """Return these and *fields*."""
        names = {*self.names, *fields}
        if len(names) == len(self.names):
            return self
        return IndexedFields(json.dumps(sorted(names)))

    def places(self, fields: Sequence[str]) -> str:
        """Return the places of *fields* among the digests, from 1 on, in the order given."""
        return " ".join(str(self.names.index(field) + 1) for field in fields)

    def digests(self, record: Mapping[str, Any]) -> list[bytes]:
        """Return a digest for each field, empty for values that never conflict."""
        return [digest(field, value_of(record, field)) for field in self.names]


class Indexer:
    """
    Writes records with what the index has to know of them.

    Args:
        server: Where they are.
        reader: Reads those that were there before a field was declared unique.
    """

    def __init__(self, server: Server, reader: Reader) -> None:
        self._server = server
        self._reader = reader
        # What was true of the collection that was written last is likely to be true of others.
        self._seen: dict[str, IndexedFields] = {}

    def write(
        self,
        place: Place,
        record: Mapping[str, Any],
        unique_fields: Sequence[str],
        attempt: Callable[..., list[Any]],
    ) -> list[Any]:
        """
        Write *record*, and return the answer of the script that does.

        Args:
            unique_fields: Those whose values no other record may have.
            attempt: Runs the script, given what it is to know of the index.

        Raises:
            BackendError: Others declare other fields, again and again.
        """
        for _ in range(_MAX_SURPRISES):
            seen = self._seen.get(place.collection_id, _NONE).joined(unique_fields)
            reply = attempt(seen.text, seen.places(unique_fields), *seen.digests(record))
            if reply[0] != b"stale":
                return reply
            present = IndexedFields(reply[1].decode())
            self._seen[place.collection_id] = present
            if reply[2] or not set(unique_fields) <= set(present.names):
                self._index(place, present, present.joined(unique_fields))
        raise BackendError(None, f"the unique fields of {place.collection_id} change too often")

    def _index(self, place: Place, present: IndexedFields, wanted: IndexedFields) -> None:
        """Index all records by *wanted*; when others declare more meanwhile, this is for naught."""
        if not self._server.run(ANNOUNCE, place.keys, present.text, wanted.text):
            return
        for entries in self._reader.walk(place):
            changes: list[Any] = []
            for entry in entries:
                digests = wanted.digests(entry.document or {})
                changes += [entry.id, entry.timestamp, b"".join(digests)]
            if not self._server.run(INDEX, place.keys, wanted.text, *changes):
                return
        self._server.run(COMPLETE, place.keys, wanted.text)


_NONE: Final = IndexedFields()


def digest(field: str, value: Any) -> bytes:
    """
    Return a digest that two values of a field share exactly when the protocol holds them equal.

    That of null and missing values is empty (protocol P4.10).
    """
    if value is None or value is MISSING:
        return b""
    text = json.dumps([field, _canonical(value)], sort_keys=True, separators=(",", ":"))
    return blake2b(text.encode(), digest_size=DIGEST_BYTES).digest()


def _canonical(value: Any) -> Any:
    # 12 and 12.0 are one value, which no other part of its JSON form tells.
    if isinstance(value, float) and value.is_integer():
        return int(value)
    if isinstance(value, (list, tuple)):
        return [_canonical(item) for item in value]
    if isinstance(value, Mapping):
        return {key: _canonical(item) for key, item in value.items()}
    return value
