"""The command ``cliquet``: what an operator does to the backends of an application."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import plaster
from pyramid.exceptions import ConfigurationError
from pyramid.paster import bootstrap, setup_logging

from cliquet import __version__
from cliquet.exceptions import CliquetError
from cliquet.resource.registration import declared_fields
from cliquet.scripts import purge
from cliquet.storage import schemas
from cliquet.storage.schemas import Tell

_FAMILIES = ("storage", "permission", "cache")


def main(arguments: Sequence[str] | None = None) -> int:
    """
    Run the command.

    Returns:
        The exit status: 0, or 1 when something was refused or failed; the reason is printed.
        Arguments that are wrong exit with 2.
    """
    options = _parser().parse_args(arguments)
    try:
        with _application(options.ini) as env:
            options.run(env, options)
    except (CliquetError, ConfigurationError) as error:
        print(f"cliquet: {error}", file=sys.stderr)
        return 1
    return 0


def init_schema(env: Any, *, dry_run: bool = False, tell: Tell | None = None) -> None:
    """
    Bring the schemas of all backends of an application up to date.

    In read-only mode those of storage and permission stay as they are, with a warning.

    Args:
        env: What ``pyramid.paster.bootstrap`` returned: ``registry`` is what is needed of it.
        dry_run: Whether to tell what would be done, and do nothing.
        tell: Is told what is done, a line at a time; by default it is logged.
    """
    registry = env["registry"]
    tell = tell or registry.logger.info
    act = schemas.preview if dry_run else schemas.initialize
    is_readonly = registry.settings.get("readonly")
    for family in _FAMILIES:
        backend = getattr(registry, family, None)
        if backend is None:
            continue
        if is_readonly and family != "cache":
            registry.logger.warning("%s: skipped, for the service is read-only", family)
            continue
        declared = declared_fields(registry) if family == "storage" else schemas.Declared()
        act(backend, declared, _prefixed(family, tell))


def _prefixed(family: str, tell: Tell) -> Tell:
    return lambda line: tell(f"{family}: {line}")


@contextmanager
def _application(ini: str) -> Iterator[Any]:
    path = Path(plaster.parse_uri(ini).path)
    if not path.is_file():
        raise ConfigurationError(f"There is no file {path}")
    setup_logging(ini)
    with schemas.unchecked():
        env = bootstrap(ini)
    with env:
        yield env


def _migrate(env: Any, options: argparse.Namespace) -> None:
    # Flushed, for a large migration takes its time and its output may be a pipe.
    init_schema(env, dry_run=options.dry_run, tell=lambda line: print(line, flush=True))


def _init(env: Any, options: argparse.Namespace) -> None:
    print(
        'cliquet: DeprecationWarning: "init" of an existing file migrates; use "migrate"',
        file=sys.stderr,
    )
    _migrate(env, options)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="cliquet", description="Administer an application.")
    parser.add_argument("-v", "--version", action="version", version=f"cliquet {__version__}")
    parser.add_argument("--ini", required=True, metavar="FILE", help="its configuration")
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")

    text = "bring the schemas of its backends up to date"
    command = commands.add_parser("migrate", help=text, description=text)
    command.add_argument("--dry-run", action="store_true", help="only say what would be done")
    command.set_defaults(run=_migrate)

    text = "deprecated: migrate"
    command = commands.add_parser("init", help=text, description=text)
    command.set_defaults(run=_init, dry_run=False)

    text = "forget old deletions"
    command = commands.add_parser("purge-tombstones", help=text, description=text)
    purge.add_arguments(command)
    command.set_defaults(run=purge.run)
    return parser


if __name__ == "__main__":
    sys.exit(main())
