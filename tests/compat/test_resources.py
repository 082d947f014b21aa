"""Resources as applications register, override and hook them."""

from __future__ import annotations

import pytest
import webtest
from pyramid.config import Configurator
from pyramid.exceptions import ConfigurationError

import cliquet
from cliquet import resource
from cliquet.storage import Filter
from cliquet.storage.exceptions import RecordNotFoundError
from cliquet.storage.generators import Generator
from tests.compat.apps import kinto, readinglist, stamps
from tests.compat.support import ALICE, BOB, MEMORY, served

RECORDS = "/v1/buckets/b/collections/c/records"


@pytest.fixture
def app():
    """The application like Kinto, as Alice sees it."""
    app = webtest.TestApp(kinto.main({}, **MEMORY))
    app.extra_environ["HTTP_AUTHORIZATION"] = ALICE["Authorization"]
    return app


@pytest.fixture
def record(app):
    """A record of one collection."""
    return app.post_json(RECORDS, {"data": {"size": 3}}).json["data"]


class TestRegistration:
    """``@resource.register(…)``."""

    def test_other_placeholders_stay_in_the_matchdict(self, app, record):  # P4.4
        """Resources: `record_path="/x/{{id}}"`; other placeholders stay in `matchdict`."""
        assert app.get(f"{RECORDS}/{record['id']}").json["data"] == record
        assert app.get(RECORDS.replace("/c/", "/d/")).json["data"] == []

    @pytest.mark.parametrize("headers", [ALICE, {"Authorization": ""}])
    def test_a_method_that_is_not_listed_is_405(self, app, headers):  # P2.5
        """Resources: methods not listed are 405 even to anonymous users."""
        response = app.delete("/v1/buckets", headers=headers, status=405)
        assert response.json["errno"] == 115
        assert "DELETE" not in response.headers["Allow"]

    def test_record_methods_can_be_listed(self):  # P2.5
        """Resources: `record_methods=`; methods not listed are 405."""
        app = served(setup=lambda config: config.scan(stamps))
        app.put_json("/v1/stamps/a", {"data": {}}, status=405)
        app.get("/v1/stamps/a", status=401)

    @pytest.mark.parametrize(
        ("route", "elements", "path"),
        [
            ("bucket-collection", {}, "/v1/buckets"),
            ("bucket-record", {"id": "b"}, "/v1/buckets/b"),
            ("collection-record", {"bucket_id": "b", "id": "c"}, "/v1/buckets/b/collections/c"),
        ],
    )
    def test_service_names_serve_as_routes(self, route, elements, path):  # names: service names
        """Resources: `<resource>-collection`, `<resource>-record` serve in `route_path`."""
        app = served(
            setup=lambda config: config.scan(kinto),
            view=lambda request: request.route_path(route, **elements),
        )
        assert app.get("/v1/probe").json == path

    def test_a_service_tells_what_it_is_of(self):  # names: a service carries
        """Resources: a service carries `viewset resource type collection_path record_path`."""
        registry = served(setup=lambda config: config.scan(stamps)).app.registry
        by_name = {one.name: one for one in registry.cornice_services.values()}
        service = by_name["stamp-record"]
        assert (service.type, service.resource) == ("record", stamps.Stamp)
        assert (service.collection_path, service.record_path) == ("/stamps", "/stamps/{id}")
        assert isinstance(service.viewset, resource.ViewSet)

    def test_one_class_under_two_names_is_two_resources(self):  # names: register
        """Resources: one resource may be registered twice under other names and URLs."""
        app = served(setup=lambda config: config.scan(stamps))
        created = app.post_json("/v1/old/coins", {"data": {"value": 1}}, headers=ALICE)
        assert app.get("/v1/coins", headers=ALICE).json["data"] == [created.json["data"]]
        paths = app.app.registry.cornice_services
        assert {"v1/old/coins", "v1/coins/{id}", "v1/old/coins/{id}"} <= set(paths)

    def test_each_name_has_settings_of_its_own(self):  # P10.3
        """Resources: one resource registered twice is enabled under each name for itself."""
        settings = {"collection_ancient_get_enabled": "false"}
        app = served(settings, setup=lambda config: config.scan(stamps))
        app.get("/v1/old/coins", headers=ALICE, status=405)
        app.get("/v1/coins", headers=ALICE)

    def test_a_class_attribute_names_a_resource(self):  # names: the resource's name
        """Resources: the name is that of `register`, else a class attribute `name`."""
        app = served(setup=lambda config: config.scan(stamps))
        assert app.get("/v1/medals", headers=ALICE).json["data"] == []

    def test_records_are_stored_under_the_name_of_the_class(self, app, record):  # names
        """Resources: `collection_id` = its *class* name in lower case."""
        storage = app.app.registry.storage
        parent = "/buckets/b/collections/c"
        found = storage.get(collection_id="record", parent_id=parent, object_id=record["id"])
        assert found == record

    def test_a_resource_without_a_storage_is_refused(self):  # settings: storage_backend
        """Resources: a resource without storage: ConfigurationError."""
        with pytest.raises(ConfigurationError, match="storage_backend"):
            served({"storage_backend": ""}, setup=lambda config: config.scan(stamps))

    def test_a_resource_without_cliquet_is_refused(self):  # names: register
        """Resources: a resource in an application that did not include cliquet is an error."""
        config = Configurator(settings=MEMORY)
        with pytest.raises(ConfigurationError, match="include"):
            config.scan(stamps)

    @pytest.mark.parametrize("endpoint", ["collection", "record"])
    def test_an_endpoint_can_be_disabled(self, endpoint):  # P10.3
        """Resources: `{collection|record}_<resource>_<method>_enabled = false`: 405."""
        settings = {f"compat.{endpoint}_stamp_get_enabled": "false"}
        app = served(settings, setup=lambda config: config.scan(stamps))
        path = {"collection": "/v1/stamps", "record": "/v1/stamps/a"}[endpoint]
        assert app.get(path, headers=ALICE, status=405).json["errno"] == 115

    def test_a_read_only_service_refuses_writes(self):  # P10.2
        """Resources: `readonly = true`: write verbs of resources answer 405."""
        app = served({"readonly": "true"}, setup=lambda config: config.scan(stamps))
        app.post_json("/v1/stamps", {"data": {}}, headers=ALICE, status=405)
        app.get("/v1/stamps", headers=ALICE)

    @pytest.mark.parametrize(
        ("settings", "method", "expected"),
        [
            ({}, "POST", True),
            ({"readonly": True}, "POST", False),
            ({"readonly": True}, "get", True),
            ({"collection_article_post_enabled": False}, "POST", False),
            ({"record_article_post_enabled": False}, "POST", True),
        ],
    )
    def test_a_viewset_tells_what_is_enabled(self, settings, method, expected):  # P10.3
        """Resources: `ViewSet.is_endpoint_enabled`."""
        enabled = resource.ViewSet().is_endpoint_enabled("collection", "article", method, settings)
        assert enabled is expected

    def test_a_viewset_may_decide_otherwise(self):  # P10.3
        """Resources: a ViewSet that overrides `is_endpoint_enabled` decides."""
        app = served(setup=lambda config: config.scan(stamps))
        app.delete("/v1/medals", headers=ALICE, status=405)

    def test_a_viewset_names_paths_and_services(self):  # names: ViewSet
        """Resources: `service_name collection_path record_path` of a ViewSet."""
        app = served(setup=lambda config: config.scan(stamps))
        names = {one.name for one in app.app.registry.cornice_services.values()}
        assert "medal:record" in names

    def test_a_resource_can_be_registered_by_a_call(self):  # names: register_resource
        """Resources: `register_resource(cls, settings=None, viewset=None, depth=1, **kw)`."""
        app = served(setup=lambda config: config.scan(stamps))
        assert app.get("/v1/called", headers=ALICE).json["data"] == []


