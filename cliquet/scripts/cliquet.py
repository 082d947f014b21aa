"""The command ``cliquet``: what an operator does with an application and its backends."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Sequence
from functools import partial
from typing import Any, NamedTuple

from pyramid.exceptions import ConfigurationError

from cliquet import __version__
from cliquet.exceptions import BackendError, CliquetError
from cliquet.resource.registration import declared_fields
from cliquet.scripts import doctor, init, loading, purge, routes, serving, settings
from cliquet.scripts.output import written
from cliquet.scripts.progress import Meter, bar, watching
from cliquet.scripts.remedies import as_typed, command_line
from cliquet.storage import schemas
from cliquet.storage.schemas import Tell

_FAMILIES = ("storage", "permission", "cache")
_INTERRUPTED = 130


def main(arguments: Sequence[str] | None = None) -> int:
    """
    Run the command.

    Returns:
        The exit status: 0, or 1 when something was refused or failed; the reason is printed.
        ``doctor`` returns 1 when it found faults, 2 when it could not look. Arguments that are
        wrong exit with 2; Ctrl-C gives 130, a reader of the output that has gone 141.
    """
    try:
        return written(lambda: _status(arguments))
    except KeyboardInterrupt:
        return _INTERRUPTED


def _status(arguments: Sequence[str] | None) -> int:
    options = _parser().parse_args(arguments)
    command: _Command = options.command
    try:
        return _run(command, options) or 0
    except BackendError as error:
        reason = str(loading.unreachable(error))
    except (CliquetError, ConfigurationError) as error:
        reason = str(error)
    print(f"cliquet: {as_typed(reason, options.ini)}", file=sys.stderr)
    return command.status_of_failure


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


def _migrate(env: Any, options: argparse.Namespace) -> None:
    meter = Meter()
    with watching(meter, partial(_index_progress, env["registry"])):
        init_schema(env, dry_run=options.dry_run, tell=meter.tell)


def _index_progress(registry: Any) -> str | None:
    look = getattr(getattr(registry, "storage", None), "index_progress", None)
    try:
        progress = look() if look else None
    except BackendError:
        # The work itself will say so.
        return None
    if progress is None:
        return None
    return progress.phase if progress.share is None else f"{bar(progress.share)} {progress.phase}"


def _add_migrate(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--dry-run", action="store_true", help="only say what would be done")


def _init(options: argparse.Namespace) -> None:
    is_new = init.write(options.ini)
    if not is_new:
        print(
            'cliquet: DeprecationWarning: "init" of an existing file migrates; use "migrate"',
            file=sys.stderr,
        )
    with loading.application(options.ini, is_quiet=is_new) as env:
        init_schema(env, tell=print)
    if is_new:
        print(f"Now serve it: {command_line('start', options.ini)}")


class _Command(NamedTuple):
    """
    A command.

    Attributes:
        name: As it is called.
        help: What it does.
        run: Does it, with the application; see *is_alone*.
        add_arguments: Declares its arguments.
        is_alone: Whether *run* takes the arguments alone, and sees to the application itself.
        is_quiet: Whether what the application logs is of no interest.
        status_of_failure: Exit status when it cannot be done.
    """

    name: str
    help: str
    run: Callable[..., int | None]
    add_arguments: Callable[[argparse.ArgumentParser], None] = lambda parser: None
    is_alone: bool = False
    is_quiet: bool = False
    status_of_failure: int = 1


_COMMANDS = (
    _Command(
        "init", "write a configuration, and an application to begin with", _init, is_alone=True
    ),
    _Command("start", "serve the application", serving.run, serving.add_arguments, is_alone=True),
    _Command("migrate", "bring the schemas of its backends up to date", _migrate, _add_migrate),
    _Command("purge-tombstones", "forget old deletions", purge.run, purge.add_arguments),
    _Command(
        "doctor",
        "look for what is wrong, and say what to do about it",
        doctor.run,
        doctor.add_arguments,
        is_alone=True,
        status_of_failure=2,
    ),
    _Command("routes", "list what the application answers to", routes.run, is_quiet=True),
    _Command(
        "settings", "list its settings, and where each comes from", settings.run, is_quiet=True
    ),
)


def _run(command: _Command, options: argparse.Namespace) -> int | None:
    if command.is_alone:
        return command.run(options)
    with loading.application(options.ini, is_quiet=command.is_quiet) as env:
        return command.run(env, options)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="cliquet",
        description="Make, serve and look after an application.",
        epilog='To begin: "cliquet init && cliquet start".'
        ' What a command takes: "cliquet COMMAND --help".',
    )
    parser.add_argument("-v", "--version", action="version", version=f"cliquet {__version__}")
    _add_ini(parser, default=loading.DEFAULT_INI)
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    for command in _COMMANDS:
        text = f"{command.help[0].upper()}{command.help[1:]}."
        subparser = commands.add_parser(command.name, help=command.help, description=text)
        # Either side of the command will do; what is not given here must not undo the other.
        _add_ini(subparser, default=argparse.SUPPRESS)
        command.add_arguments(subparser)
        subparser.set_defaults(command=command)
    return parser


def _add_ini(parser: argparse.ArgumentParser, default: str) -> None:
    text = f"its configuration, {loading.DEFAULT_INI} by default"
    parser.add_argument("--ini", default=default, metavar="FILE", help=text)


if __name__ == "__main__":
    sys.exit(main())
