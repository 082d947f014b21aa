"""Which version is deployed, and how to contribute: files that a deployment brings along."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from pyramid.exceptions import ConfigurationError
from pyramid.security import NO_PERMISSION_REQUIRED

from cliquet import jsonlib
from cliquet.http.service import Service, add_service, forget_service

_ENDPOINTS = (
    ("version", "/__version__", "version_json_path"),
    ("contribute", "/contribute.json", "contribute_json_path"),
)


def includeme(config: Any) -> None:
    """
    Add the endpoints whose files the settings name.

    Raises:
        ConfigurationError: A file cannot be read, or is not JSON.
    """
    for name, path, setting in _ENDPOINTS:
        if config.get_settings()[setting]:
            _add_endpoint(config, name, path, _document(config.get_settings()[setting], setting))


def _document(path: str, setting: str) -> Any:
    """Return what the file says; it is read once, when the application starts."""
    try:
        return jsonlib.loads(Path(path).read_bytes())
    except (OSError, ValueError) as error:
        raise ConfigurationError(
            f"{setting} = {path}: should be a file of JSON: {error}"
        ) from error


def _add_endpoint(config: Any, name: str, path: str, document: Any) -> None:
    service = Service(name=name, path=path)
    forget_service(service)
    service.add_view("GET", lambda request: document, permission=NO_PERMISSION_REQUIRED)
    add_service(config, service)
