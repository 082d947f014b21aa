"""What policies of applications decide by themselves holds for all that an answer tells (P7.9)."""

from __future__ import annotations

from typing import Any

import pytest
from pyramid.authorization import Authenticated

from cliquet import resource
from cliquet.authorization import AuthorizationPolicy, RouteFactory
from tests.protocol.shareable import SETTINGS
from tests.protocol.sharing import BACKENDS, ONE_ID, Sharing, migrated, user_id
from tests.support import make_config

HIDDEN = f"/badges/{ONE_ID}"


class Creating(AuthorizationPolicy):
    """A policy by which every user may create; what is left is decided as ever."""

    def permits(self, context: Any, principals: Any, permission: str) -> bool:
        """See :class:`AuthorizationPolicy`."""
        if getattr(context, "required_permission", None) == "create":
            return Authenticated in principals
        return super().permits(context, principals, permission)


@pytest.fixture
def sharing():
    """Return the application, in which nobody may create but by the policy."""
    policy = f"{__name__}.Creating"
    app = Sharing(**{"multiauth.authorization_policy": policy, "badge_create_principals": ""})
    app.registry.meanwhile = []
    return app


@pytest.mark.parametrize(("headers", "status"), [({}, 403), ({"If_None_Match": "*"}, 412)])
def test_a_post_of_what_is_there_tells_nothing(sharing, headers, status):  # P7.9, P11.5
    sharing.call("alice", "PUT", HIDDEN, {"data": {"secret": "sesame"}})
    assert sharing.call("bob", "GET", HIDDEN).status_code == 403
    answer = sharing.call("bob", "POST", "/badges", {"data": {"id": ONE_ID}}, **headers)
    assert "sesame" not in answer.text
    assert user_id("alice") not in answer.text
    assert answer.status_code == status


def test_a_put_over_what_another_made_meanwhile_is_refused(sharing):  # P7.4, P7.9
    theirs = {"data": {"secret": "sesame"}}
    sharing.registry.meanwhile.append(lambda: sharing.call("alice", "PUT", HIDDEN, theirs))
    assert sharing.call("bob", "PUT", HIDDEN, {"data": {"mine": True}}).status_code == 403
    assert "mine" not in sharing.call("alice", "GET", HIDDEN).json["data"]


def vault(request: Any) -> RouteFactory:
    """Return a context by which rights on a letter are those on the vault, and no others."""
    context = RouteFactory(request)
    context.permission_object_id = "/vault"
    context.default_pairs = lambda object_id, permission: {("/vault", permission)}
    return context


class FreeSchema(resource.ResourceSchema):
    """Anything at all."""

    class Options:
        preserve_unknown = True


@resource.register(service_arguments={"factory": vault})
class Letter(resource.ShareableResource):
    """Letters of a vault; another writer may come at the worst moment."""

    mapping = FreeSchema()

    def process_record(self, new: dict[str, Any], old: dict[str, Any] | None = None) -> Any:
        """Let the others write first."""
        waiting = self.request.registry.meanwhile
        if waiting:
            waiting.pop(0)()
        return new


@pytest.fixture
def letters():
    """Return an application with a letter of Alice."""
    config = make_config({**SETTINGS, **BACKENDS["memory"]})
    config.scan(__name__)
    app = Sharing.__new__(Sharing)
    app._app = migrated(config)
    app.registry = config.registry
    app.permission, app.storage = app.registry.permission, app.registry.storage
    app.registry.meanwhile = []
    for permission in ("create", "letter:create", "read", "write"):
        app.grant("/vault", permission, "alice")
    assert app.call("alice", "PUT", f"/letters/{ONE_ID}", {"data": {}}).status_code == 201
    return app


def test_a_context_is_made_anew_as_the_route_makes_it(letters):  # P7.4
    uri, permission = f"/letters/{ONE_ID}", letters.registry.permission

    def meanwhile():
        assert letters.call("alice", "PATCH", uri, {"data": {"a": 1}}).status_code == 200
        permission.delete_object_permissions(uri)

    letters.registry.meanwhile = [meanwhile]
    assert letters.call("alice", "PATCH", uri, {"data": {"b": 2}}).status_code == 200
    letters.grant("/vault", "write", "bob")

    def revoke():
        meanwhile()
        permission.remove_principal_from_ace("/vault", "write", user_id("bob"))
        letters.grant(uri, "write", "bob")

    letters.registry.meanwhile = [revoke]
    assert letters.call("bob", "PATCH", uri, {"data": {"b": 3}}).status_code == 403
