"""What the documentation says, checked: snippets run, tables and clauses are complete."""

from __future__ import annotations

import configparser
import json
import re
from collections import Counter
from inspect import signature
from pathlib import Path
from types import ModuleType
from typing import Any

import plaster
import pytest
import webtest
from pyramid.config import Configurator

import cliquet
from cliquet.drivers.pool import QueuePoolWithMaxBacklog
from cliquet.drivers.redis import limits_of
from cliquet.errors import ERRORS
from cliquet.settings import DEFAULT_SETTINGS, NAMES_WITHOUT_DEFAULT, checked, load
from cliquet.settings.defaults import POOL_OPTIONS, is_of_resource
from tests.pages import (
    ROOT,
    Snippet,
    all_snippets,
    clause_titles,
    literals,
    name_of,
    page_paths,
    run_page,
    snippets,
    table_rows,
    text_of,
)

SETTINGS = {
    "storage_backend": "cliquet.storage.memory",
    "permission_backend": "cliquet.permission.memory",
    "project_version": "1.0.0",
    "project_name": "library",
    "userid_hmac_secret": "test",
}
#: README has a script that serves for ever; its own test runs it.
PYTHON_PAGES = sorted({one.page for one in all_snippets("python")} - {"README"})

CLAUSES = {
    "P1": 7,
    "P2": 10,
    "P3": 5,
    "P4": 12,
    "P5": 7,
    "P6": 9,
    "P7": 10,
    "P8": 5,
    "P9": 4,
    "P10": 4,
    "P11": 8,
}
#: Clauses of what is on the roadmap.
COMING = re.compile(r"P3\.6")


def app_of(module: ModuleType, **settings: Any) -> webtest.TestApp:
    """Return an application with the resources and services of a page, asked by alice."""
    config = Configurator(settings={**SETTINGS, **settings})
    cliquet.initialize(config)
    config.scan(module.__name__)
    app = webtest.TestApp(config.make_wsgi_app())
    app.authorization = ("Basic", ("alice", "secret"))
    return app


def created(app: webtest.TestApp, path: str, **fields: Any) -> dict[str, Any]:
    """Create a record and return it."""
    return app.post_json(path, {"data": fields}, status=201).json["data"]


# -- Snippets


@pytest.mark.parametrize("page", PYTHON_PAGES)
def test_the_python_of_a_page_runs_and_its_resources_are_served(page: str) -> None:
    module = run_page(page)
    assert app_of(module).get("/v1/").json["project_name"] == "library"


@pytest.mark.parametrize("snippet", all_snippets("json"), ids=lambda one: one.place)
def test_json_blocks_are_json(snippet: Snippet) -> None:
    json.loads(snippet.text)


@pytest.mark.parametrize("snippet", all_snippets("ini"), ids=lambda one: one.place)
def test_ini_blocks_are_read_and_name_settings_that_exist(snippet: Snippet, tmp_path: Path) -> None:
    given = settings_of(snippet.text, tmp_path)
    project = next((name.partition(".")[0] for name in given if "." in name), "library")
    settings = load(given, project_name=project, version="1.0", environ={})
    assert all(exists(name) for name in settings if name not in DEFAULT_SETTINGS), settings


@pytest.mark.parametrize("snippet", all_snippets("ini"), ids=lambda one: one.place)
def test_ini_blocks_name_dotted_names_that_exist(snippet: Snippet, tmp_path: Path) -> None:
    values = " ".join(settings_of(snippet.text, tmp_path).values())
    for name in re.findall(r"\bcliquet(?:\.\w+)+", values):
        assert Configurator().maybe_dotted(name) is not None


def settings_of(text: str, folder: Path) -> dict[str, str]:
    """Return the settings of an application in an INI block, read as a server reads the file."""
    has_application = "[app:main]" in text
    if not has_application and text.startswith("["):
        configparser.RawConfigParser().read_string(text)
        return {}
    content = text if has_application else f"[app:main]\nuse = call:library:main\n{text}"
    path = folder / "page.ini"
    path.write_text(content, encoding="utf-8")
    settings = plaster.get_settings(str(path), "app:main")
    return {name: value for name, value in settings.items() if name not in ("use", "here")}


def exists(name: str) -> bool:
    """Tell whether there is a setting of that name."""
    return (
        name in {*DEFAULT_SETTINGS, *NAMES_WITHOUT_DEFAULT}
        or is_of_resource(name)
        or re.fullmatch(r"multiauth\.policy\.\w+\.\w+", name) is not None
        or re.fullmatch(r"event_listeners\.\w+\.\w+", name) is not None
    )


