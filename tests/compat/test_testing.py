"""``cliquet.testing``: what the test suites of applications are written with."""

from __future__ import annotations

import threading
import unittest

import pytest
from pyramid.authorization import Authenticated, Everyone
from pyramid.httpexceptions import HTTPForbidden
from pyramid.interfaces import IAuthorizationPolicy

from cliquet import testing
from cliquet.authorization import PRIVATE, AuthorizationPolicy
from cliquet.errors import ERRORS, http_error
from cliquet.storage.memory import Storage
from tests.compat.apps import readinglist, syncto

ARTICLE = {"data": {"url": "http://a.example/", "title": "A", "added_by": "phone"}}


class ReadingListTest(testing.BaseWebTest, testing.FormattedErrorMixin, unittest.TestCase):
    """The web tests of an application, written as it would write them."""

    api_prefix = "v2"
    entry_point = readinglist.main

    def test_a_path_needs_no_prefix(self):  # names: get_request_class
        """Names: `BaseWebTest`: `api_prefix`."""
        response = self.app.get("/articles", headers=self.headers)
        assert response.json == {"data": []}

    def test_a_path_may_have_the_prefix(self):  # names: get_request_class
        """Names: `get_request_class(prefix)`."""
        assert self.app.get("/v2/articles", headers=self.headers).json == {"data": []}

    def test_the_user_is_known(self):  # names: BaseWebTest
        """Names: `BaseWebTest`: `principal` is the user of `headers`."""
        user = self.app.get("/", headers=self.headers).json["user"]
        assert user == {"id": self.principal}

    def test_the_storage_is_the_applications(self):  # names: BaseWebTest
        """Names: `BaseWebTest`: `storage`."""
        record = self.app.post_json("/articles", ARTICLE, headers=self.headers).json["data"]
        found = self.storage.get(
            collection_id="article", parent_id=self.principal, object_id=record["id"]
        )
        assert found == record

    def test_an_error_has_its_form(self):  # P2.1
        """Names: `FormattedErrorMixin.assertFormattedError`."""
        response = self.app.get("/articles", status=401)
        message = "Please authenticate yourself"
        error = ERRORS.MISSING_AUTH_TOKEN
        self.assertFormattedError(response, 401, error, "Unauthorized", message)

    def test_another_application_can_be_made(self):  # names: BaseWebTest
        """Names: `BaseWebTest`: `make_app(settings)`."""
        other = self.make_app({"readinglist.readonly": True})
        other.post_json("/articles", ARTICLE, headers=self.headers, status=405)


