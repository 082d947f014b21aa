"""The part of a list that is shared (protocol P7.6, P7.8)."""

from __future__ import annotations

import pytest

from cliquet.storage import shared
from cliquet.storage.timeline import Timeline
from tests.protocol.client import FUTURE, etag_of
from tests.protocol.sharing import BACKENDS, EVERYONE, UNKNOWN_ID, Sharing, user_id

BOB = user_id("bob")
TO_BOB = {"read": [BOB]}


@pytest.fixture(params=BACKENDS)
def sharing(request, monkeypatch):
    """Return an application with ten records, of which Bob may read the even ones."""
    # Several conditions on ids, where the storage is asked for the ids.
    monkeypatch.setattr(shared, "IDS_AT_A_TIME", 2)
    app = Sharing(request.param)
    for size in range(10):
        permissions = TO_BOB if size % 2 == 0 else {}
        app.create("alice", data={"size": size}, permissions=permissions)
    return app


def sizes(sharing, query="", user="bob", uri="/psilos"):
    """Return the field ``size`` of what a user is shown."""
    answer = sharing.call(user, "GET", uri + query)
    assert answer.status_code == 200, answer.text
    return [record["size"] for record in answer.json["data"]]


def test_a_user_gets_the_part_shared_with_them(sharing):  # P7.6
    assert sizes(sharing) == [8, 6, 4, 2, 0]
    assert sizes(sharing, user="alice") == list(range(9, -1, -1))


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("?min_size=3", [8, 6, 4]),
        ("?size=3", []),
        ("?size=4", [4]),
        ("?not_size=4&exclude_size=6", [8, 2, 0]),
        ("?in_size=1,2,3,4&_sort=size", [2, 4]),
        ("?_sort=size", [0, 2, 4, 6, 8]),
        ("?_sort=edible,-size", [8, 6, 4, 2, 0]),
        (f"?_since={FUTURE}", []),
        (f"?id={UNKNOWN_ID}", []),
    ],
)
def test_filters_and_sorts_are_those_of_the_part(sharing, query, expected):  # P7.6
    assert sizes(sharing, query) == expected


def test_ids_that_are_asked_for_are_those_of_the_part(sharing):  # P7.6
    data = sharing.call("alice", "GET", "/psilos?_sort=size").json["data"]
    ids = [record["id"] for record in data]
    assert sizes(sharing, f"?in_id={ids[1]},{ids[2]}") == [2]
    assert sizes(sharing, f"?id={ids[1]}") == []
    assert sizes(sharing, f"?exclude_id={ids[2]}&_sort=size") == [0, 4, 6, 8]


@pytest.mark.parametrize("query", ["", "&_sort=size", "&_sort=edible", "&min_size=2"])
@pytest.mark.parametrize("limit", [1, 2, 3, 5, 6])
def test_pages_walk_through_the_part(sharing, query, limit):  # P6.6, P7.6
    expected = sizes(sharing, f"?_limit=20{query}")
    uri, found = f"/psilos?_limit={limit}{query}", []
    while uri:
        answer = sharing.call("bob", "GET", uri)
        page = [record["size"] for record in answer.json["data"]]
        assert len(page) == min(limit, len(expected) - len(found))
        assert answer.headers["Total-Records"] == str(len(expected))
        found += page
        uri = answer.headers.get("Next-Page", "").partition("/v1")[2]
    assert found == expected


@pytest.mark.parametrize("query", ["", "?_sort=size&min_size=2", "?_since=0", "?size=3"])
def test_a_part_is_found_without_walking_through_the_collection(monkeypatch, query):  # lessons 36
    app = Sharing()
    for _ in range(2):
        # Of which the first are tombstones.
        app.call("alice", "DELETE", "/psilos")
        for size in range(10):
            app.create("alice", data={"size": size})
    app.create("alice", permissions=TO_BOB)
    monkeypatch.setattr(Timeline, "walk", lambda *args, **kwargs: pytest.fail("walks"))
    assert app.call("bob", "GET", f"/psilos{query}").status_code == 200


def test_a_page_is_unchanged_until_the_collection_changes(sharing):  # P5.2, P7.6
    tag = sharing.call("bob", "GET", "/psilos").headers["ETag"]
    assert sharing.call("bob", "GET", "/psilos", If_None_Match=tag).status_code == 304
    sharing.create("alice", permissions=TO_BOB)
    assert sharing.call("bob", "GET", "/psilos", If_None_Match=tag).status_code == 200


