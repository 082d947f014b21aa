"""Checks of what is in databases: their schemas, indexes, and counts of records."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from cliquet.exceptions import BackendError, CliquetError
from cliquet.resource.registration import declared_fields
from cliquet.scripts.doctor.faults import Fault, Patient
from cliquet.scripts.remedies import lacks_table
from cliquet.storage import schemas
from cliquet.storage.schemas import MIGRATE
from cliquet.storage.sql.counting import MOST

# Each table that a family has is asked something; of no user, object or key that there is.
_PROBES: dict[str, tuple[Callable[[Any], Any], ...]] = {
    "permission": (
        lambda backend: backend.user_principals("cliquet:doctor"),
        lambda backend: backend.object_permission_principals("cliquet:doctor", "read"),
    ),
    "cache": (lambda backend: backend.get("cliquet:doctor"),),
}


def schema_not_migrated(patient: Patient) -> Iterator[Fault]:
    """Tables that are missing, older than this release, or newer."""
    registry = patient.registry
    if hasattr(registry, "storage"):
        try:
            _missing(registry)
        except BackendError:
            raise
        except CliquetError as error:
            what, _, remedy = str(error).rpartition(": ")
            yield Fault(what, "storage", remedy.replace(MIGRATE, patient.migrate))
    for family, probes in _PROBES.items():
        backend = getattr(registry, family, None)
        if backend is not None and any(_lacks_table(backend, ask) for ask in probes):
            yield Fault("Its tables are missing, or some of them", family, patient.migrate)


def _lacks_table(backend: Any, ask: Callable[[Any], Any]) -> bool:
    try:
        ask(backend)
    except BackendError as error:
        if not lacks_table(error):
            raise
        return True
    return False


def missing_indexes(patient: Patient) -> Iterator[Fault]:
    """Fields that are declared unique or indexed, and are not."""
    for purpose in _of_migrated(lambda: _missing(patient.registry)):
        what = f"{purpose[0].upper()}{purpose[1:]} has no index"
        yield Fault(what, "storage", patient.migrate)


def _missing(registry: Any) -> list[str]:
    storage = getattr(registry, "storage", None)
    return schemas.missing(storage, declared_fields(registry))


def wrong_counts(patient: Patient) -> Iterator[Fault]:
    """Lists that say another number of records than there are."""
    storage: Any = getattr(patient.registry, "storage", None)
    if not hasattr(storage, "miscounts"):
        return
    found = _of_migrated(storage.miscounts)
    if found:
        one, *others = found
        place = f"{one.collection_id} of {one.parent_id or 'all users'}"
        what = f"Lists of {place} say {one.told} records, and there are {one.counted}"
        least = "at least " if len(found) == MOST else ""
        more = f"; {least}{len(others)} other collections are wrong too" if others else ""
        yield Fault(f"{what}{more}", "storage", f"run in the database: {storage.recount}")


def _of_migrated(find: Callable[[], list[Any]]) -> list[Any]:
    """Return what is found where the schema is the present one; else that is told already."""
    try:
        return find()
    except BackendError:
        raise
    except CliquetError:
        return []
