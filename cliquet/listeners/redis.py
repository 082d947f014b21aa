"""
The listener that hands events to other programs, through Redis: ``cliquet.listeners.redis``.

An event is one JSON object: the payload, and its ``impacted_records`` or ``read_records``. It is
pushed at the head of a list (LPUSH), or appended to a stream (XADD) as the field ``event``.

Source: protocol P9.4.
"""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import Any, Final

from pyramid.exceptions import ConfigurationError

from cliquet import jsonlib
from cliquet.drivers.redis import Server, server_from
from cliquet.exceptions import BackendError
from cliquet.listeners import ListenerBase
from cliquet.settings import read_native
from cliquet.settings.forms import POOL_FORMS, checked_as, choice, numbers

#: What the settings ``event_listeners.<name>.*`` are when they are not set. The options of pools
#: (``max_overflow`` and others) are those of the storage in Redis.
DEFAULTS: dict[str, object] = {
    "url": "redis://localhost:6379",
    "pool_size": 25,
    "listname": "cliquet",
    "mode": "list",
    "maxlen": 100_000,
}
_FORMS = {**POOL_FORMS, "mode": choice("list", "stream"), "maxlen": numbers(1)}
#: A failure that took less is no reason to wait: the next event may find Redis started again.
_LONG_SECONDS: Final = 0.1


class Listener(ListenerBase):
    """
    Pushes events; what Redis does not take is logged, and the request goes on.

    A Redis that hangs would hold each event, and so each request, until the time-out. After a
    failure that took long it is left alone for as long again, and events are lost at once.

    Args:
        server: Where to.
        command: The command, but for its last argument, the text of the event.
    """

    def __init__(self, server: Server, *command: str) -> None:
        self._server = server
        self._command = command
        # By the monotonic clock.
        self._pause_end = 0.0

    def __call__(self, event: Any) -> None:
        """Push *event*, once: what may have reached Redis is not sent again."""
        start = time.monotonic()
        if start < self._pause_end:
            _tell_lost(event, "Redis did not answer a moment ago")
            return
        try:
            self._server.write(*self._command, message_of(event))
        except BackendError as error:
            end = time.monotonic()
            if end - start >= _LONG_SECONDS:
                self._pause_end = end + (end - start)
            _tell_lost(event, str(error), exc_info=error)


def _tell_lost(event: Any, reason: str, **details: Any) -> None:
    payload = event.payload
    event.request.registry.logger.error(
        "An event was not pushed to Redis",
        reason=reason,
        **{key: payload[key] for key in ("resource_name", "action", "uri")},
        **details,
    )


def message_of(event: Any) -> bytes:
    """Return the JSON of *event*: ``{"action": "create", …, "impacted_records": [{"new": …}]}``."""
    name = "read_records" if hasattr(event, "read_records") else "impacted_records"
    return jsonlib.dumps({**event.payload, name: getattr(event, name)})


def load_from_config(config: Any, prefix: str) -> Listener:
    """
    Return the listener that the settings below *prefix* describe.

    Args:
        config: Of the application.
        prefix: ``event_listeners.<name>.``, before ``url pool_size listname mode maxlen``.

    Raises:
        ConfigurationError: A value has not its form.
    """
    try:
        options = {**DEFAULTS, **_given(config.get_settings(), prefix)}
    except ValueError as error:
        raise ConfigurationError(str(error)) from error
    try:
        server = server_from({f"listener_{name}": options[name] for name in options}, "listener")
    except ValueError as error:
        raise ConfigurationError(f"Setting {prefix}url: {error}") from error
    return Listener(server, *_command(options))


def _given(settings: Mapping[str, object], prefix: str) -> dict[str, object]:
    names = (name for name in settings if name.startswith(prefix))
    given = {name.removeprefix(prefix): settings[name] for name in names}
    return {
        name: checked_as(_FORMS[name], f"{prefix}{name}", read_native(value))
        if name in _FORMS
        else value
        for name, value in given.items()
        if value not in (None, "")
    }


def _command(options: Mapping[str, object]) -> tuple[str, ...]:
    name = str(options["listname"])
    if options["mode"] == "list":
        return "LPUSH", name
    # "~": Redis forgets the oldest by whole blocks, which is cheap.
    return "XADD", name, "MAXLEN", "~", str(options["maxlen"]), "*", "event"
