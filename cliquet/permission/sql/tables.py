"""The tables of permissions, as cliquet 3.1 had them; their names are found by administrators."""

from __future__ import annotations

from sqlalchemy import Column, Index, MetaData, PrimaryKeyConstraint, Table

from cliquet.drivers.elements import Key

METADATA = MetaData()

user_principals = Table(
    "user_principals",
    METADATA,
    Column("user_id", Key, nullable=False),
    Column("principal", Key, nullable=False),
    PrimaryKeyConstraint("user_id", "principal"),
)
# The members of a group, for the day that it is deleted.
Index("idx_user_principals_principal", user_principals.c.principal)

aces = Table(
    "access_control_entries",
    METADATA,
    Column("object_id", Key, nullable=False),
    Column("permission", Key, nullable=False),
    Column("principal", Key, nullable=False),
    PrimaryKeyConstraint("object_id", "permission", "principal"),
)
# What is shared with somebody, in the order of URIs.
Index("idx_access_control_entries_shared", aces.c.principal, aces.c.permission, aces.c.object_id)