class TestIds:
    """Makers of ids, of a resource's own."""

    def test_ids_are_made_by_the_models_generator(self, app):  # P4.9
        """Resources: `self.model.id_generator = MyGenerator()` in `__init__`."""
        bucket = app.post_json("/v1/buckets", {"data": {}}).json["data"]
        assert kinto.NameGenerator().match(bucket["id"])
        assert len(bucket["id"]) == 8

    @pytest.mark.parametrize("method", ["put_json", "patch_json"])
    def test_ids_are_checked_by_the_models_generator(self, app, method):  # P4.9
        """Resources: a generator set in `__init__` is used for the check of ids too."""
        response = getattr(app, method)("/v1/buckets/UPPER", {"data": {}}, status=400)
        assert response.json["details"][0]["description"] == "Invalid record id"

    def test_ids_that_the_generator_takes_are_accepted(self, app):  # P4.9
        """Resources: a generator set in `__init__` is used for the check of ids too."""
        assert app.put_json("/v1/buckets/lower", {"data": {}}).json["data"]["id"] == "lower"

    def test_a_generator_that_contradicts_itself_is_refused(self):  # P4.9
        """Resources: generators are checked when they are made."""

        class Wrong(Generator):
            regexp = r"^[0-9]+$"

            def __call__(self):
                return "a"

        with pytest.raises(ValueError, match="Wrong"):
            Wrong()

    def test_the_generator_is_a_setting(self):  # settings: id_generator
        """Resources: the setting `id_generator` names a class of the application."""
        settings = {"id_generator": "tests.compat.apps.kinto.NameGenerator"}
        app = served(settings, setup=lambda config: config.scan(stamps))
        record = app.post_json("/v1/called", {}, headers=ALICE).json["data"]
        assert len(record["id"]) == 8


