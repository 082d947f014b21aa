"""What records show of their permissions, and how these are changed (protocol P7.3, P11.6)."""

from __future__ import annotations

import pytest

from tests.protocol.client import UNKNOWN_ID, details_of
from tests.protocol.sharing import BACKENDS, EVERYONE, Sharing, user_id

ALICE, BOB = user_id("alice"), user_id("bob")
URI = f"/psilos/{UNKNOWN_ID}"


@pytest.fixture(params=BACKENDS)
def sharing(request):
    """Return an empty application."""
    return Sharing(request.param)


@pytest.fixture
def uri(sharing):
    """Return the URI of a record of Alice, that Bob may read and write."""
    return sharing.create("alice", permissions={"read": [BOB], "write": [BOB]})


def changed(sharing, method, uri, user="alice", **body):
    """Send a change, and return the permissions answered; they are those stored."""
    answer = sharing.call(user, method, uri, body)
    assert answer.status_code in (200, 201), answer.text
    assert answer.json["permissions"] == sharing.permissions(uri)
    return answer.json["permissions"]


@pytest.mark.parametrize("given", [None, {}, {"read": []}, {"write": []}])
def test_the_creator_may_write(sharing, given):  # P7.3
    uri = sharing.create("alice", permissions=given)
    assert sharing.permissions(uri) == {"write": [ALICE]}
    assert changed(sharing, "PUT", URI, data={}, permissions=given) == {"write": [ALICE]}


def test_permissions_are_given_on_creation(sharing, uri):  # P7.3
    assert sharing.permissions(uri) == {"read": [BOB], "write": sorted([ALICE, BOB])}
    given = {"read": [EVERYONE], "spore:create": [BOB]}
    assert changed(sharing, "PUT", URI, data={}, permissions=given) == {**given, "write": [ALICE]}


def test_a_put_with_permissions_replaces_all(sharing, uri):  # P7.3
    sharing.grant(uri, "spore:create", "bob")
    permissions = changed(sharing, "PUT", uri, data={}, permissions={"read": [EVERYONE]})
    assert permissions == {"read": [EVERYONE], "write": [ALICE]}


@pytest.mark.parametrize("given", [{}, {"permissions": {}}, {"permissions": None}])
def test_a_put_without_permissions_keeps_them(sharing, uri, given):  # P7.3
    permissions = changed(sharing, "PUT", uri, data={}, **given)
    assert permissions == {"read": [BOB], "write": sorted([ALICE, BOB])}


def test_a_patch_replaces_those_named(sharing, uri):  # P7.3
    permissions = changed(sharing, "PATCH", uri, permissions={"read": [EVERYONE]})
    assert permissions == {"read": [EVERYONE], "write": sorted([ALICE, BOB])}


def test_an_empty_list_removes(sharing, uri):  # P7.3
    permissions = changed(sharing, "PATCH", uri, permissions={"read": [], "write": []})
    assert permissions == {"write": [ALICE]}


@pytest.mark.parametrize("method", ["PUT", "PATCH"])
def test_who_changes_a_record_may_write_it_from_then_on(sharing, method):  # P7.3
    uri = sharing.create("alice", permissions={"write": ["group:editors"]})
    sharing.permission.add_user_principal(BOB, "group:editors")
    permissions = changed(sharing, method, uri, user="bob", data={})
    assert permissions == {"write": sorted([ALICE, BOB, "group:editors"])}


def test_nobody_takes_the_right_to_write_from_themselves(sharing, uri):  # P7.3
    changed(sharing, "PATCH", uri, user="bob", permissions={"write": [ALICE]})
    assert sharing.permissions(uri)["write"] == sorted([ALICE, BOB])


def test_the_anonymous_are_never_added(sharing):  # P11.6
    uri = sharing.create("alice", permissions={"write": [EVERYONE]})
    permissions = changed(sharing, "PATCH", uri, user=None, data={"size": 3})
    assert permissions == {"write": sorted([ALICE, EVERYONE])}


@pytest.mark.parametrize("body", [{}, {"permissions": {}}, {"data": {}}])
def test_a_patch_of_nothing_is_a_write(sharing, uri, body):  # P4.6
    before = sharing.call("alice", "GET", uri).json
    after = sharing.call("alice", "PATCH", uri, body).json
    assert after["data"]["last_modified"] > before["data"]["last_modified"]
    assert after["permissions"] == before["permissions"]


def test_a_patch_of_permissions_leaves_the_data_alone(sharing, uri):  # P7.3
    sharing.call("alice", "PATCH", uri, {"data": {"name": "x", "size": 2}})
    answer = sharing.call("alice", "PATCH", uri, {"permissions": {"read": [EVERYONE]}})
    assert (answer.json["data"]["name"], answer.json["data"]["size"]) == ("x", 2)


def test_an_empty_body_is_no_patch(sharing, uri):  # P4.6
    error = details_of(sharing.call("alice", "PATCH", uri))
    assert error == [("body", "data", "Provide at least one of data or permissions")]


