"""Names longer than backends store are refused by name, and never fail on the server."""

from __future__ import annotations

import random
import string
from typing import Any

import pytest
import webtest

from tests.protocol.shareable import SETTINGS
from tests.protocol.sharing import BACKENDS, ONE_ID, Sharing, migrated, settings_of
from tests.support import make_config


def text(length: int) -> str:
    """Return text that no compression makes shorter."""
    return "".join(random.Random(length).choices(string.ascii_letters, k=length))


@pytest.fixture(params=BACKENDS)
def app(request: pytest.FixtureRequest) -> Sharing:
    return Sharing(request.param)


@pytest.mark.parametrize("principal", [text(513), "é" * 257, text(100_000)], ids=len)
@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH"])
def test_a_principal_that_is_too_long_is_refused_by_name(app, method, principal):  # P7.3
    uri = "/psilos" if method == "POST" else app.create("alice")
    body = {"data": {}, "permissions": {"read": ["system.Everyone", principal]}}
    answer = app.call("alice", method, uri, body)
    assert answer.status_code == 400
    assert answer.json["details"][0]["name"] == "permissions.read.1"
    assert "Longer than 512 bytes" in answer.json["message"]


def test_the_longest_principal_is_stored(app):  # P7.3
    uri = app.create("alice", permissions={"read": [text(512)]})
    assert app.permissions(uri)["read"] == [text(512)]


@pytest.mark.parametrize("length", [1200, 1275, 3000, 20_000])
@pytest.mark.parametrize("method", ["GET", "POST", "DELETE"])
def test_a_collection_too_far_down_is_refused(app, method, length):  # P7.4
    parent = f"/psilos/{text(length)}"
    if length < 1500:
        app.grant(parent, "write", "alice")
    answer = app.call(
        "alice", method, f"{parent}/spores", {"data": {}} if method == "POST" else None
    )
    wanted = {1200: (200, 201), 1275: (400,)}.get(length, (400, 403))
    assert answer.status_code in wanted, answer.text


@pytest.mark.parametrize(("length", "status"), [(512, 201), (1260, 201), (1275, 400), (3000, 403)])
def test_a_record_is_written_or_refused_however_long_its_path_is(app, length, status):  # P7.4
    parent = f"/psilos/{text(length)}"
    if length < 1500:
        app.grant(parent, "write", "alice")
    uri = f"{parent}/spores/{ONE_ID}"
    assert app.call("alice", "PUT", uri, {"data": {}}).status_code == status
    assert app.call("alice", "DELETE", uri).status_code == (200 if status == 201 else status)


class LongNamed:
    """A policy of which the user chooses the id."""

    def unauthenticated_userid(self, request: Any) -> str | None:
        """Return the id."""
        return request.headers.get("X-User")

    authenticated_userid = unauthenticated_userid

    def effective_principals(self, request: Any) -> list[str]:
        """Return no principal."""
        return []

    forget = effective_principals


@pytest.mark.parametrize("uri", ["/v1/psilos", "/v1/fungi"])
@pytest.mark.parametrize(("length", "status"), [(507, 201), (508, 401), (20_000, 401)])
def test_a_user_whose_id_is_too_long_is_nobody(cliquet_postgresql, uri, length, status):  # P7.1
    given = {
        **SETTINGS,
        **settings_of("postgresql"),
        "multiauth.policies": "long",
        "multiauth.policy.long.use": f"{__name__}.LongNamed",
    }
    config = make_config(given)
    config.scan("tests.protocol.shareable")
    app: webtest.TestApp = migrated(config)
    headers = {"X-User": text(length)}
    app.post_json(uri, {"data": {}}, headers=headers, status=status)
