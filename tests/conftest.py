"""Fixtures of all tests: the real servers that come with the package; and what is traced."""

from __future__ import annotations

from collections import Counter

import pytest

pytest_plugins = ["cliquet.testing.servers"]

#: Of the cells of a test, one in so many is traced for the figures of coverage.
TRACED_ONE_IN = 10


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """
    Leave tests that run the same lines over and over out of the figures of coverage.

    Tracing makes Python half as fast. All tests run; properties, sequences of operations, and most
    cells of a large matrix run untraced.
    """
    cells: Counter[str] = Counter()
    for item in items:
        test = item.nodeid.partition("[")[0]
        is_repeated = cells[test] % TRACED_ONE_IN != 0
        cells[test] += 1
        is_random = item.get_closest_marker("hypothesis") or "::test_sequences_of_" in test
        if is_repeated or is_random:
            item.add_marker("no_cover")
