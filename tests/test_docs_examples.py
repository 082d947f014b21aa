"""The examples of the documentation do what the text around them says."""

from __future__ import annotations

import os
import subprocess
import sys
import uuid
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
import webtest
from pyramid.config import Configurator

import cliquet
from cliquet.storage.generators import Generator
from tests.pages import run_page, snippets
from tests.test_docs import SETTINGS, app_of, created


def page_app(page: str, **settings: Any) -> webtest.TestApp:
    """Return an application with all that a page has."""
    return app_of(run_page(page), **settings)


@pytest.fixture
def resources() -> webtest.TestApp:
    """The application of the page on resources."""
    return page_app("resources")


@pytest.fixture
def viewsets() -> webtest.TestApp:
    """The application of the page on viewsets."""
    return page_app("viewsets")


@pytest.fixture
def schemas() -> ModuleType:
    """The module of the page on schemas."""
    return run_page("schemas")


# -- Resources


def test_the_test_of_an_application_passes() -> None:
    run_page("resources").test_a_book_has_a_title()


def test_the_tests_on_the_page_about_tests_pass(tmp_path: Path, cliquet_postgresql: str) -> None:
    texts = [one.text for one in snippets("testing", "python")]
    (tmp_path / "conftest.py").write_text(texts[2], encoding="utf-8")
    tests = "\n\n".join([*texts[:2], texts[3]])
    (tmp_path / "test_library.py").write_text(tests, encoding="utf-8")
    command = [sys.executable, "-m", "pytest", "-q", "-n", "0", "test_library.py"]
    environ = {**os.environ, "CLIQUET_TEST_POSTGRESQL_URL": cliquet_postgresql}
    done = subprocess.run(
        command, cwd=tmp_path, env=environ, capture_output=True, text=True, check=False
    )
    assert "5 passed" in done.stdout, done.stdout + done.stderr


def test_the_resource_of_the_first_page_is_served() -> None:
    assert created(page_app("index"), "/v1/books", title="Walden")["title"] == "Walden"


def test_including_cliquet_sets_it_up_without_a_prefix() -> None:
    module = run_page("index")
    config = Configurator(settings=SETTINGS)
    config.include("cliquet")
    config.scan(module.__name__)
    assert webtest.TestApp(config.make_wsgi_app()).get("/").json["project_name"] == "library"


def test_a_prefix_of_all_routes_is_the_prefix_where_cliquet_is_included() -> None:
    module = run_page("index")
    config = Configurator(settings=SETTINGS, route_prefix="v1")
    config.include("cliquet")
    config.scan(module.__name__)
    app = webtest.TestApp(config.make_wsgi_app())
    app.authorization = ("Basic", ("alice", "secret"))
    assert app.get("/v1/books").json == {"data": []}
    assert app.get("/v1/").json["url"] == "http://localhost/v1/"


def test_all_users_write_into_one_board(resources: webtest.TestApp) -> None:
    message = created(resources, "/v1/messages", title="Hello")
    resources.authorization = ("Basic", ("bob", "secret"))
    assert resources.get("/v1/messages").json["data"] == [message]
    assert resources.get("/v1/books").json["data"] == []


def test_a_review_can_only_go_up(resources: webtest.TestApp) -> None:
    review = created(resources, "/v1/reviews", title=" Walden ", rating=3)
    assert review["title"] == "Walden"
    path = f"/v1/reviews/{review['id']}"
    resources.patch_json(path, {"data": {"rating": 4}}, status=200)
    answer = resources.patch_json(path, {"data": {"rating": 1}}, status=400)
    assert answer.json["details"] == [
        {"location": "body", "name": "data.rating", "description": "can only go up"}
    ]


def test_postprocess_changes_the_body_of_each_response(resources: webtest.TestApp) -> None:
    resources.post_json("/v1/films", {"data": {"title": "Alien", "rating": 5}}, status=201)
    assert resources.get("/v1/films").json["served_by"] == "library"


def test_an_unknown_field_cannot_be_filtered_by(resources: webtest.TestApp) -> None:
    resources.get("/v1/films?title=Alien", status=200)
    resources.get("/v1/films?rating=5", status=400)


