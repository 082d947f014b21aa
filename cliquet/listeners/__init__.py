"""
Listeners: subscribers that settings name, so that an application need not be changed for them.

``event_listeners`` lists names. For each, ``event_listeners.<name>.use`` is a module that has
``load_from_config(config, prefix)``, which returns a callable of one argument, the event. A name
may be that dotted module itself; the settings are then under its last part. ``.actions`` and
``.resources`` say what the listener hears of, and ``.after_commit`` when.

Source: protocol P9.4.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from pyramid.exceptions import ConfigurationError

from cliquet.events import (
    ACTIONS,
    AfterResourceChanged,
    AfterResourceRead,
    ForActions,
    ForResources,
    ResourceChanged,
    ResourceRead,
)
from cliquet.metrics import timed
from cliquet.settings import aslist
from cliquet.statsd import sinks

#: What listeners hear of when the settings do not say it.
DEFAULT_ACTIONS = (ACTIONS.CREATE, ACTIONS.DELETE, ACTIONS.UPDATE)

Listener = Callable[[Any], Any]


class ListenerBase:
    """Base of listeners; any callable that takes an event is one as well."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        """Accept anything."""

    def __call__(self, event: Any) -> None:
        """
        Hear of *event*; to be implemented.

        Args:
            event: A :class:`~cliquet.events.ResourceChanged`, or
                :class:`~cliquet.events.ResourceRead`. An exception undoes what is told. With
                the setting ``after_commit``, one of the classes sent then: an exception is
                only logged.
        """
        raise NotImplementedError


class _Subscriber:
    """A listener that hears only of what its settings ask for, timed where metrics are on."""

    def __init__(self, listener: Listener, predicates: Iterable[Any]) -> None:
        self._listener = listener
        self._predicates = tuple(predicates)

    def __call__(self, event: Any) -> None:
        if all(predicate(event) for predicate in self._predicates):
            self._listener(event)


def setup_listeners(config: Any) -> None:
    """
    Subscribe the listeners that the setting ``event_listeners`` names, in that order.

    Raises:
        ConfigurationError: There is no such module, it has no ``load_from_config`` or makes
            nothing callable, an action is unknown, or ``after_commit`` is no boolean.
    """
    for name in aslist(config.get_settings().get("event_listeners")):
        _setup_listener(config, name)


def _setup_listener(config: Any, name: str) -> None:
    settings = config.get_settings()
    short_name = name.rpartition(".")[2]
    prefix = f"event_listeners.{short_name}."
    actions = _actions(settings.get(f"{prefix}actions"), prefix)
    resources = aslist(settings.get(f"{prefix}resources"))
    listener = _load(config, name, prefix)
    key = f"listeners.{short_name}"
    if observers := [sink.observer(key) for sink in sinks(config.registry)]:
        listener = timed(listener, observers)
    # The predicates themselves, not by name: the step that makes their names known comes later,
    # and a configurator that commits at once would not find them.
    predicates: list[Any] = [ForActions(actions, config)]
    if resources:
        predicates.append(ForResources(resources, config))
    subscriber = _Subscriber(listener, predicates)
    read_class, change_class = _event_classes(settings.get(f"{prefix}after_commit"), prefix)
    if ACTIONS.READ in actions:
        config.add_subscriber(subscriber, read_class)
    if any(action is not ACTIONS.READ for action in actions):
        config.add_subscriber(subscriber, change_class)


def _event_classes(is_after: object, prefix: str) -> tuple[type, type]:
    if is_after not in (None, "", True, False):
        raise ConfigurationError(f"Setting {prefix}after_commit: {is_after} is not true or false")
    if is_after:
        return AfterResourceRead, AfterResourceChanged
    return ResourceRead, ResourceChanged


def _actions(value: object, prefix: str) -> tuple[ACTIONS, ...]:
    try:
        return ACTIONS.from_string_list(aslist(value)) or DEFAULT_ACTIONS
    except ValueError as error:
        raise ConfigurationError(f"Setting {prefix}actions: {error}") from error


def _load(config: Any, name: str, prefix: str) -> Listener:
    setting, module_name = f"{prefix}use", config.get_settings().get(f"{prefix}use")
    if not module_name:
        setting, module_name = "event_listeners", name
    form = (
        f"Listener {name!r}: {setting} = {module_name} should be a dotted module "
        f"that has load_from_config(config, prefix)"
    )
    try:
        module = config.maybe_dotted(module_name)
    except ImportError as error:
        raise ConfigurationError(f"{form}, but: {error}") from error
    if not hasattr(module, "load_from_config"):
        hint = f"; set {prefix}use" if setting == "event_listeners" else ""
        raise ConfigurationError(f"{form}{hint}")
    listener: Listener = module.load_from_config(config, prefix)
    if not callable(listener):
        raise ConfigurationError(f"{form}, and it should return a callable: got {listener!r}")
    return listener
