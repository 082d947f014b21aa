"""
ViewSets: which endpoints a resource has, where, and with what arguments.

Source: protocol P1.6, P2.8, P10.2, P10.3.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import colander

from cliquet.authorization import DYNAMIC, PRIVATE
from cliquet.errors import add_error
from cliquet.http.body import JSON_TYPE, check_json_body, media_type
from cliquet.resource.schema import PermissionsSchema
from cliquet.utils import DeprecatedMeta

CONTENT_TYPES = (JSON_TYPE,)

_RECORD_HEADERS = ("Last-Modified", "ETag", "Cache-Control", "Expires", "Pragma")
_LIST_HEADERS = ("Next-Page", "Total-Records", *_RECORD_HEADERS)
_WRITE_HEADERS = ("Last-Modified", "ETag")


class RecordBody(colander.MappingSchema):
    """The body of a request that writes a record: ``{"data": …}`` and nothing else."""

    def deserialize(self, cstruct: Any = colander.null) -> Any:
        """Return the body; ``data`` that may be missing is an empty record, with its defaults."""
        is_without = isinstance(cstruct, dict) and "data" not in cstruct
        if is_without and self["data"].missing == {}:
            cstruct = {**cstruct, "data": {}}
        return super().deserialize(cstruct)


class ViewSet:
    """
    The endpoints of a resource, and the arguments of their views.

    Every attribute can be set in a subclass, or given by name to
    :func:`~cliquet.resource.register`. Paths may name ``{resource_name}``; a placeholder of the
    route itself is written ``{{id}}``.
    """

    service_name = "{resource_name}-{endpoint_type}"
    collection_path = "/{resource_name}s"
    record_path = "/{resource_name}s/{{id}}"

    collection_methods: tuple[str, ...] = ("GET", "POST", "DELETE")
    record_methods: tuple[str, ...] = ("GET", "PUT", "PATCH", "DELETE")

    #: Methods whose body is validated by the schema of the resource.
    validate_schema_for: tuple[str, ...] = ("POST", "PUT")
    #: Methods that stay in read-only mode (protocol P10.2).
    readonly_methods: tuple[str, ...] = ("GET", "OPTIONS", "HEAD")

    service_arguments: Mapping[str, Any] = {}
    default_arguments: Mapping[str, Any] = {"permission": PRIVATE, "accept": CONTENT_TYPES}

    default_post_arguments: Mapping[str, Any] = {"content_type": CONTENT_TYPES}
    default_put_arguments: Mapping[str, Any] = {"content_type": CONTENT_TYPES}
    default_patch_arguments: Mapping[str, Any] = {"content_type": CONTENT_TYPES}
    default_delete_arguments: Mapping[str, Any] = {"content_type": CONTENT_TYPES}

    default_collection_arguments: Mapping[str, Any] = {}
    collection_get_arguments: Mapping[str, Any] = {"cors_headers": _LIST_HEADERS}
    collection_post_arguments: Mapping[str, Any] = {"cors_headers": _WRITE_HEADERS}
    collection_delete_arguments: Mapping[str, Any] = {"cors_headers": _WRITE_HEADERS}

    default_record_arguments: Mapping[str, Any] = {}
    record_get_arguments: Mapping[str, Any] = {"cors_headers": _RECORD_HEADERS}
    record_put_arguments: Mapping[str, Any] = {"cors_headers": _WRITE_HEADERS}
    record_patch_arguments: Mapping[str, Any] = {"cors_headers": _WRITE_HEADERS}
    record_delete_arguments: Mapping[str, Any] = {"cors_headers": _WRITE_HEADERS}

    def __init__(self, **kwargs: Any) -> None:
        self.update(**kwargs)

    def update(self, **kwargs: Any) -> None:
        """Set attributes by name."""
        for name, value in kwargs.items():
            setattr(self, name, value)

    def get_view_arguments(
        self, endpoint_type: str, resource_cls: type, method: str
    ) -> dict[str, Any]:
        """
        Return the arguments of the view of a method.

        Args:
            endpoint_type: ``collection`` or ``record``.
            resource_cls: The class of the resource.
            method: An HTTP method.

        Returns:
            Those of all views, then of the endpoint, of the method, and of both; later ones win.
        """
        verb = method.lower()
        names = (
            "default_arguments",
            f"default_{endpoint_type}_arguments",
            f"default_{verb}_arguments",
            f"{endpoint_type}_{verb}_arguments",
        )
        arguments: dict[str, Any] = {}
        for name in names:
            arguments.update(getattr(self, name, {}))
        if "schema" not in arguments and verb in ("post", "put", "patch"):
            arguments["schema"] = self.get_record_schema(resource_cls, method)
        elif verb == "delete":
            arguments["validators"] = [*arguments.get("validators", ()), check_json_body]
        return arguments

    def get_record_schema(self, resource_cls: Any, method: str) -> colander.MappingSchema:
        """
        Return the schema of the body of a method.

        Where :attr:`validate_schema_for` has not the method, ``data`` may be any mapping: PATCH
        sends a part of a record, and the whole is validated when both are one.
        """
        if method.upper() in self.validate_schema_for:
            record = resource_cls.mapping.clone()
        else:
            record = colander.MappingSchema(colander.Mapping(unknown="preserve"))
        record.name = "data"
        is_optional = not record.children and method.upper() in self.validate_schema_for
        record.missing = {} if is_optional else colander.required
        return RecordBody(record)

    def get_view(self, endpoint_type: str, method: str) -> str:
        """Return the name of the resource's method that answers."""
        verb = method.lower()
        return f"{endpoint_type}_{verb}" if endpoint_type == "collection" else verb

    def get_name(self, resource_cls: type) -> str:
        """Return the name of the resource: given, else of the class, else the class's own."""
        given = getattr(self, "name", None) or getattr(resource_cls, "name", None)
        return str(given or resource_cls.__name__.lower())

    def get_service_name(self, endpoint_type: str, resource_cls: type) -> str:
        """Return the name of the service of an endpoint, such as ``article-record``."""
        return self.service_name.format(
            resource_name=self.get_name(resource_cls), endpoint_type=endpoint_type
        )

    def get_service_path(self, endpoint_type: str, resource_cls: type) -> str:
        """Return the path of an endpoint, as a route pattern."""
        path: str = getattr(self, f"{endpoint_type}_path")
        return path.format(resource_name=self.get_name(resource_cls))

    def get_service_arguments(self) -> dict[str, Any]:
        """Return the arguments of the services themselves."""
        return dict(self.service_arguments)

    def is_endpoint_enabled(
        self, endpoint_type: str, resource_name: str, method: str, settings: Mapping[str, Any]
    ) -> bool:
        """
        Tell whether a method is answered.

        Source: protocol P10.2, P10.3.
        """
        if settings.get("readonly") and method.upper() not in self.readonly_methods:
            return False
        setting = f"{endpoint_type}_{resource_name}_{method.lower()}_enabled"
        return bool(settings.get(setting, True))


