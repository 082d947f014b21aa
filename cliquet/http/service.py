"""Services: Cornice's, with the errors, the CORS and the validation of the protocol."""

from __future__ import annotations

from typing import Any

import cornice.service
from cornice.pyramidhook import register_service_views
from pyramid.security import NO_PERMISSION_REQUIRED

from cliquet.errors import json_error_handler
from cliquet.http.body import body_validator
from cliquet.http.cors import check_origin, preflight


class Service(cornice.service.Service):
    """
    A Cornice service whose errors are those of the protocol.

    ``schema=`` alone validates the body's top level into ``request.validated``. ``cors_headers=``
    names response headers that scripts may read beside those of every answer; the origins are the
    setting ``cors_origins``.
    """

    renderer = "json"
    default_validators = (check_origin,)
    # Cornice's own CORS remembers the first application that a service was added to.
    cors_enabled = False

    def error_handler(self, request: Any) -> Any:
        """Return the response for the validation errors of *request*."""
        return json_error_handler(request)

    def get_arguments(self, conf: dict[str, Any] | None = None) -> dict[str, Any]:
        """Return the arguments of a view; a schema that nothing else validates gets a validator."""
        arguments: dict[str, Any] = super().get_arguments(conf)
        validators = arguments["validators"]
        if arguments.get("schema") is not None and not _validates_body(validators):
            # Validators of the application look at what the schema found.
            first = validators.index(check_origin) + 1 if check_origin in validators else 0
            validators.insert(first, body_validator)
        return arguments

    def add_preflight(self) -> None:
        """Define ``OPTIONS``, unless the service does."""
        if "OPTIONS" not in self.defined_methods:
            self.add_view("OPTIONS", preflight, permission=NO_PERMISSION_REQUIRED, schema=None)

    def put_heads_last(self) -> None:
        """
        Move the definitions of HEAD that came with those of GET behind all others.

        Pyramid asks the views of a URL in turn, and one that is not meant costs an exception;
        those of GET, which stay before them, answer HEAD as well.
        """
        of_get = [id(arguments) for method, _, arguments in self.definitions if method == "GET"]
        self.definitions.sort(key=lambda one: one[0] == "HEAD" and id(one[2]) in of_get)


def _validates_body(validators: list[Any]) -> bool:
    return any(
        validator is body_validator or getattr(validator, "__module__", "").startswith("cornice.")
        for validator in validators
    )


def add_service(config: Any, service: Any) -> None:
    """
    Register *service*: the directive ``config.add_cornice_service``.

    Works for services of any class, made at any time, in any number of applications.
    """
    if isinstance(service, Service):
        service.add_preflight()
        service.put_heads_last()
    register_service_views(config, service)


def forget_service(service: Any) -> None:
    """Take *service*, made for one application, off Cornice's list of all services ever made."""
    cornice.service.SERVICES[:] = [one for one in cornice.service.SERVICES if one is not service]


def current_service(request: Any) -> Any:
    """Return the service that answers *request*, or ``None``."""
    route = getattr(request, "matched_route", None)
    if route is None:
        return None
    return _services_by_route(request.registry).get(route.name)


def current_resource_name(request: Any) -> str | None:
    """Return the name of the resource that answers *request*, or ``None``."""
    service = getattr(request, "current_service", None)
    return None if service is None else resource_name_of(service)


def resource_name_of(service: Any) -> str | None:
    """Return the name of the resource that *service* belongs to, or ``None``."""
    viewset = getattr(service, "viewset", None)
    return None if viewset is None else viewset.get_name(service.resource)


def _services_by_route(registry: Any) -> dict[str, Any]:
    # Cornice's own look-up compares patterns, and fails below a prefix with slashes in it.
    services = registry.cornice_services
    index = getattr(registry, "services_by_route", {})
    if len(index) != len(services):
        index = {service.pyramid_route or service.name: service for service in services.values()}
        registry.services_by_route = index
    return index
