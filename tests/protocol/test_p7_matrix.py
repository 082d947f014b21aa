"""Who may do what: every verb, asked by everybody who could be asking (protocol P7.4 to P7.6)."""

from __future__ import annotations

import pytest

from tests.protocol.sharing import BACKENDS, ONE_ID, UNKNOWN_ID, Sharing, user_id

PSILO = "/psilos/33333333-3333-4333-8333-333333333333"
SPORES = f"{PSILO}/spores"
RECORD = f"{SPORES}/{ONE_ID}"
UNKNOWN = f"{SPORES}/{UNKNOWN_ID}"
TITLE = {"data": {"label": "mine"}}

#: The owner made the record; reader and writer were given it alone; the member's group may read
#: it; the creator may add others; the heir may write the psilo, from which the spore inherits.
ROLES = ["anonymous", "stranger", "reader", "writer", "owner", "member", "creator", "heir"]

MATRIX = """
    GET    list         401 403 200 200 200 200 403 200
    HEAD   list         401 403 200 200 200 200 403 200
    POST   list         401 403 403 403 403 403 201 201
    DELETE list         401 403 403 200 200 403 403 200
    GET    record       401 403 200 200 200 200 403 200
    HEAD   record       401 403 200 200 200 200 403 200
    PUT    record       401 403 403 200 200 403 403 200
    PATCH  record       401 403 403 200 200 403 403 200
    DELETE record       401 403 403 200 200 403 403 200
    GET    unknown      401 403 403 403 403 403 403 404
    PUT    unknown      401 403 403 403 403 403 201 201
    PATCH  unknown      401 403 403 403 403 403 403 404
    DELETE unknown      401 403 403 403 403 403 403 404
"""
URIS = {"list": SPORES, "record": RECORD, "unknown": UNKNOWN}
CASES = [
    (method, place, role, int(status))
    for method, place, *statuses in map(str.split, MATRIX.strip().splitlines())
    for role, status in zip(ROLES, statuses, strict=True)
]


@pytest.fixture(params=BACKENDS)
def sharing(request):
    """Return an application in which one record is shared in all ways."""
    app = Sharing(request.param)
    app.grant(PSILO, "spore:create", "owner")
    assert app.call("owner", "PUT", RECORD, TITLE).status_code == 201
    app.permission.remove_principal_from_ace(PSILO, "spore:create", user_id("owner"))
    app.grant(RECORD, "read", "reader", "group:members")
    app.grant(RECORD, "write", "writer")
    app.permission.add_user_principal(user_id("member"), "group:members")
    app.grant(PSILO, "spore:create", "creator")
    app.grant(PSILO, "write", "heir")
    # What is below another psilo is nobody's here, whatever its URI looks like.
    app.grant(f"{PSILO}0/spores/{ONE_ID}", "write", "stranger")
    return app


def ask(app, role, method, place):
    """Send the request of a role."""
    body = TITLE if method in ("POST", "PUT", "PATCH") else None
    return app.call(None if role == "anonymous" else role, method, URIS[place], body)


@pytest.mark.parametrize(("method", "place", "role", "status"), CASES)
def test_everybody_may_what_they_were_given(sharing, method, place, role, status):  # P7.4, P7.8
    answer = ask(sharing, role, method, place)
    assert answer.status_code == status, answer.text


@pytest.mark.parametrize(
    ("method", "place", "role"),
    [(method, place, role) for method, place, role, status in CASES if status > 400],
)
def test_who_is_refused_changes_nothing(sharing, method, place, role):  # P7.4
    before = sharing.call("heir", "GET", SPORES).json, sharing.permissions(RECORD)
    ask(sharing, role, method, place)
    assert (sharing.call("heir", "GET", SPORES).json, sharing.permissions(RECORD)) == before


@pytest.mark.parametrize(("method", "place"), [("GET", "list"), ("GET", "record")])
def test_refusals_are_in_the_one_form(sharing, method, place):  # P2.5, P7.4
    anonymous = ask(sharing, "anonymous", method, place)
    assert anonymous.json["errno"] == 104
    assert anonymous.headers["WWW-Authenticate"] == 'Basic realm="Realm"'
    assert ask(sharing, "stranger", method, place).json["errno"] == 121


@pytest.mark.parametrize("method", ["GET", "PUT", "PATCH", "DELETE"])
def test_who_has_no_right_does_not_learn_whether_a_record_exists(sharing, method):  # P7.3, P7.9
    known, unknown = (ask(sharing, "stranger", method, place) for place in ("record", "unknown"))
    assert (known.status_code, known.body) == (unknown.status_code, unknown.body)
    assert known.headers == unknown.headers


