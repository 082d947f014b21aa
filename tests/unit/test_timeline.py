"""The timeline of a collection in memory: records of some ids, found along it or looked up."""

from __future__ import annotations

import pytest

from cliquet.storage.timeline import Span, Timeline

SIZE = 40


@pytest.fixture(scope="module")
def timeline():
    """Return a timeline of two records a millisecond."""
    found = Timeline()
    for number in range(SIZE):
        found.put(str(number), number // 2, {"n": number})
    return found


@pytest.mark.parametrize("span", [Span(), Span((3,)), Span((2,), (15, "31")), Span((9,), (9,))])
@pytest.mark.parametrize("among", [range(0, SIZE, 13), range(SIZE), range(0, SIZE, 3), [99]])
@pytest.mark.parametrize("is_descending", [False, True])
def test_records_of_some_ids_are_those_of_the_walk(timeline, span, among, is_descending):
    ids = set(map(str, among))
    walk = timeline.walk(span, is_descending=is_descending)
    expected = [entry for entry in walk if entry[0][1] in ids]
    assert list(timeline.walk_among(ids, span, is_descending=is_descending)) == expected
    assert timeline.count_among(ids, span) == len(expected)


@pytest.mark.parametrize(("among", "is_walk"), [([1, 2], False), (range(10), True)])
def test_the_whole_is_walked_through_for_a_large_part_alone(timeline, monkeypatch, among, is_walk):
    walks = []
    monkeypatch.setattr(Timeline, "walk", lambda *args, **kwargs: walks.append(args) or iter(()))
    list(timeline.walk_among(set(map(str, among)), Span()))
    assert bool(walks) == is_walk
