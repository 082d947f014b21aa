"""The public names that applications import."""

from __future__ import annotations

import importlib
import sys

import pytest

NAMES = {
    "cliquet": (
        "includeme initialize initialize_cliquet install_middlewares load_default_settings "
        "Service logger DEFAULT_SETTINGS PROTOCOL_VERSION follow_subrequest current_service "
        "current_resource_name __version__"
    ),
    "cliquet.resource": (
        "register register_resource BaseResource UserResource Model ResourceSchema ViewSet "
        "ShareableResource ShareableModel ShareableViewSet ProtectedResource ProtectedModel "
        "ProtectedViewSet Filter Sort COMPARISON"
    ),
    "cliquet.resource.schema": "ResourceSchema PermissionsSchema TimeStamp URL",
    "cliquet.errors": "ERRORS http_error raise_invalid json_error_handler send_alert",
    "cliquet.views.errors": "service_unavailable authorization_required",
    "cliquet.events": (
        "ResourceRead ResourceChanged AfterResourceRead AfterResourceChanged ACTIONS "
        "setup_transaction_hook get_resource_events notify_resource_event"
    ),
    "cliquet.listeners": "ListenerBase",
    "cliquet.authorization": "AuthorizationPolicy RouteFactory groupfinder PRIVATE DYNAMIC",
    "cliquet.authentication": "BasicAuthAuthenticationPolicy prefixed_userid",
    "cliquet.storage": (
        "StorageBase Filter Sort heartbeat DEFAULT_ID_FIELD DEFAULT_MODIFIED_FIELD "
        "DEFAULT_DELETED_FIELD"
    ),
    "cliquet.storage.generators": "Generator UUID4",
    "cliquet.storage.exceptions": "BackendError RecordNotFoundError UnicityError IntegrityError",
    "cliquet.storage.memory": "Storage load_from_config",
    "cliquet.cache": "CacheBase",
    "cliquet.cache.memcached": "Cache load_from_config",
    "cliquet.cache.memory": "Cache load_from_config",
    "cliquet.cache.postgresql": "Cache load_from_config",
    "cliquet.cache.redis": "Cache load_from_config",
    "cliquet.cache.sqlite": "Cache load_from_config",
    "cliquet.permission": "PermissionBase",
    "cliquet.permission.memory": "Permission load_from_config",
    "cliquet.statsd": "Client statsd_count load_from_config statsd_module",
    "cliquet.logs": "logger ClassicLogRenderer MozillaHekaRenderer",
    "cliquet.utils": (
        "COMPARISON strip_whitespace msec_time classname merge_dicts random_bytes_hex "
        "native_value read_env encode64 decode64 hmac_digest dict_subset reapply_cors "
        "current_service current_resource_name build_request build_response follow_subrequest "
        "encode_header decode_header strip_uri_prefix json DeprecatedMeta"
    ),
    "cliquet.testing": (
        "BaseWebTest DummyRequest get_request_class FormattedErrorMixin ThreadMixin authorize "
        "AllowAuthorizationPolicy"
    ),
}
# The defaults of the setting, whose values are in INI files.
STEPS = (
    "setup_request_bound_data setup_json_serializer setup_logging setup_storage "
    "setup_permission setup_cache setup_requests_scheme setup_vary_headers "
    "setup_version_redirection setup_deprecation setup_authentication setup_backoff "
    "setup_statsd setup_listeners"
)
NAMES["cliquet.initialization"] = STEPS


@pytest.mark.parametrize(
    ("module", "name"),
    [(module, name) for module, names in NAMES.items() for name in names.split()],
)
def test_a_public_name_is_there(module, name):  # names
    """Public names that must keep working."""
    assert getattr(importlib.import_module(module), name) is not None


@pytest.mark.parametrize("name", ["ResourceSchema", "PermissionsSchema", "TimeStamp", "URL"])
def test_the_deprecated_path_of_schemas_hands_on(name, monkeypatch):  # names: cliquet.schema
    """Public names: `cliquet.schema` (deprecated path)."""
    monkeypatch.delitem(sys.modules, "cliquet.schema", raising=False)
    with pytest.warns(DeprecationWarning, match=r"cliquet\.resource\.schema"):
        deprecated = importlib.import_module("cliquet.schema")
    present = importlib.import_module("cliquet.resource.schema")
    assert getattr(deprecated, name) is getattr(present, name)


ATTRIBUTES = {
    "cliquet.resource.BaseResource": (
        "mapping permissions timestamp default_viewset default_model collection collection_get "
        "collection_post collection_delete get put patch delete process_record apply_changes "
        "postprocess get_parent_id is_known_field _extract_filters _extract_sorting "
        "_extract_limit _extract_partial_fields _get_record_or_404"
    ),
    "cliquet.resource.ViewSet": (
        "service_name collection_path record_path collection_methods record_methods "
        "validate_schema_for readonly_methods service_arguments default_arguments "
        "default_collection_arguments default_record_arguments default_post_arguments "
        "default_put_arguments default_patch_arguments collection_get_arguments "
        "collection_post_arguments collection_delete_arguments record_get_arguments "
        "record_put_arguments record_patch_arguments record_delete_arguments update "
        "get_view_arguments get_record_schema get_view get_name get_service_name "
        "get_service_arguments is_endpoint_enabled"
    ),
    "cliquet.resource.Model": (
        "get_record create_record update_record delete_record delete_records get_records "
        "timestamp id_field modified_field deleted_field permissions_field"
    ),
    "cliquet.storage.StorageBase": (
        "initialize_schema flush collection_timestamp create get update delete delete_all "
        "purge_deleted get_all"
    ),
    "cliquet.authorization.RouteFactory": (
        "allowed_principals current_record shared_ids method_permissions check_permission "
        "fetch_shared_records get_prefixed_userid extract_object_id get_permission_object_id "
        "permission_object_id required_permission"
    ),
    "cliquet.permission.PermissionBase": (
        "add_user_principal remove_user_principal remove_principal user_principals "
        "add_principal_to_ace remove_principal_from_ace object_permission_principals "
        "principals_accessible_objects object_permission_authorized_principals check_permission "
        "object_permissions replace_object_permissions delete_object_permissions flush"
    ),
    "cliquet.cache.CacheBase": "get set delete ttl expire flush initialize_schema",
    "cliquet.statsd.Client": "watch_execution_time timer count",
}


@pytest.mark.parametrize(
    ("owner", "name"),
    [(owner, name) for owner, names in ATTRIBUTES.items() for name in names.split()],
)
def test_a_public_attribute_is_there(owner, name):  # names
    """Names of things."""
    module, _, cls = owner.rpartition(".")
    assert hasattr(getattr(importlib.import_module(module), cls), name)
