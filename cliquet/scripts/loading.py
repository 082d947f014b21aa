"""The application of an INI file, for commands; and what is wrong with a file that gives none."""

from __future__ import annotations

import configparser
import logging
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import plaster
from pyramid.exceptions import ConfigurationError, ConfigurationExecutionError
from pyramid.paster import bootstrap, get_app, setup_logging

from cliquet.exceptions import BackendError, CliquetError
from cliquet.scripts.remedies import DEFAULT_INI as DEFAULT_INI
from cliquet.scripts.remedies import remedy_of
from cliquet.storage import schemas

# What is raised for a file that is no INI file, lacks a section, or has a setting that is wrong.
_OF_FILES = (configparser.Error, ConfigurationError, LookupError, ValueError)
_WHERE_MODULES_ARE = ". Modules are looked for beside that file, and among those installed"
# Classes of handlers are imported, and their arguments are evaluated and used.
_OF_LOGGING = (
    *(configparser.Error, AttributeError, ImportError, LookupError, NameError, OSError),
    *(RuntimeError, SyntaxError, TypeError, ValueError),
)


class CommandRefused(CliquetError):
    """A command cannot do what it was asked for; the message says why, and what to do."""


@contextmanager
def application(ini: str, *, is_quiet: bool = False) -> Iterator[dict[str, Any]]:
    """
    Load the application of an INI file, whatever the schemas of its databases are.

    Args:
        ini: Path of the file; ``file.ini#name`` for the section ``[app:name]``.
        is_quiet: Whether what is logged up to warnings is of no interest: the command itself
            looks at the same things.

    Yields:
        What ``pyramid.paster.bootstrap`` returns.

    Raises:
        CommandRefused: The file, or the application that it names, cannot be loaded.
    """
    with _silence() if is_quiet else _logging_of(ini), schemas.unchecked():
        with explained(ini):
            env = bootstrap(ini)
        if not hasattr(env["registry"], "settings_sources"):
            raise CommandRefused(
                f'The application of {ini} is none of cliquet: config.include("cliquet") in it'
            )
        with env:
            yield env


def served_application(ini: str) -> Any:
    """
    Return the WSGI application of an INI file, to be served: the schema of its storage is checked.

    Raises:
        CommandRefused: The file, or the application that it names, cannot be loaded.
        CliquetError: Its storage cannot be served from; the message says what mends it.
    """
    with _logging_of(ini), explained(ini):
        return get_app(ini)


@contextmanager
def explained(ini: str) -> Iterator[None]:
    """
    Say in one line what keeps a file from being loaded within the block.

    Modules beside the file can be imported from then on, as those beside a script can.

    Raises:
        CommandRefused: In place of the errors that people make in files.
    """
    folder = str(existing(ini).resolve().parent)
    if folder not in sys.path:
        sys.path.insert(0, folder)
    try:
        yield
    except BackendError as error:
        raise unreachable(error) from error
    except ImportError as error:
        hint = _WHERE_MODULES_ARE if isinstance(error, ModuleNotFoundError) else ""
        raise CommandRefused(
            f"The application of {ini} cannot be imported: {error}{hint}"
        ) from error
    except OSError as error:
        if error.filename is None or not existing(ini).samefile(error.filename):
            raise
        raise CommandRefused(f"{ini} cannot be read: {error.strerror}") from error
    except _OF_FILES as error:
        if isinstance(error, KeyError | IndexError):
            raise
        raise CommandRefused(f"{ini} cannot be used: {_one_line(error)}") from error
    except AttributeError as error:
        if not isinstance(error.obj, type(sys)):
            raise
        raise CommandRefused(f"The application of {ini} is not there: {error}") from error


def existing(ini: str) -> Path:
    """
    Return the path of the file.

    Raises:
        CommandRefused: There is no such file.
    """
    try:
        path = Path(plaster.parse_uri(ini).path)
    except plaster.InvalidURI:
        path = Path(ini)
    if path.suffix != ".ini" and path.exists():
        raise CommandRefused(f"{ini} should end with .ini: that is how files are told apart")
    if not path.is_file():
        raise CommandRefused(
            f'There is no file {path}: name another by --ini, or make it by "cliquet init"'
        )
    return path


def settings_of(ini: str) -> Mapping[str, str]:
    """Return what the section of the application says, name by name as written."""
    with explained(ini):
        settings: Mapping[str, str] = _loader(ini).get_wsgi_app_settings()
    return settings


def server_settings_of(ini: str) -> Mapping[str, str]:
    """Return what the section ``[server:main]`` says; nothing where there is none."""
    with explained(ini):
        settings: Mapping[str, str] = _loader(ini).get_settings("server:main")
    return settings


def _loader(ini: str) -> Any:
    return plaster.get_loader(ini, protocols=["wsgi"])


def unreachable(error: BackendError) -> CommandRefused:
    """Return the error of a command whose backend does not answer, with what to do."""
    return CommandRefused(f"{_one_line(error)}: {remedy_of(error)}")


def _one_line(error: Exception) -> str:
    if isinstance(error, ConfigurationExecutionError):
        # Its own words go on about where that was, in lines of code.
        error = error.evalue
    return " ".join(str(error).split())


@contextmanager
def _logging_of(ini: str) -> Iterator[None]:
    # What keeps the whole file from being read is told as that.
    settings_of(ini)
    try:
        setup_logging(str(existing(ini)))
    except _OF_LOGGING as error:
        words = f"{ini}: what it says of logging cannot be read: {_one_line(error)}"
        raise CommandRefused(words) from error
    yield


@contextmanager
def _silence() -> Iterator[None]:
    before = logging.root.manager.disable
    logging.disable(logging.WARNING)
    try:
        yield
    finally:
        logging.disable(before)
