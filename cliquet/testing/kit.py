"""What conformance suites have in common: capabilities that a backend lacks, and examples."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from collections.abc import Set as AbstractSet
from typing import Any, ClassVar, TypeVar

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis.strategies import SearchStrategy
from pyramid.config import Configurator
from pyramid.path import DottedNameResolver

from cliquet.settings import load

Test = TypeVar("Test", bound=Callable[..., Any])

#: Text that a backend could take for something else than text.
ODD_TEXTS = [
    "'; DROP TABLE records; --",
    '"quoted" and \\"escaped\\"',
    "%s %(name)s %d %%",
    "{0} {name} {{}}",
    ":name ::text $1 $$ ? ?? @x",
    "${HOME} `id` $(id)",
    "return redis.call('FLUSHALL')",
    ".* [a-z]+ ^$ (?:x) \\d",
    "a_b%c\\_d",
    "../../etc/passwd",
    "line\nbreak\r\nand\ttab",
    "null",
    "é e\u0301 ß İ 漢字 \ue000 🍄 \U0010ffff",
    "\u200b\u202e\ufeff\u2028",
    "\x01\x1f\x7f\x80",
    " leading and trailing ",
    "",
]


def needs(*capabilities: str) -> Callable[[Test], Test]:
    """Skip the decorated test on backends that lack one of *capabilities*, and say so."""

    def decorate(test: Test) -> Test:
        test.__dict__["needs"] = capabilities
        return test

    return decorate


def needed_by(test: Any) -> tuple[str, ...]:
    """Return the capabilities that a test asks for."""
    needed: tuple[str, ...] = getattr(test, "needs", ())
    return needed


class KitTests:
    """
    Base of the parts of every suite.

    Attributes:
        subject: What is tested, in the words of its reports.
        capabilities: All that such a backend may have, and may lack.
        lacks: Names of the capabilities that the backend does not have.
        examples: How many examples a test with random content tries; sequences of operations
            are as many.
        failure_seconds: How long a backend may take to give up on a server that is away.
    """

    subject: ClassVar[str] = "backend"
    capabilities: ClassVar[AbstractSet[str]] = frozenset()
    lacks: ClassVar[AbstractSet[str]] = frozenset()
    examples: ClassVar[int] = 100
    failure_seconds: ClassVar[float] = 10

    def __init_subclass__(cls, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        unknown = set(cls.lacks) - cls.capabilities
        if unknown:
            raise ValueError(f"{cls.__name__}.lacks has {unknown}, not in {set(cls.capabilities)}")

    @pytest.fixture(autouse=True)
    def _skip_what_is_lacking(self, request: pytest.FixtureRequest) -> None:
        self.skip_without(*needed_by(request.function))

    @classmethod
    def skip_without(cls, *capabilities: str) -> None:
        """Skip the test when the backend lacks one of *capabilities*."""
        lacking = [name for name in capabilities if name in cls.lacks]
        if lacking:
            pytest.skip(f"the {cls.subject} lacks {', '.join(lacking)}")

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


def load_backend(family: str, given: Mapping[str, Any]) -> Any:
    """
    Return the backend that an application with these settings would have.

    Args:
        family: ``storage``, ``cache`` or ``permission``.
        given: Settings, with ``<family>_backend`` and what it reads besides.
    """
    read = load(given, environ={})
    module = DottedNameResolver(None).maybe_resolve(read[f"{family}_backend"])
    return module.load_from_config(Configurator(settings=read))
