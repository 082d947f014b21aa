"""What applications build on shareable resources, policies, contexts and permission backends."""

from __future__ import annotations

import pytest
import webtest
from pyramid.interfaces import IAuthorizationPolicy

from cliquet import resource
from cliquet.authorization import RouteFactory
from cliquet.testing import DummyRequest, authorize
from cliquet.utils import hmac_digest
from tests.compat.apps import shared
from tests.compat.support import ALICE, BOB

SECRET = shared.SETTINGS["userid_hmac_secret"]
ALICE_ID = "basicauth:" + hmac_digest(SECRET, "alice:secret")
BOB_ID = "basicauth:" + hmac_digest(SECRET, "bob:secret")
BUCKET = "/v2/buckets/b"


@pytest.fixture
def app():
    """The application, with a bucket of Alice."""
    shared.Policy.asked.clear()
    app = webtest.TestApp(shared.main({}))
    app.put_json(BUCKET, {"data": {}}, headers=ALICE, status=201)
    return app


@pytest.fixture
def permission(app):
    """The permission backend."""
    return app.app.registry.permission


class TestInheritance:
    """Policies with `get_bound_permissions`."""

    def test_a_right_on_a_bucket_is_one_on_what_is_in_it(self, app):  # P7.8
        """Permissions: `AuthorizationPolicy` subclasses with `get_bound_permissions(uri, perm)`."""
        record = app.post_json(f"{BUCKET}/records", {"data": {}}, headers=ALICE).json["data"]
        path = f"{BUCKET}/records/{record['id']}"
        app.get(path, headers=BOB, status=403)
        app.patch_json(BUCKET, {"permissions": {"read": [BOB_ID]}}, headers=ALICE)
        app.get(path, headers=BOB, status=200)
        app.patch_json(path, {"data": {"x": 1}}, headers=BOB, status=403)
        assert app.get(f"{BUCKET}/records", headers=BOB).headers["Total-Records"] == "1"

    def test_the_policy_is_asked_with_uris_without_prefix(self, app):  # P7.8
        """Permissions: the URI without prefix, `perm` such as `record:create`."""
        shared.Policy.asked.clear()
        app.post_json(f"{BUCKET}/records", {"data": {}}, headers=ALICE)
        assert shared.Policy.asked == [("/buckets/b/records", "record:create")]

    @pytest.mark.parametrize("method", ["get", "delete"])
    def test_an_empty_collection_is_allowed(self, app, permission, method):  # P7.8
        """Permissions: `get_bound_permissions`: an empty one is allowed."""
        permission.add_principal_to_ace("/nothing", "read", ALICE_ID)
        getattr(app, method)("/v2/nothing", headers=ALICE, status=403)

    def test_a_policy_adds_principals_as_lists_are_added(self, app, permission):  # P7.7
        """Requests: policies written for the old cliquet (`principals + [x]`) work unchanged."""
        permission.add_principal_to_ace("/robots", "read", "robot")
        app.get(BUCKET, headers={**BOB, "X-Robot": "1"}, status=200)
        app.get(BUCKET, headers={"X-Robot": "1"}, status=200)
        app.get(BUCKET, headers=BOB, status=403)

    def test_a_function_may_be_set_on_the_policy(self, app):  # P7.8
        """Permissions: a plain function set on the policy that the registry has."""
        policy = app.app.registry.queryUtility(IAuthorizationPolicy)
        policy.get_bound_permissions = lambda uri, perm: [("/everything", "own")]
        app.app.registry.permission.add_principal_to_ace("/everything", "own", BOB_ID)
        app.get(BUCKET, headers=BOB, status=200)
        app.get(BUCKET, headers=ALICE, status=403)


class TestContexts:
    """Route factories of applications."""

    def test_a_viewset_may_name_the_factory(self, app):  # names: service_arguments
        """Permissions: `RouteFactory` subclasses, named in ViewSets."""
        services = app.app.registry.cornice_services.values()
        (service,) = [one for one in services if one.name == "bucket-record"]
        assert service.factory is shared.Factory

    def test_the_attributes_of_a_root_factory_decide(self, app):  # names: RouteFactory
        """Permissions: settable `resource_name permission_object_id required_permission`."""
        assert app.get("/v2/archive/b", headers=ALICE).json == "done"
        app.get("/v2/archive/b", headers=BOB, status=403)
        app.get("/v2/archive/b", status=401)

    def test_a_resource_by_hand_gives_its_maker_the_right_to_write(self, app, permission):  # P7.3
        """Resources: `model.create_record({"id": …})` gives the creator `write`."""
        assert app.get("/v2/make/mine", headers=BOB).json["id"] == "mine"
        assert permission.object_permissions("/buckets/mine") == {"write": {BOB_ID}}
        app.get("/v2/buckets/mine", headers=BOB, status=200)

    def test_a_resource_by_hand_finds_what_is_there(self, app, permission):  # P4.2
        """Resources: raises `UnicityError` with `.record` when the id exists."""
        assert app.get("/v2/make/b", headers=BOB).json["id"] == "b"
        assert permission.object_permissions("/buckets/b") == {"write": {ALICE_ID}}


