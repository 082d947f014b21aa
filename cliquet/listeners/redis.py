"""
The listener that hands events to other programs, through Redis: ``cliquet.listeners.redis``.

An event is one JSON object: the payload, and its ``impacted_records`` or ``read_records``. It is
pushed at the head of a list (LPUSH), or appended to a stream (XADD) as the field ``event``.

Source: protocol P9.4.
"""

from __future__ import annotations

from typing import Any

from pyramid.exceptions import ConfigurationError

from cliquet import jsonlib
from cliquet.drivers.redis import Server, server_from
from cliquet.exceptions import BackendError
from cliquet.listeners import ListenerBase

#: What the settings ``event_listeners.<name>.*`` are when they are not set. The options of pools
#: (``max_overflow`` and others) are those of the storage in Redis.
DEFAULTS: dict[str, object] = {
    "url": "redis://localhost:6379",
    "pool_size": 25,
    "listname": "cliquet",
    "mode": "list",
    "maxlen": 100_000,
}


class Listener(ListenerBase):
    """
    Pushes events; what Redis does not take is logged, and the request goes on.

    Args:
        server: Where to.
        command: The command, but for its last argument, the text of the event.
    """

    def __init__(self, server: Server, *command: str) -> None:
        self._server = server
        self._command = command

    def __call__(self, event: Any) -> None:
        """Push *event*, once: what may have reached Redis is not sent again."""
        try:
            self._server.write(*self._command, message_of(event))
        except BackendError as error:
            payload = event.payload
            event.request.registry.logger.error(
                "An event was not pushed to Redis",
                exc_info=error,
                **{key: payload[key] for key in ("resource_name", "action", "uri")},
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
    given = {
        name.removeprefix(prefix): value
        for name, value in config.get_settings().items()
        if name.startswith(prefix) and value not in (None, "")
    }
    options = {**DEFAULTS, **given}
    try:
        server = server_from({f"listener_{name}": options[name] for name in options}, "listener")
        return Listener(server, *_command(options))
    except ValueError as error:
        raise ConfigurationError(f"Settings {prefix}…: {error}") from error


def _command(options: dict[str, Any]) -> tuple[str, ...]:
    name, mode, most = str(options["listname"]), options["mode"], options["maxlen"]
    if mode == "list":
        return "LPUSH", name
    if mode != "stream":
        raise ValueError(f"mode = {mode} should be list or stream")
    if int(most) < 1:
        raise ValueError(f"maxlen = {most} should be a positive number of events")
    # "~": Redis forgets the oldest by whole blocks, which is cheap.
    return "XADD", name, "MAXLEN", "~", str(int(most)), "*", "event"