@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH"])
def test_an_unknown_permission_is_refused(sharing, uri, method):  # P7.3
    path = "/psilos" if method == "POST" else uri
    answer = sharing.call("alice", method, path, {"data": {}, "permissions": {"own": [BOB]}})
    text = '"own" is not one of read, write, spore:create'
    assert details_of(answer) == [("body", "permissions", text)]


@pytest.mark.parametrize("principals", ["a", 1, [1], [None], [True], [["a"]], {"a": 1}, None])
def test_principals_are_a_list_of_strings(sharing, uri, principals):  # P7.3
    before = sharing.permissions(uri)
    body = {"permissions": {"read": principals}}
    ((location, name, _),) = details_of(sharing.call("alice", "PATCH", uri, body))
    assert (location, name.startswith("permissions.read")) == ("body", True)
    assert sharing.permissions(uri) == before


@pytest.mark.parametrize("permissions", ["abc", 1, [], ["read"]])
def test_permissions_are_a_mapping(sharing, uri, permissions):  # P7.3
    answer = sharing.call("alice", "PATCH", uri, {"permissions": permissions})
    assert details_of(answer)[0][:2] == ("body", "permissions")


def test_the_data_of_a_record_never_become_its_permissions(sharing):  # P7.3
    body = {"data": {"__permissions__": {"write": [BOB]}}}
    answer = sharing.call("alice", "POST", "/badges", body)
    text = "__permissions__ is not allowed"
    assert details_of(answer) == [("body", "data.__permissions__", text)]


def test_lists_show_no_permissions(sharing, uri):  # P7.3
    assert set(sharing.call("alice", "GET", "/psilos").json) == {"data"}
    assert "__permissions__" not in sharing.call("alice", "GET", "/psilos").text


@pytest.mark.parametrize("behavior", ["light", "diff"])
def test_short_answers_show_no_permissions(sharing, uri, behavior):  # P6.7
    body = {"data": {"size": 4}, "permissions": {"read": [EVERYONE]}}
    answer = sharing.call("alice", "PATCH", uri, body, Response_Behavior=behavior)
    assert answer.json == {"data": {"size": 4} if behavior == "light" else {}}


def test_a_projection_shows_no_permissions(sharing, uri):  # P6.7
    answer = sharing.call("alice", "GET", f"{uri}?_fields=size")
    assert set(answer.json) == {"data"}
    assert set(answer.json["data"]) == {"size", "id", "last_modified"}


def test_readers_see_the_permissions(sharing, uri):  # P11.6
    assert sharing.call("bob", "GET", uri).json["permissions"] == sharing.permissions(uri)


def test_a_setting_shows_permissions_to_writers_only():  # P11.6
    app = Sharing(permissions_visible_to="writers")
    uri = app.create("alice", permissions={"read": [BOB]})
    assert "permissions" not in app.call("bob", "GET", uri).json
    assert app.call("alice", "GET", uri).json["permissions"] == app.permissions(uri)
    answer = app.call("bob", "POST", "/psilos", {"data": {"id": uri.rpartition("/")[2]}})
    assert (answer.status_code, "permissions" in answer.json) == (200, False)


def test_what_was_granted_before_a_record_was_made_is_gone(sharing):  # P7.3
    sharing.grant(URI, "read", "carol")
    assert changed(sharing, "PUT", URI, data={}) == {"write": [ALICE]}


# -- Deletions


def test_permissions_go_with_their_record(sharing, uri):  # P7.3
    answer = sharing.call("alice", "DELETE", uri)
    assert set(answer.json) == {"data"}
    assert sharing.permissions(uri) == {}
    assert sharing.call("alice", "PUT", uri, {"data": {}}).json["permissions"] == {"write": [ALICE]}


def test_permissions_go_with_what_is_above(sharing, uri):  # P7.3
    spore = sharing.create("alice", f"{uri}/spores", permissions={"read": [BOB]})
    sharing.grant(f"{uri}0/spores/1", "read", "bob")
    sharing.call("alice", "DELETE", uri)
    assert sharing.permissions(spore) == {}
    assert sharing.permissions(f"{uri}0/spores/1") == {"read": [BOB]}


def test_permissions_go_with_a_list(sharing, uri):  # P4.3, P7.3
    spore = sharing.create("alice", f"{uri}/spores")
    theirs = sharing.create("bob")
    assert len(sharing.call("alice", "DELETE", "/psilos").json["data"]) == 1
    assert (sharing.permissions(uri), sharing.permissions(spore)) == ({}, {})
    assert sharing.permissions(theirs) == {"write": [BOB]}


def test_a_write_that_is_refused_leaves_permissions_as_they_were(sharing, uri):  # P5.3
    before = sharing.permissions(uri)
    body = {"data": {}, "permissions": {"read": [EVERYONE]}}
    for method in ("PUT", "PATCH", "DELETE"):
        sent = None if method == "DELETE" else body
        answer = sharing.call("alice", method, uri, sent, If_Match='"1"')
        assert answer.status_code == 412
    assert sharing.permissions(uri) == before