def test_commands_of_make_in_the_pages_exist() -> None:
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    bash = "\n".join(one.text for one in all_snippets("bash"))
    for target in set(re.findall(r"^make (\w+)", bash, re.MULTILINE)):
        assert re.search(rf"^{target}:", makefile, re.MULTILINE), target


def test_links_of_the_readme_lead_to_files() -> None:
    for link in re.findall(r"<([^>:]+)>`_", text_of("README")):
        assert (ROOT / link).is_file(), link


# -- Tables


def setting_rows() -> dict[str, list[str]]:
    """Return the rows of the table of settings, by the names in them."""
    rows = table_rows("configuration", "settings")
    return {name: row for row in rows for name in literals(row[0])}


def test_every_setting_is_in_the_table() -> None:
    assert {*DEFAULT_SETTINGS, *NAMES_WITHOUT_DEFAULT} <= set(setting_rows())


def test_every_setting_in_the_table_exists() -> None:
    patterns = {name for name in setting_rows() if "<" in name}
    assert all(exists(name) for name in set(setting_rows()) - patterns)
    assert len(patterns) == 6


@pytest.mark.parametrize("name", sorted(DEFAULT_SETTINGS))
def test_the_default_in_the_table_is_the_default(name: str) -> None:
    told, default = setting_rows()[name][2], DEFAULT_SETTINGS[name]
    exceptions = {
        "http_api_version": "from ``project_version``",
        "initialization_sequence": "see below",
        "profiler_dir": "the temporary folder",
    }
    words = str(default).lower() if isinstance(default, bool) else default
    expected = f"``{words}``" if default not in (None, "") else "none"
    assert told == exceptions.get(name, expected)


@pytest.mark.parametrize("name", sorted({*DEFAULT_SETTINGS, *NAMES_WITHOUT_DEFAULT}))
def test_the_type_in_the_table_is_the_one_that_is_checked(name: str) -> None:
    kind = setting_rows()[name][1].partition(", ")[0]
    is_checked = kind in ("integer", "number", "boolean", "choice", "date")
    wrong = {"boolean": "perhaps", "date": "soon"}.get(kind, "wrong")
    if is_checked and name != "logging_colour":
        with pytest.raises(ValueError, match=re.escape(name)):
            checked({name: wrong})
    else:
        assert kind in ("text", "list", "dotted name", "boolean")
        assert checked({name: wrong})


def test_the_defaults_of_pools_in_the_table_are_those_of_the_drivers() -> None:
    sql = {name: one.default for name, one in signature(QueuePoolWithMaxBacklog).parameters.items()}
    redis = limits_of({"storage_pool_size": 25}, "storage")
    told = {name: setting_rows()[f"storage_{name}"][2] for name in POOL_OPTIONS}
    assert told["max_overflow"] == f"``{sql['max_overflow']}``; Redis: ``{redis['most'] - 25}``"
    assert told["max_backlog"] == f"``{sql['max_backlog']}``" == f"``{redis['max_backlog']}``"
    assert told["pool_timeout"] == f"``{sql['timeout']:.0f}``" == f"``{redis['wait_seconds']}``"
    assert Configurator().maybe_dotted(*literals(told["poolclass"])) is QueuePoolWithMaxBacklog


def test_the_sequence_on_the_page_is_the_default() -> None:
    texts = [one.text for one in snippets("configuration", "ini")]
    (sequence,) = [text.split()[2:] for text in texts if text.startswith("initialization_sequence")]
    assert tuple(sequence) == DEFAULT_SETTINGS["initialization_sequence"]


def test_every_error_is_in_the_table_with_its_number() -> None:
    rows = table_rows("api/errors", "P2.2")
    assert {literals(row[1])[0]: int(row[0]) for row in rows} == {
        error.name: error.value for error in ERRORS
    }


# -- The protocol


def test_every_clause_is_a_section_with_its_number() -> None:
    assert Counter(number.partition(".")[0] for number in clause_titles()) == CLAUSES


def test_clauses_that_code_and_tests_name_are_on_the_pages() -> None:
    sources = [path for folder in ("cliquet", "tests") for path in (ROOT / folder).rglob("*.py")]
    texts = [path.read_text(encoding="utf-8") for path in sources]
    named = {number for text in texts for number in re.findall(r"\bP\d{1,2}\.\d{1,2}\b", text)}
    missing = named - set(clause_titles())
    assert [one for one in sorted(missing) if not COMING.fullmatch(one)] == []


def test_what_is_not_there_yet_is_said_in_one_place() -> None:
    words = ("not there yet", "not yet")
    for path in page_paths():
        page = name_of(path)
        if page not in ("roadmap", "contributing", "changelog"):
            assert not [word for word in words if word in text_of(page)], page
