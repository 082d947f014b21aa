"""Who a request acts as, and what principals may be called (protocol P7.7, P7.10)."""

from __future__ import annotations

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from tests.protocol.client import UNKNOWN_ID
from tests.protocol.sharing import BACKENDS, Sharing, user_id

BOB = user_id("bob")
TOKEN = {
    "multiauth.policies": "token basicauth",
    "multiauth.policy.token.use": "tests.compat.apps.policies.TokenPolicy",
}
MANY = settings(
    max_examples=100, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
#: What SQL, patterns, regular expressions and separators of keys are made of.
ODD = st.text(alphabet="'\"%_\\*?.()[]{}|^$+-:;,/&#<> \n\té\U0001f344a0", min_size=1, max_size=12)


@pytest.fixture(params=BACKENDS)
def sharing(request):
    """Return an empty application."""
    return Sharing(request.param)


@pytest.mark.parametrize(
    ("principal", "status"),
    [
        (BOB, 200),
        (BOB.replace(":", "_", 1), 200),
        (BOB.partition(":")[2], 403),
        ("system.Everyone", 200),
        ("system.Authenticated", 200),
        ("group:friends", 200),
        ("group:enemies", 403),
        ("group", 403),
        ("%", 403),
        (BOB[:-1], 403),
        (BOB + "0", 403),
        (BOB.upper(), 403),
        ("other:" + BOB.partition(":")[2], 403),
    ],
)
def test_a_user_acts_as_what_they_are(sharing, principal, status):  # P7.7, P7.10
    sharing.permission.add_user_principal(BOB, "group:friends")
    uri = sharing.create("alice", permissions={"read": [principal]})
    assert sharing.call("bob", "GET", uri).status_code == status
    assert sharing.call("bob", "GET", "/psilos").status_code == status


@pytest.mark.parametrize(("header", "status"), [("group:friends", 403), (BOB, 403), ("x", 200)])
def test_the_id_of_a_user_is_no_group(header, status):  # P7.7, P7.10
    app = Sharing(**TOKEN)
    uri = app.create("alice", permissions={"read": ["group:friends", BOB, "token:x"]})
    assert app.call(None, "GET", uri, X_Token=header).status_code == status


def test_what_a_policy_adds_is_a_principal_of_the_anonymous_too():  # P7.7
    app = Sharing(**TOKEN)
    uri = app.create("alice", permissions={"read": ["group:visitors"]})
    assert app.call(None, "GET", uri).status_code == 200


def test_the_anonymous_are_not_authenticated(sharing):  # P7.7
    uri = sharing.create("alice", permissions={"read": ["system.Authenticated"]})
    assert sharing.call(None, "GET", uri).status_code == 401


def test_groups_are_those_of_the_moment(sharing):  # P7.7
    uri = sharing.create("alice", permissions={"read": ["group:friends"]})
    for is_member, status in ((False, 403), (True, 200), (False, 403)):
        change = "add_user_principal" if is_member else "remove_user_principal"
        getattr(sharing.permission, change)(BOB, "group:friends")
        assert sharing.call("bob", "GET", uri).status_code == status


@given(principal=ODD)
@example(principal="' OR '1'='1")
@example(principal="system.Everyone\n")
@MANY
def test_a_principal_is_any_text_and_means_itself(sharing, principal):  # P7.3, P7.7
    uri = sharing.create("alice", permissions={"read": [principal]})
    shown = sharing.call("alice", "GET", uri).json["permissions"]
    assert shown == {"read": [principal], "write": [user_id("alice")]}
    assert sharing.call("bob", "GET", uri).status_code == 403
    assert sharing.call("bob", "HEAD", "/psilos").status_code == 403
    assert sharing.call("alice", "DELETE", uri).status_code == 200


@pytest.mark.parametrize("principal", ["", "\0", "a\0b"])
def test_nul_or_nothing_is_no_principal(sharing, principal):  # P11.2
    body = {"data": {}, "permissions": {"read": [principal]}}
    assert sharing.call("alice", "POST", "/psilos", body).status_code == 400


@given(name=ODD)
@MANY
def test_an_odd_permission_is_unknown(sharing, name):  # P7.3
    body = {"permissions": {name: [BOB]}}
    sharing.call("alice", "PUT", f"/psilos/{UNKNOWN_ID}", {"data": {}})
    assert sharing.call("alice", "PATCH", f"/psilos/{UNKNOWN_ID}", body).status_code == 400


# Quoted, since that is how ids arrive in URLs.
@pytest.mark.parametrize("odd", ["%27", "%25", ".*", "%5C", "%C3%A9", "a%2A", "%22", "%", "%00"])
@pytest.mark.parametrize("method", ["GET", "PUT", "PATCH", "DELETE"])
def test_an_odd_id_is_no_pattern(sharing, odd, method):  # P7.3, P11.2
    sharing.create("alice", permissions={"read": [BOB], "write": [BOB]})
    body = {"data": {}} if method in ("PUT", "PATCH") else None
    answer = sharing.call("bob", method, f"/psilos/{odd}", body)
    # Who may create is told that the id is none; others learn nothing of ids.
    assert answer.status_code in (400, 403)
    assert len(sharing.call("alice", "GET", "/psilos").json["data"]) == 1


@pytest.mark.parametrize("parent", ["%27", ".*", "%5C", "%C3%A9", "*", "%22%20OR%201", "a%25"])
def test_an_odd_parent_is_no_pattern(sharing, parent):  # P7.6, P11.2
    sharing.grant("/psilos/1", "spore:create", "alice")
    sharing.create("alice", "/psilos/1/spores", permissions={"read": [BOB]})
    assert sharing.call("bob", "GET", f"/psilos/{parent}/spores").status_code == 403
