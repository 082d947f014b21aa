"""
The contract of permission backends.

A permission backend keeps two relations: which principals (groups) a user has, and which
principals have which permission on which object (the access control entries, ACEs). Objects are
named by their URI without the version prefix: ``/articles/42``.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any, Final

from cliquet.settings import DEFAULT_SETTINGS

#: Given an object and a permission, returns the pairs (object, permission) that grant it.
BoundPermissions = Callable[[str, str], Iterable[tuple[str, str]]]

#: In a pattern of URIs: any one path segment. Alone: any URI.
WILDCARD: Final = "*"

_HEARTBEAT: Final = "__heartbeat__"


class PermissionBase:
    """
    Base of permission backends; methods are to be implemented, but those that say otherwise.

    Arguments common to the methods:

    - *user_id*: A prefixed user id, ``<policy>:<userid>``.
    - *principal*: A user id, a group, ``system.Everyone``, ``system.Authenticated``; any text.
    - *object_id*: The URI of an object. Ids are compared as they stand, never as patterns or
      prefixes: ``/a/1`` has nothing to do with ``/a/10``.
    - *permission*: A name, such as ``read``, ``write`` or ``article:create``.
    - *get_bound_permissions*: Widens a check by inheritance. Called once, with the object and the
      permission asked for; the pairs it returns, which may be none, are all that is looked at.
      ``None``: the pair asked for alone.

    Collections returned are the caller's own, and arguments are never changed. Every failure of a
    driver is raised as :class:`~cliquet.storage.exceptions.BackendError`.

    Source: protocol P7.
    """

    def initialize_schema(self) -> None:
        """Create what the backend needs before it is used; running it again does no harm."""
        raise NotImplementedError

    def flush(self) -> None:
        """Delete every principal of users and every ACE, and nothing else."""
        raise NotImplementedError

    def add_user_principal(self, user_id: str, principal: str) -> None:
        """Give a principal to a user; if it has it already, this is a no-op."""
        raise NotImplementedError

    def remove_user_principal(self, user_id: str, principal: str) -> None:
        """Take a principal from a user; if it has it not, this is a no-op."""
        raise NotImplementedError

    def remove_principal(self, principal: str) -> None:
        """Take a principal from every user, as when a group is deleted; ACEs stay as they are."""
        raise NotImplementedError

    def user_principals(self, user_id: str) -> set[str]:
        """Return the principals given to a user, its own id not among them; may be empty."""
        raise NotImplementedError

    def add_principal_to_ace(self, object_id: str, permission: str, principal: str) -> None:
        """Give a principal a permission on an object; if it has it already, this is a no-op."""
        raise NotImplementedError

    def remove_principal_from_ace(self, object_id: str, permission: str, principal: str) -> None:
        """Take a principal's permission on an object; if it has it not, this is a no-op."""
        raise NotImplementedError

    def object_permission_principals(self, object_id: str, permission: str) -> set[str]:
        """Return the principals of one ACE, without inheritance; may be empty."""
        raise NotImplementedError

    def principals_accessible_objects(
        self,
        principals: Iterable[str],
        permission: str,
        object_id_match: str | None = None,
        get_bound_permissions: BoundPermissions | None = None,
    ) -> set[str]:
        """
        Return the ids of the objects on which one of *principals* has a permission.

        Args:
            principals: Of one user; there may be none.
            permission: The one asked for.
            object_id_match: A URI with ``*`` in the place of a path segment, such as
                ``/articles/*``, that objects are to match; ``None`` or ``*``: any object.
            get_bound_permissions: Called with *object_id_match* (``*`` for ``None``); the pairs
                it returns for another URI are ignored.

        The cost depends on the ACEs of *principals*, not on those of others.

        Source: protocol P7.6, P7.8.
        """
        raise NotImplementedError

    def check_permission(
        self,
        object_id: str,
        permission: str,
        principals: Iterable[str],
        get_bound_permissions: BoundPermissions | None = None,
    ) -> bool:
        """
        Tell whether one of *principals* has a permission on an object.

        This implementation asks :meth:`object_permission_authorized_principals`.
        """
        authorized = self.object_permission_authorized_principals(
            object_id, permission, get_bound_permissions
        )
        return not authorized.isdisjoint(principals)

    def object_permission_authorized_principals(
        self,
        object_id: str,
        permission: str,
        get_bound_permissions: BoundPermissions | None = None,
    ) -> set[str]:
        """
        Return the principals that have a permission on an object, inheritance included.

        This implementation reads the ACEs one by one.
        """
        pairs = bound_pairs(object_id, permission, get_bound_permissions)
        return {
            principal
            for uri, name in pairs
            for principal in self.object_permission_principals(uri, name)
        }

    def object_permissions(
        self, object_id: str, permissions: Iterable[str] | None = None
    ) -> dict[str, set[str]]:
        """
        Return the ACEs of an object, without inheritance: principals by permission.

        A permission that nobody has is left out.

        Args:
            object_id: The object; one without any ACE gives an empty mapping.
            permissions: Names of those to return; ``None``: all.
        """
        raise NotImplementedError

    def replace_object_permissions(
        self, object_id: str, permissions: Mapping[str, Iterable[str]]
    ) -> None:
        """
        Replace ACEs of an object, in one step against every other writer.

        Args:
            object_id: The object.
            permissions: Principals by permission. Permissions not named stay as they are; an
                empty list removes the permission.
        """
        raise NotImplementedError

    def delete_object_permissions(self, *object_ids: str) -> None:
        """Delete all ACEs of the objects; those without any do no harm."""
        raise NotImplementedError


