"""
Making an application a cliquet one: settings first, then ordered steps, then views.

The steps are named by the setting ``initialization_sequence``; their dotted names are values in
the INI files of applications.
"""

from __future__ import annotations

import os
import warnings
from collections.abc import Iterable, Mapping
from typing import Any

from pyramid import viewderivers
from pyramid.events import ApplicationCreated, NewRequest, NewResponse
from pyramid.exceptions import ConfigurationError
from pyramid.interfaces import IAuthorizationPolicy, IRequestFactory, ISecurityPolicy
from pyramid.tweens import EXCVIEW, INGRESS
from pyramid_multiauth import MultiAuthPolicySelected

from cliquet import cache, logs, metrics, permission, sentry, storage
from cliquet.authentication import (
    BasicAuthAuthenticationPolicy,
    SecurityPolicyAdapter,
    effective_principals,
    prefixed_userid,
    remember_policy,
    unauthenticated_userid,
)
from cliquet.events import setup_transaction_hook as setup_transaction_hook
from cliquet.http.media import media_types_deriver
from cliquet.http.renderers import JSONRenderer
from cliquet.http.request import (
    Request,
    bound_data,
    extend_foreign_request,
    fold_extensions,
    get_user_info,
)
from cliquet.http.responses import finish_response
from cliquet.http.service import add_service, current_resource_name, current_service
from cliquet.http.subrequests import follow_subrequest
from cliquet.listeners import setup_listeners as setup_listeners
from cliquet.middlewares import install_middlewares as install_middlewares
from cliquet.resource.registration import declared_fields
from cliquet.security import SecurityPolicy, TruthfulGroupfinder
from cliquet.settings import PREFIX, Sources, aslist, load, with_defaults
from cliquet.storage import schemas
from cliquet.storage.generators import Generator

#: Version of the HTTP protocol, as hello tells it.
PROTOCOL_VERSION = "2"


def initialize(
    config: Any,
    version: str | None = None,
    project_name: str = "",
    default_settings: Mapping[str, Any] | None = None,
) -> None:
    """
    Make an application of *config*, its URLs under the version of its API: ``/v1``.

    Args:
        config: A Pyramid configurator; afterwards its settings have unprefixed names, and its
            ``route_prefix`` is that of the API.
        version: Version of the project, unless the setting ``project_version`` says it. The
            version of the API is its first two numbers, unless ``http_api_version`` says it.
        project_name: Name of the project, unless the setting says it. It prefixes settings.
        default_settings: Defaults of the application; they give way to the INI file and the
            environment.

    Raises:
        ConfigurationError: There is no version, or a backend refuses its URL.
        ValueError: A setting is given twice with different values, or has not its form.
    """
    settings = _load_settings(config, default_settings, project_name, version)
    if not settings["project_version"]:
        raise ConfigurationError("Invalid project version: give one to initialize(), or set it")
    if not settings["project_name"]:
        warnings.warn("No value specified for `project_name`", stacklevel=2)
    api_version = f"v{str(settings['http_api_version']).partition('.')[0]}"
    config.include("cliquet", route_prefix=api_version)
    config.route_prefix = api_version


def includeme(config: Any) -> None:
    """
    Make an application of *config*: what ``config.include("cliquet")`` does.

    The settings are read, and what they name is set up, step by step.
    """
    if not hasattr(config.registry, "settings_as_given"):
        _load_settings(config, None, "", None)
    _prepare_registry(config)
    _prepare_requests(config)
    settings = config.get_settings()
    for step in aslist(settings["initialization_sequence"]):
        config.maybe_dotted(step)(config)
    _setup_transactions(config)
    config.include("cliquet.views")
    # What is included next may look at, and override, what was set up so far.
    config.commit()
    _adapt_policies(config)
    for package in aslist(settings["includes"]):
        config.include(package)
    name, version = settings["project_name"] or "cliquet", settings["project_version"]
    config.registry.logger.info("Running %s %s", name, version)


def load_default_settings(config: Any, default_settings: Mapping[str, Any]) -> None:
    """
    Add the settings of a plugin to those of the application, read in the same way.

    Args:
        config: The configurator of the application.
        default_settings: The plugin's, by their full names (``myplugin.size``). What the INI
            file or the environment says of them wins.
    """
    settings = config.get_settings()
    prefixes = [PREFIX, *filter(None, [settings.get("project_name")])]
    given = getattr(config.registry, "settings_as_given", None)
    if hasattr(config.registry, "settings_sources"):
        config.registry.settings_sources.defaults.update(default_settings)
    settings.update(
        with_defaults(
            settings, default_settings, prefixes=prefixes, environ=os.environ, given=given
        )
    )


