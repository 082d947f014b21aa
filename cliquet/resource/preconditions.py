"""
Preconditions of requests: what the headers ask, compared with what is there.

Source: protocol P5.2 to P5.5, P11.1.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from cliquet.exceptions import CliquetError, InvalidParameter
from cliquet.storage.exceptions import ModifiedError

#: ``If-None-Match: *``: whatever there is.
ANY = "*"

_QUOTED_INTEGER = re.compile(r'"(-?[0-9]{1,19})"')


class NotModified(CliquetError):
    """
    The client has the present version.

    Attributes:
        timestamp: Of the record or collection, in milliseconds.
    """

    def __init__(self, timestamp: int) -> None:
        super().__init__("not modified")
        self.timestamp = timestamp


@dataclass(frozen=True)
class Preconditions:
    """
    What ``If-Match`` and ``If-None-Match`` ask of a request.

    Attributes:
        if_match: Timestamp to be there still, or ``None``.
        if_none_match: Timestamp that the client has, :data:`ANY`, or ``None``.
        is_read: Whether the request only reads.
    """

    if_match: int | None = None
    if_none_match: int | str | None = None
    is_read: bool = True

    @classmethod
    def parse(cls, headers: Mapping[str, str], *, is_read: bool) -> Preconditions:
        """
        Read the preconditions of a request.

        Raises:
            InvalidParameter: A value is no integer between double quotes (protocol P5.5).
        """
        if_match, if_none_match = headers.get("If-Match"), headers.get("If-None-Match")
        if if_match is None and if_none_match is None:
            return _OF_READS if is_read else _OF_WRITES
        return cls(_if_match(if_match), _if_none_match(if_none_match, is_read=is_read), is_read)

    @property
    def wants_absence(self) -> bool:
        """Whether the write is to happen only where there is no live record."""
        return self.if_none_match == ANY and not self.is_read

    @property
    def is_for_writes(self) -> bool:
        """Whether a write looks at any of them."""
        return self.if_match is not None or self.wants_absence

    @property
    def known(self) -> int | None:
        """The timestamp that the client of a read has, if it sent one."""
        return self.if_none_match if isinstance(self.if_none_match, int) else None

    def check_collection(self, timestamp: int) -> None:
        """
        Compare with the timestamp of a collection.

        Raises:
            ModifiedError: It is not the one that the client expects.
            NotModified: A read, and the client has this one.
        """
        if self.if_match is not None and self.if_match != timestamp:
            raise ModifiedError
        self._check_not_modified(timestamp)

    def check_record(self, record: Mapping[str, Any] | None, modified_field: str) -> None:
        """
        Compare with a live record, or with ``None`` where there is none.

        Raises:
            ModifiedError: It is not as the client expects.
            NotModified: A read, and the client has this version.
        """
        timestamp = None if record is None else record[modified_field]
        if self.if_match is not None and self.if_match != timestamp:
            raise ModifiedError(None if record is None else dict(record))
        if record is None:
            return
        if self.wants_absence:
            raise ModifiedError(dict(record))
        self._check_not_modified(record[modified_field])

    def _check_not_modified(self, timestamp: int) -> None:
        if self.is_read and self.if_none_match in (ANY, timestamp):
            raise NotModified(timestamp)


# What most requests ask.
_OF_READS, _OF_WRITES = Preconditions(is_read=True), Preconditions(is_read=False)


def _if_match(value: str | None) -> int | None:
    if value is None:
        return None
    match = _QUOTED_INTEGER.fullmatch(value)
    if match is None:
        raise InvalidParameter(
            "Invalid value for If-Match. The value should be integer between double quotes.",
            location="headers",
        )
    return int(match[1])


def _if_none_match(value: str | None, *, is_read: bool) -> int | str | None:
    if value is None or value == ANY:
        return value
    match = _QUOTED_INTEGER.fullmatch(value)
    if match is not None:
        return int(match[1])
    if not is_read:
        # Writes know only "*": anything else there has always been ignored (protocol P5.3).
        return None
    raise InvalidParameter("Invalid value for If-None-Match", location="headers")
