"""The examples of the pages on notifications and on extending do what the text says."""

from __future__ import annotations

import importlib
import json
import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
import redis
import webtest

from tests.pages import run_page, snippets
from tests.test_docs import app_of, created, settings_of

# -- Notifications


@pytest.fixture
def library() -> ModuleType:
    """The module of the page on notifications."""
    return run_page("notifications")


def on_sqlite(library: ModuleType, folder: Path) -> webtest.TestApp:
    """Return the application of the page on a storage that has transactions."""
    backend = {"storage_backend": "cliquet.storage.sqlite"}
    return app_of(library, storage_url=f"sqlite:///{folder}/library.sqlite", **backend)


def titles(app: webtest.TestApp, path: str) -> list[str]:
    return [record["title"] for record in app.get(path).json["data"]]


def test_a_subscriber_logs_the_titles_of_books(
    library: ModuleType, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("INFO", logger="cliquet")
    created(app_of(library), "/v1/books", title="Walden")
    assert [one for one in caplog.messages if "book.written" in one and "title=Walden" in one]


def test_what_a_subscriber_refuses_is_not_kept(library: ModuleType, tmp_path: Path) -> None:
    app = on_sqlite(library, tmp_path)
    answer = app.post_json("/v1/books", {"data": {"title": "Walden II"}}, status=403)
    assert (answer.json["errno"], answer.json["message"]) == (121, "No sequels.")
    assert (titles(app, "/v1/books"), titles(app, "/v1/loans")) == ([], [])


def test_a_sub_request_of_a_subscriber_lends_the_book(library: ModuleType, tmp_path: Path) -> None:
    app = on_sqlite(library, tmp_path)
    created(app, "/v1/books", title="Walden")
    assert titles(app, "/v1/loans") == ["Walden"]


def test_books_are_indexed_after_the_commit(library: ModuleType) -> None:
    app = app_of(library)
    book = created(app, "/v1/books", title="Walden")
    ((user, books),) = library.SHELVES.items()
    assert (user, books) == (app.get("/v1/").json["user"]["id"], [book])


def listener_settings(number: int, folder: Path, **changes: Any) -> dict[str, Any]:
    """Return the settings of an INI block of the page, with other values for some of them."""
    return settings_of(snippets("notifications", "ini")[number].text, folder) | changes


def test_a_listener_keeps_a_journal(library: ModuleType, tmp_path: Path) -> None:
    path, prefix = tmp_path / "journal.jsonl", "library.event_listeners.journal."
    changes = {f"{prefix}use": library.__name__, f"{prefix}path": str(path)}
    app = app_of(library, **listener_settings(0, tmp_path, **changes))
    book = created(app, "/v1/books", title="Walden")
    app.patch_json(f"/v1/books/{book['id']}", {"data": {"title": "Emma"}})
    app.delete(f"/v1/books/{book['id']}")
    lines = path.read_text().splitlines()
    assert [json.loads(line)["action"] for line in lines] == ["create", "delete"]


@pytest.fixture
def client(cliquet_redis: str) -> Iterator[redis.Redis]:
    with redis.Redis.from_url(cliquet_redis, decode_responses=True) as client:
        client.delete("changes", "changes:taken")
        yield client


def to_redis(
    library: ModuleType, client: redis.Redis, folder: Path, **options: Any
) -> webtest.TestApp:
    """Return the application of the page, with the listener of the page."""
    options["url"] = "redis://{host}:{port}/{db}".format(**client.get_connection_kwargs())
    changes = {f"library.event_listeners.redis.{name}": value for name, value in options.items()}
    return app_of(library, **listener_settings(1, folder, **changes))


def test_a_consumer_takes_events_from_a_list(
    library: ModuleType, client: redis.Redis, tmp_path: Path
) -> None:
    created(to_redis(library, client, tmp_path, mode="list"), "/v1/books", title="Walden")
    handled: list[Any] = []
    for _ in range(2):
        library.take(client, handled.append)
    assert [event["resource_name"] for event in handled] == ["book", "loan"]
    assert client.exists("changes", "changes:taken") == 0


def test_an_event_that_was_not_dealt_with_is_kept(
    library: ModuleType, client: redis.Redis, tmp_path: Path
) -> None:
    created(to_redis(library, client, tmp_path, mode="list"), "/v1/books", title="Walden")
    with pytest.raises(ZeroDivisionError):
        library.take(client, lambda event: 1 / 0)
    assert client.llen("changes:taken") == 1


def test_each_group_of_consumers_follows_the_stream(
    library: ModuleType, client: redis.Redis, tmp_path: Path
) -> None:
    groups = ("indexer", "mailer")
    for group in groups:
        library.join(client, group)
    app = to_redis(library, client, tmp_path)
    created(app, "/v1/books", title="Walden")
    handled: list[Any] = []
    for group in groups:
        library.follow(client, group, "one", handled.append)
    assert [event["resource_name"] for event in handled] == ["book", "loan"] * 2
    assert client.xpending("changes", "mailer")["pending"] == 0


def test_the_event_on_the_page_has_the_members_of_a_real_one(
    library: ModuleType, client: redis.Redis, tmp_path: Path
) -> None:
    created(to_redis(library, client, tmp_path, mode="list"), "/v1/books", title="Walden")
    shown = json.loads(snippets("notifications", "json")[0].text)
    real = json.loads(client.lindex("changes", -1))
    assert list(shown) == list(real)
    assert shown["impacted_records"][0]["new"].keys() == real["impacted_records"][0]["new"].keys()


# -- Extending


@pytest.fixture
def mailer(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    """The module of the page on extending, where it can be included by its name."""
    source = "\n".join(one.text for one in snippets("extending", "python"))
    (tmp_path / "mailer.py").write_text(source, encoding="utf-8")
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.delitem(sys.modules, "mailer", raising=False)
    return importlib.import_module("mailer")


def extended(**settings: Any) -> webtest.TestApp:
    """Return the application of the first page, with settings of its own."""
    return app_of(run_page("index"), **settings)


def test_a_plugin_shows_in_hello_and_in_the_heartbeat(mailer: ModuleType) -> None:
    app = extended(includes=mailer.__name__)
    hello = app.get("/v1/").json
    assert hello["settings"]["mailer.host"] == "localhost"
    assert hello["capabilities"]["mailer"]["description"] == "Sends e-mails through localhost."
    assert hello["user"]["mailbox"].endswith("@example.com")
    assert app.get("/v1/__heartbeat__").json["mailer"] is True
    app.authorization = None
    assert "user" not in app.get("/v1/").json


def test_the_settings_of_a_plugin_are_read_as_all_others(mailer: ModuleType) -> None:
    app = extended(includes=mailer.__name__, **{"mailer.port": "26"})
    assert app.get("/v1/__heartbeat__", status=503).json["mailer"] is False


def test_a_plugin_hears_of_new_records(mailer: ModuleType) -> None:
    app = extended(includes=mailer.__name__)
    book = created(app, "/v1/books", title="Walden")
    app.put_json(f"/v1/books/{book['id']}", {"data": {"title": "Emma"}})
    (mail,) = mailer.OUTBOX
    assert mail == f"{app.get('/v1/').json['user']['id']} wrote a new book"


def test_a_cache_that_keeps_nothing_fails_its_heartbeat(mailer: ModuleType) -> None:
    app = extended(cache_backend=mailer.__name__)
    assert app.get("/v1/__heartbeat__", status=503).json["cache"] is False


def test_ids_are_those_of_the_generator(mailer: ModuleType) -> None:
    app = extended(id_generator="mailer.Numbers")
    ids = [created(app, "/v1/books", title="Walden")["id"] for _ in range(2)]
    assert ids == ["00000002", "00000003"]


def test_lines_are_those_of_the_renderer(
    mailer: ModuleType, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("INFO", logger="cliquet")
    extended(logging_renderer="mailer.JSONLines").get("/v1/?a=1%0Ab")
    line = json.loads(caplog.messages[-1])
    assert (line["project"], line["level"], line["event"]) == ("library", "info", "request.summary")