def _load_settings(
    config: Any, defaults: Mapping[str, Any] | None, name: str, version: str | None
) -> dict[str, Any]:
    settings = config.get_settings()
    given = dict(settings)
    loaded = load(given, defaults, project_name=name or None, version=version, environ=os.environ)
    if loaded["http_api_version"] is None:
        numbers = str(loaded["project_version"]).split(".")[:2]
        loaded["http_api_version"] = ".".join(numbers)
    settings.clear()
    settings.update(loaded)
    config.registry.settings_as_given = given
    config.registry.settings_sources = Sources(given, dict(defaults or {}), name or None)
    return settings


def _prepare_registry(config: Any) -> None:
    registry, settings = config.registry, config.get_settings()
    registry.heartbeats = {}
    registry.public_settings = {"batch_max_requests", "readonly"}
    registry.api_capabilities = {}
    registry.statsd = None
    registry.prometheus = None
    registry.authentication_policy = None
    registry.response_headers = {}
    registry.redirects_to_version = False
    registry.protocol_version = PROTOCOL_VERSION
    registry.route_prefix = config.route_prefix
    registry.cors_origins = tuple(aslist(settings["cors_origins"]))
    registry.logger = logs.setup(settings)
    registry.id_generator = _id_generator(config)
    config.add_directive("add_api_capability", add_api_capability)


def _id_generator(config: Any) -> Generator:
    generator = config.maybe_dotted(config.get_settings()["id_generator"])
    return generator(config) if isinstance(generator, type) else generator


def _prepare_requests(config: Any) -> None:
    # The pages of errors are ours, for services and for everything else.
    config.get_settings()["handle_exceptions"] = False
    config.include("cornice")
    config.add_directive("add_cornice_service", add_service)
    if config.registry.queryUtility(IRequestFactory) is None:
        config.set_request_factory(Request)
    config.add_request_method(current_service, reify=True)
    config.add_request_method(current_resource_name, reify=True)
    config.add_request_method(follow_subrequest)
    config.add_request_method(get_user_info)
    config.add_view_deriver(
        media_types_deriver, "media_types", under=viewderivers.INGRESS, over="secured_view"
    )
    config.add_subscriber(fold_extensions, ApplicationCreated)
    config.add_subscriber(check_schemas, ApplicationCreated)
    config.add_subscriber(extend_foreign_request, NewRequest)
    config.add_subscriber(finish_response, NewResponse)
    config.add_tween("cliquet.http.tweens.summary_tween_factory", under=INGRESS)
    config.add_tween(
        "cliquet.http.tweens.body_size_tween_factory",
        under="cliquet.http.tweens.summary_tween_factory",
        over=EXCVIEW,
    )


def check_schemas(event: ApplicationCreated) -> None:
    """Refuse to start on a database that cannot be served from (``cliquet migrate`` mends it)."""
    registry = event.app.registry
    if hasattr(registry, "storage"):
        schemas.check(registry.storage, declared_fields(registry))


def add_api_capability(
    config: Any, identifier: str, description: str = "", url: str = "", **more: Any
) -> None:
    """
    Show a capability in hello: the directive ``config.add_api_capability``.

    Args:
        identifier: Its name; a name that is taken is a ``ValueError``.
        description: What it is.
        url: Where to read about it.
        more: Anything else for clients to know, JSON values.

    Source: protocol P3.1.
    """
    capabilities = config.registry.api_capabilities
    if identifier in capabilities:
        raise ValueError(f"The '{identifier}' API capability was already registered")
    capabilities[identifier] = {"description": description, "url": url, **more}


def setup_request_bound_data(config: Any) -> None:
    """Give requests a dict of their own, shared with their sub-requests."""
    config.add_request_method(bound_data, reify=True)


def setup_json_serializer(config: Any) -> None:
    """Render JSON exactly, and fast."""
    config.add_renderer("json", JSONRenderer())


def setup_logging(config: Any) -> None:
    """Log with the renderer that ``logging_renderer`` names, and report errors to Sentry."""
    settings = config.get_settings()
    renderer = config.maybe_dotted(settings["logging_renderer"])
    config.registry.logger = logs.setup(settings, renderer)
    sentry.setup(config)


def setup_storage(config: Any) -> None:
    """Load the storage that the setting ``storage_backend`` names, if any."""
    _setup_backend(config, "storage", storage.heartbeat)


def setup_permission(config: Any) -> None:
    """Load the permission backend that the setting ``permission_backend`` names, if any."""
    _setup_backend(config, "permission", permission.heartbeat)


def setup_cache(config: Any) -> None:
    """Load the cache that the setting ``cache_backend`` names, if any."""
    _setup_backend(config, "cache", cache.heartbeat)