class TestBaseWebTest:
    """What a web test is made of."""

    @pytest.fixture
    def case(self):
        """A test case that was not run yet."""
        return ReadingListTest("test_the_user_is_known")

    def test_tearing_down_empties_the_backends(self, case):  # names: BaseWebTest
        """Names: `BaseWebTest`: each test starts with nothing."""
        case.app.post_json("/articles", ARTICLE, headers=case.headers)
        case.tearDown()
        assert case.app.get("/articles", headers=case.headers).json["data"] == []

    def test_tearing_down_makes_no_application(self, case):  # names: BaseWebTest
        """Names: `BaseWebTest`: the application is made when it is first asked for."""
        case.tearDown()
        assert "app" not in vars(case)

    def test_settings_can_be_added(self):  # names: BaseWebTest
        """Names: `BaseWebTest`: `get_app_settings(extras)` overridden by an application."""

        class Case(ReadingListTest):
            def get_app_settings(self, extras=None):
                return super().get_app_settings({"readinglist.backoff": 10, **(extras or {})})

        response = Case("test_the_user_is_known").app.get("/")
        assert response.headers["Backoff"] == "10"

    @pytest.mark.parametrize("prefix", ["", "cliquet.", "readinglist."])
    def test_extras_win_under_any_name(self, case, prefix):  # settings
        """Names: `BaseWebTest`: `get_app_settings(extras)`: names in conflict do not arise."""
        app = case.make_app({f"{prefix}userid_hmac_secret": "other"})
        assert app.app.registry.settings["userid_hmac_secret"] == "other"

    def test_the_entry_point_may_be_a_name(self):  # names: BaseWebTest
        """Names: `BaseWebTest`: `entry_point` overridable."""

        class Case(testing.BaseWebTest, unittest.TestCase):
            api_prefix = "v1"
            entry_point = "tests.compat.apps.syncto.main"

        assert Case().app.get("/plain").json == {"plain": True}

    def test_a_web_test_without_entry_point_says_so(self):  # names: BaseWebTest
        """Names: `BaseWebTest`: `entry_point` overridable."""
        with pytest.raises(NotImplementedError, match="entry_point"):
            testing.BaseWebTest().app  # noqa: B018 - the property is what is tested

    def test_the_policy_can_be_replaced(self):  # names: AllowAuthorizationPolicy
        """Names: `AllowAuthorizationPolicy` as the policy of the application under test."""

        class Case(ReadingListTest):
            authorization_policy = "cliquet.testing.AllowAuthorizationPolicy"

        registry = Case("test_the_user_is_known").app.app.registry
        policy = registry.queryUtility(IAuthorizationPolicy)
        assert isinstance(policy, testing.AllowAuthorizationPolicy)

    def test_a_backend_that_is_not_set_is_none(self, case):  # names: BaseWebTest
        """Names: `BaseWebTest`: `storage`, `cache`, `permission`."""
        case.app = case.make_app({"cache_backend": ""})
        assert case.cache is None
        assert case.permission is not None


class TestRequestClass:
    """``get_request_class(prefix)``."""

    @pytest.mark.parametrize(
        ("prefix", "path", "expected"),
        [
            ("v1", "/a?b=1", "/v1/a?b=1"),
            ("v1", "/v1/a", "/v1/a"),
            ("v1", "/v1", "/v1"),
            ("v1", "/v1?a=1", "/v1?a=1"),
            ("v1", "/v12/a", "/v1/v12/a"),
            ("/api/v1/", "/a", "/api/v1/a"),
            ("", "/a", "/a"),
            ("v1", "/a?b=http://c.example/", "/v1/a?b=http://c.example/"),
        ],
    )
    def test_the_prefix_is_there_once(self, prefix, path, expected):  # names: get_request_class
        """Names: `get_request_class(prefix)` prepends the prefix unless present."""
        assert testing.get_request_class(prefix).blank(path).path_qs == expected

    def test_a_whole_url_is_left_alone(self):  # names: get_request_class
        """Names: `get_request_class(prefix)`: the URL of a `Next-Page` header."""
        url = "http://localhost/v1/a?_token=b"
        assert testing.get_request_class("v1").blank(url).url == url


class TestFormattedError:
    """``assertFormattedError(…)``."""

    @pytest.fixture
    def error(self):
        """An error with everything that can be said."""
        return http_error(HTTPForbidden(), errno=121, message="You may not", info="http://i")

    EXPECTED = (403, ERRORS.FORBIDDEN, "Forbidden", "may not", "http")

    def check(self, response, *expected):
        """Run the assertion."""
        testing.FormattedErrorMixin().assertFormattedError(response, *expected)

    def test_an_error_as_expected_passes(self, error):  # P2.1
        """Names: `assertFormattedError(response, code, errno, error, message=, info=)`."""
        self.check(_with_json(error), *self.EXPECTED)
        self.check(_with_json(error), 403, 121, *self.EXPECTED[2:])

    @pytest.mark.parametrize(
        ("position", "wrong"),
        [(0, 404), (1, ERRORS.BACKEND), (1, 1), (2, "Forb"), (3, "x"), (3, None), (4, None)],
    )
    def test_any_difference_fails(self, error, position, wrong):  # P2.1
        """Names: `assertFormattedError`: each part is looked at."""
        expected = list(self.EXPECTED)
        expected[position] = wrong
        with pytest.raises(AssertionError):
            self.check(_with_json(error), *expected)

    def test_another_content_type_fails(self, error):  # P1.1
        """Names: `assertFormattedError`: the answer is JSON."""
        error.content_type = "text/json"
        with pytest.raises(AssertionError, match="text/json"):
            self.check(_with_json(error), *self.EXPECTED)


