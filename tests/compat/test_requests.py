"""What applications ask of requests: who it is, what it carries, and requests within requests."""

from __future__ import annotations

import pytest
import webtest
from pyramid.authorization import Authenticated, Everyone
from pyramid.httpexceptions import HTTPException, HTTPFound, HTTPNotFound
from pyramid.request import Request as PyramidRequest

from cliquet.authorization import PRIVATE
from cliquet.utils import build_request, follow_subrequest, hmac_digest
from tests.compat.apps import kinto
from tests.compat.support import ALICE, MEMORY, answer, served

ALICE_ID = hmac_digest(MEMORY["userid_hmac_secret"], "alice:secret")
TOKEN = {
    "multiauth.policies": "token basicauth",
    "multiauth.policy.token.use": "tests.compat.apps.policies.TokenPolicy",
}
MODERN = {
    "multiauth.policies": "basicauth modern",
    "multiauth.policy.modern.use": "tests.compat.apps.policies.ModernPolicy",
}


class TestUser:
    """Who is asking."""

    def test_the_prefixed_id_names_the_policy(self):  # P7.1
        """Requests: `prefixed_userid` (`policy:id` or None)."""
        user = answer(lambda request: request.prefixed_userid, ALICE)
        assert user == f"basicauth:{ALICE_ID}"

    def test_an_anonymous_request_has_no_prefixed_id(self):  # P7.1
        """Requests: `prefixed_userid` (`policy:id` or None)."""
        assert answer(lambda request: request.prefixed_userid) is None

    def test_the_id_alone_has_no_prefix(self):  # P7.2
        """Requests: `authenticated_userid`."""
        assert answer(lambda request: request.authenticated_userid, ALICE) == ALICE_ID

    def test_the_policy_is_known_apart(self):  # names: authn_type selected_userid
        """Requests: `authn_type`, `selected_userid`."""

        def view(request):
            return request.prefixed_userid, request.authn_type, request.selected_userid

        assert answer(view, ALICE) == [f"basicauth:{ALICE_ID}", "basicauth", ALICE_ID]

    def test_a_refused_user_is_anonymous(self):  # P7.1
        """Requests: `prefixed_userid` is None when the groupfinder refuses the user."""
        settings = {"multiauth.groupfinder": "tests.compat.apps.policies.refusing_groupfinder"}
        users = answer(lambda r: [r.prefixed_userid, r.authenticated_userid], ALICE, settings)
        assert users == [None, None]

    def test_principals_are_told_truthfully(self):  # P7.7
        """Requests: `effective_principals` (**truthful, and a list**)."""
        principals = answer(lambda request: request.effective_principals, ALICE)
        expected = {Everyone, Authenticated, ALICE_ID, f"basicauth:{ALICE_ID}"}
        assert set(principals) == expected
        assert len(principals) == len(expected)

    def test_the_anonymous_are_everyone(self):  # P7.7
        """Requests: `effective_principals` (**truthful, and a list**)."""
        assert answer(lambda request: request.effective_principals) == [Everyone]

    def test_principals_can_be_added_to(self):  # P7.7
        """Requests: `effective_principals` is a list: applications do `principals + [x]`."""

        def view(request):
            request.effective_principals.append("mine")
            return request.effective_principals + ["x"]  # noqa: RUF005

        assert answer(view)[-2:] == [Everyone, "x"]

    def test_groups_of_the_groupfinder_are_principals(self):  # P7.7
        """Requests: `effective_principals` (**truthful, and a list**)."""
        settings = {"multiauth.groupfinder": "tests.compat.apps.policies.lists_groupfinder"}
        principals = answer(lambda request: request.effective_principals, ALICE, settings)
        assert {"group:a", "group:b"} <= set(principals)

    def test_groups_of_the_permission_backend_are_principals(self):  # P7.7
        """Requests: `effective_principals` has the groups of the permission backend."""

        def setup(config):
            user = f"basicauth:{ALICE_ID}"
            config.registry.permission.add_user_principal(user, "group:readers")

        settings = {"permission_backend": "cliquet.permission.memory"}
        principals = answer(lambda r: r.effective_principals, ALICE, settings, setup=setup)
        assert "group:readers" in principals

    def test_what_a_policy_adds_is_a_principal(self):  # P7.7
        """Requests: `effective_principals` has whatever policies add, for the anonymous too."""
        principals = answer(lambda request: request.effective_principals, None, TOKEN)
        assert set(principals) == {Everyone, "group:visitors"}

    def test_authorization_policies_get_a_list(self):  # dependencies: multiauth
        """Requests: policies get a set where old ones do `principals + [x]`: give them a list."""
        settings = {"multiauth.authorization_policy": "tests.compat.apps.policies.AddingPolicy"}
        app = served(settings, setup=_private)
        assert app.get("/v1/private", headers=ALICE).json == "seen"
        app.get("/v1/private", status=401)

    def test_what_a_policy_adds_does_not_last(self):  # dependencies: multiauth
        """Requests: a policy that changes its list changes nobody else's."""
        settings = {"multiauth.authorization_policy": "tests.compat.apps.policies.AddingPolicy"}

        def setup(config):
            config.add_route("two", "/two")
            config.add_view(_principals, route_name="two", renderer="json", permission=PRIVATE)

        principals = served(settings, setup=setup).get("/v1/two", headers=ALICE).json
        assert "added" not in principals

    def test_policies_are_asked_in_their_order(self):  # settings: multiauth.policies
        """Requests: `prefixed_userid`: the first policy that knows the user names it."""
        user = answer(lambda r: r.prefixed_userid, {**ALICE, "X-Token": "t"}, TOKEN)
        assert user == "token:t"

    def test_options_of_a_policy_are_given_to_it(self):  # settings: multiauth.policies
        """Requests: a policy with options in the INI file."""
        settings = {**TOKEN, "multiauth.policy.token.header": "X-Other"}
        assert answer(lambda r: r.prefixed_userid, {"X-Other": "t"}, settings) == "token:t"

    def test_a_modern_policy_joins_the_old_ones(self):  # dependencies: multiauth
        """Requests: a sub-policy that is a modern `ISecurityPolicy` works beside the others."""

        def view(request):
            return request.prefixed_userid, sorted(request.effective_principals)

        user, principals = answer(view, {"X-Modern": "m"}, MODERN)
        assert user == "modern:m"
        assert principals == sorted([Everyone, Authenticated, "m", "modern:m"])

    def test_a_modern_policy_lets_private_views_be_read(self):  # dependencies: multiauth
        """Requests: a sub-policy that is a modern `ISecurityPolicy` authenticates."""
        app = served(MODERN, setup=_private)
        assert app.get("/v1/private", headers={"X-Modern": "m"}).json == "seen"

    def test_user_info_is_the_prefixed_id(self):  # P3.1
        """Requests: `get_user_info()`."""
        info = answer(lambda request: request.get_user_info(), ALICE)
        assert info == {"id": f"basicauth:{ALICE_ID}"}

    def test_there_is_no_user_info_of_the_anonymous(self):  # P3.1
        """Requests: `get_user_info()`."""
        assert answer(lambda request: request.get_user_info()) is None


