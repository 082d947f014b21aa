"""The command ``cliquet purge-tombstones``: forgets deletions that every client has seen."""

from __future__ import annotations

import argparse
import re
from collections.abc import Callable, Iterator
from itertools import accumulate
from typing import Any

from cliquet.exceptions import CliquetError
from cliquet.scripts.progress import Meter
from cliquet.storage.memory import Storage as MemoryStorage
from cliquet.utils import msec_time

_AGE = re.compile(r"([0-9]+)([smhdw])")
_SECONDS = {"s": 1, "m": 60, "h": 3_600, "d": 86_400, "w": 604_800}


class PurgeRefused(CliquetError):
    """Tombstones of this application cannot be purged; the message says why."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments of the command."""
    parser.add_argument("--resource", metavar="NAME", help="of this resource alone")
    age = parser.add_mutually_exclusive_group(required=True)
    age.add_argument(
        "--before", type=_timestamp, metavar="MS", help="with a timestamp below this one"
    )
    age.add_argument(
        "--older-than",
        type=_timestamp_of_age,
        dest="before",
        metavar="AGE",
        help="such as 30d: a number, and s, m, h, d or w for the unit",
    )


def run(env: Any, options: argparse.Namespace) -> None:
    """
    Purge, with the progress on the standard error stream if that is a terminal.

    Raises:
        PurgeRefused: Nothing was purged.
    """
    registry = env["registry"]
    collection_id = _collection_id(registry, options.resource) if options.resource else None
    meter = Meter()
    total = 0
    for total in accumulate(_purge(registry, options.before, collection_id)):
        meter.show(f"{total} tombstones purged so far")
    meter.tell(f"{total} tombstones purged.")


def _purge(registry: Any, before: int, collection_id: str | None) -> Iterator[int]:
    if registry.settings.get("readonly"):
        raise PurgeRefused("The service is read-only: no tombstones were purged")
    storage = getattr(registry, "storage", None)
    if storage is None:
        raise PurgeRefused("The application has no storage: there is nothing to purge")
    if isinstance(storage, MemoryStorage):
        raise PurgeRefused("Records in memory end with their process: nothing is there to purge")
    purge: Callable[..., Iterator[int]] = getattr(storage, "purge_tombstones", _cannot_purge)
    try:
        return purge(before, collection_id)
    except NotImplementedError as error:
        name = storage.__class__.__module__
        raise PurgeRefused(f"{name} cannot purge the tombstones of all parents") from error


def _cannot_purge(*arguments: Any) -> Iterator[int]:
    raise NotImplementedError  # a storage that is no subclass of StorageBase


def _collection_id(registry: Any, resource: str) -> str:
    collections: dict[str, str] = {
        service.viewset.get_name(service.resource): service.resource.__name__.lower()
        for service in registry.cornice_services.values()
        if hasattr(service, "resource")
    }
    if resource not in collections:
        known = ", ".join(sorted(collections))
        raise PurgeRefused(f"There is no resource {resource}; there are: {known}")
    return collections[resource]


def _timestamp(text: str) -> int:
    if not re.fullmatch("[0-9]+", text):
        raise argparse.ArgumentTypeError(f"{text!r} should be a timestamp, in milliseconds")
    return int(text)


def _timestamp_of_age(text: str) -> int:
    match = _AGE.fullmatch(text)
    if match is None:
        raise argparse.ArgumentTypeError(f"{text!r} should be a number and a unit, such as 30d")
    age_seconds = int(match[1]) * _SECONDS[match[2]]
    return max(0, msec_time() - age_seconds * 1000)
