"""
A permission backend on SQL: one implementation for every database.

On the database of the storage it takes part in the transaction of the request: a record and its
permissions are written together, or not at all.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from itertools import chain
from typing import Any

from cliquet.drivers.databases import Database
from cliquet.drivers.statements import Statement, Step
from cliquet.drivers.writers import Row, Writer
from cliquet.permission import (
    WILDCARD,
    Access,
    BoundPermissions,
    PermissionBase,
    Share,
    bound_pairs,
    bound_permissions,
    check_names,
    ids_below,
    is_storable,
    uri_matcher,
)
from cliquet.permission.sql.statements import Statements, prefix_range, share_values
from cliquet.permission.sql.tables import METADATA


class SQLPermission(PermissionBase):
    """
    Permissions in a database.

    Args:
        database: Where they are.
        statements: In the dialect of that database.
    """

    #: Writes take part in the transaction of the request.
    is_transactional = True

    def __init__(self, database: Database, statements: Statements) -> None:
        self.database = database
        self._statements = statements

    def flush(self) -> None:
        """See :meth:`PermissionBase.flush`."""
        deletions = [self._statements.dynamic(table.delete()) for table in METADATA.sorted_tables]
        self._write(*(Step(one, {}) for one in deletions))

    def add_user_principal(self, user_id: str, principal: str) -> None:
        """See :meth:`PermissionBase.add_user_principal`."""
        check_names(user_id, principal)
        values = {"user_id": user_id, "principal": principal}
        self._write(Step(self._statements.add_user_principal, values))

    def remove_user_principal(self, user_id: str, principal: str) -> None:
        """See :meth:`PermissionBase.remove_user_principal`."""
        values = {"user_id": user_id, "principal": principal}
        self._remove(self._statements.remove_user_principal, values)

    def remove_principal(self, principal: str) -> None:
        """See :meth:`PermissionBase.remove_principal`."""
        self._remove(self._statements.remove_principal, {"principal": principal})

    def user_principals(self, user_id: str) -> set[str]:
        """See :meth:`PermissionBase.user_principals`."""
        return self._column(self._statements.user_principals, user_id=user_id)

    def add_principal_to_ace(self, object_id: str, permission: str, principal: str) -> None:
        """See :meth:`PermissionBase.add_principal_to_ace`."""
        check_names(object_id, permission, principal)
        self._write(Step(self._statements.add_ace, _ace(object_id, permission, principal)))

    def remove_principal_from_ace(self, object_id: str, permission: str, principal: str) -> None:
        """See :meth:`PermissionBase.remove_principal_from_ace`."""
        self._remove(self._statements.remove_ace, _ace(object_id, permission, principal))

    def object_permission_principals(self, object_id: str, permission: str) -> set[str]:
        """See :meth:`PermissionBase.object_permission_principals`."""
        values = {"object_id": object_id, "permission": permission}
        return self._column(self._statements.principals, **values)

    def principals_accessible_objects(
        self,
        principals: Iterable[str],
        permission: str,
        object_id_match: str | None = None,
        get_bound_permissions: BoundPermissions | None = None,
    ) -> set[str]:
        """See :meth:`PermissionBase.principals_accessible_objects`."""
        names = bound_permissions(object_id_match, permission, get_bound_permissions)
        values: dict[str, Any] = {"principals": list(principals), "permissions": list(names)}
        prefix = (object_id_match or WILDCARD).partition(WILDCARD)[0]
        statement = self._statements.accessible
        if prefix:
            statement = self._statements.accessible_within
            values.update(prefix_range(prefix))
        return set(filter(uri_matcher(object_id_match), self._column(statement, **values)))

    def access(
        self,
        user_id: str | None,
        pairs: Iterable[tuple[str, str]] = (),
        object_id: str | None = None,
    ) -> Access:
        """See :meth:`PermissionBase.access`; here by one statement."""
        # What cannot be there is left out, so that the rest is found.
        object_id = None if object_id is None or not is_storable(object_id) else object_id
        wanted = [
            pair for pair in set(pairs) if pair[0] != object_id and all(map(is_storable, pair))
        ]
        if user_id is None and object_id is None and not wanted:
            return Access(set(), {})
        statement = self._statements.access(
            len(wanted), with_user=user_id is not None, with_object=object_id is not None
        )
        values = {"user_id": user_id, "object_id": object_id}
        for place, (uri, name) in enumerate(wanted):
            values |= {f"object{place}": uri, f"permission{place}": name}
        principals: set[str] = set()
        aces: dict[tuple[str, str], set[str]] = {}
        for uri, name, principal in self._read(statement, **values):
            found = principals if uri is None else aces.setdefault((uri, name), set())
            found.add(principal)
        return Access(principals, aces)

    def accessible_ids(self, share: Share) -> set[str]:
        """See :meth:`PermissionBase.accessible_ids`."""
        uris = self._column(self._statements.accessible_within, **share_values(share))
        return ids_below(uris, share)

    def is_shared(self, share: Share) -> bool:
        """See :meth:`PermissionBase.is_shared`; one object is read at most."""
        return bool(self._read(self._statements.any_shared, **share_values(share)))

    def object_permission_authorized_principals(
        self,
        object_id: str,
        permission: str,
        get_bound_permissions: BoundPermissions | None = None,
    ) -> set[str]:
        """See :meth:`PermissionBase.object_permission_authorized_principals`."""
        pairs = bound_pairs(object_id, permission, get_bound_permissions)
        return set().union(*self.access(None, pairs).aces.values())

    def object_permissions(
        self, object_id: str, permissions: Iterable[str] | None = None
    ) -> dict[str, set[str]]:
        """See :meth:`PermissionBase.object_permissions`."""
        wanted = None if permissions is None else set(permissions)
        found: dict[str, set[str]] = {}
        for name, principal in self._read(self._statements.permissions, object_id=object_id):
            if wanted is None or name in wanted:
                found.setdefault(name, set()).add(principal)
        return found

    def replace_object_permissions(
        self, object_id: str, permissions: Mapping[str, Iterable[str]]
    ) -> None:
        """See :meth:`PermissionBase.replace_object_permissions`."""
        replacing = {name: sorted(set(principals)) for name, principals in permissions.items()}
        check_names(object_id, *replacing, *chain.from_iterable(replacing.values()))
        steps = []
        for name, principals in replacing.items():
            values = {"object_id": object_id, "permission": name}
            steps.append(Step(self._statements.forget_permission, values))
            steps += [
                Step(self._statements.add_ace, _ace(object_id, name, principal))
                for principal in principals
            ]
        with self.database.writing() as writer:
            self._lock(writer, [object_id])
            writer.later(*steps)

    def delete_object_permissions(self, *object_ids: str) -> None:
        """See :meth:`PermissionBase.delete_object_permissions`."""
        object_ids = tuple(filter(is_storable, object_ids))
        with self.database.writing() as writer:
            self._lock(writer, object_ids)
            writer.later(
                *(Step(self._statements.forget_object, {"object_id": one}) for one in object_ids)
            )

    def delete_object_trees(self, *object_ids: str) -> None:
        """See :meth:`PermissionBase.delete_object_trees`."""
        object_ids = tuple(filter(is_storable, object_ids))
        with self.database.writing() as writer:
            self._lock(writer, object_ids)
            for one in object_ids:
                writer.later(
                    Step(self._statements.forget_object, {"object_id": one}),
                    Step(self._statements.forget_below, prefix_range(f"{one}/")),
                )

    def _lock(self, writer: Writer, object_ids: Iterable[str]) -> None:
        # A statement of its own, and in one order everywhere: who waits for it sees afterwards
        # what the other wrote, and two never wait for each other.
        writer.later(
            *(Step(self._statements.lock, {"object_id": one}) for one in sorted(object_ids))
        )

    def _write(self, *steps: Step) -> None:
        with self.database.writing() as writer:
            writer.later(*steps)

    def _remove(self, statement: Statement, values: dict[str, str]) -> None:
        if all(map(is_storable, values.values())):
            self._write(Step(statement, values))

    def _read(self, statement: Statement, **values: Any) -> list[Row]:
        if not all(is_storable(value) for value in values.values() if isinstance(value, str)):
            return []
        stored = {
            name: list(filter(is_storable, value)) if type(value) is list else value
            for name, value in values.items()
        }
        return self.database.read(Step(statement, stored))

    def _column(self, statement: Statement, **values: Any) -> set[str]:
        return {row[0] for row in self._read(statement, **values)}


def _ace(object_id: str, permission: str, principal: str) -> dict[str, str]:
    return {"object_id": object_id, "permission": permission, "principal": principal}