def test_an_endpoint_that_is_overridden_adds_its_header(resources: webtest.TestApp) -> None:
    created(resources, "/v1/songs", title="Rise")
    assert resources.get("/v1/songs").headers["X-Songs"] == "1"


def test_a_model_renames_the_fields_of_each_record(resources: webtest.TestApp) -> None:
    shelf = created(resources, "/v1/shelfs", title="A–C")
    assert set(shelf) == {"title", "rating", "origin", "shelf", "changed_on"}
    tombstone = resources.delete(f"/v1/shelfs/{shelf['shelf']}").json["data"]
    assert set(tombstone) == {"shelf", "changed_on", "removed"}


def test_a_resource_makes_and_accepts_the_ids_of_its_generator(resources: webtest.TestApp) -> None:
    label = created(resources, "/v1/labels", title="Blue")
    assert len(label["id"]) == 8
    body = {"data": {"title": "Red"}}
    resources.put_json("/v1/labels/0123abcd", body, status=201)
    resources.put_json(f"/v1/labels/{uuid.uuid4()}", body, status=400)


def test_the_setting_names_a_generator_for_all_resources() -> None:
    module = run_page("resources")
    app = app_of(module, id_generator=module.ShortId)
    assert issubclass(module.ShortId, Generator)
    assert len(created(app, "/v1/books", title="Walden")["id"]) == 8


def test_a_service_has_the_members_of_its_body_and_the_errors_of_the_protocol(
    resources: webtest.TestApp,
) -> None:
    answer = resources.post_json("/v1/search", {"words": "to be"})
    assert answer.json == {"words": ["to", "be"]}
    assert resources.post_json("/v1/search", {}, status=400).json["errno"] == 107
    assert resources.get("/v1/search", status=429).json["errno"] == 117


# -- Schemas


def test_a_field_with_drop_is_left_out_and_one_with_a_default_gets_it(schemas: ModuleType) -> None:
    book = schemas.BookSchema().deserialize({"title": "Walden", "unknown": 1})
    assert set(book) == {"title", "pages", "tags", "added_on"}
    assert book["pages"] is None


def test_a_schema_that_extends_another_adds_to_its_options(schemas: ModuleType) -> None:
    audio = schemas.AudioBookSchema
    assert audio.get_option("unique_fields") == ("cover",)
    assert audio.is_readonly("minutes")
    assert audio.is_readonly("added_on")


def test_a_timestamp_without_auto_now_is_null(schemas: ModuleType) -> None:
    event = schemas.EventSchema().deserialize({})
    assert event["closed_on"] is None
    assert event["created_on"] > 0


def test_a_url_loses_the_blanks_around_it_and_may_be_missing(schemas: ModuleType) -> None:
    bookmark = schemas.BookmarkSchema().deserialize({"address": " http://example.com/a "})
    assert bookmark == {"address": "http://example.com/a", "icon": None}


def test_the_words_of_a_validator_reach_the_client(schemas: ModuleType) -> None:
    source = "@resource.register()\nclass Comment(resource.BaseResource):\n"
    exec(f"{source}    mapping = CommentSchema()", schemas.__dict__)
    answer = app_of(schemas).post_json("/v1/comments", {"data": {"text": "HELLO"}}, status=400)
    assert answer.json["message"] == "data.text in body: Please do not shout"


# -- Viewsets


def test_placeholders_of_paths_and_methods_are_those_registered(viewsets: webtest.TestApp) -> None:
    note = created(viewsets, "/v1/books/1/notes", text="Good")
    viewsets.get(f"/v1/books/1/notes/{note['id']}", status=200)
    assert viewsets.get("/v1/books/2/notes").json["data"] == []
    viewsets.delete("/v1/books/1/notes", status=405)


def test_records_of_the_archive_are_never_changed(viewsets: webtest.TestApp) -> None:
    invoice = created(viewsets, "/v1/invoices", text="1 book")
    path = f"/v1/invoices/{invoice['id']}"
    viewsets.get(path, status=200)
    viewsets.put_json(path, {"data": {"text": "2 books"}}, status=405)
    viewsets.authorization = None
    viewsets.delete(path, status=405)


