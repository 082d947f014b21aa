"""
Logs: one renderer per application, fields bound per request, one summary line per request.

Lines go through the standard logger named ``cliquet``, so that the ``[loggers]`` sections of an
INI file govern them; structlog carries the fields and calls the renderer. Nothing is configured
for the whole process: :func:`setup` makes a logger for one application, and the module's own
:data:`logger` writes as the application whose request is being served does.

Text that came from clients cannot break a line or forge another: both renderers escape control
characters, lone surrogates and everything else that does not print.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar, Token
from typing import Any, NamedTuple, Self

from structlog import BoundLoggerBase, DropEvent
from structlog.typing import EventDict, Processor

from cliquet.logs.records import origin
from cliquet.logs.renderers import ClassicLogRenderer, MozillaHekaRenderer, format_traceback
from cliquet.logs.text import text_of

__all__ = [
    "AppLogger",
    "ClassicLogRenderer",
    "MozillaHekaRenderer",
    "RequestContext",
    "bind_to_request",
    "end_request",
    "logger",
    "request_context",
    "setup",
    "start_part",
    "start_request",
    "summary",
]


class AppLogger(BoundLoggerBase):
    """
    A structlog logger that knows of requests and writes with the renderer of one application.

    Methods take an event (text, or any object: its text), optional ``%`` arguments, and fields
    by keyword; ``exc_info=True`` or an exception adds a traceback. A level that is off costs
    one look-up. While a request is served, :meth:`bind`, :meth:`new` and :meth:`unbind` also
    change what every later line of that request carries, its summary included.
    """

    @property
    def renderer(self) -> Processor:
        """The processor that makes the text of a line."""
        # Not the last: agents that watch an application append processors of theirs.
        return next(one for one in self._processors if one is not format_traceback)

    def is_enabled_for(self, level: int) -> bool:
        """Tell whether a line of *level* (a number of :mod:`logging`) would be written."""
        enabled: bool = self._logger.isEnabledFor(level)
        return enabled

    def debug(self, event: object = None, /, *args: object, **fields: Any) -> None:
        """Log at level debug."""
        if self._logger.isEnabledFor(logging.DEBUG):
            self._emit(logging.DEBUG, "debug", _formatted(event, args), fields)

    def info(self, event: object = None, /, *args: object, **fields: Any) -> None:
        """Log at level info."""
        if self._logger.isEnabledFor(logging.INFO):
            self._emit(logging.INFO, "info", _formatted(event, args), fields)

    def warning(self, event: object = None, /, *args: object, **fields: Any) -> None:
        """Log at level warning."""
        if self._logger.isEnabledFor(logging.WARNING):
            self._emit(logging.WARNING, "warning", _formatted(event, args), fields)

    def error(self, event: object = None, /, *args: object, **fields: Any) -> None:
        """Log at level error."""
        if self._logger.isEnabledFor(logging.ERROR):
            self._emit(logging.ERROR, "error", _formatted(event, args), fields)

    def critical(self, event: object = None, /, *args: object, **fields: Any) -> None:
        """Log at level critical."""
        if self._logger.isEnabledFor(logging.CRITICAL):
            self._emit(logging.CRITICAL, "critical", _formatted(event, args), fields)

    def exception(self, event: object = None, /, *args: object, **fields: Any) -> None:
        """Log at level error, with the traceback of the exception being handled."""
        if self._logger.isEnabledFor(logging.ERROR):
            fields.setdefault("exc_info", True)
            self._emit(logging.ERROR, "exception", _formatted(event, args), fields)

    def log(self, level: int, event: object = None, /, *args: object, **fields: Any) -> None:
        """Log at *level*, a number of :mod:`logging`."""
        if self._logger.isEnabledFor(level):
            name = logging.getLevelName(level).lower()
            self._emit(level, name, _formatted(event, args), fields)

    warn = warning
    fatal = critical

    def bind(self, /, **fields: Any) -> Self:
        """Return a logger that adds *fields* to its lines, and add them to the request's own."""
        request = _request.get()
        if request is not None:
            request.bound.update(fields)
        return self._with({**self._context, **fields})

    def new(self, /, **fields: Any) -> Self:
        """Return a logger with *fields* only; in a request, forget what was bound before."""
        request = _request.get()
        if request is not None:
            request.bound.clear()
            request.bound.update(fields)
        return self._with(fields)

    def unbind(self, *keys: str) -> Self:
        """
        Return a logger without *keys*; in a request, its later lines do not carry them either.

        Raises:
            KeyError: A key was bound neither on this logger nor in the request.
        """
        request = _request.get()
        for key in keys:
            if key not in self._context and (request is None or key not in request.bound):
                raise KeyError(key)
        return self.try_unbind(*keys)

    def try_unbind(self, *keys: str) -> Self:
        """Do as :meth:`unbind`; keys that were not bound are passed over."""
        request = _request.get()
        if request is not None:
            for key in keys:
                request.bound.pop(key, None)
        return self._with({key: self._context[key] for key in self._context if key not in keys})

    def _with(self, context: dict[str, Any]) -> Self:
        return self.__class__(self._logger, self._processors, context)

    def _emit(self, level: int, name: str, event: str | None, fields: dict[str, Any]) -> None:
        """Render and write one line; called by the method that user code called."""
        request = _request.get()
        if request is not None:
            fields = {**request.facts, **request.bound, **self._context, **fields}
        extra = origin(event, fields.get("exc_info"))
        try:
            args, options = self._process_event(name, event, fields)
        except DropEvent:
            return
        # The third frame up is user code: what %(pathname)s and %(lineno)d should tell.
        self._logger.log(level, *args, **{"stacklevel": 3, "extra": extra, **options})


