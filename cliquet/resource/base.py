"""
The resource: what its endpoints do, in terms of the rules beside it.

Source: protocol P4, P5, P6.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import colander

from cliquet.errors import not_found_response
from cliquet.events import ACTIONS, has_subscribers
from cliquet.exceptions import InvalidParameter
from cliquet.http.body import bound_schema, described
from cliquet.logs import bind_to_request
from cliquet.resource import patching, querystring
from cliquet.resource.answers import (
    add_cache_control,
    add_version,
    endpoint,
    next_page_url,
)
from cliquet.resource.lists import ListReader
from cliquet.resource.model import Model
from cliquet.resource.pagination import make_token
from cliquet.resource.preconditions import ANY, Preconditions
from cliquet.resource.schema import ResourceSchema, check_timestamp
from cliquet.resource.viewset import ViewSet
from cliquet.resource.writes import Outcome, RecordWrite, find_record
from cliquet.storage import JSONRecord, Page
from cliquet.storage.exceptions import UnicityError
from cliquet.utils import byte_length, classname, dict_subset

#: Bytes, in UTF-8, of the longest parent: with an id it is a row of an index.
MAX_PARENT_BYTES = 1280


class BaseResource(ListReader):
    """
    Records of a user, served over HTTP.

    A subclass sets :attr:`mapping`, the schema of its records, and is registered by
    :func:`~cliquet.resource.register`. Everything else can be overridden, the endpoints
    included: call the parent's, then change what it returned or ``self.request.response``.

    Args:
        request: The current request.
        context: What the route's factory made of it.
    """

    default_viewset: type[ViewSet] = ViewSet
    default_model: type[Model] = Model
    #: Schema of the records.
    mapping: Any = ResourceSchema()
    #: Names of the permissions that records of this resource know.
    permissions: tuple[str, ...] = ("read", "write")

    def __init__(self, request: Any, context: Any = None) -> None:
        self.request = request
        self.context = context
        self._timestamp_before: int | None = None
        matchdict = getattr(request, "matchdict", None) or {}
        self.record_id: str | None = matchdict.get("id")
        self.model = self.default_model(
            storage=request.registry.storage,
            id_generator=request.registry.id_generator,
            collection_id=classname(self),
            parent_id=self.get_parent_id(request),
            auth=request.headers.get("Authorization"),
        )
        self.model.run = getattr(request, "run", None)
        bind_to_request(collection_id=self.model.collection_id)

    # -- What applications override

    def get_parent_id(self, request: Any) -> str:
        """Return whose records are served: by default, the user's own (protocol P7.1)."""
        return request.prefixed_userid

    def check_place(self) -> None:
        """
        Refuse a parent whose name is longer than storages keep, as a URL may make it.

        Raises:
            InvalidParameter: It is.
        """
        if byte_length(str(self.model.parent_id)) > MAX_PARENT_BYTES:
            raise InvalidParameter(
                f"The parent is longer than {MAX_PARENT_BYTES} bytes", location="path"
            )

    def process_record(self, new: JSONRecord, old: JSONRecord | None = None) -> JSONRecord:
        """
        Return the record to be stored: a hook between validation and the write.

        It may run several times for one request: when another writer changes the record
        meanwhile, everything is done again with what is there now.

        Args:
            new: Validated; it may be changed.
            old: The record as it is, or ``None`` when it is created.
        """
        return new

    def apply_changes(self, record: JSONRecord, changes: JSONRecord) -> JSONRecord:
        """
        Return *record* with *changes* merged into its top level, validated (protocol P4.6).

        Raises:
            InvalidParameter: A read-only field would change, or the whole is not valid.
        """
        patching.refuse_readonly(record, changes, self.mapping.is_readonly)
        try:
            schema = bound_schema(self.mapping, self.request)
            validated: JSONRecord = schema.deserialize({**record, **changes})
        except colander.Invalid as error:
            field, text = next(iter(described(error).items()))
            name = f"data.{field}" if field else "data"
            raise InvalidParameter(text, location="body", name=name) from error
        modified_field = self.model.modified_field
        if modified_field in changes and modified_field in validated:
            # A schema makes integers of texts and of decimals, which were not looked at before.
            check_timestamp(validated[modified_field], modified_field, self.mapping)
        for field in (self.model.id_field, modified_field):
            if field in record:
                validated.setdefault(field, record[field])
        return validated

    def postprocess(
        self, result: Any, action: ACTIONS = ACTIONS.READ, old: Any = None
    ) -> dict[str, Any]:
        """
        Return the body of the response, after events were announced.

        Args:
            result: A record, a tombstone, or a list of either.
            action: What was done.
            old: The record as it was, for updates and deletions.
        """
        notify = getattr(self.request, "notify_resource_event", None)
        if notify is not None:
            notify(
                parent_id=self.model.parent_id,
                timestamp=self._timestamp_before,
                data=result,
                action=action,
                old=old,
            )
        return {"data": result}

    # -- Endpoints of the collection

    @endpoint
    def collection_get(self) -> Any:
        """List records: filtered, sorted, in pages (protocol P4.1, P6)."""
        preconditions = Preconditions.parse(self.request.headers, is_read=True)
        if preconditions.if_none_match == ANY or preconditions.if_match is not None:
            preconditions.check_collection(self.timestamp)
        query, fields = self._list_query(preconditions)
        page = self.model.get_page(known=preconditions.known, **query)
        preconditions.check_collection(page.timestamp)
        self._describe_page(page, query)
        records = page.records
        if fields is not None:
            records = [dict_subset(record, fields) for record in records]
        return self.postprocess(records)

    @endpoint
    def collection_post(self) -> Any:
        """Create a record, or return the one that is there already (protocol P4.2)."""
        body = self._posted_record()
        record_id = body.get(self.model.id_field)
        if record_id is not None:
            self._check_id(record_id)
        preconditions = Preconditions.parse(self.request.headers, is_read=False)
        existing = None if record_id is None else find_record(self.model, record_id)
        if existing is not None:
            return self._existing(existing, preconditions)
        if preconditions.if_match is not None:
            preconditions.check_collection(self.timestamp)
        new = self.process_record(body)
        self.note_timestamp()
        try:
            with self.model.expecting(collection=preconditions.if_match):
                record = self.model.create_record(new, unique_fields=self.unique_fields)
        except UnicityError as error:
            # Preconditions are about the id; another field's holder is another record.
            is_same = error.field == self.model.id_field
            return self._existing(error.record, preconditions if is_same else None)
        return self._written(Outcome(record, ACTIONS.CREATE, None))

    @endpoint
    def collection_delete(self) -> Any:
        """Delete the records that the filters meet, and list the tombstones (protocol P4.3)."""
        preconditions = Preconditions.parse(self.request.headers, is_read=False)
        if preconditions.if_match is not None:
            preconditions.check_collection(self.timestamp)
        filters = self._extract_filters()
        self.note_timestamp()
        with self.model.expecting(collection=preconditions.if_match):
            deleted = self.model.delete_records(filters=filters)
        # Each was stamped in turn: the latest stamp is the collection's timestamp.
        timestamps = [tombstone[self.model.modified_field] for tombstone in deleted]
        add_version(self.request.response, max(timestamps) if timestamps else self.timestamp)
        old = self.model.previous_of(deleted)
        return self.postprocess(deleted, action=ACTIONS.DELETE, old=old)

    # -- Endpoints of the record

    @endpoint
    def get(self) -> Any:
        """Return a record (protocol P4.4)."""
        self._check_id(self.record_id)
        record = self._get_record_or_404(str(self.record_id))
        preconditions = Preconditions.parse(self.request.headers, is_read=True)
        preconditions.check_record(record, self.model.modified_field)
        fields = self._extract_partial_fields()
        add_version(self.request.response, record[self.model.modified_field])
        self._add_cache_control()
        return self.postprocess(record if fields is None else dict_subset(record, fields))

    @endpoint
    def put(self) -> Any:
        """Create or replace a record (protocol P4.5)."""
        body = self._posted_record()
        self._check_id(self.record_id)
        self._check_same_id(body)
        return self._written(self._write().put(body))

    @endpoint
    def patch(self) -> Any:
        """Change some fields of a record (protocol P4.6)."""
        changes = self._posted_record()
        self._check_id(self.record_id)
        self._check_same_id(changes)
        outcome = self._write().patch(changes)
        return self._written(outcome, self._response_behavior(outcome, changes))

    @endpoint
    def delete(self) -> Any:
        """Delete a record, and return its tombstone (protocol P4.7)."""
        self._check_id(self.record_id)
        return self._written(self._write().delete(self._forced_deletion_time))

    # -- What others may see

    def shown(self, record: Mapping[str, Any] | None) -> Mapping[str, Any] | None:
        """Return what errors show of a record: all of it, or ``None`` (protocol P7.9)."""
        return record

    def shows_collection(self) -> bool:
        """Tell whether errors show the timestamp of the collection."""
        return True

    # -- What is known of the request

    def note_timestamp(self) -> None:
        """Keep the collection's timestamp before it is written, if events will tell it (P9.2)."""
        if hasattr(self.request, "notify_resource_event") and has_subscribers(
            self.request.registry, ACTIONS.UPDATE
        ):
            self._timestamp_before = self.timestamp

    @property
    def timestamp(self) -> int:
        """Timestamp of the collection, in milliseconds; read anew each time."""
        return self.model.timestamp()

    @property
    def collection(self) -> Model:
        """Old name of :attr:`model`."""
        return self.model

    @property
    def unique_fields(self) -> tuple[str, ...]:
        """Names of the fields of which no two records share a value (protocol P4.10)."""
        return tuple(self.mapping.get_option("unique_fields"))

    def _get_record_or_404(self, record_id: str) -> JSONRecord:
        """Return the record of that id; raise the 404 where there is none."""
        record = find_record(self.model, record_id)
        if record is None:
            raise not_found_response()
        return record

    def _write(self) -> RecordWrite:
        return RecordWrite(self)

    def _check_id(self, record_id: object) -> None:
        match = self.model.id_generator.match
        if not isinstance(record_id, str) or not match(record_id):
            raise InvalidParameter("Invalid record id", location="path")

    def _check_same_id(self, body: Mapping[str, Any]) -> None:
        id_field = self.model.id_field
        if body.get(id_field, self.record_id) != self.record_id:
            raise InvalidParameter(
                "Record id does not match existing record", location="body", name=id_field
            )

    def _posted_record(self) -> JSONRecord:
        """Return the record of the body: validated, with the id and the timestamp it asks for."""
        record = dict(self.request.validated["data"])
        id_field, modified_field = self.model.id_field, self.model.modified_field
        sent = self._sent_data()
        if id_field in sent:
            record.setdefault(id_field, sent[id_field])
        if modified_field not in sent or not self._keeps(modified_field):
            # A timestamp that a schema made up is older than the lock: pollers would miss it.
            record.pop(modified_field, None)
        elif modified_field in record:
            check_timestamp(record[modified_field], modified_field, self.mapping)
        return record

    def _keeps(self, field: str) -> bool:
        return self.mapping.knows(field) or self.mapping.get_option("preserve_unknown")

    def _sent_data(self) -> Mapping[str, Any]:
        """Return the record as the client sent it, before its schema dropped or added fields."""
        try:
            body = getattr(self.request, "json", None)
        except ValueError:
            body = None
        data = body.get("data") if isinstance(body, Mapping) else None
        return data if isinstance(data, Mapping) else self.request.validated["data"]

    def _forced_deletion_time(self) -> int | None:
        text = self.request.GET.get(self.model.modified_field)
        if text is None:
            return None
        return querystring.read_forced_timestamp(self.model.modified_field, text)

    # -- Answers

    def _existing(self, record: JSONRecord, preconditions: Preconditions | None) -> dict[str, Any]:
        if preconditions is not None:
            preconditions.check_record(record, self.model.modified_field)
        return self._written(Outcome(record, ACTIONS.READ, None))

    def _written(self, outcome: Outcome, shown: JSONRecord | None = None) -> dict[str, Any]:
        response = self.request.response
        if outcome.action is ACTIONS.CREATE:
            response.status_code = 201
        add_version(response, outcome.record[self.model.modified_field])
        body = self.postprocess(outcome.record, action=outcome.action, old=outcome.old)
        return body if shown is None else {"data": shown}

    def _response_behavior(self, outcome: Outcome, changes: JSONRecord) -> JSONRecord | None:
        """Return the fields that ``Response-Behavior`` asks for, or ``None`` for all of them."""
        behavior = self.request.headers.get("Response-Behavior", "full").lower()
        old, new = outcome.old or {}, outcome.record
        if behavior == "light":
            return patching.light_response(old, new, self.model.modified_field)
        if behavior == "diff":
            return patching.diff_response(old, new, changes, self.model.modified_field)
        return None

    def _add_cache_control(self) -> None:
        add_cache_control(self.request, self)

    def _describe_page(self, page: Page, query: Mapping[str, Any]) -> None:
        response, limit = self.request.response, query["limit"]
        response.headers["Total-Records"] = str(page.total)
        add_version(response, page.timestamp)
        self._add_cache_control()
        if page.more:
            token = make_token(page.records[-1], query["sorting"])
            response.headers["Next-Page"] = next_page_url(self.request, limit, token)
        bind_to_request(
            collection_timestamp=page.timestamp,
            nb_records=len(page.records),
            limit=limit,
        )


#: The name under which applications subclassed it in later versions of old.
UserResource = BaseResource
