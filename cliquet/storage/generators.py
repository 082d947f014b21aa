"""Makers of record ids."""

from __future__ import annotations

import re
import uuid


class Generator:
    """
    Base of id generators: makes ids by being called, and recognizes those of its form.

    A subclass sets :attr:`regexp` and implements ``__call__``; what it makes is checked against
    the pattern once, when the generator itself is made.

    Raises:
        ValueError: An id made by the generator does not match its own pattern.

    Source: protocol P4.9.
    """

    #: Pattern of the ids accepted; it is matched against the whole id.
    regexp = r"^[a-zA-Z0-9][a-zA-Z0-9_-]*$"
    #: Characters of the longest id accepted; ids are keys of indexes, which have their limits.
    max_length = 512

    def __init__(self, config: object = None) -> None:
        self._regexp = re.compile(self.regexp)
        sample = self()
        if not self.match(sample):
            raise ValueError(
                f"{type(self).__name__} made the id {sample!r}, "
                f"which its own regexp {self.regexp!r} does not accept"
            )

    def __call__(self) -> str:
        """Return a new id."""
        raise NotImplementedError

    def match(self, record_id: str) -> bool:
        """Tell whether *record_id* has the form of this generator's ids."""
        # `fullmatch`, for "$" alone would let a trailing newline through.
        return len(record_id) <= self.max_length and self._regexp.fullmatch(record_id) is not None


class UUID4(Generator):
    """Random UUIDs, version 4; UUIDs of any version are accepted."""

    regexp = r"^[0-9a-fA-F]{8}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{12}$"

    def __call__(self) -> str:
        """Return a random UUID, such as ``77a5a6d1-4b6f-4c35-b2f4-4f4a4a8d3f0e``."""
        return str(uuid.uuid4())
