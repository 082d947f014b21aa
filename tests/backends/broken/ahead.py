"""Faults of reading ahead."""

from __future__ import annotations

from cliquet.storage.exceptions import RecordNotFoundError
from tests.backends.broken.base import Broken


class ReadsTombstonesAhead(Broken):
    """What was deleted is read ahead as well."""

    caught_by = ("test_what_is_read_ahead_is_what_is_there",)

    def get_many(self, collection_id, parent_id, object_ids, *args, **kwargs):
        everything = self.get_all(collection_id, parent_id, include_deleted=True)[0]
        found = {record["id"]: record for record in everything}
        return {object_id: found.get(object_id) for object_id in object_ids}


class ReadsLiveRecordsAhead(Broken):
    """What is read ahead is what is stored: who edits it edits the store."""

    caught_by = ("test_what_is_read_ahead_is_the_caller_s_own",)

    def get_many(self, collection_id, parent_id, object_ids, *args, **kwargs):
        live = self._existing(collection_id, parent_id).live
        return {object_id: live.get(object_id) for object_id in object_ids}


class RemembersWhatItRead(Broken):
    """What was read ahead once is what is read ahead from then on."""

    caught_by = ("test_what_is_read_ahead_has_the_writes_of_the_request",)

    def update(self, collection_id, parent_id, object_id, *args, **kwargs):
        self.remembered = self._existing(collection_id, parent_id).live.get(object_id)
        return super().update(collection_id, parent_id, object_id, *args, **kwargs)

    def get_many(self, collection_id, parent_id, object_ids, *args, **kwargs):
        return dict.fromkeys(object_ids, self.remembered)


class WritesWhatItHeardOf(Broken):
    """The collection is made newer at once."""

    caught_by = ("test_to_hear_of_writes_changes_nothing",)

    def prepare_writes(self, collection_id, parent_id, object_ids, *args, **kwargs):
        self.delete(collection_id, parent_id, self.create(collection_id, parent_id, {})["id"])


class BelievesWhatItHeard(Broken):
    """What was not there when it was heard of cannot be deleted, whatever was written since."""

    caught_by = ("test_writes_that_were_heard_of_are_as_others",)

    def prepare_writes(self, collection_id, parent_id, object_ids, *args, **kwargs):
        live = self._existing(collection_id, parent_id).live
        self.missing = {(parent_id, collection_id, one) for one in object_ids if not live.get(one)}

    def delete(self, collection_id, parent_id, object_id, *args, **kwargs):
        if (parent_id, collection_id, object_id) in getattr(self, "missing", ()):
            raise RecordNotFoundError(object_id)
        return super().delete(collection_id, parent_id, object_id, *args, **kwargs)