def test_a_class_registered_twice_serves_the_same_records(viewsets: webtest.TestApp) -> None:
    draft = created(viewsets, "/v1/drafts", text="Once upon a time")
    assert viewsets.get("/v1/memos").json["data"] == [draft]


def test_services_are_found_by_their_names() -> None:
    module = run_page("viewsets")
    config = Configurator(settings=SETTINGS)
    cliquet.initialize(config)
    config.scan(module.__name__)
    paths: list[str] = []
    config.add_route("where", "/where")
    config.add_view(
        lambda request: paths.append(module.address_of(request, "42")) or {},
        route_name="where",
        renderer="json",
    )
    webtest.TestApp(config.make_wsgi_app()).get("/v1/where")
    assert paths == ["/v1/invoices/42"]


def test_settings_disable_the_methods_that_they_name() -> None:
    first = snippets("viewsets", "ini")[0].text
    lines = dict(line.split(" = ") for line in first.splitlines())
    app = page_app("viewsets", **lines)
    app.delete("/v1/memos", status=405)
    app.delete("/v1/drafts", status=200)


def test_read_only_mode_disables_writes() -> None:
    app = page_app("viewsets", readonly=True)
    app.post_json("/v1/memos", {"data": {"text": "a"}}, status=405)
    app.get("/v1/memos", status=200)


# -- Permissions

READABLE = {"permissions": {"read": ["system.Everyone"]}}


def sharing_app(module: ModuleType, **settings: Any) -> webtest.TestApp:
    """Return the application of the page on permissions, its subscribers included."""
    config = Configurator(settings={**SETTINGS, **settings})
    cliquet.initialize(config)
    module.includeme(config)
    config.scan(module.__name__)
    app = webtest.TestApp(config.make_wsgi_app())
    app.authorization = ("Basic", ("alice", "secret"))
    return app


@pytest.fixture
def sharing() -> ModuleType:
    """The module of the page on permissions."""
    return run_page("permissions")


def ini_settings(page: str, number: int) -> dict[str, str]:
    """Return the settings of an INI block of a page."""
    lines = snippets(page, "ini")[number].text.splitlines()
    return dict(line.split(" = ") for line in lines)


def shared(app: webtest.TestApp, path: str, **body: Any) -> str:
    """Create a record with permissions, and return its path."""
    made = app.post_json(path, {"data": {"text": "Milk"}, **body}, status=201).json
    return f"{path}/{made['data']['id']}"


def test_a_note_is_shared_with_another_user(sharing: ModuleType) -> None:
    app = sharing_app(sharing, **ini_settings("permissions", 0))
    note = shared(app, "/v1/notes")
    app.authorization = ("Basic", ("bob", "secret"))
    bob = app.get("/v1/").json["user"]["id"]
    app.get(note, status=403)
    app.get("/v1/notes", status=403)
    app.authorization = ("Basic", ("alice", "secret"))
    app.patch_json(note, {"permissions": {"read": [bob]}})
    app.authorization = ("Basic", ("bob", "secret"))
    assert app.get(note).json["permissions"]["read"] == [bob]
    assert len(app.get("/v1/notes").json["data"]) == 1


def test_who_is_welcome_may_create(sharing: ModuleType) -> None:
    app = sharing_app(sharing)
    app.post_json("/v1/notes", {"data": {"text": "Milk"}}, status=403)
    sharing.welcome(app.app.registry, app.get("/v1/").json["user"]["id"])
    app.get(shared(app, "/v1/notes"), status=200)


def test_settings_open_a_resource(sharing: ModuleType) -> None:
    app = sharing_app(sharing, **ini_settings("permissions", 1))
    note = shared(app, "/v1/notes")
    app.authorization = None
    app.get(note, status=200)
    app.patch_json(note, {"data": {"text": "Eggs"}}, status=401)


