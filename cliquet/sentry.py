"""
Errors, reported to Sentry: what is logged at level error or above, and what escapes.

A report says where it went wrong and for which request. It has no credentials, cookies, bodies,
query strings or local variables; users are told apart, and not named.
"""

from __future__ import annotations

import importlib
import logging
import re
import sys
from collections.abc import Callable
from typing import Any, Final

from pyramid.exceptions import ConfigurationError
from pyramid.threadlocal import get_current_request
from pyramid.tweens import INGRESS

from cliquet.logs import logger
from cliquet.logs.records import unrendered
from cliquet.settings import MASK, without_passwords
from cliquet.utils import hmac_digest

_CREDENTIALS = re.compile(r"\b(Basic|Bearer|Digest|Hawk|Token)\s+[^\s'\",;]+", re.IGNORECASE)
#: What is left out of reports, wherever it is in them.
_PRIVATE: Final = frozenset(
    {"vars", "cookies", "headers", "env", "query_string", "sys.argv", "breadcrumbs"}
)
_QUERY = re.compile(r"\?[^\s\"'?=]+=\S*")


def setup(config: Any) -> None:
    """
    Report errors where the setting ``sentry_dsn`` says, by what ``sentry_client`` names.

    Handlers of raven that an INI file set up are made to work, and to tell no more than that.

    Raises:
        ConfigurationError: The client is unknown, its library missing, or the DSN malformed.
    """
    settings = config.get_settings()
    _mend_raven_handlers(settings)
    if not settings["sentry_dsn"]:
        return
    start = {"": _start_sdk, "sentry-sdk": _start_sdk, "raven": _start_raven}
    name = settings["sentry_client"]
    if name not in start:
        raise ConfigurationError(f"sentry_client = {name}: should be sentry-sdk or raven")
    try:
        start[name](settings)
    except ValueError as error:
        # What the library says may have the DSN in it, which is a secret.
        raise ConfigurationError("sentry_dsn is not a DSN of Sentry") from error
    config.add_tween("cliquet.sentry.report_tween_factory", under=INGRESS)


def report_tween_factory(handler: Callable[[Any], Any], registry: Any) -> Callable[[Any], Any]:
    """Return the tween that logs, and so reports, what escapes the pages of errors."""

    def tween(request: Any) -> Any:
        try:
            return handler(request)
        except Exception as error:
            logger.critical("request failed", exc_info=error)
            raise

    return tween


def clean(event: Any, settings: Any) -> dict[str, Any]:
    """Return a report without anything private, and with the request that is being served."""
    cleaned: dict[str, Any] = _without_secrets(event)
    cleaned.pop("request", None)
    cleaned.pop("user", None)
    request = get_current_request()
    if request is not None:
        url = _masked(f"{request.host_url}{request.environ.get('PATH_INFO', '')}")
        cleaned["request"] = {"method": request.method, "url": url}
        identity = getattr(request, "_multiauth_identity", None)
        if identity is not None:
            userid = f"{request.selected_policy_name}:{identity.userid}"
            cleaned["user"] = {"id": hmac_digest(settings["userid_hmac_secret"], userid)}
    return cleaned


def _without_secrets(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _without_secrets(one) for key, one in value.items() if key not in _PRIVATE}
    if isinstance(value, list | tuple):
        return [_without_secrets(one) for one in value]
    return _masked(value) if isinstance(value, str) else value


def _masked(text: str) -> str:
    return _CREDENTIALS.sub(rf"\1 {MASK}", _QUERY.sub(f"?{MASK}", without_passwords(text)))


def _start_sdk(settings: Any) -> None:
    sdk = _library("sentry_sdk")
    atexit = _library("sentry_sdk.integrations.atexit")
    handlers = _library("sentry_sdk.integrations.logging")
    sdk.init(
        dsn=settings["sentry_dsn"],
        environment=settings["sentry_env"] or None,
        before_send=lambda event, hint: clean(event, settings),
        # Nothing but the log: what is logged and caught elsewhere too would be told twice.
        default_integrations=False,
        # What is reported last is sent before the process ends.
        integrations=[atexit.AtexitIntegration(callback=lambda pending, timeout: None)],
        auto_enabling_integrations=False,
        include_local_variables=False,
        max_request_body_size="never",
        max_breadcrumbs=0,
    )
    _report_by(handlers.EventHandler(logging.ERROR))


def _start_raven(settings: Any) -> None:
    raven, handlers = _library("raven"), _library("raven.handlers.logging")
    transport = _library("raven.transport.threaded_requests").ThreadedRequestsHTTPTransport
    client = raven.Client(
        settings["sentry_dsn"],
        transport=transport,
        environment=settings["sentry_env"] or None,
        capture_locals=False,
        install_sys_hook=False,
        enable_breadcrumbs=False,
    )
    _clean_what_is_sent(client, settings)
    _report_by(handlers.SentryHandler(client, level=logging.ERROR))


def _report_by(handler: Any) -> None:
    """Have *handler* report the errors that are logged, and nobody else of ours."""
    handler.is_of_cliquet = True
    _report_unrendered(handler)
    for named in _loggers():
        # One application after another in a process: the latest reports.
        for old in [one for one in named.handlers if getattr(one, "is_of_cliquet", False)]:
            named.removeHandler(old)
        # What is logged reaches one of these, and no more.
        if named.parent is None or not named.propagate:
            named.addHandler(handler)


def _report_unrendered(handler: Any) -> None:
    emit = type(handler).emit
    handler.emit = lambda record: emit(handler, unrendered(record))


def _loggers() -> list[logging.Logger]:
    return [logging.getLogger(name) for name in [None, *logging.root.manager.loggerDict]]


def _mend_raven_handlers(settings: Any) -> None:
    """Mend the handlers of raven in the logging of an INI file, which was read before us."""
    module = sys.modules.get("raven.handlers.logging")
    if module is None:
        return
    transport = _library("raven.transport.threaded_requests").ThreadedRequestsHTTPTransport
    handlers = {one for named in _loggers() for one in named.handlers}
    for handler in handlers:
        if isinstance(handler, module.SentryHandler) and not hasattr(handler, "is_of_cliquet"):
            _report_unrendered(handler)
            _mend_raven_client(handler.client, transport)
            _clean_what_is_sent(handler.client, settings)


def _mend_raven_client(client: Any, transport: Any) -> None:
    # The default one loses every event that goes by TLS, from Python 3.12 on.
    if client.remote._transport_cls.__name__ == "ThreadedHTTPTransport":
        client.remote._transport_cls = transport
    client.capture_locals = False


def _clean_what_is_sent(client: Any, settings: Any) -> None:
    send = type(client).send
    client.send = lambda auth_header=None, **data: send(
        client, auth_header=auth_header, **clean(data, settings)
    )


def _library(name: str) -> Any:
    try:
        return importlib.import_module(name)
    except ImportError as error:
        raise ConfigurationError('sentry_dsn needs: pip install "cliquet[monitoring]"') from error