def _private(config):
    config.add_route("private", "/private")
    config.add_view(lambda r: "seen", route_name="private", renderer="json", permission=PRIVATE)


def _principals(request):
    return request.effective_principals


class TestCarried:
    """What a request carries."""

    def test_bound_data_is_a_dict(self):  # names: bound_data
        """Requests: `bound_data` (a dict)."""
        assert isinstance(answer(lambda request: dict(request.bound_data, mine=1))["mine"], int)

    def test_bound_data_is_shared_with_sub_requests(self):  # names: bound_data
        """Requests: `bound_data` (shared with sub-requests)."""

        def view(request):
            if request.method == "POST":
                request.bound_data["inner"] = request.bound_data["outer"] + 1
                return None
            request.bound_data["outer"] = 1
            subrequest = build_request(request, {"method": "POST", "path": "/probe"})
            request.invoke_subrequest(subrequest)
            return request.bound_data["inner"]

        assert answer(view) == 2

    def test_bound_data_is_the_requests_own(self):  # names: bound_data
        """Requests: `bound_data`: nothing of one request is seen by the next."""
        app = served(view=lambda request: request.bound_data.setdefault("path", request.url))
        app.get("/v1/probe?a=1")
        assert app.get("/v1/probe?a=2").json.endswith("a=2")

    def test_bound_data_can_be_assigned(self):  # names: bound_data
        """Requests: `bound_data` (assignable)."""

        def view(request):
            mine = {"mine": 1}
            request.bound_data = mine
            return build_request(request, {"path": "/"}).bound_data is mine

        assert answer(view) is True

    def test_the_service_is_known(self):  # names: current_service
        """Requests: `current_service`."""
        services = []
        app = served(setup=lambda config: config.add_subscriber(*_noting(services)))
        app.get("/v1/")
        assert services == ["hello"]

    def test_a_plain_view_has_no_service(self):  # names: current_service
        """Requests: `current_service` is None on a route that is no service's."""
        assert answer(lambda r: [r.current_service, r.current_resource_name]) == [None, None]

    def test_the_resource_name_can_be_assigned(self):  # names: current_resource_name
        """Requests: `current_resource_name` (assignable)."""

        def view(request):
            request.current_resource_name = "bucket"
            return request.current_resource_name

        assert answer(view) == "bucket"

    def test_the_resource_name_is_the_registered_one(self):  # names: current_resource_name
        """Requests: `current_resource_name`."""
        names = []
        config_app = webtest.TestApp(kinto.main({}, **MEMORY))
        config_app.app.registry.registerHandler(*_noting_resources(names))
        config_app.get("/v1/buckets/a/collections", headers=ALICE)
        assert names == ["collection"]

    def test_validated_and_errors_are_on_every_request(self):  # names: validated errors
        """Requests: `validated`, `errors`, on a plain Pyramid view too."""
        assert answer(lambda request: [request.validated, list(request.errors)]) == [{}, []]

    def test_a_request_has_no_parent_but_a_sub_request_has(self):  # names: parent
        """Requests: `parent` on sub-requests."""

        def view(request):
            subrequest = build_request(request, {"path": "/"})
            return [getattr(request, "parent", None), subrequest.parent is request]

        assert answer(view) == [None, True]

    def test_resource_events_can_be_noted(self):  # names: notify_resource_event
        """Requests: `notify_resource_event` is there; what becomes of events comes later."""
        assert answer(lambda r: [callable(r.notify_resource_event), r.get_resource_events()]) == [
            True,
            [],
        ]


