"""Nothing of a record is in any answer to who may not read it (protocol P7.9, P11.5)."""

from __future__ import annotations

import pytest

from tests.protocol.sharing import BACKENDS, ONE_ID, TWO_ID, UNKNOWN_ID, Sharing, user_id

HIDDEN = f"/badges/{ONE_ID}"
GONE = f"/badges/{TWO_ID}"
MINE = "/badges/44444444-4444-4444-8444-444444444444"
CLASH = {"data": {"number": 7}}
SAME_ID = {"data": {"id": ONE_ID}}


@pytest.fixture(params=BACKENDS)
def sharing(request):
    """Return an application with a record that Bob may not read, one that is gone, and his."""
    app = Sharing(request.param)
    app.registry.meanwhile = []
    for uri, number in ((HIDDEN, 7), (GONE, 8)):
        body = {"data": {"number": number, "secret": "sesame"}}
        assert app.call("alice", "PUT", uri, body).status_code == 201
    app.gone = app.call("alice", "DELETE", GONE).json["data"]["last_modified"]
    app.hidden = app.call("alice", "GET", HIDDEN).json["data"]["last_modified"]
    assert app.call("bob", "PUT", MINE, {"data": {"number": 1}}).status_code == 201
    return app


def assert_tells_nothing(app, answer):
    """Assert that an answer holds nothing of what Bob may not read."""
    told = answer.text + str(list(answer.headers.items()))
    for secret in (ONE_ID, "sesame", user_id("alice"), str(app.hidden), str(app.gone)):
        assert secret not in told, told


#: Method, URI, body, headers, and the status that is answered.
REQUESTS = {
    "get": ("GET", HIDDEN, None, {}, 403),
    "get with its tag": ("GET", HIDDEN, None, {"If_None_Match": "hidden"}, 403),
    "head": ("HEAD", HIDDEN, None, {}, 403),
    "put": ("PUT", HIDDEN, CLASH, {}, 403),
    "put if absent": ("PUT", HIDDEN, CLASH, {"If_None_Match": "*"}, 403),
    "put if as it is": ("PUT", HIDDEN, CLASH, {"If_Match": "hidden"}, 403),
    "patch": ("PATCH", HIDDEN, {"data": {}}, {}, 403),
    "patch if as it is": ("PATCH", HIDDEN, {}, {"If_Match": "hidden"}, 403),
    "delete": ("DELETE", HIDDEN, None, {}, 403),
    "delete if otherwise": ("DELETE", HIDDEN, None, {"If_Match": '"1"'}, 403),
    "delete with a time": ("DELETE", f"{HIDDEN}?last_modified=9", None, {}, 403),
    "post its id": ("POST", "/badges", SAME_ID, {}, 403),
    "post its id if absent": ("POST", "/badges", SAME_ID, {"If_None_Match": "*"}, 412),
    "post its id if as it is": ("POST", "/badges", SAME_ID, {"If_Match": "hidden"}, 412),
    "post its id if otherwise": ("POST", "/badges", SAME_ID, {"If_Match": '"1"'}, 412),
    "post its number": ("POST", "/badges", CLASH, {}, 403),
    "put its number": ("PUT", f"/badges/{UNKNOWN_ID}", CLASH, {}, 409),
    "patch its number": ("PATCH", MINE, CLASH, {}, 409),
    "put on a tombstone": ("PUT", GONE, {"data": {}}, {"If_Match": '"1"'}, 412),
    "list": ("GET", "/badges", None, {}, 200),
    "list its id": ("GET", f"/badges?id={ONE_ID}", None, {}, 200),
    "list its ids": ("GET", f"/badges?in_id={ONE_ID},{TWO_ID}", None, {}, 200),
    "list its secret": ("GET", "/badges?secret=sesame", None, {}, 200),
    "list what has a secret": ("GET", "/badges?has_secret=true", None, {}, 200),
    "list changes": ("GET", "/badges?_since=0&_sort=secret", None, {}, 200),
    "list a page": ("GET", "/badges?_limit=1&_sort=number", None, {}, 200),
    "head of the list": ("HEAD", "/badges", None, {}, 200),
    "delete its id": ("DELETE", f"/badges?id={ONE_ID}", None, {}, 200),
    "delete its secret": ("DELETE", "/badges?secret=sesame", None, {}, 200),
    "a bad filter": ("GET", "/badges?_since=sesam", None, {}, 400),
    "a bad body": ("POST", "/badges", {"data": 1}, {}, 400),
}


@pytest.mark.parametrize("name", REQUESTS)
def test_who_may_create_but_not_read_learns_nothing(sharing, name):  # P7.9, P11.5
    method, uri, body, headers, status = REQUESTS[name]
    tag = f'"{sharing.hidden}"'
    sent = {key: tag if text == "hidden" else text for key, text in headers.items()}
    answer = sharing.call("bob", method, uri, body, **sent)
    assert answer.status_code == status, answer.text
    assert_tells_nothing(sharing, answer)


