"""Resources and models built by hand, in views of applications and in their unit tests."""

from __future__ import annotations

import colander
import pytest
import webtest
from pyramid.httpexceptions import HTTPBadRequest, HTTPNotFound, HTTPPreconditionFailed

from cliquet import resource
from cliquet.authorization import RouteFactory
from cliquet.storage import Filter
from cliquet.storage.exceptions import RecordNotFoundError, UnicityError
from cliquet.storage.generators import UUID4
from cliquet.storage.memory import Storage
from cliquet.testing import DummyRequest
from cliquet.utils import COMPARISON
from tests.compat.apps import kinto, readinglist
from tests.compat.support import ALICE, MEMORY, served


class TestInAView:
    """A resource made in a view, on a route that is no resource's."""

    def test_the_context_of_another_route_is_made(self):  # names: RouteFactory
        """Resources: `RouteFactory(request)` on a route that is no resource (must not raise)."""

        def view(request):
            context = RouteFactory(request)
            return [context.resource_name, context.required_permission, context.on_collection]

        assert served(view=view).get("/v1/probe").json == [None, None, False]

    def test_the_attributes_of_a_context_can_be_set(self):  # names: RouteFactory
        """Resources: `context.get_permission_object_id` replaced, and the other attributes."""

        def view(request):
            context = RouteFactory(request)
            context.resource_name = "bucket"
            context.required_permission = "write"
            context.permission_object_id = "/buckets/a"
            context.get_permission_object_id = lambda request, object_id=None: "/buckets/a"
            one = kinto.Bucket(request, context)
            return one.context.get_permission_object_id(request, "x")

        app = served(setup=lambda config: config.scan(kinto), view=view)
        assert app.get("/v1/probe").json == "/buckets/a"

    def test_the_uri_of_a_record_has_no_version(self):  # P7.4
        """Resources: `context.get_permission_object_id(request, id)`: the URI without prefix."""
        uris = []

        def setup(config):
            config.scan(kinto)
            config.add_subscriber(
                lambda event: uris.append(
                    event.request.context.get_permission_object_id(event.request, "b")
                ),
                "pyramid.events.ContextFound",
            )

        app = served(setup=setup)
        app.get("/v1/buckets", headers=ALICE)
        app.get("/v1/buckets/a", headers=ALICE, status=404)
        assert uris == ["/buckets/b", "/buckets/a"]

    def test_a_resource_is_made_of_a_request_and_a_context(self):  # names: BaseResource
        """Resources: built by hand: `cls(request, context)`."""
        app = webtest.TestApp(kinto.main({}, **MEMORY))
        app.get("/v1/buckets/default/collections", headers=ALICE)
        assert len(app.get("/v1/buckets", headers=ALICE).json["data"]) == 1

    def test_what_exists_is_found_in_the_error(self):  # P4.2
        """Resources: `create_record` raises `UnicityError` with `.record` when the id exists."""
        app = webtest.TestApp(kinto.main({}, **MEMORY))
        for _ in range(3):
            app.get("/v1/buckets/default/collections", headers=ALICE)
        assert len(app.get("/v1/buckets", headers=ALICE).json["data"]) == 1


class NumberSchema(resource.ResourceSchema):
    """A number, unique."""

    number = colander.SchemaNode(colander.Integer())

    class Options:
        unique_fields = ("number",)


class Number(resource.BaseResource):
    """Numbers."""

    mapping = NumberSchema()


@pytest.fixture
def request_():
    """A request without a server."""
    return DummyRequest()


@pytest.fixture
def numbers(request_):
    """A resource without a server."""
    return Number(request=request_, context=RouteFactory(request_))


