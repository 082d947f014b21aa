"""Deprecated path of :mod:`cliquet.resource.schema`; it hands on the names of old."""

from __future__ import annotations

import warnings

from cliquet.resource.schema import URL, PermissionsSchema, ResourceSchema, TimeStamp

__all__ = ["URL", "PermissionsSchema", "ResourceSchema", "TimeStamp"]

warnings.warn(
    "cliquet.schema is deprecated: import from cliquet.resource.schema",
    DeprecationWarning,
    stacklevel=2,
)
