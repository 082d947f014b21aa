"""Files of a deployment, and what is put around an application."""

from __future__ import annotations

import pstats
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
import webtest
from pyramid.config import Configurator
from pyramid.exceptions import ConfigurationError

import cliquet
from cliquet import logs
from tests.support import SETTINGS


def app_of(**settings: Any) -> Any:
    """Return an application within its middlewares."""
    config = Configurator(settings={**SETTINGS, **settings})
    cliquet.initialize(config)
    return cliquet.install_middlewares(config.make_wsgi_app(), config.get_settings())


FILES = [("/v1/__version__", "version_json_path"), ("/v1/contribute.json", "contribute_json_path")]


@pytest.mark.parametrize(("url", "setting"), FILES)
def test_a_file_that_a_setting_names_is_read_once_and_served(
    tmp_path: Path, url: str, setting: str
) -> None:
    path = tmp_path / "file.json"
    path.write_text('{"version": "1.2"}', encoding="utf-8")
    app = webtest.TestApp(app_of(**{setting: str(path)}))
    path.unlink()
    assert app.get(url).json == {"version": "1.2"}


@pytest.mark.parametrize(("url", "setting"), FILES)
def test_without_the_setting_there_is_nothing(url: str, setting: str) -> None:
    webtest.TestApp(app_of()).get(url, status=404)


@pytest.mark.parametrize("text", ["{", None])
def test_a_file_that_is_not_json_is_refused_at_start_up(tmp_path: Path, text: str | None) -> None:
    path = tmp_path / "file.json"
    if text is not None:
        path.write_text(text, encoding="utf-8")
    with pytest.raises(ConfigurationError, match=r"version_json_path = .*file.json: should be"):
        app_of(version_json_path=str(path))


def test_requests_of_several_threads_are_profiled_each(tmp_path: Path) -> None:
    app = webtest.TestApp(app_of(profiler_enabled=True, profiler_dir=str(tmp_path)))
    with ThreadPoolExecutor(4) as pool:
        list(pool.map(lambda _: app.get("/v1/__lbheartbeat__"), range(8)))
    profiles = list(tmp_path.glob("GET.v1.__lbheartbeat__.*.prof"))
    assert profiles
    names = {name for _, _, name in pstats.Stats(str(profiles[0])).stats}  # type: ignore[attr-defined]
    assert "get_lbheartbeat" in names


WATCHED = """
import sys
import webtest
from tests.unit.test_operations import app_of

app = app_of(newrelic_config=sys.argv[1])
assert type(app).__module__.startswith("newrelic"), app
webtest.TestApp(app).get("/v1/")
"""


def test_each_request_has_a_profile_of_its_own_however_long_its_url(tmp_path: Path) -> None:
    app = webtest.TestApp(app_of(profiler_enabled=True, profiler_dir=str(tmp_path)))
    for _ in range(20):
        app.get("/v1/")
    app.get(f"/v1/{'x' * 300}", status=404)
    assert len(list(tmp_path.iterdir())) == 21


def test_new_relic_watches_the_application(tmp_path: Path) -> None:
    path = tmp_path / "newrelic.ini"
    path.write_text("[newrelic]\nmonitor_mode = false\ndeveloper_mode = true\n", encoding="utf-8")
    # In a process of its own: the agent changes libraries for good.
    done = subprocess.run(
        [sys.executable, "-c", WATCHED, str(path)], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize(
    ("library", "settings"),
    [
        ("werkzeug.middleware.profiler", {"profiler_enabled": True}),
        ("newrelic.agent", {"newrelic_config": "newrelic.ini"}),
    ],
)
def test_without_the_library_the_remedy_is_told(
    monkeypatch: pytest.MonkeyPatch, library: str, settings: dict[str, Any]
) -> None:
    monkeypatch.setitem(sys.modules, library, None)
    with pytest.raises(ConfigurationError, match=r'pip install "cliquet\[monitoring\]"'):
        app_of(**settings)


def test_nothing_is_put_around_an_application_unless_it_is_asked_for() -> None:
    app = object()
    assert cliquet.install_middlewares(app, {}) is app


def test_logs_keep_their_form_when_new_relic_watches():
    app_logger = logs.setup({}, logs.MozillaHekaRenderer)
    renderer = app_logger.renderer
    app_logger._processors = [*app_logger._processors, lambda logger, name, event: event]
    assert app_logger.renderer is renderer