class TestHooks:
    """What applications override."""

    def test_the_parent_id_may_set_attributes(self, app, record):  # P7.1
        """Resources: `get_parent_id(request)` (may set attributes on self)."""
        assert app.get(RECORDS).headers["Collection"] == "c"

    def test_records_of_one_parent_are_not_anothers(self, app, record):  # P7.1
        """Resources: `get_parent_id(request)`."""
        other = RECORDS.replace("/b/", "/other/")
        app.get(f"{other}/{record['id']}", status=404)

    def test_everybody_shares_a_constant_parent(self, app):  # P7.1
        """Resources: `get_parent_id(request)` returning the empty text."""
        app.put_json("/v1/buckets/b", {"data": {}})
        assert app.get("/v1/buckets/b", headers=BOB).json["data"]["id"] == "b"

    def test_a_field_may_be_unknown(self, app):  # P6.1
        """Resources: overridden: `is_known_field`."""
        app.get(f"{RECORDS}?known=1")
        error = app.get(f"{RECORDS}?unknown=1", status=400).json["details"][0]
        assert error["description"] == "Unknown filter field 'unknown'"
        app.get(f"{RECORDS}?_sort=unknown", status=400)

    def test_a_record_is_processed_when_it_is_created(self, app, record):  # P4.2
        """Resources: `process_record(new, old=None)` (`old` None on create)."""
        assert record["schema"] == 1

    def test_a_record_is_processed_when_it_is_put_first(self, app):  # P4.5
        """Resources: `process_record(new, old=None)` (`old` None on create)."""
        record_id = "4ee5b6d2-8c4b-4a0e-9d4e-0f6f5d3f3a11"
        created = app.put_json(f"{RECORDS}/{record_id}", {"data": {}}, status=201)
        assert created.json["data"]["schema"] == 1

    @pytest.mark.parametrize("method", ["put_json", "patch_json"])
    def test_a_record_is_processed_with_the_old_one(self, app, record, method):  # P4.5 P4.6
        """Resources: `process_record(new, old=None)`."""
        changed = getattr(app, method)(f"{RECORDS}/{record['id']}", {"data": {"size": 4}})
        assert changed.json["data"]["schema"] == 2

    @pytest.mark.parametrize("method", ["post_json", "put_json", "patch_json"])
    def test_processing_may_refuse(self, app, record, method):  # P2.3
        """Resources: `process_record` may `raise_invalid`."""
        path = RECORDS if method == "post_json" else f"{RECORDS}/{record['id']}"
        response = getattr(app, method)(path, {"data": {"size": 30}}, status=400)
        assert response.json["message"] == "size is too large"
        assert app.get(f"{RECORDS}/{record['id']}").json["data"] == record

    def test_a_list_may_be_added_to(self, app, record):  # P4.1
        """Resources: `collection_get` (call super, then touch `request.response`)."""
        response = app.get(RECORDS)
        assert (response.headers["Collection"], response.headers["Total-Records"]) == ("c", "1")

    def test_a_list_deletion_may_be_added_to(self, app, record):  # P4.3
        """Resources: `collection_delete` (call super, then touch `request.response`)."""
        assert app.delete(RECORDS).headers["Deleted"] == "1"

    def test_a_read_may_be_added_to(self, app, record):  # P4.4
        """Resources: `get` (call super, then touch `request.response`)."""
        response = app.get(f"{RECORDS}/{record['id']}")
        assert "max-age=60" in response.headers["Cache-Control"]
        assert response.headers["ETag"] == f'"{record["last_modified"]}"'

    def test_a_deletion_may_delete_more(self, app):  # P4.7
        """Resources: `delete` (call super, then the storage)."""
        app.put_json("/v1/buckets/b", {"data": {}})
        app.put_json("/v1/buckets/b/collections/c", {"data": {}})
        assert app.delete("/v1/buckets/b").json["data"]["deleted"] is True
        assert app.get("/v1/buckets/b/collections?_since=1").json["data"] == []

    def test_results_are_postprocessed_with_what_was_done(self, app, record):  # P4.5
        """Resources: `postprocess(result, action=, old=)`."""
        path = f"{RECORDS}/{record['id']}"
        bodies = [
            app.get(RECORDS),
            app.put_json(path, {"data": {"size": 5}}),
            app.patch_json(path, {"data": {"size": 6}}),
            app.delete(path),
            app.post_json(RECORDS, {"data": {}}),
        ]
        seen = [(body.json["action"], body.json["had"]) for body in bodies]
        assert seen == [
            ("read", False),
            ("update", True),
            ("update", True),
            ("delete", True),
            ("create", False),
        ]

    def test_filters_may_be_added(self, app, record):  # P6.1
        """Resources: Kinto 1 calls `_extract_filters()`."""
        app.post_json(RECORDS, {"data": {"size": 4}})
        listed = app.get(RECORDS, headers={"Only-Size": "4"}).json["data"]
        assert [one["size"] for one in listed] == [4]

    def test_filters_that_were_added_govern_deletions(self, app, record):  # P4.3
        """Resources: Kinto 1 calls `_extract_filters()`, on list DELETE too."""
        app.post_json(RECORDS, {"data": {"size": 4}})
        app.delete(RECORDS, headers={"Only-Size": "4"})
        assert app.get(RECORDS).json["data"] == [record]

    def test_the_permissions_of_a_class_are_its_own(self):  # names: permissions
        """Resources: attributes `permissions`, `mapping`."""
        assert kinto.Bucket.permissions == ("read", "write", "collection:create")
        assert isinstance(kinto.Bucket.mapping, resource.ResourceSchema)
        assert resource.BaseResource.permissions == ("read", "write")

    def test_an_endpoint_may_return_a_response(self):  # P4.1
        """Resources: an endpoint of the application's own may return a Pyramid response."""
        app = served(setup=lambda config: config.scan(stamps))
        response = app.get("/v1/medals/gold", headers=ALICE)
        assert (response.content_type, response.text) == ("text/plain", "gold")

    def test_changes_may_be_applied_otherwise(self):  # P4.6
        """Resources: `apply_changes` can be overridden."""
        app = served(setup=lambda config: config.scan(stamps))
        coin = app.post_json("/v1/coins", {"data": {"value": 1}}, headers=ALICE).json["data"]
        path = f"/v1/coins/{coin['id']}"
        changed = app.patch_json(path, {"data": {"value": 5}}, headers=ALICE)
        assert changed.json["data"]["value"] == 6

    def test_a_user_sees_only_their_own(self):  # P7.1
        """Resources: the parent of a plain resource is the user."""
        app = webtest.TestApp(readinglist.main({}, **MEMORY))
        body = {"data": {"url": "http://a.example/", "title": "A", "added_by": "phone"}}
        app.post_json("/v2/articles", body, headers=ALICE)
        assert app.get("/v2/articles", headers=BOB).json["data"] == []