def test_what_they_asked_for_is_as_it_was(sharing):  # P7.9
    for method, uri, body, headers, _ in REQUESTS.values():
        sharing.call("bob", method, uri, body, **headers)
    data = sharing.call("alice", "GET", HIDDEN).json["data"]
    assert (data["secret"], data["last_modified"]) == ("sesame", sharing.hidden)


def test_counts_and_pages_are_those_of_the_part(sharing):  # P7.6, P7.9
    answer = sharing.call("bob", "GET", "/badges?_limit=1")
    assert (answer.headers["Total-Records"], "Next-Page" in answer.headers) == ("1", False)


def test_a_conflict_names_the_field_alone(sharing):  # P4.10, P7.9
    answer = sharing.call("bob", "PATCH", MINE, CLASH)
    assert answer.json["message"] == "Conflict of field number"
    assert answer.json["details"] == {"field": "number"}


def test_a_conflict_shows_what_may_be_read(sharing):  # P4.10
    sharing.grant(HIDDEN, "read", "bob")
    answer = sharing.call("bob", "PATCH", MINE, CLASH)
    assert answer.json["message"] == f"Conflict of field number on record {ONE_ID}"
    assert answer.json["details"]["existing"]["secret"] == "sesame"
    assert "__permissions__" not in answer.text


@pytest.mark.parametrize("body", [SAME_ID, CLASH])
def test_a_post_of_what_is_there_shows_what_may_be_read(sharing, body):  # P4.2, P11.5
    sharing.grant(HIDDEN, "read", "bob")
    answer = sharing.call("bob", "POST", "/badges", body)
    assert (answer.status_code, answer.json["data"]["secret"]) == (200, "sesame")
    assert answer.json["permissions"]["read"] == [user_id("bob")]


def test_a_412_shows_what_may_be_read(sharing):  # P5.4, P11.5
    sharing.grant(HIDDEN, "read", "bob")
    answer = sharing.call("bob", "POST", "/badges", SAME_ID, If_None_Match="*")
    assert answer.json["details"]["existing"]["id"] == ONE_ID
    assert answer.headers["ETag"] == f'"{sharing.hidden}"'
    assert "__permissions__" not in answer.text


def test_who_sees_nothing_is_not_told_when_the_collection_changed(sharing):  # P7.9
    answer = sharing.call("carol", "POST", "/badges", {"data": {}}, If_Match='"1"')
    assert (answer.status_code, answer.json["details"]) == (412, {})
    assert not {"ETag", "Last-Modified"} & set(answer.headers)


def test_who_sees_a_part_is_told_when_the_collection_changed(sharing):  # P5.4, P7.9
    answer = sharing.call("bob", "POST", "/badges", {"data": {}}, If_Match='"1"')
    assert answer.headers["ETag"] == sharing.call("bob", "HEAD", "/badges").headers["ETag"]


# -- Races


def test_a_put_over_what_another_made_meanwhile_is_refused(sharing):  # P7.4, P7.9
    uri = f"/badges/{UNKNOWN_ID}"
    theirs = {"data": {"secret": "sesame"}}
    sharing.registry.meanwhile.append(lambda: sharing.call("alice", "PUT", uri, theirs))
    answer = sharing.call("bob", "PUT", uri, {"data": {"mine": True}})
    assert answer.status_code == 403
    assert_tells_nothing(sharing, answer)
    assert "mine" not in sharing.call("alice", "GET", uri).json["data"]


def test_a_post_of_what_another_made_meanwhile_is_refused(sharing):  # P7.9
    uri = f"/badges/{UNKNOWN_ID}"
    theirs = {"data": {"secret": "sesame"}}
    sharing.registry.meanwhile.append(lambda: sharing.call("alice", "PUT", uri, theirs))
    answer = sharing.call("bob", "POST", "/badges", {"data": {"id": UNKNOWN_ID}})
    assert answer.status_code == 403
    assert_tells_nothing(sharing, answer)


def test_a_patch_of_what_became_another_s_meanwhile_is_refused(sharing):  # P7.4
    def replace():
        sharing.call("bob", "DELETE", MINE)
        sharing.call("alice", "PUT", MINE, {"data": {"secret": "sesame"}})

    sharing.registry.meanwhile.append(replace)
    answer = sharing.call("bob", "PATCH", MINE, {"data": {"mine": True}})
    assert answer.status_code == 403
    assert_tells_nothing(sharing, answer)


def test_a_patch_that_lost_a_race_is_done_again_where_it_is_allowed(sharing):  # P5.6
    sharing.registry.meanwhile.append(
        lambda: sharing.call("bob", "PATCH", MINE, {"data": {"other": 1}})
    )
    data = sharing.call("bob", "PATCH", MINE, {"data": {"mine": 2}}).json["data"]
    assert (data["other"], data["mine"]) == (1, 2)
