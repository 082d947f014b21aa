"""
cliquet: a toolkit to build REST APIs whose records synchronize.

``config.include("cliquet")``, or :func:`initialize`, makes an application; a subclass of
:class:`cliquet.resource.BaseResource` makes a resource.
"""

from __future__ import annotations

from importlib.metadata import PackageNotFoundError, version

from cliquet.http.service import Service, current_resource_name, current_service
from cliquet.http.subrequests import follow_subrequest
from cliquet.initialization import (
    PROTOCOL_VERSION,
    includeme,
    initialize,
    install_middlewares,
    load_default_settings,
)
from cliquet.logs import logger
from cliquet.settings import DEFAULT_SETTINGS

try:
    __version__ = version("cliquet")
except PackageNotFoundError:  # pragma: no cover - a tree that nobody installed
    __version__ = "unknown"

#: Old name of :func:`initialize`.
initialize_cliquet = initialize

__all__ = [
    "DEFAULT_SETTINGS",
    "PROTOCOL_VERSION",
    "Service",
    "__version__",
    "current_resource_name",
    "current_service",
    "follow_subrequest",
    "includeme",
    "initialize",
    "initialize_cliquet",
    "install_middlewares",
    "load_default_settings",
    "logger",
]