class TestModels:
    """Models of an application's own."""

    @pytest.fixture
    def app(self):
        """The application with stamps, as Alice sees it."""
        app = served(setup=lambda config: config.scan(stamps))
        app.extra_environ["HTTP_AUTHORIZATION"] = ALICE["Authorization"]
        return app

    def test_the_names_of_fields_are_the_models(self, app):  # P4
        """Resources: custom models: `id_field`, `modified_field`, `deleted_field`."""
        stamp = app.post_json("/v1/stamps", {"data": {}}).json["data"]
        assert set(stamp) == {"stamp_id", "age"}
        gone = app.delete(f"/v1/stamps/{stamp['stamp_id']}").json["data"]
        assert gone == {"stamp_id": stamp["stamp_id"], "age": gone["age"], "gone": True}
        assert app.get("/v1/stamps?_since=1").json["data"] == [gone]

    def test_a_model_may_change_what_it_stores(self, app):  # P4.2
        """Resources: custom models (`default_model`) override `create_record`."""
        app.post_json("/v1/logged", {"data": {"value": 1}})
        assert stamps.LoggedModel.created[-1]["value"] == 1

    def test_a_model_may_list_otherwise(self, app):  # P4.1
        """Resources: custom models override `get_records`."""
        for value in (1, 2, 3):
            app.post_json("/v1/logged", {"data": {"value": value}})
        response = app.get("/v1/logged")
        assert sorted(one["value"] for one in response.json["data"]) == [2, 3]
        assert response.headers["Total-Records"] == "2"

    def test_a_model_that_lists_otherwise_has_pages(self, app):  # P6.6
        """Resources: custom models override `get_records`."""
        for value in (1, 2, 3, 4):
            app.post_json("/v1/logged", {"data": {"value": value}})
        first = app.get("/v1/logged?_sort=value&_limit=2")
        second = app.get(first.headers["Next-Page"])
        values = [one["value"] for page in (first, second) for one in page.json["data"]]
        assert values == [2, 3, 4]
        assert "Next-Page" not in second.headers

    def test_the_model_is_the_collection_of_old(self, app):  # names: collection
        """Resources: `collection` is the old name of `model`."""
        from cliquet.testing import DummyRequest

        one = resource.BaseResource(request=DummyRequest())
        assert one.collection is one.model


