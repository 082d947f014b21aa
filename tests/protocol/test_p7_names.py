"""Objects have one name wherever they are asked for, whatever their ids hold (P7.4, P7.8)."""

from __future__ import annotations

from urllib.parse import quote

import pytest

from cliquet.storage.generators import Generator
from tests.protocol.sharing import Sharing


class AnyId(Generator):
    """Ids of all that a path segment may hold."""

    regexp = r"[^/]+"

    def __call__(self) -> str:
        """Return an id."""
        return "x"


@pytest.fixture
def sharing():
    """Return the application, whose ids are not those of UUIDs."""
    return Sharing(id_generator=f"{__name__}.AnyId", spore_create_principals="system.Authenticated")


@pytest.fixture(params=["a b", "é", "100%", "\\", "😀"])
def mushroom(request, sharing):
    """Return the URI of a mushroom of Alice, as it is sent; there is a spore of hers in it."""
    uri = f"/psilos/{quote(request.param, safe='')}"
    assert sharing.call("alice", "PUT", uri, {"data": {}}).status_code == 201
    body = {"data": {"secret": "sesame"}, "permissions": {"read": ["group:friends"]}}
    assert sharing.call("carol", "PUT", f"{uri}/spores/1", body).status_code == 201
    return uri


def test_rights_on_a_parent_are_rights_below_it(sharing, mushroom):  # P7.8
    assert sharing.call("alice", "GET", f"{mushroom}/spores/1").status_code == 200
    assert sharing.call("alice", "GET", f"{mushroom}/spores").headers["Total-Records"] == "1"


def test_an_id_that_looks_like_a_quoted_one_is_another(sharing, mushroom):  # P7.8, P7.9
    twin = f"/psilos/{quote(mushroom.removeprefix('/psilos/'), safe='')}"
    assert sharing.call("mallory", "PUT", twin, {"data": {}}).status_code == 201
    for method, uri in (("GET", mushroom), ("GET", f"{mushroom}/spores"), ("DELETE", mushroom)):
        assert sharing.call("mallory", method, uri).status_code == 403
    answer = sharing.call("mallory", "PATCH", f"{mushroom}/spores/1", {"data": {"by": "mallory"}})
    assert answer.status_code == 403


def test_a_deletion_takes_the_permissions_below_along(sharing, mushroom):  # lessons 30
    assert sharing.call("alice", "DELETE", mushroom).status_code == 200
    assert sharing.call("carol", "GET", f"{mushroom}/spores/1").status_code == 403
