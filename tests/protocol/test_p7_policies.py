"""Policies of authentication: several at once, old and modern, refusing and failing."""

from __future__ import annotations

import logging
from typing import Any

import pytest
import webtest
from pyramid.httpexceptions import HTTPServiceUnavailable
from pyramid_multiauth import MultiAuthPolicySelected

from cliquet import Service
from cliquet.events import ResourceRead
from cliquet.storage.exceptions import BackendError
from tests.protocol.shareable import SETTINGS
from tests.protocol.sharing import BACKENDS, headers_of, user_id
from tests.support import make_config

#: Errors of providers that tests make fail.
ERRORS = {"unavailable": HTTPServiceUnavailable, "broken": lambda: BackendError(OSError("far"))}


class Provider:
    """A modern policy: a provider far away knows the token of the user."""

    def __init__(self, header: str = "X-Provider") -> None:
        self._header = header
        self.asked = 0

    def authenticated_userid(self, request: Any) -> str | None:
        """Ask the provider."""
        token = request.headers.get(self._header)
        if token is None:
            return None
        self.asked += 1
        if token in ERRORS:
            raise ERRORS[token]()
        return token if token != "wrong" else None

    def permits(self, request: Any, context: Any, permission: str) -> bool:
        """Refuse."""
        return False

    identity = authenticated_userid

    def remember(self, request: Any, userid: str, **kwargs: Any) -> list[tuple[str, str]]:
        """Return no header."""
        return []

    def forget(self, request: Any, **kwargs: Any) -> list[tuple[str, str]]:
        """Ask for a token."""
        return [("WWW-Authenticate", "Provider")]


def refuse_eve(userid: str, request: Any) -> list[str] | None:
    """Know everybody but Eve."""
    return None if userid == "eve" else [f"{request.selected_policy_name}:{userid}"]


POLICIES = {
    "multiauth.policies": "provider token basicauth",
    "multiauth.policy.provider.use": "tests.protocol.test_p7_policies.Provider",
    "multiauth.policy.token.use": "tests.compat.apps.policies.TokenPolicy",
}


def who(request: Any) -> dict[str, Any]:
    """Tell who is asking; the type is looked at first."""
    return {
        "type": request.authn_type,
        "selected": request.selected_userid,
        "id": request.prefixed_userid,
    }


def make_app(**settings: Any) -> webtest.TestApp:
    """Return an application with a provider, tokens and Basic Auth."""
    config = make_config({**SETTINGS, **BACKENDS["memory"], **POLICIES, **settings})
    config.scan("tests.protocol.shareable")
    service = Service("who", "/who")
    service.add_view("GET", who)
    config.add_cornice_service(service)
    return webtest.TestApp(config.make_wsgi_app())


@pytest.fixture(scope="module")
def app():
    """Return the application of all tests here."""
    return make_app()


@pytest.mark.parametrize(
    ("headers", "policy", "userid"),
    [
        ({"X-Provider": "ann"}, "provider", "ann"),
        ({"X-Token": "tom"}, "token", "tom"),
        (headers_of("bob"), "basicauth", user_id("bob").partition(":")[2]),
        ({"X-Provider": "ann", "X-Token": "tom", **headers_of("bob")}, "provider", "ann"),
        ({"X-Provider": "wrong", "X-Token": "tom"}, "token", "tom"),
        ({"X-Provider": "wrong"}, None, None),
        ({}, None, None),
    ],
)
def test_the_first_policy_that_knows_the_user_names_it(app, headers, policy, userid):  # P7.1
    prefixed = None if policy is None else f"{policy}:{userid}"
    expected = {"type": policy, "selected": userid, "id": prefixed}
    assert app.get("/v1/who", headers=headers).json == expected


def test_a_refused_user_leaves_nothing_behind():  # P7.1
    app = make_app(**{"multiauth.groupfinder": "tests.protocol.test_p7_policies.refuse_eve"})
    nobody = {"type": None, "selected": None, "id": None}
    assert app.get("/v1/who", headers={"X-Token": "eve"}).json == nobody
    app.get("/v1/mushrooms", headers={"X-Token": "eve"}, status=401)
    assert app.get("/v1/who", headers={"X-Token": "tom"}).json["id"] == "token:tom"


def test_the_next_policy_is_asked_when_a_user_is_refused():  # P7.1
    app = make_app(**{"multiauth.groupfinder": "tests.protocol.test_p7_policies.refuse_eve"})
    both = {"X-Token": "eve", **headers_of("bob")}
    assert app.get("/v1/who", headers=both).json["id"] == user_id("bob")


