"""What the parts of the suite share: storages made from settings, and what they lack."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

import pytest

from cliquet.logs import logger
from cliquet.storage import schemas
from cliquet.testing.kit import KitTests, load_backend
from cliquet.testing.storage.capabilities import CAPABILITIES
from cliquet.testing.storage.places import Place

#: A collection whose field ``u`` is declared unique, as a schema declares it: storages that build
#: an index for such a field have one there.
GUARDED = "guarded"

#: A collection whose field ``v`` is declared as indexed, likewise.
INDEXED = "indexed"


class StorageTests(KitTests):
    """
    Base of the parts of the suite.

    Attributes:
        settings: Those of an application, with ``storage_backend`` and what it reads besides;
            JSON values, for other processes get them too.
        unreachable_settings: Likewise, of a storage whose server is not there.

    The others are those of :class:`~cliquet.testing.kit.KitTests`.
    """

    subject = "storage"
    capabilities = CAPABILITIES

    settings: ClassVar[Mapping[str, Any]] = {}
    unreachable_settings: ClassVar[Mapping[str, Any] | None] = None

    @pytest.fixture(scope="class")
    @classmethod
    def storage_settings(cls) -> Mapping[str, Any]:
        """Settings of the storage; override it where a URL comes from another fixture."""
        return cls.settings

    @pytest.fixture(scope="class")
    @classmethod
    def initialized_storage(cls, storage_settings: Mapping[str, Any]) -> Any:
        """Storage that serves the whole class."""
        storage = load_storage(storage_settings)
        declared = schemas.Declared(unique=[(GUARDED, "u")], indexed=[(INDEXED, "v")])
        schemas.initialize(storage, declared, tell=logger.info)
        return storage

    @pytest.fixture
    def storage(self, initialized_storage: Any) -> Any:
        """Initialized, empty storage."""
        initialized_storage.flush()
        return initialized_storage

    @pytest.fixture
    def place(self, storage: Any) -> Place:
        """Empty collection on it."""
        return Place(storage)


def load_storage(given: Mapping[str, Any]) -> Any:
    """Return the storage that an application with these settings would have."""
    return load_backend("storage", given)
