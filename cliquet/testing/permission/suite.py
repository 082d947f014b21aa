"""The suite: all its parts in one class."""

from __future__ import annotations

from cliquet.testing.permission.accessible import AccessibleTests, ShareTests
from cliquet.testing.permission.aces import AceTests, DeletionTests, ReplacementTests
from cliquet.testing.permission.checks import AccessTests, CheckTests
from cliquet.testing.permission.failures import FailureTests, PersistenceTests
from cliquet.testing.permission.names import NameTests
from cliquet.testing.permission.races import RaceTests
from cliquet.testing.permission.sequences import SequenceTests
from cliquet.testing.permission.users import UserTests


class PermissionSuite(
    UserTests,
    AceTests,
    ReplacementTests,
    DeletionTests,
    CheckTests,
    AccessTests,
    AccessibleTests,
    ShareTests,
    NameTests,
    SequenceTests,
    RaceTests,
    PersistenceTests,
    FailureTests,
):
    """All of the contract; see :class:`PermissionTests` and :class:`RaceTests` for attributes."""
