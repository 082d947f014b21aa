"""
Events: what happened to the records of resources, told to the subscribers of the application.

Resources note what they did, by ``request.notify_resource_event(…)``. The notes of a request and
of its sub-requests are in one journal. When the response of the outermost request is there:

1. a tween below the exception views merges the notes and sends ``ResourceRead`` and
   ``ResourceChanged``; an exception from a subscriber becomes the answer, and nothing is told;
2. a response callback, which runs after every tween, sends ``AfterResourceRead`` and
   ``AfterResourceChanged``, unless the response has become a failure; errors are logged only.

A transaction of the request is thus opened and committed by a tween above the exception views,
between the two. It calls :func:`drop_resource_events` when it rolls back, since the status of the
response alone does not say so. Whoever catches the errors of sub-requests calls
:func:`mark_resource_events` where it would set a savepoint, and :func:`drop_resource_events` with
that mark where it would roll back to it.

Source: protocol P8.4, P9, P11.7.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from functools import partial
from typing import Any, NamedTuple

from pyramid.tweens import EXCVIEW
from zope.interface import implementedBy, providedBy

from cliquet.events.kinds import (
    ACTIONS,
    AfterResourceChanged,
    AfterResourceRead,
    ForActions,
    ForResources,
    JSONRecord,
    ResourceChanged,
    ResourceRead,
    to_action,
)
from cliquet.exceptions import CliquetError, InvalidParameter
from cliquet.storage.exceptions import RecordNotFoundError
from cliquet.utils import strip_uri_prefix

__all__ = [
    "ACTIONS",
    "AfterResourceChanged",
    "AfterResourceRead",
    "ForActions",
    "ForResources",
    "ResourceChanged",
    "ResourceRead",
    "SubscriberError",
    "TooManyRounds",
    "announcing_tween_factory",
    "drop_resource_events",
    "get_resource_events",
    "has_subscribers",
    "mark_resource_events",
    "notify_resource_event",
    "setup_transaction_hook",
]

#: How often what subscribers cause is announced, after what the request itself did.
MAX_FURTHER_ROUNDS = 10

_JOURNAL = "resource_events"

Handler = Callable[[Any], Any]

# Under which keys of an impacted record there are the record, and what it was before.
_KEYS = {
    ACTIONS.CREATE: ("new", None),
    ACTIONS.UPDATE: ("new", "old"),
    ACTIONS.DELETE: ("old", "previous"),
}
_CHANGES = (ResourceChanged, AfterResourceChanged)
_CLASSES = dict.fromkeys(ACTIONS, _CHANGES) | {ACTIONS.READ: (ResourceRead, AfterResourceRead)}
_INTERFACES = {action: tuple(map(implementedBy, classes)) for action, classes in _CLASSES.items()}


class SubscriberError(CliquetError):
    """A subscriber broke on something that the client has no part in; the cause is kept."""


class TooManyRounds(CliquetError):
    """Subscribers cause events that make subscribers cause events, without end."""


class _Note(NamedTuple):
    """What one request did, as it was noted; merged with others when it is announced."""

    action: ACTIONS
    parent_id: str
    resource_name: str | None
    user_id: str | None
    timestamp: int | None
    records: list[JSONRecord]
    previous: list[JSONRecord] | None
    request: Any
    data: JSONRecord | list[JSONRecord]

    @property
    def place(self) -> tuple[Any, str]:
        """The collection that it happened in."""
        return self.resource_name, self.parent_id

    def payload(self, timestamp: int | None) -> dict[str, Any]:
        """Return what the event says of the request: nobody asks, but of the first one merged."""
        # A placeholder in the URL of an application may be named as a key of ours: ours wins.
        payload = {
            **(self.request.matchdict or {}),
            "timestamp": timestamp,
            "action": self.action.value,
            "uri": strip_uri_prefix(self.request.path),
            "user_id": self.user_id,
            "resource_name": self.resource_name,
        }
        record_id = _known_id(self.request, self.data)
        if record_id and self.resource_name:
            payload[f"{self.resource_name}_id"] = record_id
        return payload

    def content(self) -> list[Any]:
        """Return what the event says of the records."""
        if self.action is ACTIONS.READ:
            return self.records
        name, previous_name = _KEYS[self.action]
        if previous_name is None or self.previous is None:
            return [{name: record} for record in self.records]
        pairs = zip(self.records, self.previous, strict=True)
        return [{name: record, previous_name: previous} for record, previous in pairs]


class _Journal(list[_Note]):
    """
    What was noted by a request and by its sub-requests.

    Attributes:
        is_settled: Whether the request is over. What is noted here later, by subscribers that are
            told after the commit, is told to nobody; a sub-request of theirs begins its own.
    """

    def __init__(self, is_settled: bool = False) -> None:
        super().__init__()
        self.is_settled = is_settled


_SETTLED = _Journal(is_settled=True)


def notify_resource_event(
    request: Any,
    *,
    data: JSONRecord | list[JSONRecord],
    action: ACTIONS | str,
    parent_id: str = "",
    timestamp: int | None = None,
    old: JSONRecord | list[JSONRecord] | None = None,
) -> None:
    """
    Note what a resource did, to be announced: ``request.notify_resource_event(…)``.

    The resource is ``request.current_resource_name``, which may be assigned on routes that are no
    resource's. Records are not copied, and reads that nobody subscribes to are not even kept.

    Args:
        data: The record, without permissions, or the list of them; tombstones for a deletion.
        action: What was done.
        parent_id: Owner of the collection; events are kept apart by it.
        timestamp: That of the collection, in milliseconds, before this write. ``None`` when it
            is not known: it need not be asked for when :func:`has_subscribers` says no.
        old: The record that was updated or deleted, as it was, or the list of them in the order
            of *data*. ``None`` when it is not known, or did not exist.

    Raises:
        ValueError: *action* is none, or *data* and *old* differ in length.
    """
    action = to_action(action)
    if action is ACTIONS.READ and not has_subscribers(request.registry, action):
        return
    # A list DELETE that met no record changed nothing that could be told.
    if action is not ACTIONS.READ and not data:
        return
    records, previous = _listed(data), None if old is None else _listed(old)
    if previous is not None and len(previous) != len(records):
        raise ValueError(f"{len(records)} records, but {len(previous)} old ones")
    note = _Note(
        action,
        parent_id,
        request.current_resource_name,
        getattr(request, "prefixed_userid", None),
        timestamp,
        records,
        previous,
        request,
        data,
    )
    _journal(request).append(note)


def _listed(data: JSONRecord | list[JSONRecord]) -> list[JSONRecord]:
    # Dicts are told apart from lists at once, other mappings by asking what they implement.
    return [data] if isinstance(data, (dict, Mapping)) else list(data)


def _known_id(request: Any, data: Any) -> Any:
    # In the URL of a collection, an id is that of something else: of what the records belong to.
    service = getattr(request, "current_service", None)
    matches = {} if getattr(service, "type", None) == "collection" else request.matchdict or {}
    return matches.get("id") or (data.get("id") if isinstance(data, Mapping) else None)


def has_subscribers(registry: Any, action: ACTIONS) -> bool:
    """
    Tell whether anybody wants to know of events of *action*.

    Predicates are not looked at: a subscriber for another resource counts. The answer is that of
    the moment; the registry remembers its look-ups until a subscriber is added.
    """
    return any(_subscriptions(registry, interface) for interface in _INTERFACES[action])


def _subscriptions(registry: Any, interface: Any) -> list[Callable[[Any], Any]]:
    return registry.adapters.subscriptions((interface,), None)


def get_resource_events(request: Any, after_commit: bool = False) -> list[Any]:
    """
    Return the events of the request and its sub-requests so far: ``request.get_resource_events``.

    Reads that nobody subscribes to are not among them.

    Args:
        after_commit: For the classes of events sent after the commit.

    Returns:
        New events, one a resource, parent and action, in the order of what happened first.

    Source: protocol P9.2, P11.7.
    """
    return _merged(_noted(request), after_commit=after_commit)


def _merged(notes: Iterable[_Note], *, start: int = 0, after_commit: bool = False) -> list[Any]:
    """Return the events for the notes from index *start* on; earlier ones tell the timestamps."""
    first_timestamps: dict[Any, int] = {}
    groups: dict[Any, list[_Note]] = {}
    for index, note in enumerate(notes):
        if note.action is not ACTIONS.READ and note.timestamp is not None:
            first_timestamps.setdefault(note.place, note.timestamp)
        if index >= start:
            groups.setdefault((note.place, note.action), []).append(note)
    return [_event(group, first_timestamps, after_commit) for group in groups.values()]


def _event(group: list[_Note], timestamps: Mapping[Any, int], after_commit: bool) -> Any:
    first = group[0]
    timestamp = timestamps.get(first.place, first.timestamp)
    content = [item for note in group for item in note.content()]
    event_class = _CLASSES[first.action][after_commit]
    return event_class(first.payload(timestamp), content, first.request)


def mark_resource_events(request: Any) -> int:
    """Return a mark of what was noted so far, for :func:`drop_resource_events`."""
    return len(_noted(request))


def drop_resource_events(request: Any, since: int = 0) -> None:
    """
    Forget what was noted, since it was undone: nothing of it is announced any more.

    Args:
        request: The request, or any of its sub-requests.
        since: A mark; what was noted before it stays.
    """
    del _noted(request)[since:]


def announcing_tween_factory(handler: Handler, registry: Any) -> Handler:
    """Return the tween that sends the events of a request, when all its sub-requests are done."""

    def tween(request: Any) -> Any:
        bound_data = _bound_data(request)
        outer: _Journal = bound_data.get(_JOURNAL, _SETTLED)
        journal = bound_data[_JOURNAL] = _Journal() if outer.is_settled else outer
        # A journal that was there: this is a sub-request, and whoever put it there announces it.
        is_part, start = journal is outer, len(journal)
        try:
            response = handler(request)
            if not is_part and journal:
                _settle(request, response)
            elif is_part and _has_failed(request, response):
                del journal[start:]
        except Exception:
            del journal[start:]
            raise
        return response

    return tween


def _noted(request: Any) -> list[_Note]:
    notes: list[_Note] = _bound_data(request).get(_JOURNAL, [])
    return notes


def _bound_data(request: Any) -> dict[str, Any]:
    # A request of another class than the application's has none before it is served.
    return getattr(request, "bound_data", {})


def _journal(request: Any) -> list[_Note]:
    if _JOURNAL not in request.bound_data:
        # No tween is around: the application lists its tweens itself, or made a sub-request that
        # is not tied to this one. Without the callback its events would be lost.
        request.bound_data[_JOURNAL] = _Journal()
        _owner(request).add_response_callback(_settle)
    return _noted(request)


def _owner(request: Any) -> Any:
    """Return the outermost request that shares the data of *request*."""
    parent = getattr(request, "parent", None)
    while parent is not None and parent.bound_data is request.bound_data:
        request, parent = parent, getattr(parent, "parent", None)
    return request


def _settle(request: Any, response: Any) -> None:
    """Announce what was noted, or forget it when the request failed."""
    if _has_failed(request, response):
        drop_resource_events(request)
        return
    journal: _Journal = request.bound_data[_JOURNAL]
    if any(has_subscribers(request.registry, action) for action in {one.action for one in journal}):
        _announce(journal)
        request.add_response_callback(partial(_announce_afterwards, journal))
    journal.is_settled = True


def _has_failed(request: Any, response: Any) -> bool:
    # An exception that some view has made a response of was raised; pyramid_tm rolls back as well.
    return response.status_code >= 500 or getattr(request, "exception", None) is not None


def _announce(journal: _Journal) -> None:
    start = 0
    for _ in range(1 + MAX_FURTHER_ROUNDS):
        events, start = _merged(journal, start=start), len(journal)
        for event in events:
            _send(event)
        if len(journal) == start:
            return
    raise TooManyRounds(f"Subscribers still cause events after {MAX_FURTHER_ROUNDS} rounds")


def _send(event: Any) -> None:
    try:
        event.request.registry.notify(event)
    except (RecordNotFoundError, InvalidParameter) as error:
        # Raised by a view they are the client's fault, 404 and 400; here they are none of its.
        raise SubscriberError(f"A subscriber of {type(event).__name__} broke: {error}") from error


def _announce_afterwards(journal: _Journal, request: Any, response: Any) -> None:
    # The commit may have failed since, and an error is the answer now.
    if _has_failed(request, response):
        journal.clear()
    for event in _merged(journal, after_commit=True):
        for subscriber in _subscriptions(request.registry, providedBy(event)):
            _send_afterwards(subscriber, event)


def _send_afterwards(subscriber: Callable[[Any], Any], event: Any) -> None:
    try:
        subscriber(event)
    # What is committed cannot fail any more.
    except Exception as error:
        payload = event.payload
        event.request.registry.logger.error(
            "A subscriber of %s broke",
            type(event).__name__,
            exc_info=error,
            **{key: payload[key] for key in ("resource_name", "action", "uri")},
        )


def setup_transaction_hook(config: Any) -> None:
    """Announce what resources do: a step of the setting ``initialization_sequence``."""
    config.add_request_method(notify_resource_event)
    config.add_request_method(get_resource_events)
    for predicate in (ForActions, ForResources):
        config.add_subscriber_predicate(predicate.name, predicate)
    config.add_tween("cliquet.events.announcing_tween_factory", under=EXCVIEW)
