"""What is put around an application: New Relic, and the profiler of Werkzeug."""

from __future__ import annotations

import importlib
import os
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import partial
from itertools import count
from threading import Lock
from typing import Any

from pyramid.exceptions import ConfigurationError

#: How many functions of a request a profile tells of, when it is written as text.
PROFILED_FUNCTIONS = 50
# Of a path and a method, in the name of a file.
_LONGEST_PATH, _LONGEST_METHOD = 40, 10

WSGI = Callable[[Any, Any], Iterable[bytes]]


def install_middlewares(app: Any, settings: Mapping[str, Any]) -> Any:
    """
    Return *app* within the WSGI middlewares that *settings* ask for.

    ``newrelic_config`` (and ``newrelic_env``) watches it by New Relic; ``profiler_enabled`` writes
    a profile of each request to ``profiler_dir``.

    Args:
        app: The application.
        settings: Those of the application, after ``initialize()``.

    Raises:
        ConfigurationError: A library is missing.
    """
    if settings.get("newrelic_config"):
        agent = _library("newrelic.agent", "newrelic_config")
        agent.initialize(settings["newrelic_config"], settings.get("newrelic_env") or "dev")
        app = agent.WSGIApplicationWrapper(app)
    if settings.get("profiler_enabled"):
        app = _profiled(app, settings.get("profiler_dir") or ".")
    return app


def _profiled(app: WSGI, folder: str) -> WSGI:
    profiler = _library("werkzeug.middleware.profiler", "profiler_enabled")
    profiled: WSGI = profiler.ProfilerMiddleware(
        app,
        stream=None,
        restrictions=(PROFILED_FUNCTIONS,),
        profile_dir=folder,
        filename_format=partial(_name_of_profile, count()),
    )
    lock = Lock()

    def one_at_a_time(environ: Any, start_response: Any) -> Iterable[bytes]:
        # A process has one profiler: a second one raises from Python 3.12 on.
        with lock:
            return profiled(environ, start_response)

    return one_at_a_time


def _name_of_profile(numbers: Iterator[int], environ: Any) -> str:
    """Return a name that no other request has, and that a file may have however long the URL is."""
    path = re.sub(r"[^\w-]+", ".", environ["PATH_INFO"]).strip(".")[:_LONGEST_PATH] or "root"
    figures = environ["werkzeug.profiler"]
    took = f"{figures['elapsed']:.0f}ms.{figures['time']:.0f}"
    method, number = environ["REQUEST_METHOD"][:_LONGEST_METHOD], f"{os.getpid()}-{next(numbers)}"
    return f"{method}.{path}.{took}.{number}.prof"


def _library(name: str, setting: str) -> Any:
    try:
        return importlib.import_module(name)
    except ImportError as error:
        message = f'{setting} needs: pip install "cliquet[monitoring]"'
        raise ConfigurationError(message) from error
