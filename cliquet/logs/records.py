"""
What a record of the standard library keeps of a line: the event, and the exception.

In the text of a line both are rendered, among fields that differ at each request. Who reports
errors elsewhere needs them apart, or no two errors are alike.
"""

from __future__ import annotations

import logging
import sys
from typing import Any, NamedTuple

# Who sends records elsewhere leaves out what begins with an underscore.
_ORIGIN = "_cliquet_origin"


class _Origin(NamedTuple):
    event: str | None
    error: BaseException | None

    def __reduce__(self) -> tuple[Any, ...]:
        # Handlers send records to other processes: tracebacks do not travel, nor all exceptions.
        # What reads them may not have cliquet: a plain tuple.
        return tuple, ((self.event, None),)


def exception_of(exc_info: object) -> BaseException | None:
    """
    Return the exception that *exc_info* stands for, if any.

    Args:
        exc_info: True for the one being handled, an exception, or what ``sys.exc_info`` returns.
    """
    if not exc_info:
        return None
    if isinstance(exc_info, tuple):
        exc_info = exc_info[1]
    return exc_info if isinstance(exc_info, BaseException) else sys.exception()


def origin(event: str | None, exc_info: object) -> dict[str, Any]:
    """Return the ``extra`` of a record, for :func:`unrendered` to find."""
    return {_ORIGIN: _Origin(event, exception_of(exc_info))}


def unrendered(record: logging.LogRecord) -> logging.LogRecord:
    """
    Return *record* with the bare event as its message, and the exception as its ``exc_info``.

    *record* is not changed, and is returned as it is unless a line was rendered into it.
    """
    if not hasattr(record, _ORIGIN):
        return record
    bare = logging.makeLogRecord(vars(record))
    event, error = vars(bare).pop(_ORIGIN)
    bare.msg, bare.args = event or "", ()
    bare.exc_info = error and (type(error), error, error.__traceback__)
    return bare
