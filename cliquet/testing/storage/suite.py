"""The suite: all its parts in one class."""

from __future__ import annotations

from cliquet.testing.storage.ahead import AheadTests
from cliquet.testing.storage.conditions import CollectionConditionTests, ConditionTests
from cliquet.testing.storage.failures import FailureTests
from cliquet.testing.storage.isolation import IsolationTests
from cliquet.testing.storage.lists import FilterTests, SortTests
from cliquet.testing.storage.machine import SequenceTests
from cliquet.testing.storage.meaning import MeaningTests
from cliquet.testing.storage.pages import PageTests
from cliquet.testing.storage.races import PollTests, RaceTests
from cliquet.testing.storage.records import PersistenceTests, RecordTests
from cliquet.testing.storage.timestamps import ForcedTimestampTests, TimestampTests
from cliquet.testing.storage.tombstones import PurgeOfAllTests, PurgeTests, TombstoneTests
from cliquet.testing.storage.transactions import TransactionTests
from cliquet.testing.storage.unicity import UnicityTests
from cliquet.testing.storage.values import ValueTests


class StorageSuite(
    RecordTests,
    PersistenceTests,
    TombstoneTests,
    PurgeTests,
    PurgeOfAllTests,
    TimestampTests,
    ForcedTimestampTests,
    UnicityTests,
    ConditionTests,
    CollectionConditionTests,
    ValueTests,
    IsolationTests,
    FilterTests,
    SortTests,
    PageTests,
    MeaningTests,
    SequenceTests,
    RaceTests,
    PollTests,
    TransactionTests,
    AheadTests,
    FailureTests,
):
    """All of the contract; see :class:`StorageTests` and :class:`CrewTests` for its attributes."""