def check_changes(request: Any, **kwargs: Any) -> None:
    """Validate, for Cornice: there is a body (protocol P4.6)."""
    if media_type(request) != JSON_TYPE or not request.body:
        description = "Provide at least one of data or permissions"
        add_error(request, location="body", name="data", description=description)


class ShareableViewSet(ViewSet):
    """The endpoints of a shareable resource: permissions decide, and come with the records."""

    default_arguments: Mapping[str, Any] = {**ViewSet.default_arguments, "permission": DYNAMIC}

    def get_view_arguments(
        self, endpoint_type: str, resource_cls: type, method: str
    ) -> dict[str, Any]:
        """See :meth:`ViewSet.get_view_arguments`; PATCH needs a body, though not any member."""
        arguments = super().get_view_arguments(endpoint_type, resource_cls, method)
        if method.upper() == "PATCH":
            arguments["validators"] = [*arguments.get("validators", ()), check_changes]
        return arguments

    def get_record_schema(self, resource_cls: Any, method: str) -> colander.MappingSchema:
        """Return the schema of the body of a method: ``data``, and maybe ``permissions``."""
        body = super().get_record_schema(resource_cls, method)
        data = body["data"]
        if method.upper() not in self.validate_schema_for:
            data.missing = colander.drop
        elif not any(field.required for field in data.children):
            data.missing = {}
        body.add(
            PermissionsSchema(
                name="permissions", missing=colander.drop, permissions=resource_cls.permissions
            )
        )
        return body


class ProtectedViewSet(ShareableViewSet, metaclass=DeprecatedMeta):
    """Old name of :class:`ShareableViewSet`."""

    __deprecation_warning__ = "ProtectedViewSet is deprecated: use ShareableViewSet"
