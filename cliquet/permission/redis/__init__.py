"""
Permissions in Redis: one server, or a master that Sentinels know.

Each write is one script, and so one step against every other writer. It takes part in no
transaction: see the documentation, page *permissions*.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from itertools import chain
from typing import Any, Final

from cliquet.drivers.redis import Server, server_from
from cliquet.permission import (
    WILDCARD,
    Access,
    BoundPermissions,
    PermissionBase,
    Share,
    bound_pairs,
    bound_permissions,
    check_names,
    uri_matcher,
)
from cliquet.permission.redis.entries import (
    END,
    SEPARATOR,
    Range,
    beginning,
    behind,
    decoded,
    encoded,
    entry,
    exactly,
    names_of,
    within,
)
from cliquet.permission.redis.formats import FORMAT
from cliquet.permission.redis.scripts import (
    ACES,
    ADD,
    READ,
    REMOVE,
    REMOVE_BACKWARD,
    REPLACE,
    USERS,
    WALK,
)

#: Entries read in one step of a walk.
PORTION: Final = 1000


class Permission(PermissionBase):
    """
    A permission backend in Redis.

    Args:
        server: Where the permissions are.
    """

    def __init__(self, server: Server) -> None:
        self._server = server

    def initialize_schema(self) -> None:
        """Do nothing: there is no schema."""

    def flush(self) -> None:
        """See :meth:`PermissionBase.flush`."""
        self._server.write("UNLINK", *USERS, *ACES)

    def add_user_principal(self, user_id: str, principal: str) -> None:
        """See :meth:`PermissionBase.add_user_principal`."""
        check_names(user_id, principal)
        self._server.run(ADD, USERS, entry(user_id, principal))

    def remove_user_principal(self, user_id: str, principal: str) -> None:
        """See :meth:`PermissionBase.remove_user_principal`."""
        self._server.run(REMOVE, USERS, *exactly(entry(user_id, principal)))

    def remove_principal(self, principal: str) -> None:
        """See :meth:`PermissionBase.remove_principal`."""
        self._server.run(REMOVE_BACKWARD, USERS, encoded(principal), *within(beginning(principal)))

    def user_principals(self, user_id: str) -> set[str]:
        """See :meth:`PermissionBase.user_principals`."""
        return self.access(user_id).principals

    def add_principal_to_ace(self, object_id: str, permission: str, principal: str) -> None:
        """See :meth:`PermissionBase.add_principal_to_ace`."""
        check_names(object_id, permission, principal)
        self._server.run(ADD, ACES, entry(object_id, permission, principal))

    def remove_principal_from_ace(self, object_id: str, permission: str, principal: str) -> None:
        """See :meth:`PermissionBase.remove_principal_from_ace`."""
        self._server.run(REMOVE, ACES, *exactly(entry(object_id, permission, principal)))

    def object_permission_principals(self, object_id: str, permission: str) -> set[str]:
        """See :meth:`PermissionBase.object_permission_principals`."""
        return set().union(*self.access(None, [(object_id, permission)]).aces.values())

    def principals_accessible_objects(
        self,
        principals: Iterable[str],
        permission: str,
        object_id_match: str | None = None,
        get_bound_permissions: BoundPermissions | None = None,
    ) -> set[str]:
        """See :meth:`PermissionBase.principals_accessible_objects`."""
        names = bound_permissions(object_id_match, permission, get_bound_permissions)
        literal = (object_id_match or WILDCARD).partition(WILDCARD)[0]
        collection = encoded(literal[: literal.rfind("/") + 1])
        found = self._walk(_ranges(names, principals, collection), PORTION)
        uris = (decoded(rest.replace(SEPARATOR, b"")) for rest in found)
        return set(filter(uri_matcher(object_id_match), uris))

    def access(
        self,
        user_id: str | None,
        pairs: Iterable[tuple[str, str]] = (),
        object_id: str | None = None,
    ) -> Access:
        """See :meth:`PermissionBase.access`; here in one step."""
        prefixes = [beginning(*pair) for pair in set(pairs) if pair[0] != object_id]
        prefixes += [] if object_id is None else [beginning(object_id)]
        keys = [ACES[0]] * len(prefixes)
        if user_id is not None:
            keys.append(USERS[0])
            prefixes.append(beginning(user_id))
        if not keys:
            return Access(set(), {})
        texts = self._server.ask(READ, tuple(keys), *_flat(map(within, prefixes)))
        principals: set[str] = set()
        aces: dict[tuple[str, str], set[str]] = {}
        for found in chain.from_iterable(map(_entries, texts)):
            *owner, principal = names_of(found)
            has = principals if len(owner) == 1 else aces.setdefault((owner[0], owner[1]), set())
            has.add(principal)
        return Access(principals, aces)

    def accessible_ids(self, share: Share) -> set[str]:
        """See :meth:`PermissionBase.accessible_ids`; read in portions."""
        tail = _tail(share)
        ranges = _ranges(share.permissions, share.principals, tail)
        return {decoded(rest.removeprefix(tail)) for rest in self._walk(ranges, PORTION)}

    def is_shared(self, share: Share) -> bool:
        """See :meth:`PermissionBase.is_shared`; one object is read at most."""
        ranges = _ranges(share.permissions, share.principals, _tail(share))
        return any(True for _ in self._walk(ranges, 1))

    def object_permission_authorized_principals(
        self,
        object_id: str,
        permission: str,
        get_bound_permissions: BoundPermissions | None = None,
    ) -> set[str]:
        """See :meth:`PermissionBase.object_permission_authorized_principals`; one step here."""
        pairs = bound_pairs(object_id, permission, get_bound_permissions)
        return set().union(*self.access(None, pairs).aces.values())

    def object_permissions(
        self, object_id: str, permissions: Iterable[str] | None = None
    ) -> dict[str, set[str]]:
        """See :meth:`PermissionBase.object_permissions`."""
        aces = self.access(None, (), object_id).aces
        wanted = {name for _, name in aces} if permissions is None else set(permissions)
        return {name: found for (_, name), found in aces.items() if name in wanted}

    def replace_object_permissions(
        self, object_id: str, permissions: Mapping[str, Iterable[str]]
    ) -> None:
        """See :meth:`PermissionBase.replace_object_permissions`."""
        aces = [(object_id, name, one) for name, who in permissions.items() for one in who]
        check_names(object_id, *permissions, *chain.from_iterable(aces))
        bounds = _flat(within(beginning(object_id, name)) for name in permissions)
        entries = [entry(*ace) for ace in aces]
        self._server.run(REPLACE, ACES, len(bounds), *bounds, *entries)

    def delete_object_permissions(self, *object_ids: str) -> None:
        """See :meth:`PermissionBase.delete_object_permissions`."""
        self._server.run(REMOVE, ACES, *_flat(within(beginning(one)) for one in object_ids))

    def delete_object_trees(self, *object_ids: str) -> None:
        """See :meth:`PermissionBase.delete_object_trees`."""
        prefixes = ((beginning(one), encoded(f"{one}/")) for one in object_ids)
        self._server.run(REMOVE, ACES, *_flat(map(within, chain.from_iterable(prefixes))))

    def _walk(self, ranges: list[Range], portion: int) -> Iterator[bytes]:
        """Iterate over the objects, in two parts, of ranges of what is shared."""
        while ranges:
            finished, text = self._server.ask(WALK, ACES[1:], portion, *_flat(ranges))
            found = _entries(text)
            for one in found:
                yield one.split(SEPARATOR, 2)[2]
            ranges = ranges[finished:]
            if ranges:
                ranges[0] = behind(found[-1], ranges[0])


def _entries(text: bytes) -> list[bytes]:
    """Return the entries that a script joined; none of them is empty."""
    return text.split(END) if text else []


def _flat(ranges: Iterable[Range]) -> list[bytes]:
    return list(chain.from_iterable(ranges))


def _ranges(permissions: Iterable[str], principals: Iterable[str], tail: bytes) -> list[Range]:
    """Return the ranges of what is shared with any of *principals*, and goes on behind *tail*."""
    prefixes = [
        beginning(name, principal) + tail
        for principal in set(principals)
        for name in set(permissions)
    ]
    # What is no longer than that is no object.
    return [behind(prefix, within(prefix)) for prefix in prefixes]


def _tail(share: Share) -> bytes:
    """Return what entries of a shared part have before the ids of objects."""
    collection, slash, rest = share.uri_prefix.rpartition("/")
    return entry(collection + slash, rest)


def load_from_config(config: Any) -> Permission:
    """
    Return the permission backend of an application, from its settings ``permission_*``.

    The first application looks at all keys of the database, for permissions of version 3.1.

    Raises:
        ValueError: ``permission_url`` is no URL of Redis, or that of a cluster.
        UnknownFormat: The database holds permissions of another version.
        BackendError: The server failed.
    """
    settings = config.get_settings()
    server = server_from(settings, "permission")
    FORMAT.check(server, bool(settings.get("readonly", False)))
    FORMAT.warn_of_eviction(server)
    return Permission(server)
