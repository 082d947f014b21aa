"""Checks of the sections of the file that are not the application's: of its server and its logs."""

from __future__ import annotations

import configparser
import logging.handlers
from collections.abc import Callable, Iterator
from operator import attrgetter
from pathlib import Path

from pyramid.path import DottedNameResolver
from waitress.adjustments import Adjustments

from cliquet.scripts.doctor.faults import Fault, Patient
from cliquet.scripts.doctor.names import likeliest
from cliquet.scripts.loading import server_settings_of
from cliquet.scripts.serving import WAITRESS

_Parser = configparser.ConfigParser
_Section = configparser.SectionProxy
#: What is wrong with a section, and the remedy.
_Found = Iterator[tuple[str, str]]

_KINDS = {"logger": "loggers", "handler": "handlers", "formatter": "formatters"}


def server_arguments(patient: Patient) -> Iterator[Fault]:
    """Arguments that waitress does not know keep it from serving."""
    written = dict(server_settings_of(patient.ini))
    if written.pop("use", WAITRESS[0]) not in WAITRESS:
        return
    # There is no public list; what is not in it, waitress refuses by name.
    known = [name for name, _ in Adjustments._params]
    for name in written:
        if name not in known:
            likely = likeliest(name, known)
            remedy = f"did you mean {likely}?" if likely else "remove it"
            what = f"{name} is no argument of waitress, which does not start with it"
            yield Fault(what, f"{patient.file} [server:main]", remedy)


def broken_logging(patient: Patient) -> Iterator[Fault]:
    """Sections of logging that cannot be read keep the application from being served."""
    # Read, and not used: handlers would make their files, of whoever asks the doctor.
    path = Path(patient.file).resolve()
    parser = _Parser({"here": str(path.parent), "__file__": str(path)})
    parser.read(path, encoding="utf-8")
    try:
        for section, what, remedy in _faults_of_logging(parser):
            yield Fault(what, f"{patient.file} [{section}]", remedy)
    except configparser.InterpolationError as error:
        what = f"What {error.option} is to be put together of is not there"
        remedy = "name it in [DEFAULT], or write %% for each % of the text"
        yield Fault(what, f"{patient.file} [{error.section}]", remedy)


def _faults_of_logging(parser: _Parser) -> Iterator[tuple[str, str, str]]:
    if not parser.has_section("loggers"):
        return
    for kind, plural in _KINDS.items():
        if not parser.has_option(plural, "keys"):
            yield plural, "It has no keys, which logging asks for", f"name its {plural}: keys = …"
            continue
        for name in _names(parser.get(plural, "keys")):
            found = _of_section(parser, kind, name)
            yield from ((f"{kind}_{name}", what, remedy) for what, remedy in found)
    if "root" not in _names(parser.get("loggers", "keys", fallback="root")):
        yield "loggers", "It does not name root", "add root to its keys"


def _of_section(parser: _Parser, kind: str, name: str) -> _Found:
    section = f"{kind}_{name}"
    if not parser.has_section(section):
        return iter([("It is not there", f"write it, or remove {name} from [{_KINDS[kind]}]")])
    return _CHECKS[kind](parser, parser[section])


def _names(text: str) -> list[str]:
    return [name.strip() for name in text.split(",") if name.strip()]


def _of_logger(parser: _Parser, section: _Section) -> _Found:
    yield from _of_level(section)
    if section.name != "logger_root" and "qualname" not in section:
        yield "It has no qualname", f"add qualname = {section.name.removeprefix('logger_')}"
    if "handlers" not in section:
        yield "It has no handlers", "add handlers = , which may be empty"
    yield from _unlisted(parser, "handlers", _names(section.get("handlers", "")))


def _of_handler(parser: _Parser, section: _Section) -> _Found:
    yield from _of_level(section)
    yield from _unlisted(parser, "formatters", _names(section.get("formatter", "")))
    if "class" not in section:
        yield "It has no class", "add class = StreamHandler"
    yield from _of_class(section)
    try:
        compile(section.get("args", "()"), section.name, "eval")
    except SyntaxError:
        yield "Its args are no tuple of Python", "write them like args = (sys.stderr,)"


def _of_formatter(parser: _Parser, section: _Section) -> _Found:
    yield from _of_class(section)


def _of_class(section: _Section) -> _Found:
    name = section.get("class", "")
    if name and not _is_there(name):
        likely = likeliest(name, vars(logging))
        yield f"There is no {name} to import", f"did you mean {likely}?" if likely else "install it"


def _of_level(section: _Section) -> _Found:
    levels = logging.getLevelNamesMapping()
    level = section.get("level", "NOTSET")
    if level not in levels:
        likely = likeliest(level.upper(), levels, alike=0.6)
        remedy = f"did you mean {likely}?" if likely else f"use one of {', '.join(levels)}"
        yield f"There is no level {level!r}", remedy


def _unlisted(parser: _Parser, plural: str, names: list[str]) -> _Found:
    # Without keys there is nothing to be among, and that is said already.
    listed = _names(parser.get(plural, "keys", fallback=",".join(names)))
    for name in names:
        if name not in listed:
            likely = likeliest(name, listed)
            addition = f"add {name} to the keys of [{plural}]"
            remedy = f"did you mean {likely}?" if likely else addition
            yield f"{name} is not among the {plural}", remedy


def _is_there(name: str) -> bool:
    try:
        attrgetter(name)(logging)
    except AttributeError:
        try:
            DottedNameResolver().resolve(name)
        except (AttributeError, ImportError, ValueError):
            return False
    return True


_CHECKS: dict[str, Callable[[_Parser, _Section], _Found]] = {
    "logger": _of_logger,
    "handler": _of_handler,
    "formatter": _of_formatter,
}
