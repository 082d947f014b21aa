"""A permission backend as others wrote them for version 3.1: the methods of old, and no more."""

from __future__ import annotations

from typing import Any

from cliquet.permission import PermissionBase, memory

OLD = (
    "initialize_schema flush add_user_principal remove_user_principal remove_principal"
    " user_principals add_principal_to_ace remove_principal_from_ace"
    " object_permission_principals principals_accessible_objects object_permissions"
    " replace_object_permissions delete_object_permissions"
)


class Permission(PermissionBase):
    """What the methods of old do is what they do in memory."""

    def __init__(self) -> None:
        backend = memory.Permission()
        for name in OLD.split():
            setattr(self, name, getattr(backend, name))


def load_from_config(config: Any) -> Permission:
    """Return the permission backend of an application."""
    return Permission()
