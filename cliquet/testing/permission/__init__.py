"""
The conformance suite of permission backends: one test for each clause of the contract.

Whoever writes a backend subclasses :class:`PermissionSuite` in a test module, says how the backend
is made, and what it lacks::

    from cliquet.testing.permission import PermissionSuite


    class TestAcme(PermissionSuite):
        settings = {"permission_backend": "acme.permission", "permission_url": "acme://localhost"}
        lacks = {"trees"}

The backend is flushed before each test: it should hold nothing that is missed.
"""
# ruff: noqa: E402  (imports follow what has to come before them)

from __future__ import annotations

import pkgutil

import pytest

# So that every failure shows what was compared: pytest rewrites what is imported later.
pytest.register_assert_rewrite(
    *(f"{__name__}.{one.name}" for one in pkgutil.iter_modules(__path__))
)

from cliquet.testing.kit import needs
from cliquet.testing.permission.base import PermissionTests
from cliquet.testing.permission.races import RaceTests
from cliquet.testing.permission.suite import PermissionSuite

__all__ = ["PermissionSuite", "PermissionTests", "RaceTests", "needs"]
