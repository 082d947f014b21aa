"""
Writes of one record: read, check, change, and store if nobody came between.

The storage compares and writes in one step; a write that loses the race begins again with what
is there now. No lock is held around a request.

Source: protocol P4.5 to P4.7, P5.3, P5.6.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import cached_property
from typing import Any, NamedTuple, TypeVar

from cliquet.events import ACTIONS
from cliquet.jsonlib import copied
from cliquet.resource.patching import changed_fields
from cliquet.resource.preconditions import Preconditions
from cliquet.storage import ABSENT, Expected, JSONRecord
from cliquet.storage.adapter import conditional
from cliquet.storage.exceptions import (
    BackendError,
    ModifiedError,
    RecordNotFoundError,
    UnicityError,
)

T = TypeVar("T")

#: Races that one write may lose before it is tried while other writers are kept out.
MAX_LOST_RACES = 3


class Outcome(NamedTuple):
    """
    What a write did.

    Attributes:
        record: The record as it is now, or its tombstone.
        action: A member of :class:`~cliquet.events.ACTIONS`; READ when nothing was written.
        old: The record as it was, or ``None``.
    """

    record: JSONRecord
    action: ACTIONS
    old: JSONRecord | None


class _LostRace(Exception):
    """Another writer came between the reading of a record and its writing."""


class RecordWrite:
    """
    A write of the record that a request is about.

    Args:
        resource: Its model stores, its hooks decide what.
    """

    def __init__(self, resource: Any) -> None:
        self._resource = resource
        self._model = resource.model
        self._record_id: str = resource.record_id

    @cached_property
    def _preconditions(self) -> Preconditions:
        # Read when they are compared: an unknown record comes before a garbled header (P2.9).
        return Preconditions.parse(self._resource.request.headers, is_read=False)

    def put(self, body: JSONRecord) -> Outcome:
        """Replace the record, or create it where there is none."""
        return self._until_written(lambda: self._put_once(copied(body)))

    def patch(self, changes: JSONRecord) -> Outcome:
        """Merge *changes* into the record; nothing is written when nothing changes."""
        return self._until_written(lambda: self._patch_once(copied(changes)))

    def delete(self, last_modified: Callable[[], int | None]) -> Outcome:
        """Delete the record; *last_modified* tells the timestamp to force, if any."""
        return self._until_written(lambda: self._delete_once(last_modified))

    def _put_once(self, body: JSONRecord) -> Outcome:
        existing = self._find()
        expected = self._expected_by_put(existing)
        new = self._resource.process_record(
            {**body, self._model.id_field: self._record_id}, old=copied(existing)
        )
        write = self._model.create_record if existing is None else self._model.update_record
        with self._racing(expected):
            record = write(new, unique_fields=self._resource.unique_fields)
        return Outcome(record, ACTIONS.CREATE if existing is None else ACTIONS.UPDATE, existing)

    def _expected_by_put(self, existing: JSONRecord | None) -> Expected:
        modified_field = self._model.modified_field
        if existing is not None:
            self._preconditions.check_record(existing, modified_field)
            return existing[modified_field]
        if self._preconditions.if_match is None:
            return ABSENT
        # Only If-Match sees a tombstone: to If-None-Match it does not count (protocol P5.3).
        tombstone = self._model.get_tombstone(self._record_id)
        Preconditions(self._preconditions.if_match).check_record(tombstone, modified_field)
        return self._preconditions.if_match

    def _patch_once(self, changes: JSONRecord) -> Outcome:
        existing = self._existing()
        updated = self._changed(copied(existing), changes)
        new = self._resource.process_record(updated, old=copied(existing))
        self._settle_timestamp(new, existing)
        if self._is_same(existing, new):
            return Outcome(existing, ACTIONS.READ, existing)
        with self._racing(existing[self._model.modified_field]):
            record = self._model.update_record(new, unique_fields=self._resource.unique_fields)
        return Outcome(record, ACTIONS.UPDATE, existing)

    def _settle_timestamp(self, new: JSONRecord, existing: JSONRecord) -> None:
        # A timestamp that is not above the present one asks for nothing (protocol P4.12).
        field = self._model.modified_field
        forced, present = new.get(field), existing[field]
        if type(forced) is not int or forced <= present:
            new[field] = present

    def _delete_once(self, last_modified: Callable[[], int | None]) -> Outcome:
        existing = self._existing()
        forced = last_modified()
        # What events will tell of the record is what was deleted, not an older version of it.
        with self._racing(existing[self._model.modified_field]):
            tombstone = self._model.delete_record(existing, last_modified=forced)
        return Outcome(tombstone, ACTIONS.DELETE, existing)

    def _existing(self) -> JSONRecord:
        existing = self._find()
        if existing is None:
            raise RecordNotFoundError(self._record_id)
        self._preconditions.check_record(existing, self._model.modified_field)
        return existing

    # -- What shareable records do otherwise

    def _find(self) -> JSONRecord | None:
        return find_record(self._model, self._record_id)

    def _changed(self, record: JSONRecord, changes: JSONRecord) -> JSONRecord:
        return self._resource.apply_changes(record, changes=changes)

    def _is_same(self, existing: JSONRecord, new: JSONRecord) -> bool:
        return not changed_fields(existing, new)

    def _begin_again(self) -> None:
        """Prepare for another attempt, after a lost race."""

    @contextmanager
    def _racing(self, expected: Expected) -> Iterator[None]:
        """Write only while what was read is still there; a lost race is known as such."""
        self._resource.note_timestamp()
        try:
            with self._model.expecting(self._record_id, expected):
                yield
        except ModifiedError as error:
            if self._preconditions.if_match is not None:
                raise
            raise _LostRace from error
        except UnicityError as error:
            if error.field != self._model.id_field:
                raise
            raise _LostRace from error

    def _until_written(self, attempt: Callable[[], T]) -> T:
        for _ in range(MAX_LOST_RACES):
            try:
                return attempt()
            except _LostRace:
                self._begin_again()
        model = self._model
        with conditional(model.storage).locked(model.collection_id, model.parent_id):
            try:
                return attempt()
            except _LostRace as error:
                raise BackendError(error, "too many writers of one record") from error


def find_record(model: Any, record_id: str) -> JSONRecord | None:
    """Return the live record of that id, or ``None``."""
    try:
        return model.get_record(record_id)
    except RecordNotFoundError:
        return None
