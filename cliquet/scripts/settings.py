"""The command ``cliquet settings``: what every setting is, and where that comes from."""

from __future__ import annotations

import argparse
import os
from collections.abc import Iterable, Mapping
from typing import Any

import plaster
from pyramid.config.settings import Settings

from cliquet.scripts.loading import settings_of
from cliquet.settings import DEFAULT_SETTINGS, masked


def run(env: Any, options: argparse.Namespace) -> None:
    """Print a line for each setting, in the order of names; secrets are hidden."""
    registry = env["registry"]
    settings: Mapping[str, object] = registry.settings
    places = where(registry, settings, options.ini)
    for name in sorted(settings):
        if name in places:
            print(f"{name} = {_shown(name, settings[name])} ({places[name]})")


def where(registry: Any, names: Iterable[str], ini: str) -> dict[str, str]:
    """
    Say where the values of settings come from.

    Args:
        registry: Of the application.
        names: Of the settings, without prefix.
        ini: Path of its configuration.

    Returns:
        Words by name; those that are Pyramid's, and nobody has set, are left out.
    """
    origins = registry.settings_sources.origins(names, os.environ)
    written = settings_of(ini)
    file = plaster.parse_uri(ini).path
    places = {}
    of_pyramid = set(Settings())
    for name, origin in origins.items():
        source, key = origin or ("", name)
        if source == "given" and key in written:
            places[name] = f"{file}: {key}"
        elif source in ("environment", "defaults"):
            places[name] = f"{'default_settings' if source == 'defaults' else source}: {key}"
        elif name not in of_pyramid:
            is_default = registry.settings.get(name) == DEFAULT_SETTINGS.get(name, _MISSING)
            places[name] = "default" if is_default else "application"
    return places


_MISSING = object()


def _shown(name: str, value: object) -> str:
    # Before it is hidden: that a secret is not set is what one looks for.
    return "none" if value is None or value == "" else masked(name, _text(value))


def _text(value: object) -> object:
    if isinstance(value, bool):
        return str(value).lower()
    # Lists may be written on several lines.
    return " ".join(value.split()) if isinstance(value, str) else value
