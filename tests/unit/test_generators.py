"""Generators of ids."""

from __future__ import annotations

import uuid

import pytest

from cliquet.storage.generators import UUID4, Generator


class Named(Generator):
    """Makes one id."""

    def __call__(self) -> str:
        return "abc-1_x"


def test_uuids_are_random_of_version_4_and_match():  # P4.9
    generator = UUID4()
    made = {generator() for _ in range(50)}
    assert len(made) == 50
    assert all(generator.match(one) and uuid.UUID(one).version == 4 for one in made)


def test_uuids_of_any_version_and_case_match():  # P4.9
    for one in (uuid.uuid1(), uuid.uuid5(uuid.NAMESPACE_DNS, "x")):
        assert UUID4().match(str(one))
        assert UUID4().match(str(one).upper())


@pytest.mark.parametrize("text", ["", "x", "{%s}", "%s\n", " %s", "%s0", "urn:uuid:%s"])
def test_other_texts_are_no_uuids(text):  # P4.9
    assert not UUID4().match(text.replace("%s", str(uuid.uuid4())))


def test_a_uuid_without_dashes_does_not_match():  # P4.9
    assert not UUID4().match(uuid.uuid4().hex)


@pytest.mark.parametrize("text", ["a", "0", "A-b_c", "abc--", "9_"])
def test_the_base_pattern_accepts(text):  # P4.9
    assert Named().match(text)


@pytest.mark.parametrize("text", ["", "-a", "_a", "a b", "a/b", "é", "a\n", "a.b", "a\0", "٣"])
def test_the_base_pattern_refuses(text):  # P4.9
    assert not Named().match(text)


def test_an_id_longer_than_keys_of_indexes_may_be_is_refused():  # P4.9
    assert Named().match("a" * 512)
    assert not Named().match("a" * 513)


def test_a_generator_at_odds_with_its_own_pattern_is_refused():
    class Wrong(Named):
        regexp = r"^[0-9]+$"

    with pytest.raises(ValueError, match=r"Wrong made the id 'abc-1_x'"):
        Wrong()


def test_the_base_makes_no_ids():
    with pytest.raises(NotImplementedError):
        Generator()
