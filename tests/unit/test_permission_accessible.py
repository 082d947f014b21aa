"""The meaning of patterns, and the cost of lists on the permission backend in memory."""

from __future__ import annotations

import time
from collections.abc import Callable

import pytest

from cliquet.permission import uri_matcher
from cliquet.permission.memory import Permission


@pytest.fixture
def backend() -> Permission:
    """Return an empty backend."""
    return Permission()


def duration_seconds(call: Callable[[], object]) -> float:
    """Return the shortest of some durations of a call."""
    durations = []
    for _ in range(20):
        start = time.perf_counter()
        call()
        durations.append(time.perf_counter() - start)
    return min(durations)


def test_the_aces_of_others_do_not_slow_down_a_list(backend: Permission) -> None:
    # Lesson 36.
    def list_mine() -> set[str]:
        return backend.principals_accessible_objects(["me"], "read", "/a/*")

    for number in range(20):
        backend.add_principal_to_ace(f"/a/{number}", "read", "me")
    alone = duration_seconds(list_mine)
    for number in range(20_000):
        backend.add_principal_to_ace(f"/a/{number}", "read", "other")
    # One look at each ACE would make it more than a hundred times slower.
    assert duration_seconds(list_mine) < 20 * alone


# Patterns.


@pytest.mark.parametrize(
    ("pattern", "uri", "is_match"),
    [
        (None, "/a/1", True),
        ("*", "/a/1/b/2", True),
        ("/a/*", "/a/1", True),
        ("/a/*", "/a/*", True),
        ("/a/*", "/a/", False),
        ("/a/*", "/a", False),
        ("/a/*", "/a/1/", False),
        ("/a/*", "/a/1/b", False),
        ("/a/*", "/ab/1", False),
        ("/a/*", "/A/1", False),
        ("/a/*/b/2", "/a/1/b/2", True),
        ("/a/*/b/2", "/a/1/c/b/2", False),
        ("/a/1*", "/a/10", False),
        ("/a/1", "/a/1", True),
        ("/a/1", "/a/10", False),
        ("/a.c/*", "/abc/1", False),
        ("/a+(x|y)[z]/*", "/a+(x|y)[z]/1", True),
        ("/a%/*", "/ab/1", False),
        ("/a_/*", "/ab/1", False),
        ("/a/*", "/a/1\n", True),
        ("/a/*", "\n/a/1", False),
    ],
)
def test_a_star_stands_for_one_segment_and_the_rest_for_itself(
    pattern: str | None, uri: str, is_match: bool
) -> None:
    # Lessons 21 and 28.
    assert uri_matcher(pattern)(uri) is is_match
