"""
The command ``cliquet doctor``: looks for what is wrong, and says what to do about it.

Each check is a function that takes a :class:`~cliquet.scripts.doctor.faults.Patient` and yields
the faults that it finds. It changes nothing, and says nothing about what nobody can know.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
from collections.abc import Callable, Iterable, Iterator
from typing import Any

from cliquet.exceptions import BackendError
from cliquet.scripts.doctor import configuration, databases, servers
from cliquet.scripts.doctor.faults import Fault, Patient
from cliquet.scripts.loading import unreachable

SOUND, FAULTY, UNABLE = 0, 1, 2

CHECKS: tuple[Callable[[Patient], Iterable[Fault]], ...] = (
    configuration.unknown_settings,
    configuration.empty_secret,
    configuration.open_origins,
    databases.schema_not_migrated,
    databases.missing_indexes,
    databases.wrong_counts,
    servers.clock_apart,
    servers.pool_too_large,
    servers.cache_among_records,
    servers.redis_evicts,
    servers.redis_forgets,
)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments of the command."""
    parser.add_argument("--json", action="store_true", help="print the faults as a JSON list")


def run(env: Any, options: argparse.Namespace) -> int:
    """
    Print a line for each fault.

    Returns:
        The exit status: 0 when there is none, 1 when there are, 2 when not everything could be
        looked at; why is on the standard error stream.
    """
    patient = Patient(env["registry"], options.ini, os.environ)
    obstacles: dict[str, None] = {}
    faults = list(_faults_of(patient, obstacles.setdefault))
    if options.json:
        print(json.dumps([fault._asdict() for fault in faults], indent=2, ensure_ascii=False))
    else:
        _print(faults, is_sure=not obstacles)
    for obstacle in obstacles:
        print(f"cliquet: {obstacle}", file=sys.stderr)
    if obstacles:
        return UNABLE
    return FAULTY if faults else SOUND


def _faults_of(patient: Patient, tell: Callable[[str], object]) -> Iterator[Fault]:
    for check in CHECKS:
        try:
            yield from check(patient)
        except BackendError as error:
            tell(str(unreachable(error)))


def _print(faults: Iterable[Fault], *, is_sure: bool) -> None:
    lines = [str(fault) for fault in faults]
    if is_sure and not lines:
        lines = [f"Nothing is wrong: {len(CHECKS)} checks were made."]
    for line in lines:
        print(line)
