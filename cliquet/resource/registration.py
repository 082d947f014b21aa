"""
Resources become services: one for the collection, one for the record.

Services are made for each application that scans the resource, so that applications of one
process share nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from typing import Any, TypeVar

import venusian
from pyramid.exceptions import ConfigurationError

from cliquet.authorization import DYNAMIC, RouteFactory
from cliquet.http.service import Service, add_service, forget_service
from cliquet.storage.schemas import BY_ID, Declared

T = TypeVar("T", bound=type)


def register(depth: int = 1, **kwargs: Any) -> Callable[[T], T]:
    """
    Register a resource, as a decorator of its class; it takes effect with ``config.scan()``.

    Args:
        depth: How many frames up the class is defined, for decorators around this one.
        kwargs: What :func:`register_resource` takes.
    """

    def wrapped(resource_cls: T) -> T:
        register_resource(resource_cls, depth=depth + 1, **kwargs)
        return resource_cls

    return wrapped


def register_resource(
    resource_cls: Any,
    settings: Mapping[str, Any] | None = None,
    viewset: Any = None,
    depth: int = 1,
    **kwargs: Any,
) -> Any:
    """
    Register a resource; it takes effect with ``config.scan()`` of the module.

    A class may be registered several times, under other names and paths.

    Args:
        resource_cls: Subclass of :class:`~cliquet.resource.BaseResource`.
        settings: In place of the application's, when endpoints are enabled.
        viewset: In place of the class's ``default_viewset``.
        depth: How many frames up the caller of interest is.
        kwargs: Attributes of the ViewSet: ``name``, ``collection_path``, ``record_methods`` …
    """
    if viewset is None:
        viewset = resource_cls.default_viewset(**kwargs)
    else:
        viewset.update(**kwargs)

    def callback(context: Any, name: str, ob: Any) -> None:
        config = context.config.with_package(info.module)
        add_resource(config, resource_cls, viewset, settings)

    info = venusian.attach(resource_cls, callback, category="pyramid", depth=depth)
    return callback


def add_resource(
    config: Any, resource_cls: Any, viewset: Any, settings: Mapping[str, Any] | None = None
) -> None:
    """
    Add the two services of a resource to an application.

    Raises:
        ConfigurationError: The application has not included cliquet, or has no storage.
    """
    name = viewset.get_name(resource_cls)
    if not hasattr(config.registry, "cornice_services"):
        raise ConfigurationError(f'Resource {name}: config.include("cliquet") first')
    if not hasattr(config.registry, "storage"):
        raise ConfigurationError(f"Resource {name}: the setting storage_backend is missing")
    if needs_permissions(viewset) and not hasattr(config.registry, "permission"):
        raise ConfigurationError(f"Resource {name}: the setting permission_backend is missing")
    enabled = partial(
        viewset.is_endpoint_enabled,
        resource_name=name,
        settings=config.get_settings() if settings is None else settings,
    )
    for endpoint_type in ("collection", "record"):
        service = _service(endpoint_type, resource_cls, viewset, enabled)
        add_service(config, service)


def needs_permissions(viewset: Any) -> bool:
    """Tell whether the views of a resource ask the permission backend."""
    return viewset.default_arguments.get("permission") == DYNAMIC


def declared_fields(registry: Any) -> Declared:
    """Return what the schemas of an application's resources ask a storage for."""
    services = [one for one in registry.cornice_services.values() if hasattr(one, "resource")]
    resources = {service.resource: service.viewset for service in services}

    def fields(option: str) -> set[tuple[Any, str]]:
        return {
            (resource, field)
            for resource in resources
            for field in resource.mapping.get_option(option)
        }

    # Lists are of what is shared with a user: many ids, looked up at a time.
    by_ids = {
        (resource, resource.default_model.id_field)
        for resource, viewset in resources.items()
        if needs_permissions(viewset)
    }
    return Declared(
        unique=sorted({(one.__name__.lower(), field) for one, field in fields("unique_fields")}),
        indexed=sorted(
            {
                (one.__name__.lower(), BY_ID if field == one.default_model.id_field else field)
                for one, field in fields("indexed_fields") | by_ids
            }
        ),
        collections=sorted({resource.__name__.lower() for resource in resources}),
    )


def _service(
    endpoint_type: str, resource_cls: Any, viewset: Any, enabled: Callable[..., bool]
) -> Service:
    arguments = {"factory": RouteFactory, **viewset.get_service_arguments()}
    service = Service(
        viewset.get_service_name(endpoint_type, resource_cls),
        viewset.get_service_path(endpoint_type, resource_cls),
        **arguments,
    )
    forget_service(service)
    service.viewset = viewset
    service.resource = resource_cls
    service.type = endpoint_type
    service.collection_path = viewset.get_service_path("collection", resource_cls)
    service.record_path = viewset.get_service_path("record", resource_cls)
    for method in getattr(viewset, f"{endpoint_type}_methods"):
        if enabled(endpoint_type=endpoint_type, method=method):
            view = viewset.get_view(endpoint_type, method)
            view_arguments = viewset.get_view_arguments(endpoint_type, resource_cls, method)
            service.add_view(method, view, klass=resource_cls, **_checked_early(view_arguments))
    return service


def _checked_early(arguments: dict[str, Any]) -> dict[str, Any]:
    # Media types are checked by one view deriver rather than by predicates, of which Pyramid
    # would make a view each (see cliquet.http.media).
    accept = arguments.pop("accept", None)
    content_type = arguments.pop("content_type", None)
    return {**arguments, "media_types": (accept, content_type)}