class TestTombstones:
    """The field ``deleted``."""

    def test_a_filter_on_deleted_works(self, app, record):  # P6.3
        """Resources: filter on `deleted` works."""
        app.delete(f"{RECORDS}/{record['id']}")
        alive = app.post_json(RECORDS, {"data": {}}).json["data"]
        gone = app.get(f"{RECORDS}?_since=1&deleted=true").json["data"]
        assert [one["id"] for one in gone] == [record["id"]]
        kept = app.get(f"{RECORDS}?_since=1&not_deleted=true").json["data"]
        assert [one["id"] for one in kept] == [alive["id"]]

    def test_a_sort_on_deleted_works(self, app, record):  # P6.5
        """Resources: sort on `deleted` works."""
        app.delete(f"{RECORDS}/{record['id']}")
        app.post_json(RECORDS, {"data": {}})
        listed = app.get(f"{RECORDS}?_since=1&_sort=deleted").json["data"]
        assert [one.get("deleted") for one in listed] == [True, None]


class TestUnderTheHood:
    """Methods of the base that applications call."""

    def test_a_missing_record_is_a_404(self, app):  # P4.4
        """Resources: Kinto 1 calls `_get_record_or_404(id)`."""
        app = served(setup=lambda config: config.scan(stamps))
        response = app.get("/v1/medals/other", headers=ALICE, status=404)
        assert response.json["errno"] == 111

    def test_a_record_that_is_not_found_is_an_error_of_the_storage(self, app):  # names: storage
        """Resources: `storage.get(…)` raises `RecordNotFoundError`, in a view a 404."""
        with pytest.raises(RecordNotFoundError):
            app.app.registry.storage.get(collection_id="x", parent_id="", object_id="y")

    def test_names_of_old_are_there(self):  # names: cliquet.resource
        """Resources: `UserResource` is the same class."""
        assert resource.UserResource is resource.BaseResource
        assert resource.Filter is Filter
        assert cliquet.resource.COMPARISON.EQ


def test_a_schemaless_resource_serves():  # P4.8
    """Resources: a resource without `mapping` accepts an empty or missing `data`."""
    app = served(setup=lambda config: config.scan(stamps))
    stamp = app.post_json("/v1/called", {}, headers=ALICE).json["data"]
    assert set(stamp) == {"id", "last_modified"}
