"""
Permissions in the memory of the process: for tests, trials, and as the reference of all backends.

Nothing outlives the process, and processes share nothing.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from itertools import chain, product
from threading import RLock
from typing import Any, TypeVar

from sortedcontainers import SortedDict

from cliquet.permission import (
    Access,
    BoundPermissions,
    PermissionBase,
    Share,
    bound_pairs,
    bound_permissions,
    check_names,
    uri_matcher,
)

_Key = TypeVar("_Key", str, tuple[str, str], tuple[str, str, str])


class Permission(PermissionBase):
    """A permission backend in memory, safe under threads."""

    def __init__(self) -> None:
        self._lock = RLock()
        # Each relation is kept in both directions, so that nothing is found by scanning.
        self._principals_of_user: dict[str, set[str]] = {}
        self._users_of_principal: dict[str, set[str]] = {}
        # In the order of URIs, so that those below another one are neighbours.
        self._aces: dict[str, dict[str, set[str]]] = SortedDict()
        self._objects_of_principal: dict[tuple[str, str], set[str]] = {}
        # Likewise, for each collection; its lists are of these ids.
        self._ids_of_principal: dict[tuple[str, str, str], set[str]] = {}

    def initialize_schema(self) -> None:
        """Do nothing: there is no schema."""

    def flush(self) -> None:
        """See :meth:`PermissionBase.flush`."""
        with self._lock:
            self._principals_of_user.clear()
            self._users_of_principal.clear()
            self._aces.clear()
            self._objects_of_principal.clear()
            self._ids_of_principal.clear()

    def add_user_principal(self, user_id: str, principal: str) -> None:
        """See :meth:`PermissionBase.add_user_principal`."""
        check_names(user_id, principal)
        with self._lock:
            self._principals_of_user.setdefault(user_id, set()).add(principal)
            self._users_of_principal.setdefault(principal, set()).add(user_id)

    def remove_user_principal(self, user_id: str, principal: str) -> None:
        """See :meth:`PermissionBase.remove_user_principal`."""
        with self._lock:
            _discard(self._principals_of_user, user_id, principal)
            _discard(self._users_of_principal, principal, user_id)

    def remove_principal(self, principal: str) -> None:
        """See :meth:`PermissionBase.remove_principal`."""
        with self._lock:
            for user_id in self._users_of_principal.pop(principal, ()):
                _discard(self._principals_of_user, user_id, principal)

    def user_principals(self, user_id: str) -> set[str]:
        """See :meth:`PermissionBase.user_principals`."""
        with self._lock:
            return set(self._principals_of_user.get(user_id, ()))

    def add_principal_to_ace(self, object_id: str, permission: str, principal: str) -> None:
        """See :meth:`PermissionBase.add_principal_to_ace`."""
        check_names(object_id, permission, principal)
        with self._lock:
            self._add(object_id, permission, principal)

    def remove_principal_from_ace(self, object_id: str, permission: str, principal: str) -> None:
        """See :meth:`PermissionBase.remove_principal_from_ace`."""
        with self._lock:
            self._remove(object_id, permission, [principal])

    def object_permission_principals(self, object_id: str, permission: str) -> set[str]:
        """See :meth:`PermissionBase.object_permission_principals`."""
        with self._lock:
            return set(self._principals(object_id, permission))

    def principals_accessible_objects(
        self,
        principals: Iterable[str],
        permission: str,
        object_id_match: str | None = None,
        get_bound_permissions: BoundPermissions | None = None,
    ) -> set[str]:
        """See :meth:`PermissionBase.principals_accessible_objects`."""
        names = bound_permissions(object_id_match, permission, get_bound_permissions)
        keys = [(principal, name) for principal in principals for name in names]
        is_match = uri_matcher(object_id_match)
        with self._lock:
            found = set().union(*(self._objects_of_principal.get(key, ()) for key in keys))
        return set(filter(is_match, found))

    def object_permission_authorized_principals(
        self,
        object_id: str,
        permission: str,
        get_bound_permissions: BoundPermissions | None = None,
    ) -> set[str]:
        """See :meth:`PermissionBase.object_permission_authorized_principals`; one snapshot here."""
        # Before the lock is taken: the function is the application's, and may ask this backend.
        pairs = bound_pairs(object_id, permission, get_bound_permissions)
        with self._lock:
            return set().union(*(self._principals(uri, name) for uri, name in pairs))

    def access(
        self,
        user_id: str | None,
        pairs: Iterable[tuple[str, str]] = (),
        object_id: str | None = None,
    ) -> Access:
        """See :meth:`PermissionBase.access`; one snapshot here."""
        with self._lock:
            return super().access(user_id, pairs, object_id)

    def accessible_ids(self, share: Share) -> set[str]:
        """See :meth:`PermissionBase.accessible_ids`; no object of other collections is met."""
        collection, start = _place(share.uri_prefix)
        keys = product(share.principals, share.permissions, [collection])
        with self._lock:
            found = set().union(*(self._ids_of_principal.get(key, ()) for key in keys))
        if start:
            found = {one.removeprefix(start) for one in found if one.startswith(start)}
        return found - {""}

    def object_permissions(
        self, object_id: str, permissions: Iterable[str] | None = None
    ) -> dict[str, set[str]]:
        """See :meth:`PermissionBase.object_permissions`."""
        wanted = None if permissions is None else set(permissions)
        with self._lock:
            aces = self._aces.get(object_id, {})
            return {name: set(aces[name]) for name in aces if wanted is None or name in wanted}

    def replace_object_permissions(
        self, object_id: str, permissions: Mapping[str, Iterable[str]]
    ) -> None:
        """See :meth:`PermissionBase.replace_object_permissions`."""
        replacing = {name: set(principals) for name, principals in permissions.items()}
        check_names(object_id, *replacing, *chain.from_iterable(replacing.values()))
        with self._lock:
            for name, principals in replacing.items():
                self._remove(object_id, name, self._principals(object_id, name) - principals)
                for principal in principals:
                    self._add(object_id, name, principal)

    def delete_object_permissions(self, *object_ids: str) -> None:
        """See :meth:`PermissionBase.delete_object_permissions`."""
        with self._lock:
            for object_id in object_ids:
                self._forget(object_id)

    def delete_object_trees(self, *object_ids: str) -> None:
        """See :meth:`PermissionBase.delete_object_trees`."""
        with self._lock:
            for object_id in object_ids:
                self._forget(object_id)
                for below in self._below(object_id):
                    self._forget(below)

    def _below(self, object_id: str) -> list[str]:
        # "0" is the character after "/": the bound excludes "/a/10" and every other neighbour.
        bounds = f"{object_id}/", f"{object_id}0"
        return list(self._aces.irange(*bounds, inclusive=(True, False)))  # type: ignore[attr-defined]

    def _forget(self, object_id: str) -> None:
        for name in list(self._aces.get(object_id, ())):
            self._remove(object_id, name, self._principals(object_id, name))

    def _principals(self, object_id: str, permission: str) -> set[str]:
        return self._aces.get(object_id, {}).get(permission, set())

    def _add(self, object_id: str, permission: str, principal: str) -> None:
        self._aces.setdefault(object_id, {}).setdefault(permission, set()).add(principal)
        self._objects_of_principal.setdefault((principal, permission), set()).add(object_id)
        collection, own_id = _place(object_id)
        self._ids_of_principal.setdefault((principal, permission, collection), set()).add(own_id)

    def _remove(self, object_id: str, permission: str, principals: Iterable[str]) -> None:
        aces = self._aces.get(object_id, {})
        collection, own_id = _place(object_id)
        for principal in list(principals):
            _discard(aces, permission, principal)
            _discard(self._objects_of_principal, (principal, permission), object_id)
            _discard(self._ids_of_principal, (principal, permission, collection), own_id)
        if not aces:
            self._aces.pop(object_id, None)


def _place(uri: str) -> tuple[str, str]:
    """Return the URI of a collection, with its last slash, and what follows it."""
    start = uri.rfind("/") + 1
    return uri[:start], uri[start:]


def _discard(index: dict[_Key, set[str]], key: _Key, value: str) -> None:
    """Take *value* from the set under *key*, and the key with its last value."""
    values = index.get(key, set())
    values.discard(value)
    if not values:
        index.pop(key, None)


def load_from_config(config: Any) -> Permission:
    """Return the permission backend of an application; no setting is read."""
    return Permission()