def test_what_is_shared_later_is_a_change(sharing):  # P7.6
    uri = sharing.create("alice", data={"size": 11})
    tag = etag_of(sharing.call("bob", "GET", "/psilos"))
    assert sizes(sharing, f"?_since={tag}") == []
    sharing.call("alice", "PATCH", uri, {"permissions": TO_BOB})
    assert sizes(sharing, f"?_since={tag}") == [11]


@pytest.mark.parametrize("query", ["", "?size=4", "?_limit=1", "?_since=0", "?_fields=size"])
@pytest.mark.parametrize(("user", "status"), [("carol", 403), (None, 401)])
def test_with_nothing_shared_there_is_no_list(sharing, query, user, status):  # P7.6
    assert sharing.call(user, "GET", f"/psilos{query}").status_code == status
    assert sharing.call(user, "DELETE", f"/psilos{query}").status_code == status


def test_what_everybody_may_read_is_shared_with_the_anonymous(sharing):  # P7.6, P7.7
    sharing.create("alice", data={"size": 12}, permissions={"read": [EVERYONE]})
    assert sizes(sharing, user=None) == [12]
    assert sizes(sharing, user="carol") == [12]
    assert sizes(sharing, "?_limit=2") == [12, 8]


def test_what_a_group_may_read_is_shared_with_its_members(sharing):  # P7.6, P7.7
    sharing.create("alice", data={"size": 13}, permissions={"read": ["group:friends"]})
    sharing.permission.add_user_principal(user_id("carol"), "group:friends")
    assert sizes(sharing, user="carol") == [13]


def test_a_deletion_deletes_what_may_be_written(sharing):  # P7.6
    sharing.create("alice", data={"size": 14}, permissions={"write": [BOB]})
    sharing.create("alice", data={"size": 15}, permissions={"write": [BOB]})
    deleted = sharing.call("bob", "DELETE", "/psilos?min_size=15").json["data"]
    assert [record["deleted"] for record in deleted] == [True]
    assert sharing.call("bob", "DELETE", "/psilos").status_code == 200
    assert sizes(sharing, user="alice") == list(range(9, -1, -1))


def test_a_deletion_that_meets_nothing_deletes_nothing(sharing):  # P7.6
    sharing.create("alice", data={"size": 14}, permissions={"write": [BOB]})
    assert sharing.call("bob", "DELETE", "/psilos?size=4").json == {"data": []}
    assert len(sizes(sharing, user="alice")) == 11


def test_a_conditional_deletion_deletes_all_or_nothing(sharing):  # P5.3, P7.6
    tag = sharing.call("alice", "HEAD", "/psilos").headers["ETag"]
    assert sharing.call("alice", "DELETE", "/psilos", If_Match='"1"').status_code == 412
    deleted = sharing.call("alice", "DELETE", "/psilos", If_Match=tag)
    assert len(deleted.json["data"]) == 10
    assert etag_of(deleted) == max(one["last_modified"] for one in deleted.json["data"])


def test_who_may_read_the_whole_sees_deletions(sharing):  # P7.6
    sharing.grant("/psilos", "read", "carol")
    uri = sharing.create("alice")
    sharing.call("alice", "DELETE", uri)
    answer = sharing.call("carol", "GET", "/psilos?_since=0&deleted=true")
    assert len(answer.json["data"]) == 1


def test_the_records_of_another_parent_are_another_list(sharing):  # P7.6, P7.8
    for psilo in ("1", "10", "*"):
        sharing.grant(f"/psilos/{psilo}", "spore:create", "alice")
        body = {"data": {"size": len(psilo)}, "permissions": TO_BOB}
        assert sharing.call("alice", "POST", f"/psilos/{psilo}/spores", body).status_code == 201
    for psilo, expected in (("1", [1]), ("10", [2]), ("*", [1])):
        assert sizes(sharing, uri=f"/psilos/{psilo}/spores") == expected
    assert sharing.call("bob", "GET", "/psilos/2/spores").status_code == 403
    assert sharing.call("bob", "GET", "/psilos/.*/spores").status_code == 403


def test_inheritance_is_asked_once_for_the_records_of_a_list():  # P7.8
    asked = []
    app = Sharing(**{"multiauth.authorization_policy": "cliquet.authorization.AuthorizationPolicy"})
    policy = app.policy

    def bound(object_id, permission):
        asked.append((object_id, permission))
        return [(object_id, permission), (object_id, "write"), ("/elsewhere", "read")]

    policy.get_bound_permissions = bound
    try:
        app.create("alice", data={"size": 1})
        asked.clear()
        assert sizes(app, user="alice") == [1]
    finally:
        del policy.get_bound_permissions
    assert asked == [("/psilos", "read"), ("/psilos/*", "read")]
