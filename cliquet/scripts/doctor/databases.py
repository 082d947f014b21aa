"""Checks of what is in databases: their schemas, indexes, and counts of records."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from cliquet.exceptions import BackendError, CliquetError
from cliquet.resource.registration import declared_fields
from cliquet.scripts.doctor.faults import Fault, Patient
from cliquet.storage import schemas
from cliquet.storage.sql.counting import MOST

_MIGRATE = 'run "cliquet migrate"'
#: PostgreSQL's code of a table that is not there.
_UNDEFINED_TABLE = "42P01"


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
            yield Fault(what, "storage", remedy)
    probes: dict[str, Callable[[Any], Any]] = {
        "permission": lambda backend: backend.user_principals("cliquet:doctor"),
        "cache": lambda backend: backend.get("cliquet:doctor"),
    }
    for family, ask in probes.items():
        if hasattr(registry, family) and _lacks_tables(ask, getattr(registry, family)):
            yield Fault("The database has no tables for it", family, _MIGRATE)


def _lacks_tables(ask: Callable[[Any], Any], backend: Any) -> bool:
    try:
        ask(backend)
    except BackendError as error:
        if getattr(error.original, "pgcode", None) != _UNDEFINED_TABLE:
            raise
        return True
    return False


def missing_indexes(patient: Patient) -> Iterator[Fault]:
    """Fields that are declared unique or indexed, and are not."""
    for purpose in _of_migrated(lambda: _missing(patient.registry)):
        what = f"{purpose[0].upper()}{purpose[1:]} has no index"
        yield Fault(what, "storage", _MIGRATE)


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
