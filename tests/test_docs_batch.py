"""The page on batches: its answers are those of a server, and its examples do what it says."""

from __future__ import annotations

from collections.abc import Iterator
from types import ModuleType
from typing import Any

import pytest
import requests

from tests.pages import run_page
from tests.servers import by_requests
from tests.test_docs import app_of
from tests.test_quickstart import Reader, follow, serving


class BatchReader(Reader):
    """A reader of a page that leaves out some headers of what is inside."""

    def compare(self, page: Any, real: Any) -> None:
        if isinstance(page, dict) and "headers" in page:
            shown = {name: real["headers"][name] for name in page["headers"]}
            real = {**real, "headers": shown}
        super().compare(page, real)


@pytest.fixture(scope="module")
def readinglist(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with serving(tmp_path_factory.mktemp("batch") / "readinglist.sqlite") as url:
        yield url


@pytest.fixture(scope="module")
def page() -> ModuleType:
    """The module of the page."""
    return run_page("batch")


def test_the_batch_is_answered_as_printed(readinglist: str) -> None:
    assert follow("batch", BatchReader(readinglist, by_requests)) == 1


def test_changes_are_pushed_and_conflicts_are_told(readinglist: str, page: ModuleType) -> None:
    session, url = requests.Session(), f"{readinglist}/v1"
    session.auth = ("bob", "secret")
    changes = [change(number, title=f"Book {number}") for number in range(30)]
    assert page.push(session, url, changes) == []
    changes[0] = {**changes[0], "data": None}
    changes[1] = {**changes[1], "etag": '"12"'}
    assert page.push(session, url, changes) == [changes[1]]
    assert page.push(session, url, [changes[0]]) == []
    left = session.get(f"{url}/articles").json()["data"]
    assert {record["title"] for record in left} == {f"Book {number}" for number in range(1, 30)}


def change(number: int, title: str) -> dict[str, Any]:
    """Return the first change of a new article."""
    data = {"title": title, "url": f"https://example.com/{number}", "added_by": "laptop"}
    return {"id": f"{number:08}-1111-4111-8111-111111111111", "etag": None, "data": data}


POLICIES = {
    "that of the page": ("page_batch.ProxyPolicy", "carol"),
    "that of Pyramid": ("pyramid.authentication.RemoteUserAuthenticationPolicy", "admin"),
}


@pytest.mark.parametrize(("policy", "user"), POLICIES.values(), ids=POLICIES)
def test_the_policy_of_the_page_believes_the_outer_request(
    page: ModuleType, policy: str, user: str
) -> None:
    prefix = "multiauth.policy.proxy."
    settings = {f"{prefix}use": policy, f"{prefix}environ_key": "HTTP_X_FORWARDED_USER"}
    app = app_of(page, **settings, **{"multiauth.policies": "proxy"})
    app.authorization = None
    hello = {"path": "/", "headers": {"X-Forwarded-User": "admin"}}
    headers = {"X-Forwarded-User": "carol"}
    answer = app.post_json("/v1/batch", {"requests": [hello]}, headers=headers)
    assert answer.json["responses"][0]["body"]["user"]["id"] == f"proxy:{user}"