# -- What comes first


@pytest.mark.parametrize(
    ("method", "uri", "body", "headers"),
    [
        ("GET", f"{SPORES}?_since=x", None, {}),
        ("DELETE", f"{SPORES}?_since=x", None, {"If_Match": '"1"'}),
        ("POST", SPORES, {"data": 1}, {}),
        ("POST", SPORES, TITLE, {"If_Match": "x"}),
        ("PUT", RECORD, {}, {"If_None_Match": "*"}),
        ("PUT", f"{SPORES}/no%20id", TITLE, {}),
        ("PATCH", RECORD, {"permissions": {"own": []}}, {}),
        ("GET", f"{RECORD}?_fields=x", None, {"If_None_Match": "x"}),
        ("DELETE", f"{RECORD}?last_modified=x", None, {}),
    ],
)
def test_who_may_not_is_told_nothing_else(sharing, method, uri, body, headers):  # P2.9
    assert sharing.call(None, method, uri, body, **headers).status_code == 401
    assert sharing.call("stranger", method, uri, body, **headers).status_code == 403


@pytest.mark.parametrize(
    ("method", "uri", "body", "headers", "status"),
    [
        ("PATCH", UNKNOWN, {"data": 1}, {"If_Match": '"1"'}, 400),
        ("PATCH", f"{SPORES}/no%20id", TITLE, {}, 400),
        ("PATCH", UNKNOWN, TITLE, {"If_Match": '"1"'}, 404),
        ("PATCH", RECORD, TITLE, {"If_Match": '"1"'}, 412),
        ("GET", f"{SPORES}?_since=x", None, {"If_Match": '"1"'}, 412),
        ("GET", f"{SPORES}?_since=x", None, {}, 400),
        ("PATCH", SPORES, TITLE, {}, 405),
    ],
)
def test_who_may_is_told_what_comes_next(sharing, method, uri, body, headers, status):  # P2.9
    assert sharing.call("heir", method, uri, body, **headers).status_code == status


@pytest.mark.parametrize(("headers", "status"), [({"Accept": "text/html"}, 406)])
def test_media_types_come_before_permissions(sharing, headers, status):  # P2.8, P2.9
    assert sharing.call("stranger", "GET", RECORD, **headers).status_code == status


# -- Settings

SETTING = {"toadstool_read_principals": "group:readers", "toadstool_write_principals": ""}


@pytest.mark.parametrize("backends", BACKENDS)
def test_a_setting_decides_alone_on_records(backends):  # P7.5
    app = Sharing(backends, **SETTING)
    uri = app.create("alice", "/toadstools", permissions={"read": [user_id("bob")]})
    app.permission.add_user_principal(user_id("carol"), "group:readers")
    assert app.call("bob", "GET", uri).status_code == 403
    assert app.call("carol", "GET", uri).status_code == 200
    assert app.call("carol", "GET", f"/toadstools/{UNKNOWN_ID}").status_code == 404


@pytest.mark.parametrize("backends", BACKENDS)
def test_who_a_setting_does_not_name_gets_the_shared_part_of_lists(backends):  # P7.5, P7.6
    app = Sharing(backends, **SETTING)
    app.permission.add_user_principal(user_id("carol"), "group:readers")
    app.create("alice", "/toadstools")
    app.create("alice", "/toadstools", permissions={"read": [user_id("bob")]})
    totals = [app.call(user, "HEAD", "/toadstools") for user in ("carol", "bob", "dave")]
    assert [answer.headers.get("Total-Records") for answer in totals] == ["2", "1", None]


@pytest.mark.parametrize("backends", BACKENDS)
def test_a_setting_is_not_the_last_word_where_it_is_empty(backends):  # P7.5
    app = Sharing(backends, **SETTING)
    uri = app.create("alice", "/toadstools")
    assert app.call("alice", "PATCH", uri, {}).status_code == 200
    assert app.call("bob", "PATCH", uri, {}).status_code == 403


@pytest.mark.parametrize("backends", BACKENDS)
def test_everybody_reads_what_a_setting_opens(backends):  # P7.5
    app = Sharing(backends)
    app.storage.create("moisture", "", {"v": 1})
    assert app.call(None, "GET", "/moistures").json["data"][0]["v"] == 1
    assert app.call(None, "POST", "/moistures", {"data": {}}).status_code == 401
