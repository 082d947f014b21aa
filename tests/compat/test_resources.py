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
from tests.compat.apps import kinto, stamps
from tests.compat.support import ALICE, MEMORY, served

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
