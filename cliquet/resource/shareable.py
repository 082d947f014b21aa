"""
Shareable resources: one collection for all, and permissions that say who may do what.

Source: protocol P7.3 to P7.9.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import Any

from pyramid.httpexceptions import HTTPForbidden

from cliquet.authorization import DYNAMIC, RouteFactory
from cliquet.errors import not_found_response
from cliquet.events import ACTIONS
from cliquet.exceptions import InvalidParameter
from cliquet.permission import MAX_OBJECT_ID_BYTES
from cliquet.resource.base import BaseResource
from cliquet.resource.preconditions import Preconditions
from cliquet.resource.sharing import ShareableModel
from cliquet.resource.viewset import ShareableViewSet
from cliquet.resource.writes import Outcome, RecordWrite, find_record
from cliquet.storage import JSONRecord
from cliquet.storage.exceptions import ModifiedError
from cliquet.utils import DeprecatedMeta, byte_length


class ShareableResource(BaseResource):
    """
    Records that users share, served over HTTP with their permissions.

    It is used as :class:`~cliquet.resource.BaseResource` is. A subclass may name more
    :attr:`permissions`, such as ``comment:create`` for the resource below it.
    """

    default_viewset = ShareableViewSet
    default_model = ShareableModel
    model: ShareableModel

    def __init__(self, request: Any, context: Any = None) -> None:
        super().__init__(request, context)
        self.model.permission = request.registry.permission
        self.model.permission_names = tuple(self.permissions)
        self.model.find_author = lambda: request.prefixed_userid
        self._has_looked = False
        self._attach(context)

    def get_parent_id(self, request: Any) -> str:
        """Return whose records are served: everybody's."""
        return ""

    def postprocess(
        self, result: Any, action: ACTIONS = ACTIONS.READ, old: Any = None
    ) -> dict[str, Any]:
        """Return the body of the response: a record has its permissions beside it."""
        if not isinstance(result, Mapping):
            return super().postprocess(result, action=action, old=old)
        bare = self.model.without_permissions
        previous = None if old is None else bare(old)
        body = super().postprocess(bare(result), action=action, old=previous)
        permissions, record_id = map(
            result.get, (self.model.permissions_field, self.model.id_field)
        )
        if permissions is not None and self._shows_permissions(str(record_id), action):
            body["permissions"] = permissions
        return body

    def shown(self, record: Mapping[str, Any] | None) -> Mapping[str, Any] | None:
        """Return what errors show of a record: nothing, to who may not read it."""
        if record is None or not self._may("read", record[self.model.id_field]):
            return None
        return self.model.without_permissions(record)

    def shows_collection(self) -> bool:
        """Tell whether errors show the timestamp of the collection: to its readers."""
        return self._may("read")

    def check_place(self) -> None:
        """See :meth:`BaseResource.check_place`; the URI of a record has its own limit."""
        super().check_place()
        # On the URL of a collection, whatever id the record is going to have.
        room = 0 if self.record_id is not None else self.model.id_generator.max_length
        uri = self.model.get_permission_object_id(self.record_id or "")
        if byte_length(uri) + room > MAX_OBJECT_ID_BYTES:
            raise InvalidParameter(
                f"The URI of the record is longer than {MAX_OBJECT_ID_BYTES} bytes",
                location="path",
            )

    # -- What is written

    def _check_id(self, record_id: object) -> None:
        super()._check_id(record_id)
        # Its URI would be that of something below another record.
        if "/" in str(record_id):
            raise InvalidParameter("Invalid record id", location="path")

    def _posted_record(self) -> JSONRecord:
        record = super()._posted_record() if "data" in self.request.validated else {}
        field = self.model.permissions_field
        if field in record:
            raise InvalidParameter(f"{field} is not allowed", location="body", name=f"data.{field}")
        given = self.request.validated.get("permissions")
        if given:
            is_whole = self.request.method != "PATCH"
            names = self.permissions if is_whole else given
            record[field] = {name: given.get(name, []) for name in names}
        return record

    def _write(self) -> RecordWrite:
        return SharedWrite(self)

    def _existing(self, record: JSONRecord, preconditions: Preconditions | None) -> dict[str, Any]:
        if not self._may("read", record[self.model.id_field]):
            if preconditions is not None and preconditions.is_for_writes:
                # Compared, they would tell of the timestamp.
                raise ModifiedError(dict(record))
            raise HTTPForbidden
        if self.model.permissions_field not in record:
            record = self.model.with_permissions(record)
        return super()._existing(record, preconditions)

    def _response_behavior(self, outcome: Outcome, changes: JSONRecord) -> JSONRecord | None:
        bare = self.model.without_permissions
        old = None if outcome.old is None else bare(outcome.old)
        outcome = outcome._replace(record=bare(outcome.record), old=old)
        return super()._response_behavior(outcome, bare(changes))

    def look(self) -> JSONRecord | None:
        """
        Return the record of the URL with its permissions, or ``None``.

        The first time it is what the context has read, before it read who may: nothing is seen
        that was written after a permission was taken away.
        """
        seen = getattr(self.context, "__dict__", {})
        if self._has_looked or "current_record" not in seen:
            return find_record(self.model, str(self.record_id))
        self._has_looked = True
        record = seen["current_record"]
        return None if record is None else self.model.with_permissions(record)

    def _get_record_or_404(self, record_id: str) -> JSONRecord:
        if record_id != self.record_id:
            return super()._get_record_or_404(record_id)
        record = self.look()
        if record is None:
            raise not_found_response()
        return record

    # -- Who may

    def allow_again(self) -> None:
        """
        Ask again whether the request is allowed, if it was asked: the record may be another's.

        Raises:
            HTTPForbidden: It is not allowed any more.
        """
        if not self._is_asked():
            return
        # As the route makes contexts: what they were told then, they are told again.
        route = getattr(self.request, "matched_route", None)
        context = (getattr(route, "factory", None) or type(self.context))(self.request)
        if not self.request.has_permission(self.context.asked_permission or DYNAMIC, context):
            raise HTTPForbidden
        self.context = self.request.context = context
        self._has_looked = False
        self._attach(context)

    def _attach(self, context: Any) -> None:
        model, backend = self.model, self.model.permission
        model.get_permission_object_id = partial(_object_id, context, self.request)
        # A context of another kind knows nothing of what was read already.
        own = context if isinstance(context, RouteFactory) else None
        model.read_permissions = backend.object_permissions if own is None else own.permissions_of
        model.share = None if own is None else own.share

    def _shows_permissions(self, record_id: str, action: ACTIONS) -> bool:
        visible_to = self.request.registry.settings.get("permissions_visible_to", "readers")
        is_written = action is not ACTIONS.READ
        return visible_to == "readers" or is_written or self._may("write", record_id)

    def _may(self, permission: str, record_id: str | None = None) -> bool:
        """Tell whether the user has a permission on a record, or on any of the collection."""
        if not self._is_asked():
            return True
        about = self.context.about(permission, record_id)
        return bool(self.request.has_permission(DYNAMIC, about))

    def _is_asked(self) -> bool:
        """Tell whether a policy decides; of a resource made by hand, nobody is told apart."""
        context = self.context
        if not isinstance(context, RouteFactory):
            return False
        # A policy of the application's own need not say that it was asked.
        return context.is_dynamic or context.asked_permission is not None


class SharedWrite(RecordWrite):
    """A write of a shareable record: always done, and allowed anew after each lost race."""

    def _find(self) -> JSONRecord | None:
        self._model.begin_run()
        record: JSONRecord | None = self._resource.look()
        return record

    def _changed(self, record: JSONRecord, changes: JSONRecord) -> JSONRecord:
        bare, field = self._model.without_permissions, self._model.permissions_field
        changed = super()._changed(bare(record), bare(changes))
        return changed | ({field: changes[field]} if field in changes else {})

    def _is_same(self, existing: JSONRecord, new: JSONRecord) -> bool:
        # Written even so: permissions may differ, and their readers poll for the timestamp.
        return False

    def _begin_again(self) -> None:
        self._resource.allow_again()


def _object_id(context: Any, request: Any, record_id: str) -> str:
    return context.get_permission_object_id(request, record_id)


class ProtectedResource(ShareableResource, metaclass=DeprecatedMeta):
    """Old name of :class:`ShareableResource`."""

    __deprecation_warning__ = "ProtectedResource is deprecated: use ShareableResource"
