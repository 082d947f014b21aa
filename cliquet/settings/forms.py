"""The forms of settings, checked at start-up instead of failing in the first request."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date

from cliquet.settings.defaults import CACHE_EXPIRES, DEFAULT_SETTINGS, FAMILIES, METHOD_ENABLED
from cliquet.settings.reading import aslist, read_date, shown


@dataclass(frozen=True)
class Form:
    """
    The form of a setting.

    Attributes:
        accepted: What is accepted, for messages.
        read: Returns the value to keep, or raises ValueError.
    """

    accepted: str
    read: Callable[[object], object]


_LARGEST = 2**31 - 1


def numbers(
    least: float, most: int = _LARGEST, *, decimal: bool = False, optional: bool = False
) -> Form:
    """Return the form of numbers from *least* to *most*; when *optional*, '' is read as None."""
    kinds = (int, float) if decimal else (int,)

    def read(value: object) -> object:
        if optional and (value is None or value == ""):
            return None
        # A boolean is an integer to Python, and never what is meant here.
        if isinstance(value, bool) or not isinstance(value, kinds) or not least <= value <= most:
            raise ValueError(value)
        return value

    noun = "a number" if decimal else "an integer"
    return Form(f"{noun} from {least} to {most}{' or none' if optional else ''}", read)


def _seconds(least: float, *, optional: bool = False) -> Form:
    return numbers(least, decimal=True, optional=optional)


def choice(*words: str) -> Form:
    """Return the form of one of *words*, in any case."""
    spelled = {word.lower(): word for word in words}

    def read(value: object) -> object:
        if not isinstance(value, str) or value.strip().lower() not in spelled:
            raise ValueError(value)
        return spelled[value.strip().lower()]

    return Form(" or ".join(words), read)


def _read_boolean(value: object) -> bool:
    # None and '' are false, as they are to Pyramid.
    if value is None or value == "":
        return False
    if not isinstance(value, int) or value not in (0, 1):
        raise ValueError(value)
    return bool(value)


def _read_eos(value: object) -> object:
    if value is None or value == "":
        return None
    if not isinstance(value, str | date):
        raise ValueError(value)
    read_date(value)
    return value


def _read_list(value: object) -> object:
    aslist(value)
    return value


_BOOLEAN = Form("true or false", _read_boolean)
_LIST = Form("a list of texts separated by blanks or commas", _read_list)
#: Options of pools, whoever has them.
POOL_FORMS = {
    "pool_size": numbers(0),
    "max_overflow": numbers(-1, optional=True),
    "max_backlog": numbers(-1, optional=True),
    "pool_recycle": numbers(-1, optional=True),
    "pool_timeout": _seconds(0, optional=True),
    "socket_timeout_seconds": _seconds(0.001, optional=True),
}
_FORMS: dict[str, Form] = {
    **{name: _BOOLEAN for name, value in DEFAULT_SETTINGS.items() if isinstance(value, bool)},
    **{f"{family}_{option}": POOL_FORMS[option] for family in FAMILIES for option in POOL_FORMS},
    "backoff": numbers(0, optional=True),
    "batch_max_requests": numbers(0, optional=True),
    "cache_max_entries": numbers(1),
    "cors_max_age_seconds": numbers(0, optional=True),
    "cors_origins": _LIST,
    "eos": Form("an ISO 8601 date (2026-11-26) or none", _read_eos),
    "event_listeners": _LIST,
    "heartbeat_timeout_seconds": _seconds(0.001),
    "includes": _LIST,
    "initialization_sequence": _LIST,
    "max_body_bytes": numbers(1, 2**63 - 1),
    "multiauth.policies": _LIST,
    "paginate_by": numbers(1, optional=True),
    "permissions_visible_to": choice("readers", "writers"),
    "retry_after_seconds": numbers(0),
    "storage_busy_timeout_ms": numbers(0),
    "storage_lock_timeout_ms": numbers(0),
    "storage_max_fetch_size": numbers(1),
    "storage_statement_timeout_ms": numbers(0),
    "storage_synchronous": choice("OFF", "NORMAL", "FULL", "EXTRA"),
    "vary": _LIST,
}
_EXPIRES_FORM = numbers(0, optional=True)


def _form_of(name: str) -> Form | None:
    if METHOD_ENABLED.fullmatch(name):
        return _BOOLEAN
    return _EXPIRES_FORM if CACHE_EXPIRES.fullmatch(name) else _FORMS.get(name)


def checked(settings: Mapping[str, object]) -> dict[str, object]:
    """
    Return *settings*, whose names have no prefix, with those that have a form in that form.

    Booleans come out as True or False, an empty optional number or date as None, a choice in its
    own spelling; ``eos`` stays text.

    Raises:
        ValueError: A value has not the form of its setting; the message names the setting, the
            value unless it is secret, and the form.
    """
    return {name: checked_as(_form_of(name), name, value) for name, value in settings.items()}


def checked_as(form: Form | None, name: str, value: object) -> object:
    """Return the value of one setting in its *form*, ``None`` for any; see :func:`checked`."""
    if form is None:
        return value
    try:
        return form.read(value)
    except ValueError:
        # Without the cause: its message may hold the value, which may be a secret.
        message = f"Setting {name}: {shown(name, value)} is not {form.accepted}"
        raise ValueError(message) from None
