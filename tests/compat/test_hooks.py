"""What applications override on resources: hooks, endpoints, models."""

from __future__ import annotations

import pytest
import webtest

from cliquet import resource
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