class TestModel:
    """The model of a resource that was built by hand."""

    def test_a_callers_dict_is_left_alone(self, numbers):  # storage contract
        """Resources: `model.create_record({"id": …})` leaves the caller's dict alone."""
        mine = {"id": "a", "number": 1}
        numbers.model.create_record(mine)
        assert mine == {"id": "a", "number": 1}

    def test_a_taken_id_is_an_error(self, numbers):  # P4.2
        """Resources: raises `UnicityError` with `.record` when the id exists."""
        first = numbers.model.create_record({"id": "a", "number": 1})
        with pytest.raises(UnicityError) as caught:
            numbers.model.create_record({"id": "a", "number": 2})
        assert (caught.value.field, caught.value.record) == ("id", first)

    def test_a_taken_value_is_an_error(self, numbers):  # P4.10
        """Resources: `create_record(record, parent_id=None, unique_fields=None)`."""
        first = numbers.model.create_record({"number": 1})
        with pytest.raises(UnicityError) as caught:
            numbers.model.create_record({"number": 1}, unique_fields=("number",))
        assert (caught.value.field, caught.value.record) == ("number", first)

    def test_records_are_listed_with_their_number(self, numbers):  # P6.8
        """Resources: `model.get_records(filters=)` → `(list, total)`."""
        for number in (1, 2, 3):
            numbers.model.create_record({"number": number})
        above = [Filter("number", 1, COMPARISON.GT)]
        records, total = numbers.model.get_records(filters=above)
        assert (sorted(one["number"] for one in records), total) == ([2, 3], 2)

    def test_records_of_another_parent_can_be_asked_for(self, numbers):  # P7.1
        """Resources: `get_records(…, parent_id)`, `create_record(…, parent_id=)`."""
        numbers.model.create_record({"number": 1}, parent_id="other")
        assert numbers.model.get_records()[1] == 0
        assert numbers.model.get_records(parent_id="other")[1] == 1

    def test_a_record_is_read_changed_and_deleted(self, numbers):  # P4
        """Resources: `get_record`, `update_record`, `delete_record` of the model."""
        model = numbers.model
        record = model.create_record({"number": 1})
        changed = model.update_record({**record, "number": 2})
        assert model.get_record(record["id"]) == changed
        assert model.delete_record(record)["deleted"] is True
        with pytest.raises(RecordNotFoundError):
            model.get_record(record["id"])

    def test_a_deletion_can_be_dated(self, numbers):  # P4.7
        """Resources: `delete_record(record, parent_id=None, last_modified=None)`."""
        record = numbers.model.create_record({"number": 1})
        later = record["last_modified"] + 1000
        gone = numbers.model.delete_record(record, last_modified=later)
        assert gone["last_modified"] == later

    def test_records_are_deleted_by_filters(self, numbers):  # P4.3
        """Resources: `delete_records(filters=None, parent_id=None)`."""
        for number in (1, 2):
            numbers.model.create_record({"number": number})
        gone = numbers.model.delete_records(filters=[Filter("number", 1, COMPARISON.EQ)])
        assert len(gone) == 1
        assert numbers.model.get_records()[1] == 1

    def test_its_attributes_are_there(self, numbers):  # names: Model
        """Resources: `model.{storage,id_field,modified_field,deleted_field,…}`."""
        model = numbers.model
        names = (model.id_field, model.modified_field, model.deleted_field)
        assert names == ("id", "last_modified", "deleted")
        assert isinstance(model.permissions_field, str)
        assert isinstance(model.storage, Storage)
        assert isinstance(model.id_generator, UUID4)
        assert (model.collection_id, model.parent_id) == ("number", "basicauth:bob")

    def test_its_timestamp_is_that_of_the_collection(self, numbers):  # P5.1
        """Resources: `model.timestamp()`."""
        record = numbers.model.create_record({"number": 1})
        assert numbers.model.timestamp() == numbers.timestamp == record["last_modified"]

    def test_it_carries_the_authorization_header(self):  # names: Model
        """Resources: `auth` = the Authorization header."""
        request = DummyRequest(headers={"Authorization": "Bearer x"})
        assert Number(request=request).model.auth == "Bearer x"

    def test_a_model_is_made_without_a_resource(self):  # names: Model
        """Resources: model classes can be driven without a server."""
        model = resource.Model(
            storage=Storage(), id_generator=UUID4(), collection_id="c", parent_id="p"
        )
        assert model.get_records() == ([], 0)