def _setup_backend(config: Any, family: str, heartbeat: Any) -> None:
    name = config.get_settings()[f"{family}_backend"]
    if not name:
        return
    module = config.maybe_dotted(name)
    if not hasattr(module, "load_from_config"):
        raise ConfigurationError(
            f"{family}_backend = {name}: should be a module with load_from_config(config)"
        )
    try:
        backend = module.load_from_config(config)
    except ValueError as error:
        raise ConfigurationError(f"{family}_backend = {name}: {error}") from error
    if family == "storage" and not getattr(backend, "atomic", False):
        config.registry.logger.warning(
            "storage_backend = %s is not atomic: preconditions hold within one process only", name
        )
    setattr(config.registry, family, backend)
    config.registry.heartbeats[family] = heartbeat(backend)


def _setup_transactions(config: Any) -> None:
    # Named by a string: without a database its drivers need not even be installed.
    registry = config.registry
    backends = (getattr(registry, family, None) for family in ("storage", "permission"))
    has_transactions = any(getattr(one, "is_transactional", False) for one in backends)
    if has_transactions and config.get_settings()["transaction_per_request"]:
        config.include("cliquet.http.transactions")


def setup_requests_scheme(config: Any) -> None:
    """Force the scheme and the host of requests that the settings tell, if any."""
    settings = config.get_settings()
    scheme, host = settings["http_scheme"], settings["http_host"]

    def force_scheme_and_host(event: NewRequest) -> None:
        if scheme:
            event.request.scheme = scheme
        if host:
            event.request.host = host

    if scheme or host:
        config.add_subscriber(force_scheme_and_host, NewRequest)


def setup_vary_headers(config: Any) -> None:
    """Tell caches what responses depend on (protocol P1.4)."""
    names = aslist(config.get_settings()["vary"])
    if names:
        config.registry.response_headers["Vary"] = ", ".join(names)


def setup_version_redirection(config: Any) -> None:
    """Redirect URLs without version prefix, unless the settings refuse (protocol P3.4)."""
    is_enabled = config.get_settings()["version_prefix_redirect_enabled"]
    config.registry.redirects_to_version = bool(is_enabled)


def setup_deprecation(config: Any) -> None:
    """Announce the end of the service, when the setting ``eos`` says one (protocol P10.1)."""
    if config.get_settings()["eos"]:
        config.add_tween(
            "cliquet.http.tweens.end_of_service_tween_factory",
            under="cliquet.http.tweens.summary_tween_factory",
            over="cliquet.http.tweens.body_size_tween_factory",
        )


def setup_authentication(config: Any) -> None:
    """Authenticate by the policies that the setting ``multiauth.policies`` names."""
    settings = config.get_settings()
    policies = aslist(settings["multiauth.policies"])
    # The library splits a text at blanks, and knows of no other list.
    settings["multiauth.policies"] = " ".join(policies)
    config.include("pyramid_multiauth")
    config.add_request_method(prefixed_userid, reify=True)
    config.add_request_method(effective_principals, property=True)
    config.add_request_method(unauthenticated_userid, property=True)
    config.add_subscriber(remember_policy, MultiAuthPolicySelected)


def _adapt_policies(config: Any) -> None:
    policy = config.registry.queryUtility(ISecurityPolicy)
    if not hasattr(policy, "get_policies"):
        return
    config.registry.authentication_policy = policy
    policy._policies[:] = [
        one if hasattr(one, "effective_principals") else SecurityPolicyAdapter(one)
        for one in policy._policies
    ]
    _warn_of_empty_secret(config, policy._policies)
    metrics.watch_policies(config.registry, policy._policies)
    # In its place: views that are there already have been told of it.
    policy.__class__ = SecurityPolicy
    decider = config.registry.queryUtility(IAuthorizationPolicy)
    if policy._callback is not None:
        policy._callback = TruthfulGroupfinder(policy._callback, decider)


def _warn_of_empty_secret(config: Any, policies: Iterable[Any]) -> None:
    # Whatever name the policy has.
    is_used = any(isinstance(one, BasicAuthAuthenticationPolicy) for one in policies)
    if is_used and not config.get_settings()["userid_hmac_secret"]:
        config.registry.logger.warning(
            "userid_hmac_secret is empty: set it, or user ids can be guessed"
        )


def setup_backoff(config: Any) -> None:
    """Ask clients to slow down, when the setting ``backoff`` says so (protocol P1.2)."""
    backoff = config.get_settings()["backoff"]
    if backoff:
        config.registry.response_headers["Backoff"] = str(backoff)


def setup_statsd(config: Any) -> None:
    """Send metrics where the settings ``metrics`` and ``statsd_url`` say, if anywhere."""
    metrics.setup(config)