def _with_json(response):
    response.json = response.json_body
    return response


class TestThreads:
    """``ThreadMixin``."""

    class Case(testing.ThreadMixin, unittest.TestCase):
        """A test case with threads."""

        def runTest(self):  # noqa: N802 - the name that unittest knows
            """Do nothing."""

    def test_threads_are_joined_when_the_test_is_over(self):  # names: ThreadMixin
        """Names: `ThreadMixin.create_thread` (joins on tearDown)."""
        case, done, may_end = self.Case(), [], threading.Event()
        case.create_thread(target=lambda: done.append(may_end.wait(10))).start()
        threading.Timer(0.05, may_end.set).start()
        case.tearDown()
        assert done == [True]

    def test_a_thread_that_was_never_started_is_no_matter(self):  # names: ThreadMixin
        """Names: `ThreadMixin.create_thread`."""
        case = self.Case()
        thread = case.create_thread(target=len, args=([],))
        case.tearDown()
        assert not thread.is_alive()

    def test_a_thread_that_does_not_end_fails_the_test(self):  # names: ThreadMixin
        """Names: `ThreadMixin.create_thread`: a test does not wait for ever."""
        case, may_end = self.Case(), threading.Event()
        case.join_timeout_seconds = 0.01
        thread = case.create_thread(target=may_end.wait)
        thread.start()
        with pytest.raises(AssertionError, match="does not end"):
            case.tearDown()
        may_end.set()
        thread.join()


class TestAuthorize:
    """``authorize(permits, authz_class)``."""

    def ask(self, policy=AuthorizationPolicy):
        """Ask whether an anonymous user may see what is private."""
        return policy().permits(None, [Everyone], PRIVATE)

    @pytest.mark.parametrize("policy", [AuthorizationPolicy, testing.AllowAuthorizationPolicy])
    @pytest.mark.parametrize("permits", [True, False])
    def test_both_policies_answer_so(self, permits, policy):  # names: authorize
        """Names: `authorize(permits=True)` decorates a test."""

        @testing.authorize(permits=permits)
        def test():
            return self.ask(policy), policy().permits(None, [Authenticated], "any")

        assert test() == (permits, permits)

    def test_it_ends_with_the_test(self):  # names: authorize
        """Names: `authorize`: as ever afterwards."""
        with testing.authorize(permits=True):
            assert self.ask() is True
        assert self.ask() is False

    @pytest.mark.parametrize("as_name", [True, False])
    def test_the_class_can_be_chosen(self, as_name):  # names: authorize
        """Names: `authorize(authz_class=…)`: a class or its dotted name."""
        given = "cliquet.authorization.AuthorizationPolicy" if as_name else AuthorizationPolicy
        with testing.authorize(True, given):
            assert self.ask() is True

    def test_a_request_is_decided_so(self):  # names: authorize
        """Names: `authorize`: the application under test."""
        case = ReadingListTest("test_the_user_is_known")
        with testing.authorize(permits=False):
            case.app.get("/articles", headers=case.headers, status=403)
        case.app.get("/articles", headers=case.headers)

    def test_the_allowing_policy_still_wants_a_user(self):  # names: AllowAuthorizationPolicy
        """Names: `AllowAuthorizationPolicy`."""
        policy = testing.AllowAuthorizationPolicy()
        assert policy.permits(None, [], "anything") is True
        assert self.ask(testing.AllowAuthorizationPolicy) is False
        assert policy.permits(None, [Authenticated], PRIVATE) is True