def _noting(names):
    from pyramid.events import ContextFound

    return (lambda event: names.append(event.request.current_service.name)), ContextFound


def _noting_resources(names):
    from pyramid.interfaces import IContextFound

    return (lambda event: names.append(event.request.current_resource_name)), [IContextFound]


class TestSubRequests:
    """Requests within requests."""

    def test_an_http_exception_is_raised_without_tweens(self):  # P8.3
        """Requests: `invoke_subrequest` without tweens raises `HTTPException`s."""

        def view(request):
            subrequest = build_request(request, {"path": "/unknown"})
            with pytest.raises(HTTPNotFound) as caught:
                request.invoke_subrequest(subrequest)
            return caught.value.code

        assert answer(view) == 404

    def test_an_error_of_a_resource_is_raised_in_its_form(self):  # P2.1
        """Requests: `invoke_subrequest` raises what a resource raised, as JSON."""

        def view(request):
            path = "/buckets/UPPER" if request.GET else "/buckets/lower"
            with pytest.raises(HTTPException) as caught:
                request.invoke_subrequest(build_request(request, {"path": path}))
            return [caught.value.content_type, caught.value.code]

        app = served(setup=lambda config: config.scan(kinto), view=view)
        assert app.get("/v1/probe", headers=ALICE).json == ["application/json", 404]
        assert app.get("/v1/probe?upper", headers=ALICE).json == ["application/json", 400]

    def test_a_view_that_redirects_is_followed(self):  # P8.3
        """Requests: a redirection inside a batch is followed (body kept)."""

        def view(request):
            if request.method == "GET":
                subrequest = build_request(request, POSTED)
                response, last = request.follow_subrequest(subrequest)
                return [response.json, last.path, last.method]
            if "twice" not in request.GET:
                return HTTPFound("/v1/probe?twice=1")
            return request.json

        assert answer(view) == [{"a": 1}, "/v1/probe", "POST"]

    @pytest.mark.parametrize("kwargs", [{}, {"use_tweens": False}, {"use_tweens": True}])
    @pytest.mark.parametrize("path", ["/v1/__lbheartbeat__/", "/v1"])
    def test_a_redirection_of_the_not_found_page_is_followed(self, path, kwargs):  # P8.3 P3.5
        """Requests: the not-found view's redirections are followed included."""

        def view(request):
            subrequest = PyramidRequest.blank(path)
            response, last = request.follow_subrequest(subrequest, **kwargs)
            return [response.status_code, last.path]

        expected = "/v1/" if path == "/v1" else "/v1/__lbheartbeat__"
        assert answer(view) == [200, expected]

    def test_an_unknown_url_is_raised_without_tweens(self):  # P8.3
        """Requests: what the not-found view does not redirect is raised as ever."""

        def view(request):
            with pytest.raises(HTTPNotFound):
                request.follow_subrequest(build_request(request, {"path": "/unknown"}))
            return "raised"

        assert answer(view) == "raised"

    def test_a_redirection_to_itself_ends(self):  # P8.3
        """Requests: a redirection inside a batch is followed, and a loop of them ends."""

        def view(request):
            if request.method == "GET":
                response, _ = follow_subrequest(request, build_request(request, POSTED))
                return response.status_code
            return HTTPFound("/v1/probe")

        assert answer(view) == 302

    def test_the_default_bucket_answers_as_the_bucket(self):  # P8.3
        """Requests: a view that answers by a sub-request, errors included."""
        app = webtest.TestApp(kinto.main({}, **MEMORY))
        records = "/v1/buckets/default/collections/c/records"
        created = app.post_json(records, {"data": {"size": 3}}, headers=ALICE)
        assert app.get(f"{records}?size=3", headers=ALICE).json["data"] == [created.json["data"]]
        error = app.post_json(records, {"data": {"size": 30}}, headers=ALICE, status=400)
        assert error.json["errno"] == 107

    def test_headers_of_the_bucket_are_exposed_by_the_default_bucket(self):  # P1.6
        """Requests: a view that answers by a sub-request, CORS headers included."""
        app = webtest.TestApp(kinto.main({}, **MEMORY))
        headers = {**ALICE, "Origin": "http://a.example"}
        response = app.get("/v1/buckets/default/collections", headers=headers)
        assert "Total-Records" in response.headers["Access-Control-Expose-Headers"]


POSTED = {"method": "POST", "path": "/probe", "body": {"a": 1}}
