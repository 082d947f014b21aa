"""P8.5 and P7: who a part of a batch is answered to, and what that costs."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from tests.protocol.batching import DATABASES, Batching, make_batching, part
from tests.protocol.sharing import ONE_ID, TWO_ID, UNKNOWN_ID, headers_of, user_id

BOB = headers_of("bob")


class ByCookie:
    """A policy of old that knows users by a cookie, by a header, or by the query string."""

    asked: list[Any] = []

    def unauthenticated_userid(self, request: Any) -> str | None:
        """Return who asks."""
        self.asked.append(request)
        found: str | None = (
            request.GET.get("user") or request.cookies.get("user") or request.headers.get("X-User")
        )
        return found

    authenticated_userid = unauthenticated_userid

    def effective_principals(self, request: Any) -> list[str]:
        """Return what being that user gives: nothing."""
        return ["system.Everyone"]

    def forget(self, request: Any) -> list[tuple[str, str]]:
        """Return what asks a client to authenticate: nothing."""
        return []


@pytest.fixture(scope="module")
def app() -> Any:
    """Return an application that knows users by cookies, and else by Basic Auth."""
    policies = {
        "multiauth.policies": "cookie basicauth",
        "multiauth.policy.cookie.use": f"{__name__}.ByCookie",
    }
    return make_batching("memory", **policies)


@pytest.fixture
def cookies(app: Any) -> Iterator[Batching]:
    ByCookie.asked.clear()
    yield Batching(app=app)
    app.reset()


@pytest.fixture(params=["memory", *DATABASES])
def batch(request: pytest.FixtureRequest) -> Batching:
    return Batching(request.param)


def users_of(answers: list[Any]) -> list[str | None]:
    """Return who was recognized, by answers of ``/private``."""
    return [one["body"].get("user", {"id": None})["id"] for one in answers]


ALICE_ID = user_id("alice")


@pytest.mark.parametrize(
    ("own", "found"),
    [
        ({}, ALICE_ID),
        ({"Accept": "application/json", "If_Match": '"1"'}, ALICE_ID),
        ({"Cookie": "user=carol"}, "cookie:carol"),
        ({"Cookie": "other=carol"}, ALICE_ID),
        ({"x_uSER": "dan"}, "cookie:dan"),
        (BOB, user_id("bob")),
        ({"aUTHORIZATION": BOB["Authorization"]}, user_id("bob")),
        ({"Authorization": ""}, None),
        ({"Authorization": "Basic !"}, None),
    ],
)
def test_headers_of_a_part_decide_on_its_own_user(  # P8.5
    cookies: Batching, own: dict[str, str], found: str | None
) -> None:
    answers = cookies.send("GET /private", part("GET", "/private", **own), "GET /private")
    assert users_of(answers) == [ALICE_ID, found, ALICE_ID]


def test_a_part_may_have_no_cookie_where_the_batch_has_one(cookies: Batching) -> None:  # P8.5
    parts = ["GET /private", part("GET", "/private", Cookie=""), "GET /private"]
    found = users_of(cookies.send(*parts, Cookie="user=eve"))
    assert found == ["cookie:eve", ALICE_ID, "cookie:eve"]


def test_headers_of_defaults_decide_unless_a_part_has_its_own(cookies: Batching) -> None:  # P8.5
    parts = ["GET /private", part("GET", "/private", cookie="user=dan"), "GET /private"]
    answers = cookies.send(*parts, defaults={"headers": {"COOKIE": "user=carol"}})
    assert users_of(answers) == ["cookie:carol", "cookie:dan", "cookie:carol"]


def test_query_strings_decide_on_their_own_part(cookies: Batching) -> None:  # P8.5
    paths = ["/private?user=carol", "/private", "/private?user=dan", "/private?more=1"]
    answers = cookies.send(*[part("GET", path) for path in paths])
    assert users_of(answers) == ["cookie:carol", ALICE_ID, "cookie:dan", ALICE_ID]


def test_the_query_string_of_the_batch_decides_on_no_part(cookies: Batching) -> None:  # P8.5
    body = {"requests": [{"path": "/private"}] * 2}
    answer = cookies.app.post_json("/v1/batch?user=eve", body, headers=headers_of("alice"))
    assert users_of(answer.json["responses"]) == [ALICE_ID] * 2


def test_redirections_keep_the_user_of_their_part(cookies: Batching) -> None:  # P8.3, P8.5
    moved = "/moved?to=/v1/private"
    answers = cookies.send(part("GET", moved, **BOB), part("GET", moved), part("GET", "/private/"))
    assert users_of(answers) == [user_id("bob"), ALICE_ID, ALICE_ID]


def test_25_parts_are_authenticated_once(cookies: Batching) -> None:  # P8.5, lesson 34
    cookies.send("GET /private")
    once = len(ByCookie.asked)
    ByCookie.asked.clear()
    assert set(cookies.statuses(*["GET /notes"] * 25)) == {200}
    assert len(ByCookie.asked) <= once


# What one user has is not shown to another


@pytest.mark.parametrize("method", ["GET", "PATCH", "PUT", "DELETE"])
def test_runs_of_several_users_are_answered_to_each(batch: Batching, method: str) -> None:
    # P8.5, P7.1: what is read ahead for the first of them is not for the others.
    one, two = (f"/notes/{id_}" for id_ in (ONE_ID, TWO_ID))
    for user in ("alice", "bob"):
        batch.send(*[part("PUT", path, {"of": user}) for path in (one, two)], user=user)
    data = {"new": True} if method in ("PUT", "PATCH") else None
    turns = [(one, "alice"), (two, "bob"), (one, "bob"), (two, "alice")]
    parts = [part(method, path, data, **headers_of(user)) for path, user in turns * 2]
    answers = batch.send(*parts, user="carol")
    owners = [one["body"].get("data", {}).get("of") for one in answers[:4]]
    assert owners == [user if method in ("GET", "PATCH") else None for _, user in turns]
    assert {one["status"] for one in answers[:4]} == {200}
    assert {one["status"] for one in answers[4:]} == {404 if method == "DELETE" else 200}
    assert batch.get("/notes", "carol")["data"] == []


def test_nothing_is_left_of_a_user_when_the_batch_ends(batch: Batching) -> None:  # P8.5
    batch.send(part("PUT", f"/notes/{ONE_ID}", {"secret": 1}), part("GET", f"/notes/{ONE_ID}"))
    parts = [f"GET /notes/{ONE_ID}", f"GET /notes/{ONE_ID}", "GET /notes"]
    assert batch.statuses(*parts, user="bob") == [404, 404, 200]
    assert batch.statuses(*parts, user=None) == [401, 401, 401]


def test_shared_records_do_not_leak_through_a_batch(batch: Batching) -> None:  # P7.9
    one, two = f"/badges/{ONE_ID}", f"/badges/{TWO_ID}"
    hidden = {"number": 1, "word": "hidden"}
    parts = [
        part("PUT", one, hidden),
        part("GET", one),
        part("GET", one, **BOB),
        part("GET", two, **BOB),
        part("POST", "/badges", {"number": 1}, **BOB),
        part("POST", "/badges", {"number": 2, "id": ONE_ID}, **BOB),
        part("PUT", two, {"number": 1}, **BOB),
        part("PUT", two, {"number": 1}, **BOB),
        part("PUT", one, {"number": 3}, **BOB, If_Match='"1"'),
        part("PATCH", one, {"number": 3}, **BOB),
        part("DELETE", one, **BOB),
        part("GET", "/badges", **BOB),
        part("DELETE", "/badges", **BOB),
        part("GET", one),
    ]
    answers = batch.send(*parts)
    statuses = [answer["status"] for answer in answers]
    assert statuses[:4] == [201, 200, 403, 403]
    assert statuses[4:] == [403, 403, 409, 409, 403, 403, 403, 403, 403, 200]
    assert "hidden" not in str(answers[2:13])
    assert "existing" not in str(answers[2:13])
    assert answers[-1]["body"]["data"]["word"] == "hidden"


def test_rights_that_a_part_takes_away_are_gone_for_the_next(batch: Batching) -> None:  # P7.3
    path = f"/psilos/{UNKNOWN_ID}"
    granted = {"data": {}, "permissions": {"write": [user_id("bob")]}}
    parts = [
        {"method": "PUT", "path": path, "body": granted},
        part("PATCH", path, {"size": 2}, **BOB),
        {"method": "PATCH", "path": path, "body": {"permissions": {"write": []}}},
        part("PATCH", path, {"size": 3}, **BOB),
        part("PATCH", path, {"size": 4}, **BOB),
        part("DELETE", path),
        part("PUT", path, {"size": 5}, **BOB),
        part("GET", path),
    ]
    # Its rights go with a record: whoever puts another there has them (lesson 30).
    assert batch.statuses(*parts) == [201, 200, 200, 403, 403, 200, 201, 403]
