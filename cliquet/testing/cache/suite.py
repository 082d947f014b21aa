"""The suite: all its parts in one class."""

from __future__ import annotations

from cliquet.testing.cache.failures import FailureTests
from cliquet.testing.cache.machine import SequenceTests
from cliquet.testing.cache.races import RaceTests
from cliquet.testing.cache.requests import RequestTests
from cliquet.testing.cache.sharing import SharingTests
from cliquet.testing.cache.times import TimeTests
from cliquet.testing.cache.values import ValueTests


class CacheSuite(
    ValueTests, TimeTests, SharingTests, SequenceTests, RaceTests, RequestTests, FailureTests
):
    """All of the contract; see :class:`CacheTests` for its attributes."""
