"""Views of every application: hello, heartbeats, batch, and the pages of errors."""

from __future__ import annotations

from typing import Any


def includeme(config: Any) -> None:
    """Add the views; services are made anew, so that applications share none."""
    for name in ("hello", "heartbeat", "metrics", "version", "batch", "errors"):
        config.include(f"cliquet.views.{name}")
