"""What the parts of the suite share: storages made from settings, and what they lack."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from collections.abc import Set as AbstractSet
from typing import Any, ClassVar

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis.strategies import SearchStrategy
from pyramid.config import Configurator
from pyramid.path import DottedNameResolver

from cliquet.logs import logger
from cliquet.settings import load
from cliquet.storage import schemas
from cliquet.testing.storage.capabilities import CAPABILITIES, needed_by
from cliquet.testing.storage.places import Place

#: A collection whose field ``u`` is declared unique, as a schema declares it: storages that build
#: an index for such a field have one there.
GUARDED = "guarded"

#: A collection whose field ``v`` is declared as indexed, likewise.
INDEXED = "indexed"


class StorageTests:
    """
    Base of the parts of the suite.

    Attributes:
        settings: Those of an application, with ``storage_backend`` and what it reads besides;
            JSON values, for other processes get them too.
        unreachable_settings: Likewise, of a storage whose server is not there.
        lacks: Names of the capabilities that the storage does not have.
        examples: How many examples a test with random content tries; sequences of operations
            are as many.
        failure_seconds: How long a storage may take to give up on a server that is away.
    """

    settings: ClassVar[Mapping[str, Any]] = {}
    unreachable_settings: ClassVar[Mapping[str, Any] | None] = None
    lacks: ClassVar[AbstractSet[str]] = frozenset()
    examples: ClassVar[int] = 100
    failure_seconds: ClassVar[float] = 10

    def __init_subclass__(cls, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        unknown = set(cls.lacks) - CAPABILITIES
        if unknown:
            raise ValueError(f"{cls.__name__}.lacks has {unknown}, not in {set(CAPABILITIES)}")

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

    @pytest.fixture(autouse=True)
    def _skip_what_is_lacking(self, request: pytest.FixtureRequest) -> None:
        self.skip_without(*needed_by(request.function))

    @classmethod
    def skip_without(cls, *capabilities: str) -> None:
        """Skip the test when the storage lacks one of *capabilities*."""
        lacking = [name for name in capabilities if name in cls.lacks]
        if lacking:
            pytest.skip(f"the storage lacks {', '.join(lacking)}")

    def for_all(self, *strategies: SearchStrategy[Any]) -> Callable[[Callable[..., None]], None]:
        """
        Run the decorated function on many examples of *strategies*, at once.

        The function is no test of its own, so that it may use what fixtures made; each example
        begins in a place of its own.
        """

        def run(check: Callable[..., None]) -> None:
            profile(self.examples)(given(*strategies)(check))()

        return run


def profile(examples: int) -> settings:
    """Return the settings of hypothesis; a server may be slow, and that is no failure."""
    return settings(
        max_examples=examples,
        deadline=None,
        print_blob=True,
        suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
    )


def sequences(examples: int) -> settings:
    """Return the settings of hypothesis for that many sequences of operations."""
    return settings(profile(examples), stateful_step_count=25)


def load_storage(given: Mapping[str, Any]) -> Any:
    """Return the storage that an application with these settings would have."""
    read = load(given, environ={})
    module = DottedNameResolver(None).maybe_resolve(read["storage_backend"])
    return module.load_from_config(Configurator(settings=read))
