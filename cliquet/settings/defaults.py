"""Which settings there are, with their defaults, and which of them are text."""

from __future__ import annotations

import re
import tempfile

FAMILIES = ("storage", "cache", "permission")
POOL_OPTIONS = ("max_overflow", "max_backlog", "pool_recycle", "pool_timeout", "poolclass")


def _temporary_folder() -> str:
    """Return the folder for temporary files, or '' on a machine where nothing can be written."""
    try:
        return tempfile.gettempdir()
    except FileNotFoundError:
        # A container with a read-only disk can serve; only its profiler has nowhere to write.
        return ""


#: Every setting that has a default; None and '' mean that it is not set.
DEFAULT_SETTINGS: dict[str, object] = {
    "backoff": None,
    "batch_max_requests": 25,
    "cache_backend": "",
    "cache_max_entries": 10000,
    "cache_pool_size": 25,
    "cache_prefix": "",
    "cache_socket_timeout_seconds": 5,
    "cache_url": "",
    "contribute_json_path": "",
    "cors_max_age_seconds": 3600,
    "cors_origins": "*",
    "eos": None,
    "eos_message": None,
    "eos_url": None,
    "error_info_link": "https://github.com/mozilla-services/cliquet/issues/",
    "event_listeners": "",
    "heartbeat_timeout_seconds": 10,
    "http_api_version": None,
    "http_host": None,
    "http_scheme": None,
    "id_generator": "cliquet.storage.generators.UUID4",
    "includes": "",
    "initialization_sequence": (
        "cliquet.initialization.setup_request_bound_data",
        "cliquet.initialization.setup_json_serializer",
        "cliquet.initialization.setup_logging",
        "cliquet.initialization.setup_storage",
        "cliquet.initialization.setup_permission",
        "cliquet.initialization.setup_cache",
        "cliquet.initialization.setup_requests_scheme",
        "cliquet.initialization.setup_vary_headers",
        "cliquet.initialization.setup_version_redirection",
        "cliquet.initialization.setup_deprecation",
        "cliquet.initialization.setup_authentication",
        "cliquet.initialization.setup_backoff",
        "cliquet.initialization.setup_statsd",
        "cliquet.initialization.setup_listeners",
        "cliquet.events.setup_transaction_hook",
    ),
    "logging_renderer": "cliquet.logs.ClassicLogRenderer",
    "max_body_bytes": 10485760,
    "metrics": "",
    "logging_colour": None,
    "multiauth.authorization_policy": "cliquet.authorization.AuthorizationPolicy",
    "multiauth.groupfinder": "cliquet.authorization.groupfinder",
    "multiauth.policies": "basicauth",
    "multiauth.policy.basicauth.use": "cliquet.authentication.BasicAuthAuthenticationPolicy",
    "newrelic_config": None,
    "newrelic_env": "dev",
    "paginate_by": None,
    "permission_backend": "",
    "permission_pool_size": 25,
    "permission_socket_timeout_seconds": 5,
    "permission_url": "",
    "permissions_visible_to": "readers",
    "profiler_dir": _temporary_folder(),
    "profiler_enabled": False,
    "project_docs": "",
    "project_name": "",
    "project_version": "",
    "readonly": False,
    "retry_after_seconds": 30,
    "sentry_client": "",
    "sentry_dsn": "",
    "sentry_env": "",
    "statsd_prefix": "cliquet",
    "statsd_url": None,
    "storage_backend": "",
    "storage_busy_timeout_ms": 5000,
    "storage_lock_timeout_ms": 5000,
    "storage_max_fetch_size": 10000,
    "storage_pool_size": 25,
    "storage_prepared_statements": True,
    "storage_socket_timeout_seconds": 5,
    "storage_statement_timeout_ms": 30000,
    "storage_synchronous": "FULL",
    "storage_url": "",
    "tm.annotate_user": False,
    "trailing_slash_redirect_enabled": True,
    "transaction_per_request": True,
    "userid_hmac_secret": "",
    "vary": "Authorization",
    "version_json_path": "",
    "version_prefix_redirect_enabled": True,
}

#: Settings that exist and have no default here: the connection pools have their own.
NAMES_WITHOUT_DEFAULT = frozenset(
    f"{family}_{option}" for family in FAMILIES for option in POOL_OPTIONS
)

# Settings that are text although their default is not: "1.20" is no number, nor is "20261126".
TEXTS_WITHOUT_DEFAULT = frozenset(
    {
        *("eos", "eos_message", "eos_url", "http_api_version", "http_host", "http_scheme"),
        *("newrelic_config", "statsd_url"),
        *(f"{family}_poolclass" for family in FAMILIES),
    }
)

# Settings for which any word is a value: a secret may be "no", and SQLite has a mode "OFF".
VERBATIM = frozenset(
    {
        *("cache_prefix", "newrelic_env", "project_name", "project_version", "sentry_env"),
        *("statsd_prefix", "storage_synchronous", "userid_hmac_secret"),
    }
)

PRINCIPALS = re.compile(r".+_principals")
METHOD_ENABLED = re.compile(
    r"(collection|record)_.+_(get|head|options|post|put|patch|delete)_enabled"
)
CACHE_EXPIRES = re.compile(r".+_cache_expires_seconds")
_RESOURCE_PATTERNS = (PRINCIPALS, METHOD_ENABLED, CACHE_EXPIRES)


def is_of_resource(name: str) -> bool:
    """Return whether *name* is that of a setting of some resource, whatever its name."""
    return any(pattern.fullmatch(name) for pattern in _RESOURCE_PATTERNS)
