"""Users and their records (protocol P7.1, P7.2)."""

from __future__ import annotations

import base64
import hashlib
import hmac

import pytest

from tests.support import ALICE, BOB, SETTINGS, make_app

ID = "11111111-1111-4111-8111-111111111111"
RECORD = f"/v1/mushrooms/{ID}"
SECRET = SETTINGS["userid_hmac_secret"]


@pytest.fixture(scope="module")
def shared():
    """Return the application of all tests here."""
    return make_app()


@pytest.fixture
def app(shared):
    """Return an application without records, that is asked by nobody in particular."""
    shared.app.registry.storage.flush()
    return shared


def basic(credentials):
    """Return the header of Basic Auth for text or bytes."""
    raw = credentials.encode() if isinstance(credentials, str) else credentials
    return {"Authorization": "Basic " + base64.b64encode(raw).decode()}


def who(app, headers):
    """Return the id of the user that *headers* stand for, or ``None``."""
    return app.get("/v1/", headers=headers).json.get("user", {}).get("id")


def digest(message):
    """Return the user id of ``user:password``, as the protocol defines it."""
    return hmac.new(SECRET.encode(), message.encode(), hashlib.sha256).hexdigest()


# -- P7.1


def test_each_user_sees_their_own_records_only(app):  # P7.1
    app.put_json(RECORD, {"data": {"name": "alice's"}}, headers=ALICE, status=201)
    app.put_json(RECORD, {"data": {"name": "bob's"}}, headers=BOB, status=201)
    for headers, name in ((ALICE, "alice's"), (BOB, "bob's")):
        listed = app.get("/v1/mushrooms", headers=headers).json["data"]
        assert [record["name"] for record in listed] == [name]
        assert app.get(RECORD, headers=headers).json["data"]["name"] == name


@pytest.mark.parametrize("method", ["GET", "PATCH", "DELETE"])
def test_the_records_of_others_do_not_exist(app, method):  # P7.1
    app.put_json(RECORD, {"data": {"name": "alice's"}}, headers=ALICE)
    body = b'{"data":{"name":"mine"}}' if method == "PATCH" else b""
    app.request(
        RECORD,
        method=method,
        body=body,
        content_type="application/json",
        headers=BOB,
        status=404,
    )
    assert app.get(RECORD, headers=ALICE).json["data"]["name"] == "alice's"


def test_deleting_a_list_deletes_ones_own(app):  # P7.1
    app.put_json(RECORD, {"data": {"name": "alice's"}}, headers=ALICE)
    assert app.delete("/v1/mushrooms", headers=BOB).json == {"data": []}
    app.get(RECORD, headers=ALICE, status=200)


def test_unique_values_of_others_do_not_conflict(app):  # P7.1
    body = {"data": {"title": "x", "url": "http://a.example"}}
    app.post_json("/v1/articles", body, headers=ALICE, status=201)
    app.post_json("/v1/articles", body, headers=BOB, status=201)


def test_the_parent_of_records_is_the_prefixed_id_of_the_user(app):  # P7.1
    app.put_json(RECORD, {"data": {"name": "x"}}, headers=ALICE)
    parent_id = "basicauth:" + digest("alice:secret")
    record = app.app.registry.storage.get("mushroom", parent_id, ID)
    assert record["name"] == "x"


def test_the_prefix_is_the_name_of_the_policy():  # P7.1
    use = "cliquet.authentication.BasicAuthAuthenticationPolicy"
    app = make_app({"multiauth.policies": "local", "multiauth.policy.local.use": use})
    assert who(app, ALICE) == "local:" + digest("alice:secret")


def test_any_authenticated_user_may_do_everything(app):  # P7.1
    headers = basic("whoever:whatever")
    app.put_json(RECORD, {"data": {"name": "x"}}, headers=headers, status=201)
    app.patch_json(RECORD, {"data": {"name": "y"}}, headers=headers, status=200)
    app.delete(RECORD, headers=headers, status=200)


# -- P7.2


@pytest.mark.parametrize(
    "credentials",
    ["alice:secret", "alice:", "alice:se:cret", "Élice:sécrét", " :", "a b: c", "🍄:🍄"],
)
def test_a_user_id_is_the_hmac_of_user_and_password(app, credentials):  # P7.2
    assert who(app, basic(credentials)) == "basicauth:" + digest(credentials)


def test_a_user_id_is_what_it_was_in_recorded_exchanges(app):  # P7.2
    expected = "basicauth:97b9de4692598e206a21666d0c2a2d243f8e434a16aacd2955773853a650671d"
    assert who(app, ALICE) == expected


def test_a_user_id_depends_on_the_secret():  # P7.2
    one, other = make_app({"userid_hmac_secret": "a"}), make_app({"userid_hmac_secret": "b"})
    assert who(one, ALICE) != who(other, ALICE)


def test_another_password_is_another_user(app):  # P7.2, lessons 32
    assert who(app, basic("alice:one")) != who(app, basic("alice:two"))


def test_an_empty_password_is_accepted(app):  # P7.2
    app.get("/v1/mushrooms", headers=basic("alice:"), status=200)


def test_credentials_in_latin_1_are_read(app):  # P7.2
    assert who(app, basic("ålice:x".encode("latin-1"))) == "basicauth:" + digest("ålice:x")


@pytest.mark.parametrize("scheme", ["basic", "BASIC", "bAsIc"])
def test_the_case_of_the_scheme_does_not_matter(app, scheme):  # P7.2
    headers = {"Authorization": ALICE["Authorization"].replace("Basic", scheme)}
    assert who(app, headers) == who(app, ALICE)


@pytest.mark.parametrize(
    "header",
    [
        "",
        " ",
        "Basic",
        "Basic ",
        "Basic notbase64!",
        "Basic YWxpY2U=",
        "Basic OnNlY3JldA==",
        "Basic Og==",
        "Basic \xff\xfe",
        "Bearer YWxpY2U6c2VjcmV0",
        "Token abc",
        "YWxpY2U6c2VjcmV0",
    ],
)
def test_credentials_that_say_nothing_count_as_none(app, header):  # P7.2
    environ = {"HTTP_AUTHORIZATION": header}
    response = app.get("/v1/mushrooms", extra_environ=environ, status=401)
    assert response.json["errno"] == 104
    assert "user" not in app.get("/v1/", extra_environ=environ).json


def test_nul_in_credentials_is_no_fault_of_ours(app):  # P7.2, lessons 24
    app.get("/v1/mushrooms", headers=basic(b"ali\0ce:\0"), status=200)