class TestDummyRequest:
    """``DummyRequest``."""

    def test_it_has_a_registry(self):  # names: DummyRequest
        """Names: `DummyRequest`: registry with settings, storage, id_generator."""
        registry = testing.DummyRequest().registry
        assert registry.settings["storage_max_fetch_size"] == 10000
        assert isinstance(registry.storage, Storage)
        assert registry.id_generator.match(registry.id_generator())

    def test_two_requests_share_nothing(self):  # names: DummyRequest
        """Names: `DummyRequest`: one for each test."""
        first, second = testing.DummyRequest(), testing.DummyRequest()
        first.bound_data["a"] = first.registry.settings["a"] = 1
        first.effective_principals.append("a")
        first.errors.add("body", "a", "b")
        assert not second.bound_data
        assert "a" not in second.registry.settings
        assert "a" not in second.effective_principals
        assert not second.errors

    def test_two_requests_may_share_a_registry(self):  # names: DummyRequest
        """Names: `DummyRequest(registry=…)`."""
        registry = testing.dummy_registry({"paginate_by": 3})
        request = testing.DummyRequest(registry=registry)
        assert request.registry is registry
        assert registry.settings["paginate_by"] == 3

    def test_anything_can_be_said(self):  # names: DummyRequest
        """Names: `DummyRequest(matchdict=…, validated=…)`."""
        given = {"matchdict": {"id": "a"}, "validated": {"data": {}}, "prefixed_userid": None}
        request = testing.DummyRequest({"a": "1"}, headers={"If-Match": '"1"'}, **given)
        assert {name: getattr(request, name) for name in given} == given
        assert (request.GET["a"], request.headers["if-match"]) == ("1", '"1"')

    def test_what_a_request_knows_of_its_user(self):  # P7.1
        """Names: `DummyRequest`: `prefixed_userid`, `get_user_info()`, principals."""
        request = testing.DummyRequest()
        assert request.prefixed_userid == "basicauth:bob"
        assert request.get_user_info() == {"id": "basicauth:bob"}
        assert Authenticated in request.effective_principals

    @pytest.mark.parametrize(
        ("elements", "keywords", "expected"),
        [
            ((), {}, "http://example.com/v0/hello"),
            (("a",), {"_query": {"b": "c d"}}, "http://example.com/v0/hello/a?b=c+d"),
            ((), {"_host": "h:1", "_scheme": "https"}, "https://h:1/v0/hello"),
        ],
    )
    def test_urls_are_made_of_names(self, elements, keywords, expected):  # names: DummyRequest
        """Names: `DummyRequest`: `route_url`."""
        assert testing.DummyRequest().route_url("hello", *elements, **keywords) == expected

    def test_paths_are_made_of_names(self):  # names: DummyRequest
        """Names: `DummyRequest`: `route_path`."""
        assert testing.DummyRequest().route_path("hello") == "/v0/hello"

    def test_events_are_noted(self):  # P9.1
        """Names: `DummyRequest`: `notify_resource_event`, `get_resource_events`."""
        request = testing.DummyRequest(current_resource_name="article")
        request.notify_resource_event(parent_id="", timestamp=1, data={"id": "a"}, action="create")
        (event,) = request.get_resource_events()
        assert event.impacted_records == [{"new": {"id": "a"}}]

    def test_the_response_is_a_response(self):  # names: DummyRequest
        """Names: `DummyRequest`: `response`."""
        request = testing.DummyRequest()
        request.response.status_code = 201
        request.response.headers["X-Mine"] = "1"
        assert request.response.status == "201 Created"

    def test_a_validator_of_an_application_is_driven(self):  # names: DummyRequest
        """Names: `DummyRequest`: `errors`, for validators of services."""
        request = testing.DummyRequest(validated={"size": 0})
        syncto._is_positive(request)
        assert request.errors[0]["name"] == "size"
