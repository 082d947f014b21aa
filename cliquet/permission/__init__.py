"""
The contract of permission backends.

A permission backend keeps two relations: which principals (groups) a user has, and which
principals have which permission on which object (the access control entries, ACEs). Objects are
named by their URI without the version prefix: ``/articles/42``.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from typing import Any, Final, NamedTuple

from cliquet.settings import DEFAULT_SETTINGS

#: Given an object and a permission, returns the pairs (object, permission) that grant it.
BoundPermissions = Callable[[str, str], Iterable[tuple[str, str]]]

#: In a pattern of URIs: any one path segment. Alone: any URI.
WILDCARD: Final = "*"

#: Bytes, in UTF-8, of the longest names that every backend stores. An entry is a row of an index,
#: and that of PostgreSQL holds 2704. Nothing longer is looked for in vain, but it may be refused.
MAX_OBJECT_ID_BYTES: Final = 1800
MAX_PERMISSION_BYTES: Final = 200
MAX_PRINCIPAL_BYTES: Final = 512

# What some database cannot keep: NUL, and surrogates without the other half.
_UNSTORABLE: Final = re.compile("[\0\ud800-\udfff]")

_HEARTBEAT: Final = "__heartbeat__"


class Access(NamedTuple):
    """
    What decides about one request, read in one step.

    Attributes:
        principals: Those given to the user, its own id not among them.
        aces: Principals by (object, permission); those that nobody has are left out.
    """

    principals: set[str]
    aces: dict[tuple[str, str], set[str]]


class Share(NamedTuple):
    """
    The part of a collection that is shared with somebody.

    Attributes:
        principals: Of one user, groups included.
        permissions: Names, of which each opens an object.
        uri_prefix: What the URIs of the collection's objects begin with: ``/articles/``. The id
            of the object, one segment, follows.
    """

    principals: frozenset[str]
    permissions: frozenset[str]
    uri_prefix: str


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

    Names are text of any kind, of at most :data:`MAX_OBJECT_ID_BYTES`, :data:`MAX_PERMISSION_BYTES`
    and :data:`MAX_PRINCIPAL_BYTES` (users are principals); those that are only asked about, or
    removed, may be longer, and hold what :func:`check_names` refuses.

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
        """
        Give a principal to a user; if it has it already, this is a no-op.

        Raises:
            ValueError: See :func:`check_names`.
        """
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
        """
        Give a principal a permission on an object; if it has it already, this is a no-op.

        Raises:
            ValueError: See :func:`check_names`.
        """
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

    def access(
        self,
        user_id: str | None,
        pairs: Iterable[tuple[str, str]] = (),
        object_id: str | None = None,
    ) -> Access:
        """
        Return all that decides about one request.

        Args:
            user_id: Whose principals to return; ``None``: none.
            pairs: The (object, permission) whose ACEs to return.
            object_id: An object of which all ACEs are to be returned, beside those of *pairs*.

        This implementation asks one thing after the other. A backend that can answers in one
        round trip: a request on a record waits for it.
        """
        principals = set() if user_id is None else self.user_principals(user_id)
        aces = {
            (uri, name): self.object_permission_principals(uri, name)
            for uri, name in pairs
            if uri != object_id
        }
        if object_id is not None:
            own = self.object_permissions(object_id)
            aces.update({(object_id, name): found for name, found in own.items()})
        return Access(principals, {pair: found for pair, found in aces.items() if found})

    def accessible_ids(self, share: Share) -> set[str]:
        """
        Return the ids, without the rest of their URIs, of the objects of a shared part.

        This implementation asks :meth:`principals_accessible_objects`.

        Source: protocol P7.6.
        """
        if not share.permissions or not share.principals:
            return set()
        uris = self.principals_accessible_objects(
            share.principals,
            min(share.permissions),
            share.uri_prefix + WILDCARD,
            lambda pattern, permission: {(pattern, name) for name in share.permissions},
        )
        # A parent's id may be "*" itself, which the pattern takes for any parent.
        return ids_below(uris, share)

    def is_shared(self, share: Share) -> bool:
        """
        Tell whether a shared part has any object.

        This implementation asks :meth:`accessible_ids`; one object found is enough.
        """
        return bool(self.accessible_ids(share))

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
        Replace ACEs of an object, in one step against every other writer and reader.

        Args:
            object_id: The object.
            permissions: Principals by permission. Permissions not named stay as they are; an
                empty list removes the permission.

        Raises:
            ValueError: See :func:`check_names`; nothing is replaced.
        """
        raise NotImplementedError

    def delete_object_permissions(self, *object_ids: str) -> None:
        """Delete all ACEs of the objects; those without any do no harm."""
        raise NotImplementedError

    def delete_object_trees(self, *object_ids: str) -> None:
        """
        Delete all ACEs of the objects, and those of every object below their URIs.

        Whole segments count: ``/a/1/b/2`` is below ``/a/1``, and ``/a/10`` is not.

        This implementation knows of no object below, and leaves those to the application.
        """
        self.delete_object_permissions(*object_ids)


def is_storable(name: str) -> bool:
    """Tell whether a backend may keep a name: without NUL, and without lone surrogates."""
    return _UNSTORABLE.search(name) is None


def check_names(*names: str) -> None:
    """
    Check names that are to be kept.

    Raises:
        ValueError: One of them holds the character NUL or a lone surrogate.
    """
    for name in names:
        if not is_storable(name):
            raise ValueError(f"{name!a} holds the character NUL or a lone surrogate")


def ids_below(uris: Iterable[str], share: Share) -> set[str]:
    """Return the ids of the objects among *uris* that are of the collection of a shared part."""
    start = len(share.uri_prefix)
    ids = {uri[start:] for uri in uris if uri.startswith(share.uri_prefix)}
    return {one for one in ids if one and "/" not in one}


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
