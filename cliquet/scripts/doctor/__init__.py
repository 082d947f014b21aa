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

from cliquet.exceptions import BackendError
from cliquet.scripts.doctor import databases, names, policies, sections, servers
from cliquet.scripts.doctor.faults import Fault, Patient
from cliquet.scripts.loading import CommandRefused, application, unreachable
from cliquet.scripts.remedies import as_typed

SOUND, FAULTY, UNABLE = 0, 1, 2

Check = Callable[[Patient], Iterable[Fault]]

#: What is written can be looked at even where no application can be made of it.
CHECKS_OF_FILES: tuple[Check, ...] = (
    names.unknown_settings,
    policies.policy_arguments,
    sections.server_arguments,
    sections.broken_logging,
)
CHECKS: tuple[Check, ...] = (
    *CHECKS_OF_FILES,
    policies.empty_secret,
    policies.open_origins,
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


def run(options: argparse.Namespace) -> int:
    """
    Print a line for each fault.

    Returns:
        The exit status: 0 when there is none, 1 when there are, 2 when not everything could be
        looked at; why is on the standard error stream.

    Raises:
        CommandRefused: The file cannot even be read.
    """
    obstacles: dict[str, None] = {}
    faults = _faults(options.ini, obstacles.setdefault)
    if options.json:
        print(json.dumps([fault._asdict() for fault in faults], indent=2, ensure_ascii=False))
    else:
        _print(faults, is_sure=not obstacles)
    for obstacle in obstacles:
        print(f"cliquet: {as_typed(obstacle, options.ini)}", file=sys.stderr)
    if obstacles:
        return UNABLE
    return FAULTY if faults else SOUND


def _faults(ini: str, tell: Callable[[str], object]) -> list[Fault]:
    try:
        with application(ini, is_quiet=True) as env:
            return list(_found(Patient(ini, os.environ, env["registry"]), CHECKS, tell))
    except CommandRefused as error:
        # A name that is misspelt may be why.
        tell(str(error))
        return list(_found(Patient(ini, os.environ), CHECKS_OF_FILES, tell))


def _found(
    patient: Patient, checks: Iterable[Check], tell: Callable[[str], object]
) -> Iterator[Fault]:
    for check in checks:
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
