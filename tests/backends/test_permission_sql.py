"""Permissions in databases: what only they can do."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import psycopg2
import pytest
import webtest

from cliquet.drivers.databases import RequestScope, request_scope
from cliquet.events import ResourceChanged
from cliquet.permission import Share, postgresql, sqlite
from cliquet.permission.sql import SQLPermission
from tests.protocol.shareable import SETTINGS
from tests.protocol.sharing import headers_of, migrated
from tests.support import make_config


def made(module: Any, url: str) -> SQLPermission:
    given = {"permission_url": url}
    permission = module.load_from_config(SimpleNamespace(get_settings=lambda: given))
    permission.initialize_schema()
    permission.flush()
    return permission


@pytest.fixture(params=["postgresql", "sqlite"])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path}/permissions.sqlite"
    return request.getfixturevalue("cliquet_postgresql")


@pytest.fixture
def backend(url: str) -> SQLPermission:
    return made(sqlite if url.startswith("sqlite") else postgresql, url)


def test_what_is_undone_leaves_no_permission(backend):  # P8.4
    writers: list[Any] = []
    scope = RequestScope(writers.append)
    with request_scope(scope):
        backend.add_principal_to_ace("/a/1", "read", "one")
        assert backend.object_permission_principals("/a/1", "read") == {"one"}
    writers[0].roll_back()
    scope.forget(writers[0])
    assert backend.object_permission_principals("/a/1", "read") == set()


@pytest.fixture
def app(url: str) -> Iterator[Any]:
    kind = "sqlite" if url.startswith("sqlite") else "postgresql"
    backends = {
        "storage_backend": f"cliquet.storage.{kind}",
        "permission_backend": f"cliquet.permission.{kind}",
        "storage_url": url,
        "permission_url": url,
    }
    config = make_config({**SETTINGS, **backends})
    config.scan("tests.protocol.shareable")
    heard: list[Any] = []

    def refuse(event: Any) -> None:
        heard.append(event)
        if event.request.headers.get("X-Refuse"):
            raise ValueError("refused")

    config.add_subscriber(refuse, ResourceChanged)
    return migrated(config)


def test_a_record_and_its_permissions_are_written_together_or_not_at_all(app):  # P8.4
    registry: Any = app.app.registry
    registry.storage.flush()
    registry.permission.flush()
    assert registry.permission.database is registry.storage._database
    body = {"data": {}, "permissions": {"read": ["system.Everyone"]}}
    headers = {**headers_of("alice"), "X-Refuse": "yes"}
    app.post_json("/v1/psilos", body, headers=headers, status=500)
    share = Share(frozenset(["system.Everyone"]), frozenset(["read", "write"]), "/psilos/")
    assert registry.permission.accessible_ids(share) == set()
    created = app.post_json("/v1/psilos", body, headers=headers_of("alice")).json["data"]
    assert registry.permission.accessible_ids(share) == {created["id"]}


def test_a_record_on_postgresql_costs_two_round_trips(cliquet_postgresql, monkeypatch):  # P7.4
    from cliquet.drivers.postgresql import PostgreSQLWire

    backends = {
        "storage_backend": "cliquet.storage.postgresql",
        "permission_backend": "cliquet.permission.postgresql",
        "storage_url": cliquet_postgresql,
        "permission_url": cliquet_postgresql,
    }
    config = make_config({**SETTINGS, **backends})
    config.scan("tests.protocol.shareable")
    app: webtest.TestApp = migrated(config)
    body = {"data": {}, "permissions": {"read": ["system.Authenticated"]}}
    made = app.post_json("/v1/psilos", body, headers=headers_of("alice")).json["data"]
    uri = f"/v1/psilos/{made['id']}"
    app.get(uri, headers=headers_of("bob"))
    trips: list[Any] = []
    send = PostgreSQLWire.send

    def counting(self: Any, connection: Any, *rest: Any) -> Any:
        trips.append(rest)
        return send(self, connection, *rest)

    monkeypatch.setattr(PostgreSQLWire, "send", counting)
    app.get(uri, headers=headers_of("bob"))
    assert len(trips) == 2


def test_tables_of_version_3_1_are_taken_over(cliquet_postgresql):
    with psycopg2.connect(cliquet_postgresql) as connection, connection.cursor() as cursor:
        cursor.execute(
            "DROP TABLE IF EXISTS user_principals, access_control_entries;"
            "CREATE TABLE user_principals (user_id TEXT, principal TEXT,"
            " PRIMARY KEY (user_id, principal));"
            "CREATE TABLE access_control_entries (object_id TEXT, permission TEXT,"
            " principal TEXT, PRIMARY KEY (object_id, permission, principal));"
            "INSERT INTO access_control_entries VALUES ('/a/1', 'read', 'one')"
        )
    connection.close()
    given = {"permission_url": cliquet_postgresql}
    backend = postgresql.load_from_config(SimpleNamespace(get_settings=lambda: given))
    backend.initialize_schema()
    backend.initialize_schema()
    assert backend.object_permissions("/a/1") == {"read": {"one"}}
    assert backend.principals_accessible_objects(["one"], "read", "/a/*") == {"/a/1"}


def test_permissions_share_the_pool_of_a_file_that_is_named_in_another_way(tmp_path):
    from cliquet.drivers.sqlite import database_from

    given = {
        "storage_url": f"sqlite:///{tmp_path}/one.sqlite",
        "permission_url": f"sqlite:///{tmp_path}/./one.sqlite",
        "storage_pool_size": 3,
    }
    assert database_from(given, "permission") is database_from(given, "storage")
    given["storage_url"] = "acme://somewhere"
    assert database_from(given, "permission").engine.pool.size() != 3
