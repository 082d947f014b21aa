"""The command ``cliquet start``: serves an application with waitress, until it is told to end."""

from __future__ import annotations

import argparse
import errno
import signal
from collections.abc import Iterator
from typing import Any

from pyramid.config import global_registries
from waitress.server import create_server

from cliquet.scripts.loading import CommandRefused, served_application, server_settings_of

_DEFAULTS = {"host": "127.0.0.1", "port": "8888"}
#: What ``use`` of ``[server:main]`` may say.
WAITRESS = ("egg:waitress", "egg:waitress#main")
_PLACES = ("host", "port", "listen", "sockets", "unix_socket")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the arguments of the command."""
    text = "where it listens, in place of what [server:main] says"
    parser.add_argument("--host", help=text)
    parser.add_argument("--port", type=_port, help="likewise; 0 for any that is free")


def run(options: argparse.Namespace) -> None:
    """
    Serve until Ctrl-C, or a SIGTERM; requests that are being served then have 5 seconds more.

    Raises:
        CommandRefused: It cannot be served, or not where it should be.
    """
    arguments = _arguments(options)
    server = _listening(served_application(options.ini), arguments)
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, _end)
    for address in _addresses(server):
        print(f"Serving on {address} (Ctrl-C ends it)", flush=True)
    server.run()


def _end(number: int, frame: Any) -> None:
    raise SystemExit(0)


def _arguments(options: argparse.Namespace) -> dict[str, Any]:
    """Return those of waitress: what the command line says, else the file, else the defaults."""
    written = dict(server_settings_of(options.ini))
    use = written.pop("use", WAITRESS[0])
    if use not in WAITRESS:
        raise CommandRefused(
            f'"start" serves with waitress, and [server:main] of {options.ini} says use = {use}:'
            f' serve it by "pserve {options.ini}"'
        )
    asked = {"host": options.host, "port": options.port}
    given = {name: value for name, value in asked.items() if value is not None}
    has_place = any(name in written for name in _PLACES)
    if given or not has_place:
        kept = {name: value for name, value in written.items() if name not in _PLACES[2:]}
        return {**_DEFAULTS, **kept, **given}
    return written


def _listening(app: Any, arguments: dict[str, Any]) -> Any:
    try:
        return create_server(app, **arguments)
    except OSError as error:
        places = {name: value for name, value in arguments.items() if name in _PLACES}
        place = ", ".join(f"{name} {value}" for name, value in places.items())
        is_taken = error.errno == errno.EADDRINUSE
        remedy = ": is it served already? Name another port by --port" if is_taken else ""
        raise CommandRefused(f"{place}: {error.strerror}{remedy}") from error
    except ValueError as error:
        raise CommandRefused(f"waitress: {error}") from error


def _addresses(server: Any) -> Iterator[str]:
    prefix = getattr(global_registries.last, "route_prefix", None)
    one = (
        [(server.effective_host, server.effective_port)]
        if hasattr(server, "effective_host")
        else []
    )
    for host, port in getattr(server, "effective_listen", one):
        name = f"[{host}]" if ":" in host else host
        yield f"http://{name}:{port}/{f'{prefix}/' if prefix else ''}"


def _port(text: str) -> int:
    if not text.isascii() or not text.isdigit() or int(text) > 65_535:
        raise argparse.ArgumentTypeError(f"{text!r} should be a number from 0 to 65535")
    return int(text)
