"""A storage in files: a JSON document for each collection of a parent."""

import fcntl
import hashlib
from contextlib import contextmanager
from pathlib import Path

from cliquet import jsonlib
from cliquet.query import MISSING, any_matcher, equality_key, matches, sort_records, value_of
from cliquet.storage import ABSENT, StorageBase
from cliquet.storage.exceptions import (
    BackendError,
    ModifiedError,
    RecordNotFoundError,
    UnicityError,
)
from cliquet.storage.generators import UUID4
from cliquet.storage.timestamps import stamp
from cliquet.utils import msec_time

# Any number of records may be without a unique field, or have null there.
FREE = (None, MISSING)


class Storage(StorageBase):
    atomic = True

    def __init__(self, folder):
        self.folder = Path(folder)

    def initialize_schema(self):
        self.folder.mkdir(parents=True, exist_ok=True)

    def flush(self, auth=None):
        with self.alone():
            for path in self.folder.glob("*.json"):
                path.unlink()

    def collection_timestamp(self, collection_id, parent_id, auth=None):
        with self.opened(collection_id, parent_id) as place:
            place["timestamp"] = place["timestamp"] or msec_time()
            return place["timestamp"]

    def create(self, collection_id, parent_id, record, id_generator=None, **options):
        id_field = options.get("id_field", "id")
        record_id = record.get(id_field) or (id_generator or UUID4())()
        with self.opened(collection_id, parent_id) as place:
            check(place, record_id, **options)
            if record_id in place["live"]:
                raise UnicityError(id_field, place["live"][record_id])
            return put(place, record_id, record, **options)

    def get(self, collection_id, parent_id, object_id, **options):
        with self.opened(collection_id, parent_id) as place:
            return found(place, object_id)

    def update(self, collection_id, parent_id, object_id, record, **options):
        with self.opened(collection_id, parent_id) as place:
            check(place, object_id, **options)
            return put(place, object_id, record, **options)

    def delete(self, collection_id, parent_id, object_id, **options):
        with self.opened(collection_id, parent_id) as place:
            found(place, object_id)
            check(place, object_id, **options)
            return bury(place, object_id, **options)

    def delete_all(self, collection_id, parent_id, filters=None, **options):
        with self.opened(collection_id, parent_id) as place:
            check(place, None, **options)
            ids = [one for one, record in place["live"].items() if matches(record, filters or ())]
            return [bury(place, one, **options) for one in ids]

    def purge_deleted(self, collection_id, parent_id, before=None, **options):
        modified = options.get("modified_field", "last_modified")
        with self.opened(collection_id, parent_id) as place:
            count = len(place["dead"])
            for one, tombstone in list(place["dead"].items()):
                if before is None or tombstone[modified] < before:
                    del place["dead"][one]
            return count - len(place["dead"])

    def get_all(self, collection_id, parent_id, filters=None, sorting=None, **options):
        with self.opened(collection_id, parent_id) as place:
            live = [one for one in place["live"].values() if matches(one, filters or ())]
            dead = [one for one in place["dead"].values() if matches(one, filters or ())]
        records = [*live, *(dead if options.get("include_deleted") else ())]
        if options.get("pagination_rules"):
            records = list(filter(any_matcher(options["pagination_rules"]), records))
        sort_records(records, sorting or ())
        return records[: options.get("limit")], len(live)

    @contextmanager
    def alone(self):
        try:
            with (self.folder / "lock").open("w") as lock:
                fcntl.flock(lock, fcntl.LOCK_EX)
                yield
        except OSError as error:
            raise BackendError(error) from error

    @contextmanager
    def opened(self, collection_id, parent_id):
        name = hashlib.sha256(jsonlib.dumps([parent_id, collection_id])).hexdigest()
        path = self.folder / f"{name}.json"
        with self.alone():
            old = path.read_bytes() if path.exists() else b""
            place = jsonlib.loads(old or b'{"timestamp": null, "live": {}, "dead": {}}')
            yield place
            # Not reached when the write is refused: nothing of it is kept.
            new = jsonlib.dumps(place)
            if new != old:
                path.with_suffix(".new").write_bytes(new)
                path.with_suffix(".new").replace(path)


def check(place, record_id, expected=None, expected_collection=None, **options):
    if expected_collection not in (None, place["timestamp"]):
        raise ModifiedError
    present = place["live"].get(record_id) or place["dead"].get(record_id)
    modified = options.get("modified_field", "last_modified")
    is_met = expected is None or (present is not None and present[modified] == expected)
    if expected is ABSENT:
        is_met = record_id not in place["live"]
    if not is_met:
        raise ModifiedError(present)


def found(place, record_id):
    if record_id not in place["live"]:
        raise RecordNotFoundError(record_id)
    return place["live"][record_id]


def put(place, record_id, record, unique_fields=None, **options):
    for field in unique_fields or ():
        wanted = value_of(record, field)
        for other_id, other in place["live"].items():
            is_same = equality_key(value_of(other, field)) == equality_key(wanted)
            if is_same and other_id != record_id and wanted not in FREE:
                raise UnicityError(field, other)
    present = place["live"].get(record_id) or place["dead"].pop(record_id, None)
    modified = options.get("modified_field", "last_modified")
    place["live"][record_id] = {**jsonlib.copied(record), options.get("id_field", "id"): record_id}
    return stamped(place, place["live"][record_id], present, record.get(modified), modified)


def bury(place, record_id, last_modified=None, with_deleted=True, **options):
    previous = place["live"].pop(record_id)
    tombstone = {
        options.get("id_field", "id"): record_id,
        options.get("deleted_field", "deleted"): True,
    }
    if with_deleted:
        place["dead"][record_id] = tombstone
    modified = options.get("modified_field", "last_modified")
    stamped(place, tombstone, previous, last_modified, modified)
    return (tombstone, previous) if options.get("with_previous") else tombstone


def stamped(place, record, present, forced, modified):
    before = present and present[modified]
    stamps = stamp(msec_time(), collection=place["timestamp"], present=before, forced=forced)
    place["timestamp"], record[modified] = stamps.collection, stamps.record
    return record


def load_from_config(config):
    return Storage(config.get_settings()["storage_url"].removeprefix("file://"))