def bound_pairs(
    object_id: str, permission: str, get_bound_permissions: BoundPermissions | None = None
) -> set[tuple[str, str]]:
    """Return the pairs (object, permission) of which each grants *permission* on *object_id*."""
    if get_bound_permissions is None:
        return {(object_id, permission)}
    return {(uri, name) for uri, name in get_bound_permissions(object_id, permission)}


def bound_permissions(
    object_id_match: str | None,
    permission: str,
    get_bound_permissions: BoundPermissions | None = None,
) -> set[str]:
    """
    Return the permissions of which each grants *permission* on objects that match a pattern.

    Pairs of another pattern are left out: they are about a parent, not about these objects.

    Source: protocol P7.8.
    """
    pattern = WILDCARD if object_id_match is None else object_id_match
    pairs = bound_pairs(pattern, permission, get_bound_permissions)
    return {name for uri, name in pairs if uri == pattern}


def uri_matcher(object_id_match: str | None) -> Callable[[str], bool]:
    """
    Return a function that tells whether a URI matches a pattern: THE meaning of patterns.

    A path segment that is ``*`` stands for any one segment that is not empty; all else, the
    characters of regular expressions included, stands for itself. ``None`` or ``*`` alone
    matches any URI.
    """
    if object_id_match is None or object_id_match == WILDCARD:
        return lambda object_id: True
    wanted = object_id_match.split("/")

    def is_match(object_id: str) -> bool:
        segments = object_id.split("/")
        return len(segments) == len(wanted) and all(map(_is_segment_match, wanted, segments))

    return is_match


def _is_segment_match(wanted: str, segment: str) -> bool:
    return wanted == segment or (wanted == WILDCARD and segment != "")


def heartbeat(backend: PermissionBase) -> Callable[[Any], bool]:
    """
    Return a check of *backend* for ``registry.heartbeats``: it writes, reads, and cleans up.

    The user is the same each time, so that even a check that breaks off leaves one row at most.
    In read-only mode the backend is only read. A failure is raised; the heartbeat view makes it
    false and logs it.

    Source: protocol P3.2.
    """

    def check(request: Any) -> bool:
        settings = request.registry.settings
        is_readonly = settings.get("readonly", DEFAULT_SETTINGS["readonly"])
        if not is_readonly:
            backend.add_user_principal(_HEARTBEAT, _HEARTBEAT)
        # What is read does not count: another check may be cleaning up at this moment.
        backend.user_principals(_HEARTBEAT)
        if not is_readonly:
            backend.remove_user_principal(_HEARTBEAT, _HEARTBEAT)
        return True

    return check
