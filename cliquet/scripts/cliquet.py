"""The command ``cliquet``: what an operator does to the backends of an application."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from typing import Any

from pyramid.paster import bootstrap, setup_logging

from cliquet.exceptions import CliquetError
from cliquet.resource.registration import declared_unique_fields
from cliquet.storage import schemas

_FAMILIES = ("storage", "permission", "cache")


def init_schema(env: Any) -> None:
    """
    Bring the schemas of all backends of an application up to date.

    In read-only mode those of storage and permission stay as they are, with a warning.

    Args:
        env: What ``pyramid.paster.bootstrap`` returned: ``registry`` is what is needed of it.
    """
    registry = env["registry"]
    is_readonly = registry.settings.get("readonly")
    for family in _FAMILIES:
        backend = getattr(registry, family, None)
        if backend is None:
            continue
        if is_readonly and family != "cache":
            registry.logger.warning("%s: skipped, for the service is read-only", family)
            continue
        registry.logger.info("%s: bringing the schema up to date", family)
        if family == "storage":
            schemas.initialize(backend, declared_unique_fields(registry))
        else:
            backend.initialize_schema()


def main(arguments: Sequence[str] | None = None) -> int:
    """
    Run the command.

    Returns:
        The exit status: 0, or 1 when a backend refused or failed; the reason is printed.
    """
    options = _parser().parse_args(arguments)
    setup_logging(options.ini)
    with schemas.unchecked():
        env = bootstrap(options.ini)
    try:
        init_schema(env)
    except CliquetError as error:
        print(f"cliquet: {error}", file=sys.stderr)
        return 1
    finally:
        env["closer"]()
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="cliquet", description="Administer an application.")
    parser.add_argument("--ini", required=True, metavar="FILE", help="its configuration")
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    commands.add_parser("migrate", help="bring the schemas of its backends up to date")
    return parser


if __name__ == "__main__":
    sys.exit(main())
