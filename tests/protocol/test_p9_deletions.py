"""P9.2: what the events of deletions tell, through the application."""

from __future__ import annotations

from typing import Any

import pytest
import webtest

from cliquet.events import ResourceChanged
from tests.support import ALICE, make_config


@pytest.fixture
def heard() -> list[Any]:
    return []


@pytest.fixture
def app(heard) -> webtest.TestApp:
    config = make_config()
    config.add_subscriber(heard.append, ResourceChanged, for_actions=["delete"])
    app = webtest.TestApp(config.make_wsgi_app())
    app.extra_environ["HTTP_AUTHORIZATION"] = ALICE["Authorization"]
    return app


def post(app: webtest.TestApp, title: str) -> dict[str, Any]:
    return app.post_json("/v1/articles", {"data": {"title": title}}).json["data"]


def test_a_deletion_tells_the_tombstone_and_the_record_as_it_was(app, heard):  # P9.2
    record = post(app, "a")
    tombstone = app.delete(f"/v1/articles/{record['id']}").json["data"]
    assert heard[0].impacted_records == [{"old": tombstone, "previous": record}]


def test_a_list_deletion_tells_each_record_as_it_was(app, heard):  # P9.2
    records = {record["id"]: record for record in (post(app, "a"), post(app, "b"))}
    tombstones = app.delete("/v1/articles").json["data"]
    assert heard[0].impacted_records == [
        {"old": tombstone, "previous": records[tombstone["id"]]} for tombstone in tombstones
    ]
