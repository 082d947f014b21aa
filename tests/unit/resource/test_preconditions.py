"""Preconditions: what the headers ask, compared with what is there."""

from __future__ import annotations

import pytest

from cliquet.exceptions import InvalidParameter
from cliquet.resource.preconditions import ANY, NotModified, Preconditions
from cliquet.storage.exceptions import ModifiedError

RECORD = {"id": "x", "last_modified": 12}


def parsed(*, is_read: bool = True, **headers: str) -> Preconditions:
    sent = {name.replace("_", "-"): value for name, value in headers.items()}
    return Preconditions.parse(sent, is_read=is_read)


def test_without_headers_everything_is_met():  # P5.3
    for is_read in (True, False):
        preconditions = parsed(is_read=is_read)
        preconditions.check_record(RECORD, "last_modified")
        preconditions.check_record(None, "last_modified")
        preconditions.check_collection(12)
        assert (preconditions.known, preconditions.wants_absence) == (None, False)


@pytest.mark.parametrize(("value", "expected"), [('"12"', 12), ('"-5"', -5), ('"0012"', 12)])
def test_tags_are_integers_between_double_quotes(value, expected):  # P5.5
    assert parsed(If_Match=value).if_match == expected
    assert parsed(If_None_Match=value).if_none_match == expected


NO_TAGS = ["", "12", '"12', '12"', '""', "'12'", '"a"', '"1.0"', '"+1"', '" 1"', '"1" ', 'W/"1"']
NO_TAGS += ['"1","2"', '"١"', '"1\n"', '"1"\n', "\0", '"--1"', '"1_0"']


@pytest.mark.parametrize("value", [*NO_TAGS, "*"])
@pytest.mark.parametrize("is_read", [True, False])
def test_if_match_is_a_tag(value, is_read):  # P5.5
    with pytest.raises(InvalidParameter) as caught:
        parsed(is_read=is_read, If_Match=value)
    assert caught.value.description == (
        "Invalid value for If-Match. The value should be integer between double quotes."
    )
    assert (caught.value.location, caught.value.name) == ("headers", None)


@pytest.mark.parametrize("value", NO_TAGS)
def test_if_none_match_of_a_read_is_a_tag(value):  # P5.5
    with pytest.raises(InvalidParameter) as caught:
        parsed(If_None_Match=value)
    assert caught.value.description == "Invalid value for If-None-Match"


@pytest.mark.parametrize("value", [*NO_TAGS, '"12"'])
def test_any_other_if_none_match_of_a_write_is_ignored(value):  # P5.3
    preconditions = parsed(is_read=False, If_None_Match=value)
    preconditions.check_record(RECORD, "last_modified")
    assert not preconditions.wants_absence


@pytest.mark.parametrize("stamp", [11, 13, 12000])
def test_if_match_compares_for_equality(stamp):  # P11.1
    parsed(If_Match='"12"').check_record(RECORD, "last_modified")
    parsed(If_Match='"12"').check_collection(12)
    with pytest.raises(ModifiedError) as caught:
        parsed(If_Match=f'"{stamp}"').check_record(RECORD, "last_modified")
    assert caught.value.existing == RECORD
    with pytest.raises(ModifiedError) as caught:
        parsed(If_Match=f'"{stamp}"').check_collection(12)
    assert caught.value.existing is None


def test_if_match_of_nothing_is_not_met():  # P11.1
    with pytest.raises(ModifiedError) as caught:
        parsed(is_read=False, If_Match='"12"').check_record(None, "last_modified")
    assert caught.value.existing is None


def test_the_timestamp_has_the_name_of_the_model():  # P4
    parsed(If_Match='"12"').check_record({"stamp": 12, "last_modified": 1}, "stamp")


@pytest.mark.parametrize("value", ['"12"', ANY])
def test_what_the_client_of_a_read_has_is_not_modified(value):  # P5.2
    preconditions = parsed(If_None_Match=value)
    with pytest.raises(NotModified) as caught:
        preconditions.check_record(RECORD, "last_modified")
    assert caught.value.timestamp == 12
    with pytest.raises(NotModified):
        preconditions.check_collection(12)


@pytest.mark.parametrize("stamp", [11, 13])
def test_if_none_match_compares_for_equality(stamp):  # P11.1
    parsed(If_None_Match=f'"{stamp}"').check_record(RECORD, "last_modified")
    parsed(If_None_Match=f'"{stamp}"').check_collection(12)


def test_a_read_of_nothing_is_not_unmodified():  # P5.3
    parsed(If_None_Match=ANY).check_record(None, "last_modified")


def test_a_write_that_wants_absence_is_met_by_nothing_only():  # P5.3
    preconditions = parsed(is_read=False, If_None_Match=ANY)
    assert preconditions.wants_absence
    preconditions.check_record(None, "last_modified")
    with pytest.raises(ModifiedError) as caught:
        preconditions.check_record(RECORD, "last_modified")
    assert caught.value.existing == RECORD


def test_what_is_known_is_a_timestamp_of_a_read():  # P5.2
    assert parsed(If_None_Match='"12"').known == 12
    assert parsed(If_None_Match=ANY).known is None


def test_if_match_comes_first_and_existing_is_a_copy():  # P5.4
    preconditions = parsed(If_Match='"1"', If_None_Match='"12"')
    with pytest.raises(ModifiedError) as caught:
        preconditions.check_record(RECORD, "last_modified")
    caught.value.existing["changed"] = True
    assert "changed" not in RECORD
