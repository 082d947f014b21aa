"""End of service, read-only mode, disabled methods, caches (protocol P10)."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime

import pytest
import webtest
from pyramid.security import NO_PERMISSION_REQUIRED

from cliquet import resource
from tests.support import ALICE, SETTINGS, make_app, make_config

ID = "11111111-1111-4111-8111-111111111111"
RECORD = f"/v1/mushrooms/{ID}"
FUTURE, PAST = "2100-01-01", "2001-01-01"


@pytest.fixture(scope="module")
def ending():
    """Return an application whose end is announced."""
    return make_app({"eos": FUTURE})


@pytest.fixture(scope="module")
def gone():
    """Return an application that ended."""
    return make_app({"eos": PAST})


def alert_of(response):
    """Return what the header Alert says."""
    return json.loads(response.headers["Alert"])


# -- P10.1


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "/v1/", 200),
        ("GET", "/v1/mushrooms", 401),
        ("GET", "/v1/unknown", 404),
        ("PUT", "/v1/mushrooms", 405),
        ("GET", "/mushrooms", 307),
        ("GET", "/v1/boom", 500),
        ("POST", "/v1/boom", 503),
        ("OPTIONS", "/v1/", 400),
    ],
)
def test_the_end_to_come_is_announced_by_every_response(ending, method, path, status):  # P10.1
    response = ending.request(path, method=method, status=status)
    assert alert_of(response)["code"] == "soft-eol"


def test_the_end_to_come_is_announced_by_304():  # P10.1
    app = make_app({"eos": FUTURE}, headers=ALICE)
    etag = app.get("/v1/mushrooms").headers["ETag"]
    response = app.get("/v1/mushrooms", headers={"If-None-Match": etag}, status=304)
    assert alert_of(response)["code"] == "soft-eol"


def test_the_end_to_come_is_announced_by_413():  # P10.1
    app = make_app({"eos": FUTURE, "max_body_bytes": 1}, headers=ALICE)
    response = app.post_json("/v1/mushrooms", {"data": {}}, status=413)
    assert alert_of(response)["code"] == "soft-eol"


def test_the_end_to_come_wins_over_any_other_alert():  # P10.1
    alert = alert_of(make_app({"eos": FUTURE, "eos_message": "Bye"}).get("/v1/alert"))
    assert alert["message"] == "Bye"


@pytest.mark.parametrize("method", ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"])
@pytest.mark.parametrize(
    "path", ["/v1/", "/", "/v1/mushrooms", RECORD, "/v1/unknown", "/v9/", "/v1/__lbheartbeat__"]
)
def test_everything_is_gone_after_the_end(gone, method, path):  # P10.1
    response = gone.request(path, method=method, status=410)
    assert alert_of(response)["code"] == "hard-eol"
    assert method == "HEAD" or response.json == {
        "code": 410,
        "errno": 202,
        "error": "Gone",
        "message": "The service you are trying to connect no longer exists at this location.",
    }


@pytest.mark.parametrize("eos", [FUTURE, PAST])
def test_the_message_and_the_url_of_the_end_are_settings(eos):  # P10.1
    settings = {"eos": eos, "eos_message": "Moved", "eos_url": "http://new.example"}
    alert = alert_of(make_app(settings).get("/v1/", status="*"))
    assert (alert["message"], alert["url"]) == ("Moved", "http://new.example")


@pytest.mark.parametrize("eos", [FUTURE, PAST])
def test_the_url_of_the_end_is_the_documentation_by_default(eos):  # P10.1
    alert = alert_of(make_app({"eos": eos}).get("/v1/", status="*"))
    assert alert["url"] == SETTINGS["project_docs"]


@pytest.mark.parametrize(
    ("offset", "status"), [(timedelta(hours=1), 200), (timedelta(hours=-1), 410)]
)
@pytest.mark.parametrize("form", ["%Y-%m-%dT%H:%M:%S+00:00", "%Y-%m-%dT%H:%M:%SZ"])
def test_the_end_may_have_a_time_of_day(offset, status, form):  # P10.1
    eos = (datetime.now(UTC) + offset).strftime(form)
    make_app({"eos": eos}).get("/v1/", status=status)


def test_there_is_no_alert_when_no_end_is_set():  # P10.1
    assert "Alert" not in make_app().get("/v1/").headers


# -- P10.2


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("POST", "/v1/mushrooms"),
        ("DELETE", "/v1/mushrooms"),
        ("PUT", RECORD),
        ("PATCH", RECORD),
        ("DELETE", RECORD),
    ],
)
@pytest.mark.parametrize("headers", [ALICE, {}])
def test_a_read_only_server_does_not_write(method, path, headers):  # P10.2
    response = make_app({"readonly": True}, headers=headers).request(
        path, method=method, status=405
    )
    assert response.json["errno"] == 115
    allowed = {name.strip() for name in response.headers["Allow"].split(",")}
    assert allowed == {"GET", "HEAD", "OPTIONS"}


def test_a_read_only_server_reads():  # P10.2, lessons 8
    app = make_app({"readonly": True}, headers=ALICE)
    assert app.get("/v1/mushrooms").json == {"data": []}
    app.head("/v1/mushrooms", status=200)
    app.get(RECORD, status=404)
    preflight = {"Origin": "http://a.example", "Access-Control-Request-Method": "GET"}
    app.options("/v1/mushrooms", headers=preflight, status=200)


def test_read_only_mode_leaves_other_services_alone():  # P10.2
    make_app({"readonly": True}).post("/v1/alert", status=200)


# -- P10.3


@pytest.mark.parametrize(
    ("setting", "method", "path"),
    [
        ("collection_mushroom_get_enabled", "GET", "/v1/mushrooms"),
        ("collection_mushroom_post_enabled", "POST", "/v1/mushrooms"),
        ("collection_mushroom_delete_enabled", "DELETE", "/v1/mushrooms"),
        ("record_mushroom_get_enabled", "GET", RECORD),
        ("record_mushroom_put_enabled", "PUT", RECORD),
        ("record_mushroom_patch_enabled", "PATCH", RECORD),
        ("record_mushroom_delete_enabled", "DELETE", RECORD),
    ],
)
@pytest.mark.parametrize("headers", [ALICE, {}])
def test_a_disabled_method_is_not_allowed(setting, method, path, headers):  # P10.3
    app = make_app({setting: "false"}, headers=headers)
    response = app.request(path, method=method, status=405)
    assert method not in response.headers["Allow"].split(", ")


def test_disabling_a_method_leaves_others_alone():  # P10.3
    app = make_app({"record_mushroom_delete_enabled": "false"}, headers=ALICE)
    app.put_json(RECORD, {"data": {"name": "x"}}, status=201)
    app.delete("/v1/mushrooms", status=200)
    app.delete(RECORD.replace("mushrooms", "articles"), status=404)


def test_disabling_get_disables_head():  # P10.3
    app = make_app({"collection_mushroom_get_enabled": "false"}, headers=ALICE)
    app.head("/v1/mushrooms", status=405)


def test_a_method_is_enabled_by_true():  # P10.3
    app = make_app({"record_mushroom_get_enabled": "true"}, headers=ALICE)
    app.get(RECORD, status=404)


# -- P10.4


class Notice(resource.BaseResource):
    """Notices that anybody may read and write; all see the same."""

    mapping = resource.ResourceSchema()

    def get_parent_id(self, request):
        """Return the one owner of all notices."""
        return "all"


def open_app(settings=None):
    """Return an application with notices, one among them."""
    config = make_config(settings)
    arguments = {"permission": NO_PERMISSION_REQUIRED, "accept": ("application/json",)}
    viewset = resource.ViewSet(default_arguments=arguments)
    resource.registration.add_resource(config, Notice, viewset)
    app = webtest.TestApp(config.make_wsgi_app())
    app.put_json(f"/v1/notices/{ID}", {"data": {}}, status=201)
    return app


NOTICES = ("/v1/notices", f"/v1/notices/{ID}")


@pytest.mark.parametrize("path", NOTICES)
def test_caches_ask_again_for_what_anybody_reads(path):  # P10.4
    response = open_app().get(path)
    assert response.headers["Cache-Control"] == "no-cache"
    assert "Expires" not in response.headers


@pytest.mark.parametrize("path", NOTICES)
def test_caches_keep_nothing_of_the_authenticated(path):  # P10.4, P11.8, lessons 31
    response = open_app({"notice_cache_expires_seconds": 60}).get(path, headers=ALICE)
    directives = {part.strip() for part in response.headers["Cache-Control"].split(",")}
    assert directives == {"no-cache", "no-store"}
    assert "Expires" not in response.headers


@pytest.mark.parametrize("path", NOTICES)
def test_caches_may_keep_what_anybody_reads_for_the_time_set(path):  # P10.4
    response = open_app({"notice_cache_expires_seconds": 3600}).get(path)
    assert response.headers["Cache-Control"] == "max-age=3600"
    remaining = parsedate_to_datetime(response.headers["Expires"]) - datetime.now(UTC)
    assert timedelta(seconds=3590) < remaining <= timedelta(seconds=3600)


@pytest.mark.parametrize("path", NOTICES)
def test_a_time_of_zero_is_a_time(path):  # P10.4
    response = open_app({"notice_cache_expires_seconds": "0"}).get(path)
    assert response.headers["Cache-Control"] == "max-age=0"


def test_the_time_set_is_of_one_resource():  # P10.4
    app = open_app({"mushroom_cache_expires_seconds": 60})
    assert app.get(NOTICES[0]).headers["Cache-Control"] == "no-cache"


def test_head_has_the_cache_headers_of_get():  # P10.4
    app = open_app({"notice_cache_expires_seconds": 60})
    assert app.head(NOTICES[0]).headers["Cache-Control"] == "max-age=60"
