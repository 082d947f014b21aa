"""
Who may do what: permissions of views, and the context of resources.

Source: protocol P7.
"""

from __future__ import annotations

import copy
from collections.abc import Callable, Collection, Iterable
from typing import Any

from pyramid.authorization import Authenticated
from pyramid.decorator import reify
from pyramid.interfaces import IAuthorizationPolicy
from zope.interface import implementer

from cliquet.authentication import acting_principals
from cliquet.http.service import current_service, resource_name_of
from cliquet.permission import (
    WILDCARD,
    BoundPermissions,
    Share,
    bound_pairs,
    bound_permissions,
)
from cliquet.permission.known import KnownAces, Pair
from cliquet.settings import aslist
from cliquet.storage.exceptions import RecordNotFoundError
from cliquet.utils import strip_uri_prefix

#: Permission of views that any authenticated user may call.
PRIVATE = "private"
#: Permission of views whose context tells which permission they need (protocol P7.4).
DYNAMIC = "dynamic"


def groupfinder(userid: str, request: Any) -> list[str]:
    """
    Return the principals of a user beside its id: the prefixed id, and its groups.

    It is the setting ``multiauth.groupfinder``; groups come from the permission backend, when
    there is one. What else the request will ask of that backend is read with them.
    """
    prefixed = f"{request.selected_policy_name}:{userid}"
    backend = getattr(request.registry, "permission", None)
    if backend is None:
        return [prefixed]
    context = getattr(request, "context", None)
    if isinstance(context, RouteFactory) and context.is_dynamic:
        return [prefixed, *context.groups_of(prefixed)]
    return [prefixed, *backend.user_principals(prefixed)]


@implementer(IAuthorizationPolicy)
class AuthorizationPolicy:
    """
    What the setting ``multiauth.authorization_policy`` names: decides on permissions.

    Attributes:
        get_bound_permissions: Widens a check by inheritance: given the URI of an object and a
            permission, returns the pairs (URI, permission) of which each grants it. A function
            set on the policy, or a method of a subclass; ``None``: what
            :meth:`RouteFactory.default_pairs` says.
    """

    get_bound_permissions: BoundPermissions | None = None

    def permits(self, context: Any, principals: Any, permission: str) -> bool:
        """Tell whether one of *principals* has *permission* on *context*."""
        if permission == PRIVATE:
            return Authenticated in principals
        if not isinstance(context, RouteFactory):
            allowed = getattr(context, "allowed_principals", None) or ()
            return not set(allowed).isdisjoint(principals)
        context.asked_permission = permission
        needed = context.required_permission if permission == DYNAMIC else permission
        if needed is None:
            return False
        acting = context.acting_principals(principals)
        if context.allowed_principals:
            is_allowed = not acting.isdisjoint(context.allowed_principals)
        else:
            is_allowed = context.check_permission(needed, acting, self.get_bound_permissions)
        if is_allowed or not context.on_collection or needed == "create":
            return is_allowed
        return context.fetch_shared_records(needed, acting, self.get_bound_permissions)

    def principals_allowed_by_permission(self, context: Any, permission: str) -> Any:
        """Refuse: principals are not enumerated."""
        raise NotImplementedError


