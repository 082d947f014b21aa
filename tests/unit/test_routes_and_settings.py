"""``cliquet routes`` and ``cliquet settings``: what an application answers to, and its settings."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from pyramid.config import Configurator

import cliquet
from cliquet.authorization import RouteFactory
from cliquet.scripts.cliquet import main
from cliquet.scripts.routes import rows_of
from cliquet.settings import masked
from tests.protocol import shareable
from tests.support import SETTINGS

INI = """
[app:main]
use = call:readinglist:main
readinglist.storage_backend = cliquet.storage.memory
cliquet.userid_hmac_secret = hush
paginate_by = 10
{more}
"""
DEFAULTS = {"library.backoff": 5, "retry_after_seconds": 7}


@pytest.fixture
def lines(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Callable[..., list[str]]:
    """Run a command on an application, and return the lines that it prints."""

    def run_on(command: str, more: str = "") -> list[str]:
        path = tmp_path / "articles.ini"
        path.write_text(INI.format(more=more))
        assert main([command, "--ini", str(path)]) == 0
        printed = capsys.readouterr()
        assert printed.err == ""
        return [line.replace(str(path), "articles.ini") for line in printed.out.splitlines()]

    return run_on


# -- Routes


def test_the_routes_of_a_resource_are_listed(lines):
    rows = [line.split(maxsplit=4) for line in lines("routes")]
    assert rows[0] == ["METHOD", "PATH", "RESOURCE", "VIEW", "PERMISSION"]
    assert ["GET", "/v1/", "-", "get_hello", "everyone"] in rows
    of_articles = [row for row in rows if row[2] == "article"]
    assert [row[:2] for row in of_articles] == [
        *([method, "/v1/articles"] for method in ("GET", "POST", "DELETE")),
        *([method, "/v1/articles/{id}"] for method in ("GET", "PUT", "PATCH", "DELETE")),
    ]
    assert of_articles[0][3:] == ["Article.collection_get", "any user"]
    assert of_articles[4][3:] == ["Article.put", "any user"]


def test_methods_that_settings_turn_off_are_not_listed(lines):
    rows = lines("routes", "collection_article_delete_enabled = false")
    assert not [row for row in rows if row.startswith("DELETE") and "/articles " in row]


def test_the_permissions_of_shared_resources_are_those_they_need():
    config = Configurator(settings={**SETTINGS, **shareable.SETTINGS})
    cliquet.initialize(config)
    config.scan(shareable.__name__)
    config.commit()
    permissions = {
        (row.method, "{id}" in row.path): row.permission
        for row in rows_of(config.registry)
        if row.resource == "toadstool"
    }
    assert permissions == {
        ("GET", False): "read",
        ("POST", False): "create",
        ("DELETE", False): "write",
        ("GET", True): "read",
        ("PUT", True): "write or create",
        ("PATCH", True): "write",
        ("DELETE", True): "write",
    }


def test_views_of_pyramid_alone_are_listed_too():
    config = Configurator(settings={"project_version": "1"}, root_factory=RouteFactory)
    cliquet.initialize(config, project_name="library")
    config.add_route("about", "/about")
    config.add_view(about, route_name="about", request_method="GET", permission="curate")
    config.add_route("ping", "/ping")
    config.add_view(about, route_name="ping")
    config.add_route("viewless", "/viewless")
    config.commit()
    ours = ("/v1/_", "/v1/batch")
    rows = [row for row in rows_of(config.registry) if not row.path.startswith(ours)]
    assert rows[1:] == [
        ("GET", "/v1/about", "-", "about", "curate"),
        ("*", "/v1/ping", "-", "about", "everyone"),
    ]


def about(request: Any) -> Any:
    """Answer."""
    return request.response


# -- Settings


def test_each_setting_has_its_value_and_where_that_comes_from(lines, monkeypatch):
    monkeypatch.setenv("READINGLIST_CACHE_PREFIX", "a:")
    listed = lines("settings", "cliquet.colour =\n  blue\n  red")
    assert listed == sorted(listed, key=lambda line: line.partition(" ")[0])
    for line in (
        "storage_backend = cliquet.storage.memory (articles.ini: readinglist.storage_backend)",
        "userid_hmac_secret = ******** (articles.ini: cliquet.userid_hmac_secret)",
        "paginate_by = 10 (articles.ini: paginate_by)",
        "colour = blue red (articles.ini: cliquet.colour)",
        "cache_prefix = a: (environment: READINGLIST_CACHE_PREFIX)",
        "batch_max_requests = 25 (default)",
        "backoff = none (default)",
        "sentry_dsn = none (default)",
        "readonly = false (default)",
        "project_version = 1.0.0 (application)",
    ):
        assert line in listed
    assert not [line for line in listed if line.startswith("pyramid.")]


def test_the_environment_wins_over_the_file_and_the_file_over_defaults(monkeypatch):
    config = Configurator(settings={"library.backoff": 6})
    cliquet.initialize(config, "1.0", "library", DEFAULTS)
    names = ["backoff", "retry_after_seconds", "paginate_by"]
    origins = config.registry.settings_sources.origins
    assert origins(names, {}) == {
        "backoff": ("given", "library.backoff"),
        "retry_after_seconds": ("defaults", "retry_after_seconds"),
        "paginate_by": None,
    }
    assert origins(names, {"BACKOFF": "1"})["backoff"] == ("environment", "BACKOFF")


def test_the_defaults_of_plugins_have_a_source():
    config = Configurator(settings={})
    cliquet.initialize(config, "1.0", "library")
    cliquet.load_default_settings(config, {"mailer.host": "localhost"})
    origins = config.registry.settings_sources.origins(["mailer.host"], {"MAILER_HOST": "a"})
    assert origins == {"mailer.host": ("environment", "MAILER_HOST")}
    assert config.registry.settings_sources.origins(["mailer.host"], {}) == {
        "mailer.host": ("defaults", "mailer.host")
    }


@pytest.mark.parametrize(
    ("name", "value", "shown"),
    [
        ("userid_hmac_secret", "hush", "********"),
        ("userid_hmac_secret", "", ""),
        ("sentry_dsn", "https://hush@example.com/1", "********"),
        ("mailer.api_token", "hush", "********"),
        ("mailer.smtp_password", "hush", "********"),
        ("multiauth.policy.fxa.key", "hush", "********"),
        (
            "storage_url",
            "postgresql://alice:hu@s:/h@host/db",
            "postgresql://alice:********@host/db",
        ),
        ("storage_url", "postgresql://alice@host/db", "postgresql://alice@host/db"),
        ("cache_url", "redis://:hush@host:6379/0", "redis://:********@host:6379/0"),
        (
            "storage_url",
            "redis+sentinel://h/s?sentinel_password=hush&a=1",
            "redis+sentinel://h/s?sentinel_password=********&a=1",
        ),
        ("backends", ["redis://:hush@a", "b"], "redis://:********@a b"),
        ("paginate_by", 10, "10"),
    ],
)
def test_what_is_secret_in_a_value_is_hidden(name, value, shown):
    assert masked(name, value) == shown
