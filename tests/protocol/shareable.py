"""Shareable resources that the recorded exchanges know, and their application."""

from __future__ import annotations

from typing import Any

import colander

from cliquet import resource
from cliquet.authorization import AuthorizationPolicy

SETTINGS = {
    "permission_backend": "cliquet.permission.memory",
    "multiauth.authorization_policy": "tests.protocol.shareable.Inheriting",
    "psilo_create_principals": "system.Authenticated",
    "toadstool_create_principals": "system.Authenticated",
    "toadstool_read_principals": "system.Authenticated",
    "toadstool_write_principals": "system.Authenticated",
    "badge_create_principals": "system.Authenticated",
    "moisture_read_principals": "system.Everyone",
    "moisture_cache_expires_seconds": 3600,
}


class PsiloSchema(resource.ResourceSchema):
    """A mushroom of which everything can be left out."""

    name = colander.SchemaNode(colander.String(), missing="Unknown")
    edible = colander.SchemaNode(colander.Boolean(), missing=True)
    size = colander.SchemaNode(colander.Integer(), missing=-1)

    class Options:
        indexed_fields = ("size",)


class FreeSchema(resource.ResourceSchema):
    """Anything at all."""

    class Options:
        preserve_unknown = True


@resource.register()
class Psilo(resource.ShareableResource):
    """Mushrooms that are shared."""

    mapping = PsiloSchema()
    permissions = ("read", "write", "spore:create")


@resource.register(
    collection_path="/psilos/{{psilo_id}}/spores", record_path="/psilos/{{psilo_id}}/spores/{{id}}"
)
class Spore(resource.ShareableResource):
    """Spores of a mushroom."""

    mapping = FreeSchema()

    def get_parent_id(self, request: Any) -> str:
        """Keep the spores of each mushroom apart."""
        return f"/psilos/{request.matchdict['psilo_id']}"


@resource.register()
class Toadstool(resource.ShareableResource):
    """Mushrooms that settings open."""

    mapping = PsiloSchema()


@resource.register()
class Moisture(resource.ShareableResource):
    """Records that everybody may read."""

    mapping = FreeSchema()


class BadgeSchema(resource.ResourceSchema):
    """Anything at all, with a number of its own."""

    class Options:
        preserve_unknown = True
        unique_fields = ("number",)


@resource.register()
class Badge(resource.ShareableResource):
    """Records of which no two share a number; another writer may come at the worst moment."""

    mapping = BadgeSchema()

    def process_record(self, new: dict[str, Any], old: dict[str, Any] | None = None) -> Any:
        """Let the others write first."""
        waiting = getattr(self.request.registry, "meanwhile", [])
        if waiting:
            waiting.pop(0)()
        return new


@resource.register(
    collection_path="/fungi",
    record_path="/fungi/{{id}}",
    collection_methods=("GET", "POST"),
    record_methods=("GET",),
)
class Fungus(resource.BaseResource):
    """Records of a user that are not changed."""

    mapping = FreeSchema()


class Inheriting(AuthorizationPolicy):
    """A policy by which the rights on a mushroom are rights on its spores."""

    def get_bound_permissions(self, object_id: str, permission: str) -> set[tuple[str, str]]:
        """Return what grants a permission."""
        names = {permission, "write"} if permission == "read" else {permission}
        mushroom, is_below, _ = object_id.partition("/spores")
        pairs = {(object_id, name) for name in names}
        return pairs | {(mushroom, name) for name in names | {"write"} if is_below}