class TestResources:
    """Hooks of shareable resources."""

    def test_permissions_are_processed_with_the_record(self, app):  # P7.3
        """Resources: `process_record`: permissions are under `model.permissions_field`."""
        body = {"data": {}, "permissions": {"write": ["enemy"]}}
        for call, path in ((app.put_json, "/v2/buckets/c"), (app.patch_json, BUCKET)):
            error = call(path, body, headers=ALICE, status=400).json["details"][0]
            assert error["description"] == "not the enemy"
        body = {"data": {}, "permissions": {"read": [BOB_ID]}}
        assert app.patch_json(BUCKET, body, headers=ALICE).json["data"]["had"] == 1
        assert app.patch_json(BUCKET, body, headers=ALICE).json["data"]["had"] == 2

    def test_the_members_of_a_group_have_its_rights(self, app):  # P7.7
        """Permissions: `add_user_principal`, `remove_user_principal`, `user_principals`."""
        group, body = f"{BUCKET}/groups/g", {"data": {"members": [BOB_ID]}}
        app.put_json(group, body, headers=ALICE, status=201)
        permissions = {"permissions": {"read": ["/buckets/b/groups/g"]}}
        app.patch_json(BUCKET, permissions, headers=ALICE)
        app.get(BUCKET, headers=BOB, status=200)
        app.patch_json(group, {"data": {"members": []}}, headers=ALICE)
        app.get(BUCKET, headers=BOB, status=403)

    @pytest.mark.parametrize("path", ["/groups/g", "/groups"])
    def test_the_members_of_a_group_that_is_gone_have_none(self, app, permission, path):  # P7.7
        """Permissions: `remove_principal`; `get_records` in `collection_delete`."""
        body = {"data": {"members": [BOB_ID]}}
        app.put_json(f"{BUCKET}/groups/g", body, headers=ALICE, status=201)
        assert permission.user_principals(BOB_ID) == {"/buckets/b/groups/g"}
        app.delete(f"{BUCKET}{path}", headers=ALICE)
        assert permission.user_principals(BOB_ID) == set()

    def test_a_deletion_takes_what_is_below_with_it(self, app, permission):  # P7.3
        """Resources: `delete` (call super, then the storage)."""
        app.post_json(f"{BUCKET}/records", {"data": {}}, headers=ALICE)
        app.delete(BUCKET, headers=ALICE)
        assert permission.principals_accessible_objects([ALICE_ID], "write") == set()
        app.put_json(BUCKET, {"data": {}}, headers=BOB, status=201)
        assert app.get(f"{BUCKET}/records", headers=BOB).json["data"] == []

    def test_a_shareable_resource_runs_without_a_server(self):  # names: ShareableResource
        """Resources: classes can be driven without a server, in unit tests of applications."""
        request = DummyRequest()
        one = resource.ShareableResource(request=request, context=RouteFactory(request))
        one.context.get_permission_object_id = lambda request, object_id: f"/ones/{object_id}"
        request.validated = {"data": {}, "permissions": {"read": ["x"]}}
        body = one.collection_post()
        assert body["permissions"] == {"read": ["x"], "write": ["basicauth:bob"]}
        one.record_id = body["data"]["id"]
        assert one.get() == body
        assert one.collection_get()["data"] == [body["data"]]

    @pytest.mark.parametrize("permits", [True, False])
    def test_everything_is_allowed_in_tests_or_nothing(self, app, permits):  # names: authorize
        """Names: `authorize(permits=…)` decides on shareable resources too."""
        with authorize(permits=permits):
            assert app.get("/v2/buckets", headers=BOB, expect_errors=True).status_int == (
                200 if permits else 403
            )
        with authorize(permits=True):
            app.patch_json(BUCKET, {"data": {"x": 1}}, headers=BOB, status=200)
            app.post_json("/v2/buckets", {"data": {"id": "b"}}, headers=BOB, status=200)

    @pytest.mark.parametrize("name", ["Resource", "ViewSet", "Model"])
    def test_old_names_warn_and_work(self, name):  # names: Protected*
        """Public names: `Protected*` are deprecated spellings of `Shareable*`."""
        old, new = getattr(resource, f"Protected{name}"), getattr(resource, f"Shareable{name}")
        with pytest.warns(DeprecationWarning, match=f"use Shareable{name}"):
            made = type("Mine", (old,), {})
        assert issubclass(made, new)

    def test_what_is_made_of_an_old_name_does_not_warn_again(self):  # names: ProtectedResource
        """Public names: resources of subclasses are made for each request."""
        with pytest.warns(DeprecationWarning, match="ProtectedResource"):
            made = type("Mine", (resource.ProtectedResource,), {})
        request = DummyRequest()
        assert made(request, RouteFactory(request)).model.parent_id == ""
