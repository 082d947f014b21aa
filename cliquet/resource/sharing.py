"""
The model of shareable resources: records with their permissions, one collection for all.

Source: protocol P7.3, P7.6.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext
from functools import cached_property
from typing import Any

from cliquet.drivers.databases import is_in_transaction
from cliquet.permission import PermissionBase, Share
from cliquet.resource.model import Model
from cliquet.storage import Filter, JSONRecord, Page
from cliquet.storage.adapter import conditional
from cliquet.storage.shared import accessible_page, accessible_records, delete_accessible
from cliquet.utils import DeprecatedMeta

#: Most objects of which the permissions are deleted at a time.
OBJECTS_AT_A_TIME = 1000


class ShareableModel(Model):
    """
    A model that keeps the permissions of its records with them.

    A record that it returns alone has its permissions under :attr:`permissions_field`, sorted
    lists of principals by permission; in one that it is given they say what to change: those
    named are replaced. Permissions are written after the record was, in its transaction where
    there is one, else with the collection locked, and are gone with it.

    Attributes:
        permission: Backend of the permissions.
        permission_names: Those that records of the resource know.
        find_author: Tells who creates and changes, and is given ``write``; ``None``: nobody.
        get_permission_object_id: Returns the URI of a record, given its id.
        read_permissions: Returns the permissions of an object, given its URI.
        share: The part of the collection that lists are of; ``None``: the whole.
    """

    permission: PermissionBase
    permission_names: tuple[str, ...] = ("read", "write")
    find_author: Callable[[], str | None] = staticmethod(lambda: None)
    get_permission_object_id: Callable[[str], str]
    read_permissions: Callable[[str], Mapping[str, Iterable[str]]]
    share: Share | None = None

    @cached_property
    def current_principal(self) -> str | None:
        """Who creates and changes, asked for by the first write."""
        return self.find_author()

    def get_record(self, record_id: str, parent_id: str | None = None) -> JSONRecord:
        """See :meth:`Model.get_record`; the permissions are among the fields."""
        return self.with_permissions(super().get_record(record_id, parent_id))

    def create_record(
        self,
        record: JSONRecord,
        parent_id: str | None = None,
        unique_fields: Sequence[str] | None = None,
    ) -> JSONRecord:
        """See :meth:`Model.create_record`; nothing is left of permissions of old."""
        fields, given = self._split(record)
        permissions = {name: set(given.get(name, ())) for name in self.permission_names}
        self._add_author(permissions)
        with self._as_one(parent_id):
            created = super().create_record(fields, parent_id, unique_fields)
            uri = self.get_permission_object_id(created[self.id_field])
            self.permission.replace_object_permissions(uri, permissions)
        return {**created, self.permissions_field: _shown(permissions)}

    def update_record(
        self,
        record: JSONRecord,
        parent_id: str | None = None,
        unique_fields: Sequence[str] | None = None,
    ) -> JSONRecord:
        """See :meth:`Model.update_record`; who changes a record may write it from then on."""
        fields, given = self._split(record)
        uri = self.get_permission_object_id(record[self.id_field])
        replaced = {name: set(principals) for name, principals in given.items()}
        if "write" in replaced:
            self._add_author(replaced)
        with self._as_one(parent_id):
            with self._taking_away(uri, replaced):
                updated = super().update_record(fields, parent_id, unique_fields)
            permissions = self._replace_permissions(uri, replaced)
        return {**updated, self.permissions_field: _shown(permissions)}

    def delete_record(
        self,
        record: JSONRecord,
        parent_id: str | None = None,
        last_modified: int | None = None,
    ) -> JSONRecord:
        """See :meth:`Model.delete_record`; permissions on what is below it go as well."""
        with self._as_one(parent_id):
            tombstone = super().delete_record(record, parent_id, last_modified)
            uri = self.get_permission_object_id(record[self.id_field])
            self.permission.delete_object_trees(uri)
        return tombstone

    def delete_records(
        self, filters: Sequence[Filter] | None = None, parent_id: str | None = None
    ) -> list[JSONRecord]:
        """See :meth:`Model.delete_records`; permissions on what is below them go as well."""
        with self._as_one(parent_id):
            return super().delete_records(filters, parent_id)

    def with_permissions(self, record: JSONRecord) -> JSONRecord:
        """Return a record with its permissions among its fields."""
        uri = self.get_permission_object_id(record[self.id_field])
        return {**record, self.permissions_field: _shown(self.read_permissions(uri))}

    def without_permissions(self, record: Mapping[str, Any]) -> JSONRecord:
        """Return a record as the storage has it."""
        return self._split(record)[0]

    def _get_all(self, **query: Any) -> tuple[list[JSONRecord], int]:
        if self.share is None:
            return super()._get_all(**query)
        return accessible_records(conditional(self.storage), self.permission, self.share, **query)

    def _get_page(self, **query: Any) -> Page:
        if self.share is None:
            return super()._get_page(**query)
        return accessible_page(conditional(self.storage), self.permission, self.share, **query)

    def _delete_all(self, **query: Any) -> list[Any]:
        if self.share is None:
            pairs = super()._delete_all(**query)
        else:
            storage = conditional(self.storage)
            pairs = delete_accessible(storage, self.permission, self.share, **query)
        uris = [self.get_permission_object_id(one[self.id_field]) for one, _ in pairs]
        for start in range(0, len(uris), OBJECTS_AT_A_TIME):
            self.permission.delete_object_trees(*uris[start : start + OBJECTS_AT_A_TIME])
        return pairs

    def _as_one(self, parent_id: str | None) -> AbstractContextManager[Any]:
        """Let nobody come between the writing of a record and that of its permissions."""
        # In a transaction nobody does; and whoever has locked what is outside of it would wait
        # for the end of others, who might be waiting for the lock.
        if is_in_transaction():
            return nullcontext()
        lock: AbstractContextManager[Any] = conditional(self.storage).locked(
            self.collection_id, self._parent(parent_id)
        )
        return lock

    @contextmanager
    def _taking_away(self, uri: str, replaced: Mapping[str, set[str]]) -> Iterator[None]:
        """Take permissions away before the record is written that is not to be seen by them."""
        # In a transaction nobody sees either before both are there.
        if is_in_transaction() or not replaced:
            yield
            return
        present = self.permission.object_permissions(uri, replaced)
        kept = {name: found & replaced[name] for name, found in present.items()}
        if kept == present:
            yield
            return
        self.permission.replace_object_permissions(uri, kept)
        try:
            yield
        except BaseException:
            self.permission.replace_object_permissions(uri, present)
            raise

    def _replace_permissions(self, uri: str, replaced: dict[str, set[str]]) -> dict[str, set[str]]:
        """Replace permissions, and return all that the object has now, of its author too."""
        present = {name: set(found) for name, found in self.read_permissions(uri).items()}
        if replaced:
            self.permission.replace_object_permissions(uri, replaced)
        permissions = present | replaced
        author = self.current_principal
        if author is not None and author not in permissions.get("write", ()):
            self.permission.add_principal_to_ace(uri, "write", author)
            self._add_author(permissions)
        return permissions

    def _split(self, record: Mapping[str, Any]) -> tuple[JSONRecord, Mapping[str, Any]]:
        fields = dict(record)
        return fields, fields.pop(self.permissions_field, None) or {}

    def _add_author(self, permissions: dict[str, set[str]]) -> None:
        if self.current_principal is not None:
            permissions.setdefault("write", set()).add(self.current_principal)


def _shown(permissions: Mapping[str, Iterable[str]]) -> dict[str, list[str]]:
    """Return permissions as answers show them: sorted, and those that nobody has left out."""
    return {name: sorted(found) for name, found in sorted(permissions.items()) if found}


class ProtectedModel(ShareableModel, metaclass=DeprecatedMeta):
    """Old name of :class:`ShareableModel`."""

    __deprecation_warning__ = "ProtectedModel is deprecated: use ShareableModel"
