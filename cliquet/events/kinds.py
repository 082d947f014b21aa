"""
What there is to be told: the actions, the classes of events, and the predicates on them.

Source: protocol P9.
"""

from __future__ import annotations

from collections.abc import Iterable
from enum import Enum
from typing import Any, ClassVar

JSONRecord = dict[str, Any]


class ACTIONS(Enum):
    """What can happen to records; the value is what ``event.payload["action"]`` holds."""

    CREATE = "create"
    DELETE = "delete"
    READ = "read"
    UPDATE = "update"

    @staticmethod
    def from_string_list(elements: Iterable[str | ACTIONS]) -> tuple[ACTIONS, ...]:
        """
        Return the actions that *elements* name.

        Raises:
            ValueError: One is the name of no action.
        """
        return tuple(map(to_action, elements))


def to_action(name: str | ACTIONS) -> ACTIONS:
    """
    Return the action that *name* names, or is.

    Raises:
        ValueError: It is the name of no action.
    """
    if isinstance(name, ACTIONS):
        return name
    try:
        return ACTIONS(name)
    except ValueError:
        accepted = ", ".join(action.value for action in ACTIONS)
        raise ValueError(f"Unknown action {name!r}: should be one of {accepted}") from None


class _ReadEvent:
    """What the events about reading have in common."""

    def __init__(self, payload: dict[str, Any], read_records: list[JSONRecord], request: Any):
        self.payload = payload
        self.read_records = read_records
        self.request = request


class _ChangeEvent:
    """What the events about changes have in common."""

    def __init__(
        self, payload: dict[str, Any], impacted_records: list[dict[str, JSONRecord]], request: Any
    ):
        self.payload = payload
        self.impacted_records = impacted_records
        self.request = request


class ResourceRead(_ReadEvent):
    """
    Records are being read; sent within the transaction, before the response leaves.

    Attributes:
        payload: ``timestamp action uri user_id resource_name <resource_name>_id`` and every
            match of the URL.
        read_records: The records, those of the answer themselves: they are not to be changed.
        request: The first request that did it.
    """


class ResourceChanged(_ChangeEvent):
    """
    Records are being created, updated or deleted; sent within the transaction.

    An exception of a subscriber undoes the change and becomes the answer.

    Attributes:
        payload: As that of :class:`ResourceRead`.
        impacted_records: ``{"new": record}`` of creations, ``{"new": record, "old": record}`` of
            updates, ``{"old": tombstone, "previous": record}`` of deletions (without ``previous``
            where the storage does not tell it). They are not to be changed.
        request: The first request that did it.
    """


class AfterResourceRead(_ReadEvent):
    """Records were read; sent after the commit. Attributes as those of :class:`ResourceRead`."""


class AfterResourceChanged(_ChangeEvent):
    """Records were changed; sent after the commit. Attributes as :class:`ResourceChanged`."""


class _Predicate:
    """Base of the predicates of ``config.add_subscriber``: a value among some values."""

    name: ClassVar[str]

    def __init__(self, values: Any, config: Any) -> None:
        is_one = isinstance(values, str) or not isinstance(values, Iterable)
        self.values = self.read([values] if is_one else values)

    def read(self, values: Iterable[Any]) -> tuple[Any, ...]:
        """Return *values* as the payloads of events have them."""
        return tuple(values)

    def text(self) -> str:
        """Return what distinguishes this predicate from others, for Pyramid."""
        return f"{self.name} = {self.values!r}"

    phash = text


class ForActions(_Predicate):
    """The predicate ``for_actions``: only events of these actions, or names of actions."""

    name = "for_actions"

    def read(self, values: Iterable[Any]) -> tuple[Any, ...]:
        """Return the names of the actions; unknown ones are a ``ValueError``."""
        return tuple(action.value for action in ACTIONS.from_string_list(values))

    def __call__(self, event: Any) -> bool:
        """Tell whether *event* is for the subscriber."""
        return event.payload["action"] in self.values


class ForResources(_Predicate):
    """The predicate ``for_resources``: only events of the resources of these names."""

    name = "for_resources"

    def __call__(self, event: Any) -> bool:
        """Tell whether *event* is for the subscriber."""
        return event.payload["resource_name"] in self.values