class TestEndpoints:
    """Endpoints called as methods."""

    def test_the_base_itself_is_a_resource(self, request_):  # names: BaseResource
        """Resources: `resource.BaseResource(request=DummyRequest(), context=…)`."""
        one = resource.BaseResource(request=request_, context=None)
        request_.validated = {"data": {"any": "thing"}}
        assert one.collection_post()["data"]["any"] == "thing"

    def test_a_record_is_posted(self, numbers, request_):  # P4.2
        """Resources: `request.validated = {"data": {…}}`, then `collection_post()`."""
        request_.validated = {"data": {"number": 1}}
        record = numbers.collection_post()["data"]
        assert record["number"] == 1
        assert request_.response.status_code == 201
        assert numbers.model.get_record(record["id"]) == record

    def test_a_record_that_is_there_is_returned(self, numbers, request_):  # P4.10
        """Resources: endpoints are called by unit tests of applications."""
        first = numbers.model.create_record({"number": 1})
        request_.validated = {"data": {"number": 1}}
        assert numbers.collection_post()["data"] == first

    def test_records_are_listed(self, numbers, request_):  # P4.1
        """Resources: endpoints are called by unit tests of applications: `collection_get()`."""
        record = numbers.model.create_record({"number": 1})
        assert numbers.collection_get()["data"] == [record]
        assert request_.response.headers["Total-Records"] == "1"

    def test_a_list_is_filtered_by_what_is_assigned(self, numbers, request_):  # P6.1
        """Resources: endpoints are called with `request.GET` assigned."""
        for number in (1, 2):
            numbers.model.create_record({"number": number})
        request_.GET = {"number": "2"}
        assert [one["number"] for one in numbers.collection_get()["data"]] == [2]

    def test_a_list_has_pages(self, numbers, request_):  # P6.6
        """Resources: endpoints are called with `request.GET` assigned."""
        for number in (1, 2):
            numbers.model.create_record({"number": number})
        request_.GET = {"_limit": "1"}
        assert len(numbers.collection_get()["data"]) == 1
        assert "_token=" in request_.response.headers["Next-Page"]

    def test_records_are_deleted(self, numbers):  # P4.3
        """Resources: endpoints are called by unit tests of applications: `collection_delete()`."""
        numbers.model.create_record({"number": 1})
        assert len(numbers.collection_delete()["data"]) == 1

    def test_a_record_is_read(self, numbers):  # P4.4
        """Resources: `record_id` assigned, then `get()`."""
        record = numbers.model.create_record({"number": 1})
        numbers.record_id = record["id"]
        assert numbers.get()["data"] == record

    def test_the_id_is_that_of_the_matchdict(self, request_):  # names: record_id
        """Resources: `request.matchdict = {"id": …}`, then the resource."""
        request_.matchdict = {"id": "a"}
        assert Number(request=request_).record_id == "a"
        assert Number(request=DummyRequest()).record_id is None

    def test_an_unknown_record_is_a_404(self, numbers):  # P4.4
        """Resources: errors of endpoints are HTTP exceptions to catch."""
        numbers.record_id = UUID4()()
        with pytest.raises(HTTPNotFound):
            numbers.get()

    def test_a_wrong_id_is_a_400(self, numbers):  # P4.9
        """Resources: errors of endpoints are HTTP exceptions to catch."""
        numbers.record_id = "a b"
        with pytest.raises(HTTPBadRequest):
            numbers.get()

    def test_a_record_is_put(self, numbers, request_):  # P4.5
        """Resources: `request.validated = {"data": {…}}`, then `put()`."""
        numbers.record_id = UUID4()()
        request_.validated = {"data": {"number": 1}}
        assert numbers.put()["data"]["id"] == numbers.record_id
        assert request_.response.status_code == 201

    def test_a_record_is_patched(self, numbers, request_):  # P4.6
        """Resources: `request.validated = {"data": {…}}`, then `patch()`."""
        numbers.record_id = numbers.model.create_record({"number": 1})["id"]
        request_.validated = {"data": {"number": 2}}
        assert numbers.patch()["data"]["number"] == 2

    def test_a_record_is_patched_with_a_body_of_its_own(self, numbers, request_):  # P4.6
        """Resources: unit tests set `request.json` beside `request.validated`."""
        numbers.record_id = numbers.model.create_record({"number": 1})["id"]
        request_.json = request_.validated = {"data": {"number": 2}}
        assert numbers.patch()["data"]["number"] == 2

    def test_a_record_is_deleted(self, numbers):  # P4.7
        """Resources: `record_id` assigned, then `delete()`."""
        numbers.record_id = numbers.model.create_record({"number": 1})["id"]
        assert numbers.delete()["data"]["deleted"] is True

    def test_preconditions_are_those_of_the_headers(self, numbers, request_):  # P5.3
        """Resources: endpoints are called with `request.headers` changed."""
        numbers.record_id = numbers.model.create_record({"number": 1})["id"]
        request_.headers["If-Match"] = '"1"'
        with pytest.raises(HTTPPreconditionFailed):
            numbers.delete()

    def test_invalid_filters_are_among_the_errors(self, numbers, request_):  # P6.1
        """Resources: endpoints are called, and `request.errors` is looked at."""
        request_.GET = {"other": "1"}
        with pytest.raises(HTTPBadRequest):
            numbers.collection_get()
        assert request_.errors[0]["location"] == "querystring"

    def test_filters_can_be_extracted(self, numbers, request_):  # names: _extract_filters
        """Resources: Kinto 1 calls `_extract_filters()`."""
        request_.GET = {"min_number": "3"}
        assert numbers._extract_filters() == [Filter("number", 3, COMPARISON.MIN)]
        assert numbers._extract_filters({"number": "1"}) == [Filter("number", 1, COMPARISON.EQ)]

    def test_the_record_or_404_is_there(self, numbers):  # names: _get_record_or_404
        """Resources: Kinto 1 calls `_get_record_or_404(id)`."""
        record = numbers.model.create_record({"number": 1})
        assert numbers._get_record_or_404(record["id"]) == record
        with pytest.raises(HTTPNotFound):
            numbers._get_record_or_404("other")

    def test_the_hooks_of_an_application_run(self, request_):  # P4.2
        """Resources: a resource of an application is driven without a server."""
        articles = readinglist.Article(request=request_)
        body = {"url": "http://a.example/", "title": "A", "added_by": "x", "unread": False}
        request_.validated = {"data": readinglist.ArticleSchema().deserialize(body)}
        record = articles.collection_post()["data"]
        assert record["marked_read_on"] == record["stored_on"]

    def test_a_user_can_be_chosen(self, request_):  # P7.1
        """Resources: `request.prefixed_userid` assigned."""
        request_.prefixed_userid = "fxa:carol"
        assert Number(request=request_).model.parent_id == "fxa:carol"

    def test_settings_can_be_chosen(self, request_, numbers):  # P6.6
        """Resources: `request.registry.settings` assigned to."""
        request_.registry.settings["paginate_by"] = 1
        for number in (1, 2):
            numbers.model.create_record({"number": number})
        assert len(numbers.collection_get()["data"]) == 1
