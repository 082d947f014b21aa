"""
Who may do what: permissions of views, and the context of resources.

Source: protocol P7.
"""

from __future__ import annotations

from typing import Any

from pyramid.authorization import Authenticated
from pyramid.interfaces import IAuthorizationPolicy
from zope.interface import implementer

from cliquet.http.service import current_resource_name, current_service
from cliquet.utils import strip_uri_prefix

#: Permission of views that any authenticated user may call.
PRIVATE = "private"


def groupfinder(userid: str, request: Any) -> list[str]:
    """
    Return the principals of a user beside its id: the prefixed id, and its groups.

    It is the setting ``multiauth.groupfinder``; groups come from the permission backend, when
    there is one.
    """
    prefixed = f"{request.selected_policy_name}:{userid}"
    backend = getattr(request.registry, "permission", None)
    groups = backend.user_principals(prefixed) if backend is not None else ()
    return [prefixed, *groups]


@implementer(IAuthorizationPolicy)
class AuthorizationPolicy:
    """What the setting ``multiauth.authorization_policy`` names: decides on permissions."""

    def permits(self, context: Any, principals: Any, permission: str) -> bool:
        """Tell whether one of *principals* has *permission* on *context*."""
        if permission == PRIVATE:
            return Authenticated in principals
        allowed = getattr(context, "allowed_principals", None) or ()
        return bool(set(allowed) & set(principals))

    def principals_allowed_by_permission(self, context: Any, permission: str) -> Any:
        """Refuse: principals are not enumerated."""
        raise NotImplementedError


class TruthfulPolicy:
    """
    An authorization policy, asked with a list of principals of its own.

    What multiauth hands over is the set that it keeps for the whole request; policies of old
    add lists to it.
    """

    def __init__(self, policy: Any) -> None:
        self._policy = policy

    def permits(self, context: Any, principals: Any, permission: str) -> Any:
        """Ask the policy."""
        return self._policy.permits(context, list(principals), permission)


class RouteFactory:
    """
    The context of requests: what is asked for, of which resource.

    It may be the root factory of an application; on routes that are no resource's it says so by
    ``None``.
    """

    def __init__(self, request: Any) -> None:
        self._request = request
        service = current_service(request)
        viewset = getattr(service, "viewset", None)
        self.resource_name: str | None = current_resource_name(request) if viewset else None
        self.on_collection = bool(viewset) and service.type == "collection"
        self.required_permission: str | None = None
        self.allowed_principals: list[str] = []
        self.current_record: dict[str, Any] | None = None

    def get_permission_object_id(self, request: Any, object_id: str | None = None) -> str | None:
        """
        Return the URI, without version prefix, of what the request is about.

        Args:
            request: The current request.
            object_id: Id of a record of the collection asked for.
        """
        path = strip_uri_prefix(request.path)
        if object_id is None or not self.on_collection:
            return path
        return f"{path}/{object_id}"