class RouteFactory:
    """
    The context of requests: what is asked for, of which resource, and who may.

    It may be the root factory of an application; on routes that are no resource's it says so by
    ``None``. Every attribute can be assigned; those that cost something are found out when they
    are first looked at.

    Attributes:
        on_collection: Whether the URL is that of a collection.
        asked_permission: The permission of the view, once it was asked for.
        share: The part of the collection that the user may see, or ``None`` for the whole.
    """

    #: Permissions by method; that of PUT depends on whether there is a record.
    method_permissions = {
        "head": "read",
        "get": "read",
        "post": "create",
        "patch": "write",
        "delete": "write",
    }

    def __init__(self, request: Any) -> None:
        self._request = request
        service = getattr(request, "current_service", None) or current_service(request)
        self._service = service if hasattr(service, "viewset") else None
        has_resource = self._service is not None
        self.on_collection = has_resource and service.type == "collection"
        self.asked_permission: str | None = None
        self.share: Share | None = None
        self._is_reading = False
        self._known = KnownAces()
        self._pairs: dict[Any, set[Pair]] = {}

    # -- What the request is about

    @reify
    def resource_name(self) -> str | None:
        """Name of the resource, or ``None``."""
        return None if self._service is None else resource_name_of(self._service)

    @property
    def is_dynamic(self) -> bool:
        """Whether the views of the resource need what :attr:`required_permission` tells."""
        return self._view_permission == DYNAMIC

    @property
    def is_private(self) -> bool:
        """Whether any user may call the views of the resource."""
        return self._view_permission == PRIVATE

    @property
    def _view_permission(self) -> str | None:
        viewset = getattr(self._service, "viewset", None)
        return None if viewset is None else viewset.default_arguments.get("permission")

    @reify
    def required_permission(self) -> str | None:
        """The permission that the method needs (protocol P7.4); ``None`` where nobody has any."""
        method = self._request.method.lower()
        if self._service is None:
            return None
        if method != "put":
            return self.method_permissions.get(method)
        return "create" if self.current_record is None else "write"

    @reify
    def permission_object_id(self) -> str | None:
        """The URI, without version prefix, of the object that the permission is about."""
        uri = self.get_permission_object_id(self._request)
        if self.required_permission == "create" and not self.on_collection:
            return _parent(uri)
        return uri

    @reify
    def current_record(self) -> dict[str, Any] | None:
        """The record of the URL, read once; ``None`` where there is none."""
        if self._service is None or self.on_collection:
            return None
        resource = self._service.resource(self._request, context=self)
        model, record_id = resource.model, resource.record_id
        # What id would be refused later is unknown to the storage.
        if not isinstance(record_id, str) or not model.id_generator.match(record_id):
            return None
        # Nothing is locked for who may not write.
        if model.run is not None and model.run.is_to_lock:
            model.run = None
        # Permissions are read after the record.
        model.read_permissions = lambda uri: {}
        try:
            return model.get_record(record_id)
        except RecordNotFoundError:
            return None

    @reify
    def allowed_principals(self) -> list[str]:
        """Who has the permission by the setting ``<resource>_<permission>_principals``."""
        return self._principals_of_setting(self.required_permission)

    def get_prefixed_userid(self) -> str | None:
        """Return who asks, as ``<policy>:<userid>``; ``None`` for the anonymous."""
        return self._request.prefixed_userid

    def get_permission_object_id(self, request: Any, object_id: str | None = None) -> str:
        """
        Return the URI, without version prefix, of what the request is about.

        Args:
            request: The current request.
            object_id: Id of a record of the collection asked for.
        """
        # Not quoted: an object has one URI wherever it is asked for, and what is below it too.
        path = strip_uri_prefix(request.path_info)
        if object_id is None or not self.on_collection:
            return path
        return f"{path}/{object_id}"

    def extract_object_id(self, object_uri: str) -> str:
        """Return the id of the record that a URI is of."""
        return object_uri.rpartition("/")[2]

    def record_uri(self, record_id: str) -> str:
        """Return the URI of a record of the collection that the request is about."""
        if self.on_collection:
            return self.get_permission_object_id(self._request, record_id)
        return f"{_parent(self.get_permission_object_id(self._request))}/{record_id}"

    def about(self, permission: str, record_id: str | None = None) -> RouteFactory:
        """
        Return the context of another question: who has *permission*.

        Args:
            permission: ``read`` or ``write``.
            record_id: On that record of the collection; ``None``: on the object asked for.
        """
        other = copy.copy(self)
        other.required_permission = permission
        if record_id is not None:
            other.permission_object_id = self.record_uri(record_id)
            other.on_collection = False
            # Whoever asks has read it.
            other.current_record = None
        other.allowed_principals = self._principals_of_setting(permission)
        other._known = KnownAces()
        return other

    # -- Who may

    def acting_principals(self, principals: Iterable[str]) -> frozenset[str]:
        """Return the principals that ACEs are compared with (protocol P7.7, P7.10)."""
        return acting_principals(self._request, principals)

    def default_pairs(self, object_id: str, permission: str) -> set[Pair]:
        """
        Return what grants a permission where the policy says nothing.

        Who may write may read, or the answers to writes could not be shown; and a right on a
        whole collection is one on each of its records, which lists show and delete anyway.
        """
        names = {permission, "write"} if permission == "read" else {permission}
        is_record = not self.on_collection and ":" not in permission
        uris = {object_id, _parent(object_id)} if is_record else {object_id}
        return {(uri, name) for uri in uris for name in names}

    def check_permission(
        self,
        permission: str,
        principals: Collection[str],
        get_bound_permissions: BoundPermissions | None = None,
    ) -> bool:
        """Tell whether one of *principals* has a permission on the object asked for."""
        pairs = self._bound(permission, get_bound_permissions)
        self._read(None, pairs)
        return self._known.is_granted(pairs, principals)

    def fetch_shared_records(
        self,
        permission: str,
        principals: Collection[str],
        get_bound_permissions: BoundPermissions | None = None,
    ) -> bool:
        """
        Look for the part of the collection that is shared with *principals*: :attr:`share`.

        Returns:
            Whether there is any; the records themselves are not read.

        Source: protocol P7.6, P7.8.
        """
        pattern = self.get_permission_object_id(self._request, WILDCARD)
        names = bound_permissions(pattern, permission, get_bound_permissions or self.default_pairs)
        share = Share(frozenset(principals), frozenset(names), pattern.removesuffix(WILDCARD))
        self.share = share if self._backend.is_shared(share) else None
        return self.share is not None

    @reify
    def shared_ids(self) -> set[str] | None:
        """Ids of the records that are shared with the user, or ``None`` for the whole."""
        return None if self.share is None else self._backend.accessible_ids(self.share)

    def groups_of(self, user_id: str) -> set[str]:
        """Return the principals given to a user; the ACEs of the request are read with them."""
        if self._is_reading:
            # Whose record it is depends on the user, who depends on this.
            return self._backend.user_principals(user_id)
        self._is_reading = True
        try:
            return self._read(user_id, self._expected_pairs())
        finally:
            self._is_reading = False

    def permissions_of(self, uri: str) -> dict[str, set[str]]:
        """Return the ACEs of an object: principals by permission."""
        is_known = uri == self._known.object_id
        return self._known.of_object() if is_known else self._backend.object_permissions(uri)

    @property
    def _backend(self) -> Any:
        return self._request.registry.permission

    def _principals_of_setting(self, permission: str | None) -> list[str]:
        setting = f"{self.resource_name}_{permission}_principals"
        return aslist(self._request.registry.settings.get(setting) or "")

    def _bound(self, permission: str, widen: BoundPermissions | None) -> set[Pair]:
        """Return the pairs of which each grants a permission; the policy is asked once."""
        object_id = self.permission_object_id or ""
        name = f"{self.resource_name}:create" if permission == "create" else permission
        key = object_id, name, widen
        if key not in self._pairs:
            self._pairs[key] = bound_pairs(object_id, name, widen or self.default_pairs)
        return self._pairs[key]

    def _expected_pairs(self) -> set[Pair]:
        """Return the pairs that the policy is going to look at."""
        if self.required_permission is None or self.allowed_principals:
            return set()
        policy = self._request.registry.queryUtility(IAuthorizationPolicy)
        widen: Callable[..., Any] | None = getattr(policy, "get_bound_permissions", None)
        return self._bound(self.required_permission, widen)

    def _read(self, user_id: str | None, pairs: set[Pair]) -> set[str]:
        """Read what is not known of ACEs, in one step; return the groups of the user."""
        is_record = not self.on_collection and self.required_permission != "create"
        uri = self.permission_object_id if is_record else None
        if is_record:
            # First, so that who is allowed by the ACEs sees nothing that was written after they
            # were changed.
            _ = self.current_record
        return self._known.read(self._backend, user_id, pairs, uri)


def _parent(uri: str) -> str:
    return uri.rpartition("/")[0]