def test_the_members_of_a_group_may_what_it_may(sharing: ModuleType) -> None:
    settings = {"group_create_principals": "system.Authenticated"}
    app = sharing_app(sharing, **settings, **ini_settings("permissions", 0))
    members = {"data": {"members": ["basicauth:x"]}}
    group = "/v1/groups/" + app.post_json("/v1/groups", members).json["data"]["id"]
    groups = app.app.registry.permission.user_principals
    assert groups("basicauth:x") == {group.removeprefix("/v1")}
    app.patch_json(group, {"data": {"members": ["basicauth:y"]}})
    assert (groups("basicauth:x"), len(groups("basicauth:y"))) == (set(), 1)
    app.delete(group)
    assert groups("basicauth:y") == set()


def inheriting(sharing: ModuleType) -> tuple[webtest.TestApp, str, str]:
    """Return the application with a notebook of alice's, and a page in it."""
    policy = {"multiauth.authorization_policy": sharing.InheritingPolicy}
    settings = {"notebook_create_principals": "system.Authenticated"}
    app = sharing_app(sharing, **policy, **settings)
    notebook = shared(app, "/v1/notebooks")
    return app, notebook, shared(app, f"{notebook}/pages")


def test_the_pages_of_a_notebook_inherit_its_permissions(sharing: ModuleType) -> None:
    app, notebook, page = inheriting(sharing)
    app.authorization = ("Basic", ("bob", "secret"))
    app.get(page, status=403)
    app.authorization = ("Basic", ("alice", "secret"))
    app.patch_json(notebook, READABLE)
    app.authorization = ("Basic", ("bob", "secret"))
    app.get(page, status=200)
    assert len(app.get(f"{notebook}/pages").json["data"]) == 1
    app.post_json(f"{notebook}/pages", {"data": {"text": "Eggs"}}, status=403)


def test_the_pages_of_a_notebook_go_with_it(sharing: ModuleType) -> None:
    app, notebook, page = inheriting(sharing)
    app.delete(notebook)
    app.put_json(notebook, {"data": {"text": "New"}}, status=201)
    assert app.get(f"{notebook}/pages").json["data"] == []
    assert app.app.registry.permission.object_permissions(page.removeprefix("/v1")) == {}


def test_the_office_is_a_principal(sharing: ModuleType) -> None:
    settings = {
        "multiauth.authorization_policy": sharing.OfficePolicy,
        "memo_create_principals": "group:office",
    }
    app, memo = sharing_app(sharing, **settings), {"data": {"text": "Lunch"}}
    app.post_json("/v1/memos", memo, status=403)
    app.post_json("/v1/memos", memo, extra_environ={"REMOTE_ADDR": "10.1.2.3"}, status=201)
    forged = {"X-Forwarded-For": "10.1.2.3"}
    app.post_json("/v1/memos", memo, headers=forged, status=403)


# -- Authentication


def authenticating_app(module: ModuleType, **settings: Any) -> webtest.TestApp:
    """Return an application with policies of the page on authentication."""
    users = {
        "multiauth.policies": "key token basicauth",
        "multiauth.policy.key.use": module.KeyPolicy,
        "multiauth.policy.token.use": module.TokenPolicy,
    }
    return app_of(run_page("index"), **users, **settings)


def test_a_policy_of_the_application_recognizes_its_users() -> None:
    app = authenticating_app(run_page("authentication"))
    app.authorization = None
    key = {"X-Api-Key": "s3cr3t"}
    assert app.get("/v1/", headers=key).json["user"]["id"] == "key:alice"
    app.get("/v1/books", headers=key, status=200)
    assert 'Key header="X-Api-Key"' in str(app.get("/v1/books", status=401).headers)


def test_a_provider_that_is_down_is_unavailable() -> None:
    app = authenticating_app(run_page("authentication"))
    app.authorization = None
    answer = app.get("/v1/books", headers={"X-Token": "x"}, status=503)
    assert "Retry-After" in answer.headers


def test_who_is_banned_is_nobody() -> None:
    module = run_page("authentication")
    module.USERS["m"] = "mallory"
    app = authenticating_app(module, **{"multiauth.groupfinder": module.find_groups})
    app.authorization = None
    app.get("/v1/books", headers={"X-Api-Key": "s3cr3t"}, status=200)
    app.get("/v1/books", headers={"X-Api-Key": "m"}, status=401)
