"""
Settings: their names, defaults and forms, and how values from several sources become one.

A setting ``x`` is read from the environment (``CLIQUET_X``, ``<PROJECT>_X``, ``X``), else from the
INI file (``cliquet.x``, ``<project>.x``, ``x``), else from the defaults that the application
gives, else from :data:`DEFAULT_SETTINGS`. Everything here is pure: the environment is an argument.
"""

from __future__ import annotations

from cliquet.settings.defaults import DEFAULT_SETTINGS, NAMES_WITHOUT_DEFAULT
from cliquet.settings.forms import checked
from cliquet.settings.loading import (
    PREFIX,
    Sources,
    bare_name,
    environment_name,
    load,
    project_prefixes,
    with_defaults,
)
from cliquet.settings.reading import (
    MASK,
    aslist,
    is_secret,
    masked,
    read_date,
    read_native,
    read_setting,
    shown,
    without_passwords,
)

__all__ = [
    "DEFAULT_SETTINGS",
    "MASK",
    "NAMES_WITHOUT_DEFAULT",
    "PREFIX",
    "Sources",
    "aslist",
    "bare_name",
    "checked",
    "environment_name",
    "is_secret",
    "load",
    "masked",
    "project_prefixes",
    "read_date",
    "read_native",
    "read_setting",
    "shown",
    "with_defaults",
    "without_passwords",
]
