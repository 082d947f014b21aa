"""What is shipped for the tests of applications."""

from __future__ import annotations

import threading
import unittest

import pytest
import webtest

from cliquet.errors import ERRORS
from cliquet.testing import (
    BaseWebTest,
    DummyRequest,
    FormattedErrorMixin,
    ThreadMixin,
    authorize,
    get_request_class,
)
from tests.compat.apps import readinglist
from tests.support import make_app

ARTICLE = {"data": {"url": "http://a.example/", "title": "A", "added_by": "phone"}}


class Case(BaseWebTest, FormattedErrorMixin, ThreadMixin, unittest.TestCase):
    """A test case of an application."""

    api_prefix = "v2"
    entry_point = readinglist.main

    def runTest(self):  # noqa: N802 - the name that unittest knows
        """Do nothing."""


@pytest.fixture
def case():
    """The test case, cleaned up afterwards."""
    case = Case()
    yield case
    case.tearDown()


def test_paths_of_a_web_test_go_without_prefix(case):
    assert case.app.get("/articles", headers=case.headers).json == {"data": []}
    assert case.app.get("/v2/articles", headers=case.headers).json == {"data": []}


def test_a_web_test_knows_its_user(case):
    assert case.app.get("/", headers=case.headers).json["user"]["id"] == case.principal


def test_a_web_test_empties_its_backends(case):
    case.app.post_json("/articles", ARTICLE, headers=case.headers)
    case.tearDown()
    assert case.app.get("/articles", headers=case.headers).json == {"data": []}


@pytest.mark.parametrize(
    "name", ["storage_backend", "cliquet.storage_backend", "readinglist.storage_backend"]
)
def test_settings_of_a_web_test_may_have_any_of_their_names(case, name):
    settings = case.get_app_settings({name: "mine"})
    assert [value for key, value in settings.items() if key.endswith("storage_backend")] == ["mine"]


def test_a_web_test_without_entry_point_says_so():
    class Incomplete(BaseWebTest, unittest.TestCase):
        runTest = Case.runTest  # noqa: N815

    with pytest.raises(NotImplementedError, match="entry_point"):
        Incomplete().make_app()


@pytest.mark.parametrize(
    ("path", "expected"),
    [("/a", "/v1/a"), ("/v1/a", "/v1/a"), ("/v1", "/v1"), ("/v1x", "/v1/v1x"), ("/", "/v1/")],
)
def test_requests_are_below_the_prefix(path, expected):
    assert get_request_class("v1").blank(path).path == expected


def test_requests_without_prefix_are_left_alone():
    assert get_request_class("").blank("/a").path == "/a"


def test_an_error_in_its_form_passes(case):
    response = make_app().get("/v1/unknown", status=404)
    message = "could not be found"
    case.assertFormattedError(response, 404, ERRORS.MISSING_RESOURCE, "Not Found", message)


@pytest.mark.parametrize(
    "changed", [{"code": 400}, {"errno": 1}, {"error": "X"}, {"message": "X"}, {"message": None}]
)
def test_an_error_in_another_form_fails(case, changed):
    response = make_app().get("/v1/unknown", status=404)
    expected = {"code": 404, "errno": 111, "error": "Not Found", "message": "found"}
    with pytest.raises(AssertionError):
        case.assertFormattedError(response, **{**expected, **changed})


def test_threads_are_joined_when_the_test_is_over(case):
    go = threading.Event()
    thread = case.create_thread(target=go.wait, args=(20,))
    thread.start()
    go.set()
    case.tearDown()
    assert not thread.is_alive()


def test_a_thread_that_does_not_end_fails_the_test(case):
    go = threading.Event()
    case.join_timeout_seconds = 0.01
    case.create_thread(target=go.wait, args=(20,), daemon=True).start()
    with pytest.raises(AssertionError, match="does not end"):
        case.tearDown()
    go.set()


@pytest.mark.parametrize(("permits", "status"), [(True, 200), (False, 401)])
def test_permissions_are_decided_for_as_long_as_the_block_runs(permits, status):
    app = make_app()
    with authorize(permits):
        app.get("/v1/private", status=status)
    app.get("/v1/private", status=401)


def test_dummy_requests_share_nothing():
    first, second = DummyRequest(), DummyRequest()
    first.validated["a"] = first.bound_data["a"] = 1
    first.registry.settings["paginate_by"] = 1
    assert (second.validated, second.bound_data) == ({}, {})
    assert second.registry.settings["paginate_by"] is None


def test_headers_of_a_dummy_request_have_no_case():
    assert DummyRequest(headers={"If-Match": '"1"'}).headers["if-match"] == '"1"'


def test_a_test_app_takes_the_class_of_requests():
    app = make_app()
    app.RequestClass = get_request_class("v1")
    assert isinstance(app, webtest.TestApp)
    assert app.get("/").json["project_name"] == "origapp"
