"""What a permission backend is, in the plainest form: the model that others are compared with."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from cliquet.permission import (
    BoundPermissions,
    PermissionBase,
    bound_permissions,
    uri_matcher,
)


class Model(PermissionBase):
    """Two sets: (user, principal), and (object, permission, principal)."""

    def __init__(self) -> None:
        self.users: set[tuple[str, str]] = set()
        self.aces: set[tuple[str, str, str]] = set()

    def add_user_principal(self, user_id: str, principal: str) -> None:
        """See :meth:`PermissionBase.add_user_principal`; likewise below."""
        self.users.add((user_id, principal))

    def remove_user_principal(self, user_id: str, principal: str) -> None:
        """Take a principal from a user."""
        self.users.discard((user_id, principal))

    def remove_principal(self, principal: str) -> None:
        """Take a principal from every user."""
        self.users = {one for one in self.users if one[1] != principal}

    def user_principals(self, user_id: str) -> set[str]:
        """Return the principals given to a user."""
        return {principal for user, principal in self.users if user == user_id}

    def add_principal_to_ace(self, object_id: str, permission: str, principal: str) -> None:
        """Give a principal a permission on an object."""
        self.aces.add((object_id, permission, principal))

    def remove_principal_from_ace(self, object_id: str, permission: str, principal: str) -> None:
        """Take a principal's permission on an object."""
        self.aces.discard((object_id, permission, principal))

    def object_permission_principals(self, object_id: str, permission: str) -> set[str]:
        """Return the principals of one ACE."""
        return {who for uri, name, who in self.aces if (uri, name) == (object_id, permission)}

    def principals_accessible_objects(
        self,
        principals: Iterable[str],
        permission: str,
        object_id_match: str | None = None,
        get_bound_permissions: BoundPermissions | None = None,
    ) -> set[str]:
        """Return the ids of the objects on which one of *principals* has a permission."""
        names = bound_permissions(object_id_match, permission, get_bound_permissions)
        wanted, is_match = set(principals), uri_matcher(object_id_match)
        return {
            uri for uri, name, who in self.aces if name in names and who in wanted and is_match(uri)
        }

    def object_permissions(
        self, object_id: str, permissions: Iterable[str] | None = None
    ) -> dict[str, set[str]]:
        """Return the ACEs of an object: principals by permission."""
        names = {name for uri, name, _ in self.aces if uri == object_id}
        if permissions is not None:
            names &= set(permissions)
        return {name: self.object_permission_principals(object_id, name) for name in names}

    def replace_object_permissions(
        self, object_id: str, permissions: Mapping[str, Iterable[str]]
    ) -> None:
        """Replace ACEs of an object."""
        kept = {ace for ace in self.aces if ace[0] != object_id or ace[1] not in permissions}
        given = {(object_id, name, who) for name, them in permissions.items() for who in them}
        self.aces = kept | given

    def delete_object_permissions(self, *object_ids: str) -> None:
        """Delete all ACEs of the objects."""
        self.aces = {ace for ace in self.aces if ace[0] not in object_ids}

    def delete_object_trees(self, *object_ids: str) -> None:
        """Delete all ACEs of the objects, and of what is below them."""
        below = tuple(f"{one}/" for one in object_ids)
        self.delete_object_permissions(*object_ids)
        self.aces = {ace for ace in self.aces if not ace[0].startswith(below)}