class RequestContext(NamedTuple):
    """
    What the lines of one request have in common.

    Attributes:
        facts: What the request layer told; the caller's own mapping, read at each line.
        bound: What ``bind()`` added while the request was served.
        renderer: That of the application which serves it.
    """

    facts: Mapping[str, Any]
    bound: dict[str, Any]
    renderer: Processor


def setup(
    settings: Mapping[str, Any],
    renderer_class: Callable[[Mapping[str, Any]], Processor] = ClassicLogRenderer,
) -> AppLogger:
    """
    Return the logger of the application that has *settings*; keep it, one per application.

    Lines of the module's :data:`logger` outside requests take the renderer set up last.

    Args:
        settings: Given to *renderer_class*.
        renderer_class: What the setting ``logging_renderer`` names; its instances are called as
            structlog processors are, and return the text of a line. A traceback reaches them
            as text, under ``exception``.
    """
    renderer = renderer_class(settings)
    _by_application.latest = renderer
    return AppLogger(logging.getLogger("cliquet"), (format_traceback, renderer), {})


def start_request(facts: Mapping[str, Any], app_logger: AppLogger) -> Token[RequestContext | None]:
    """
    Begin the context of a request, and return the token that ends it.

    Contexts nest: a sub-request has its own, and what is bound there stays there.

    Args:
        facts: Fields of every line of this request, which ``new()`` does not forget. May be
            empty, and may grow while the request is served.
        app_logger: What :func:`setup` returned for the application that serves the request.
    """
    return _request.set(RequestContext(facts, {}, app_logger.renderer))


def end_request(token: Token[RequestContext | None]) -> None:
    """
    End the context that *token* stands for; that of the outer request, if any, is back.

    Raises:
        RuntimeError: It was ended before.
        ValueError: It was started in another thread.
    """
    _request.reset(token)


@contextmanager
def request_context(facts: Mapping[str, Any], app_logger: AppLogger) -> Iterator[None]:
    """Wrap a block in :func:`start_request` and :func:`end_request`."""
    token = start_request(facts, app_logger)
    try:
        yield
    finally:
        end_request(token)


def start_part(facts: Mapping[str, Any]) -> Token[RequestContext | None]:
    """
    Begin the context of a part of the present request, and return the token that ends it.

    Its lines carry *facts* of their own, and what was bound so far; what is bound from now on
    stays there.
    """
    outer = _request.get()
    if outer is None:
        return _request.set(None)
    return _request.set(RequestContext(facts, outer.bound.copy(), outer.renderer))


def bind_to_request(**fields: Any) -> None:
    """Add *fields* to every later line of the request, as :meth:`AppLogger.bind` does."""
    request = _request.get()
    if request is not None:
        request.bound.update(fields)


def summary(fields: Mapping[str, Any]) -> None:
    """
    Write the ``request.summary`` line of the current request, at level info.

    Args:
        fields: Added to the request's facts and to what was bound; they win over both, so leave
            out what is not known.
    """
    if logger.is_enabled_for(logging.INFO):
        logger._emit(logging.INFO, "info", "request.summary", dict(fields))


class _ApplicationRenderer:
    """Hand a line to the renderer of the application whose request is served, else the latest."""

    def __init__(self, latest: Processor) -> None:
        self.latest = latest

    def __call__(self, logger: Any, name: str, event_dict: EventDict) -> Any:
        request = _request.get()
        is_told = request is not None and request.renderer is not self
        renderer = request.renderer if request is not None and is_told else self.latest
        return renderer(logger, name, event_dict)


def _formatted(event: object, args: tuple[object, ...]) -> str | None:
    if not args:
        return None if event is None else text_of(event)
    try:
        return text_of(event) % args
    except (TypeError, ValueError):
        return " ".join(map(text_of, (event, *args)))


_request: ContextVar[RequestContext | None] = ContextVar("cliquet_request", default=None)
_by_application = _ApplicationRenderer(ClassicLogRenderer({}))

#: The logger for application code, ``cliquet.logger``. Needs no set-up.
logger = AppLogger(logging.getLogger("cliquet"), (format_traceback, _by_application), {})
