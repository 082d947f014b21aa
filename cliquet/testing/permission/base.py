"""What the parts of the suite share: backends made from settings, and objects that are shared."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, ClassVar

import pytest

from cliquet.permission import PermissionBase, Share
from cliquet.testing.kit import KitTests, load_backend
from cliquet.testing.permission.capabilities import CAPABILITIES

#: URIs beside ``/a/1``: longer, shorter, and such as a pattern or a prefix would confuse.
NEIGHBOURS = (
    "/a/10", "/a/1/b/2", "/a", "/a/", "/a/1/", "/A/1", "a/1", "/a/1 ", "/a/1\n", "*", "/a/*",
    "/*/1", "/a/.", "/a/?", "/a/[1]", "/a/.*", "/a/%", "/a/_", "/a/\\1", "/a/1' OR '1'='1", "",
)  # fmt: skip


class PermissionTests(KitTests):
    """
    Base of the parts of the suite.

    Attributes:
        settings: Those of an application, with ``permission_backend`` and what it reads besides.
        unreachable_settings: Likewise, of a backend whose server is not there.

    The others are those of :class:`~cliquet.testing.kit.KitTests`.
    """

    subject = "permission backend"
    capabilities = CAPABILITIES

    settings: ClassVar[Mapping[str, Any]] = {}
    unreachable_settings: ClassVar[Mapping[str, Any] | None] = None

    @pytest.fixture(scope="class")
    @classmethod
    def permission_settings(cls) -> Mapping[str, Any]:
        """Settings of the backend; override it where a URL comes from another fixture."""
        return cls.settings

    @pytest.fixture(scope="class")
    @classmethod
    def initialized_backend(cls, permission_settings: Mapping[str, Any]) -> PermissionBase:
        """Backend that serves the whole class."""
        backend = load_permission(permission_settings)
        backend.initialize_schema()
        return backend

    @pytest.fixture
    def backend(self, initialized_backend: PermissionBase) -> PermissionBase:
        """Initialized, empty backend."""
        initialized_backend.flush()
        return initialized_backend


def load_permission(given: Mapping[str, Any]) -> PermissionBase:
    """Return the permission backend that an application with these settings would have."""
    backend: PermissionBase = load_backend("permission", given)
    return backend


def share_of(
    principals: Iterable[str], permissions: Iterable[str], uri_prefix: str = "/a/"
) -> Share:
    """Return the part of a collection that is shared with somebody."""
    return Share(frozenset(principals), frozenset(permissions), uri_prefix)


def reading_needs_read_or_write(uri: str, permission: str) -> list[tuple[str, str]]:
    """Widen ``read`` as applications do: who may write may read, on the parent too."""
    return [(uri, permission), (uri, "write"), ("/parents/1", "write")]
