"""P9.2: what resources tell of each request, through the application."""

from __future__ import annotations

from typing import Any

import pytest
import webtest

from cliquet.events import ResourceChanged, ResourceRead
from tests.protocol.sharing import ONE_ID, Sharing, user_id
from tests.support import ALICE, make_config


@pytest.fixture
def heard() -> list[Any]:
    return []


@pytest.fixture
def app(heard) -> webtest.TestApp:
    config = make_config()
    for event_class in (ResourceChanged, ResourceRead):
        config.add_subscriber(heard.append, event_class)
    app = webtest.TestApp(config.make_wsgi_app())
    app.extra_environ["HTTP_AUTHORIZATION"] = ALICE["Authorization"]
    return app


@pytest.fixture
def record(app, heard) -> dict[str, Any]:
    """A record that is there, and told of already."""
    made = post(app, "a")
    heard.clear()
    return made


def post(app: webtest.TestApp, title: str) -> dict[str, Any]:
    return app.post_json("/v1/articles", {"data": {"title": title}}).json["data"]


def put(app: webtest.TestApp, record_id: str, title: str) -> dict[str, Any]:
    return app.put_json(f"/v1/articles/{record_id}", {"data": {"title": title}}).json["data"]


def test_a_creation_tells_who_made_what_where(app, heard):  # P9.2
    before = int(app.get("/v1/articles").headers["ETag"].strip('"'))
    heard.clear()
    created = post(app, "a")
    (event,) = heard
    assert event.impacted_records == [{"new": created}]
    assert event.payload == {
        "timestamp": before,
        "action": "create",
        "uri": "/articles",
        "user_id": user_id("alice"),
        "resource_name": "article",
        "article_id": created["id"],
    }


def test_a_put_is_a_creation_or_an_update(app, heard):  # P9.2
    first, second = put(app, ONE_ID, "a"), put(app, ONE_ID, "b")
    assert [event.payload["action"] for event in heard] == ["create", "update"]
    assert [event.impacted_records for event in heard] == [
        [{"new": first}],
        [{"new": second, "old": first}],
    ]
    assert heard[1].payload["timestamp"] == first["last_modified"]


def test_a_put_over_a_tombstone_is_a_creation(app, heard, record):  # P9.2, lesson 6
    app.delete(f"/v1/articles/{record['id']}")
    put(app, record["id"], "b")
    assert [event.payload["action"] for event in heard] == ["delete", "create"]


def test_a_patch_is_an_update_or_changes_nothing(app, heard, record):  # P9.2
    for title in ("b", "b"):
        app.patch_json(f"/v1/articles/{record['id']}", {"data": {"title": title}})
    update, read = heard
    (impacted,) = update.impacted_records
    assert (impacted["old"], impacted["new"]["title"]) == (record, "b")
    assert (read.payload["action"], read.read_records) == ("read", [impacted["new"]])


def test_a_post_of_what_is_there_is_a_read(app, heard, record):  # P4.2, P9.2
    app.post_json("/v1/articles", {"data": {"id": record["id"], "title": "b"}}, status=200)
    (event,) = heard
    assert (event.payload["action"], event.read_records) == ("read", [record])


def test_a_read_tells_of_what_the_answer_has(app, heard, record):  # P9.2
    app.get(f"/v1/articles/{record['id']}")
    page = app.get("/v1/articles?_limit=1").json["data"]
    assert [event.read_records for event in heard] == [[record], page]
    assert heard[0].payload["article_id"] == record["id"]


@pytest.mark.parametrize(
    ("path", "headers", "status"),
    [
        ("/v1/articles", {"If-None-Match": '"{last_modified}"'}, 304),
        ("/v1/articles/{id}", {"If-None-Match": '"{last_modified}"'}, 304),
        ("/v1/articles/{id}", {"If-Match": '"1"'}, 412),
        ("/v1/articles/" + ONE_ID, {}, 404),
    ],
)
def test_what_answers_without_the_record_tells_nothing(  # P9.2
    path, headers, status, app, heard, record
):
    sent = {name: text.format(**record) for name, text in headers.items()}
    app.get(path.format(**record), headers=sent, status=status)
    assert heard == []


def test_a_deletion_tells_the_tombstone_and_the_record_as_it_was(app, heard, record):  # P9.2
    tombstone = app.delete(f"/v1/articles/{record['id']}").json["data"]
    assert heard[0].impacted_records == [{"old": tombstone, "previous": record}]


def test_a_list_deletion_tells_each_record_as_it_was(app, heard):  # P9.2
    records = {record["id"]: record for record in (post(app, "a"), post(app, "b"))}
    heard.clear()
    tombstones = app.delete("/v1/articles").json["data"]
    assert heard[0].impacted_records == [
        {"old": tombstone, "previous": records[tombstone["id"]]} for tombstone in tombstones
    ]


def test_every_match_of_the_url_is_told(heard):  # P9.2
    sharing = Sharing()
    sharing.registry.registerHandler(heard.append, (ResourceChanged,))
    try:
        psilo = sharing.create("alice")
        spore = sharing.create("alice", f"{psilo}/spores")
    finally:
        sharing.registry.unregisterHandler(heard.append, (ResourceChanged,))
    payload = heard[1].payload
    assert (payload["resource_name"], payload["spore_id"]) == ("spore", spore.rpartition("/")[2])
    assert payload["psilo_id"] == psilo.rpartition("/")[2]