def test_subscribers_see_who_was_selected():  # names: authn_type
    config = make_config({**POLICIES, "permission_backend": "cliquet.permission.memory"})
    seen: list[Any] = []
    config.add_subscriber(
        lambda event: seen.append((event.request.authn_type, event.request.selected_userid)),
        MultiAuthPolicySelected,
    )
    app = webtest.TestApp(config.make_wsgi_app())
    app.get("/v1/", headers={"X-Token": "tom"})
    assert seen == [("token", "tom")]


@pytest.mark.parametrize("uri", ["/v1/psilos", "/v1/mushrooms", "/v1/", "/v1/who"])
@pytest.mark.parametrize("token", ERRORS)
def test_a_provider_that_is_down_is_a_503(app, uri, token):  # P2.7
    answer = app.get(uri, headers={"X-Provider": token}, status=503)
    assert (answer.json["errno"], answer.headers["Retry-After"]) == (201, "30")
    assert "far" not in answer.text


def test_a_provider_is_asked_once_a_request(app):  # lessons 34
    provider = app.app.registry.authentication_policy.get_policy("provider")
    before = provider.asked
    app.get("/v1/psilos", headers={"X-Provider": "ann"}, status=403)
    app.get("/v1/mushrooms", headers={"X-Provider": "ann"}, status=200)
    assert provider.asked == before + 2


def test_wrong_credentials_are_never_taken_for_right_ones(app):  # lessons 32
    for password, status in (("right", 200), ("wrong", 403), ("right", 200)):
        app.authorization = ("Basic", ("alice", password))
        if password == "right" and status == 200:
            uri = "/v1/psilos/11111111-1111-4111-8111-111111111111"
            app.put_json(uri, {"data": {}})
        app.get(uri, status=status)
    app.authorization = None


def test_a_401_has_the_challenge_of_every_policy(app):  # P2.5
    challenges = app.get("/v1/mushrooms", status=401).headers.getall("WWW-Authenticate")
    assert challenges == ["Provider", 'Token realm="token"', 'Basic realm="Realm"']


def test_users_of_two_policies_are_two_users(app):  # P7.1
    app.post_json("/v1/mushrooms", {"data": {"name": "x"}}, headers={"X-Token": "ann"})
    assert app.get("/v1/mushrooms", headers={"X-Provider": "ann"}).json["data"] == []


def test_the_id_of_another_policy_s_user_is_no_principal():  # P7.10
    app = make_app(
        **{
            "multiauth.policies": "provider old",
            "multiauth.policy.old.use": "pyramid.authentication.RemoteUserAuthenticationPolicy",
        }
    )
    body = {"data": {}, "permissions": {"read": ["group:friends"]}}
    created = app.post_json("/v1/psilos", body, headers={"X-Provider": "ann"})
    uri = f"/v1/psilos/{created.json['data']['id']}"
    both = {"REMOTE_USER": "group:friends"}
    app.get(uri, headers={"X-Provider": "tom"}, extra_environ=both, status=403)
    app.get(uri, extra_environ=both, status=403)


def test_who_asked_and_how_is_logged(app, caplog):  # P7.1
    with caplog.at_level(logging.INFO, logger="cliquet"):
        app.get("/v1/mushrooms", headers={"X-Token": "tom"})
        app.get("/v1/mushrooms", status=401)
    known, unknown = [one for one in caplog.messages if "/mushrooms" in one]
    assert "uid=tom" in known
    assert "authn_type=token" in known
    assert "authn_type=token" not in unknown


def test_groups_are_not_looked_for_where_they_cannot_matter(app, monkeypatch):  # lessons 34
    asked: list[str] = []
    permission = app.app.registry.permission
    monkeypatch.setattr(permission, "user_principals", lambda user: asked.append(user) or {"g"})
    app.get("/v1/mushrooms", headers={"X-Token": "tom"}, status=200)
    assert asked == []
    app.get("/v1/who", headers={"X-Token": "tom"}, status=200)
    assert asked == ["token:tom"]


def test_groups_are_found_when_they_matter_later():  # P7.7
    app, principals, allowed = make_app(), [], []

    class Context:
        allowed_principals = ("group:friends",)

    def look(event: Any) -> None:
        allowed.append(bool(event.request.has_permission("any", Context())))
        principals.extend(event.request.effective_principals)

    app.app.registry.permission.add_user_principal("token:tom", "group:friends")
    app.app.registry.registerHandler(look, (ResourceRead,))
    app.get("/v1/mushrooms", headers={"X-Token": "tom"}, status=200)
    assert (allowed, "group:friends" in principals) == ([True], True)
