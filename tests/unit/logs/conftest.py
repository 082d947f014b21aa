"""Fixtures of the tests of logs."""

from __future__ import annotations

import logging
from collections.abc import Iterator

import pytest

from cliquet import logs
from tests.unit.logs.lines import Fixed


@pytest.fixture(autouse=True)
def levels(caplog: pytest.LogCaptureFixture) -> Iterator[None]:
    """Let lines of level info pass, and forget applications set up by this test or another."""
    caplog.set_level(logging.INFO, "cliquet")
    latest = logs._by_application.latest
    logs._by_application.latest = logs.ClassicLogRenderer({})
    yield
    logs._by_application.latest = latest


@pytest.fixture
def app() -> logs.AppLogger:
    """Return the logger of an application, whose renderer keeps the events."""
    return logs.setup({"project_name": "app"}, Fixed)
