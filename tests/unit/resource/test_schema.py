"""Schemas of records: options, types, and the timestamps that a client may force."""

from __future__ import annotations

import colander
import pytest

from cliquet.exceptions import InvalidParameter
from cliquet.resource.schema import (
    MAX_TIMESTAMP,
    URL,
    PermissionsSchema,
    ResourceSchema,
    TimeStamp,
    check_timestamp,
)
from cliquet.utils import msec_time


class Strict(ResourceSchema):
    title = colander.SchemaNode(colander.String())
    rating = colander.SchemaNode(colander.Float(), missing=colander.drop)
    ratings = colander.SchemaNode(
        colander.Sequence(), colander.SchemaNode(colander.Float()), missing=colander.drop
    )

    class Options:
        readonly_fields = ("title",)


class Free(ResourceSchema):
    class Options:
        preserve_unknown = True


class Stamped(ResourceSchema):
    last_modified = TimeStamp()


# Options.


def test_options_that_are_missing_are_the_defaults():
    assert Strict.get_option("readonly_fields") == ("title",)
    assert Strict.get_option("unique_fields") == ()
    assert Strict.get_option("preserve_unknown") is False
    assert Free.get_option("preserve_unknown") is True


def test_an_option_that_is_none_is_an_error():
    with pytest.raises(AttributeError):
        Strict.get_option("unknown")


def test_options_add_up_as_tuples():
    class More(ResourceSchema):
        class Options:
            readonly_fields = ("age", *Strict.Options.readonly_fields)

    assert [More.is_readonly(name) for name in ("age", "title", "other")] == [True, True, False]


def test_a_schema_knows_the_fields_that_it_declares():
    assert [Strict().knows(name) for name in ("title", "id", "")] == [True, False, False]


# Records.


def test_unknown_fields_are_dropped():  # P4.8
    assert Strict().deserialize({"title": "a", "other": 1}) == {"title": "a"}


def test_unknown_fields_are_preserved_on_request():  # P4.8
    record = {"a": {"b": [1, None]}, "c": 2**70}
    assert Free().deserialize(record) == record


@pytest.mark.parametrize("text", ["nan", "NaN", "inf", "-Infinity", "1e999"])
@pytest.mark.parametrize("field", ["rating", "ratings"])
def test_no_text_is_read_as_a_number_that_json_has_not(text, field):  # P11.2
    value = text if field == "rating" else [1, text]
    with pytest.raises(colander.Invalid) as caught:
        Strict().deserialize({"title": "a", field: value})
    assert list(caught.value.asdict()) == [field]


def test_a_clone_is_the_same_schema():  # P4.8
    with pytest.raises(colander.Invalid):
        Strict().clone().deserialize({"title": "a", "rating": "nan"})
    assert Strict().clone().deserialize({"title": "a", "x": 1}) == {"title": "a"}


# Timestamps.


def test_a_timestamp_that_is_missing_is_now():
    before = msec_time()
    assert before <= TimeStamp().deserialize() <= msec_time()
    assert before <= Stamped().deserialize({})["last_modified"]


def test_a_timestamp_that_is_missing_may_be_none():
    node = TimeStamp()
    node.auto_now = False
    assert node.deserialize() is None


@pytest.mark.parametrize(("value", "expected"), [(12, 12), ("12", 12), (12.9, 12)])
def test_a_timestamp_given_is_kept(value, expected):
    assert TimeStamp().deserialize(value) == expected


@pytest.mark.parametrize("value", ["abc", "nan", [1], {"a": 1}])
def test_what_is_no_timestamp_is_refused(value):
    with pytest.raises(colander.Invalid):
        TimeStamp().deserialize(value)


@pytest.mark.parametrize("schema", [Free(), Strict(), Stamped()])
@pytest.mark.parametrize("value", [1, 1234567890123, MAX_TIMESTAMP])
def test_timestamps_up_to_the_year_9999_may_be_forced(schema, value):  # P4.12
    check_timestamp(value, "last_modified", schema)


@pytest.mark.parametrize("schema", [Free(), Stamped()])
@pytest.mark.parametrize("value", [0, -1, MAX_TIMESTAMP + 1, 10**40])
def test_timestamps_out_of_range_may_not_be_forced(schema, value):  # P4.12
    with pytest.raises(InvalidParameter) as caught:
        check_timestamp(value, "last_modified", schema)
    assert (caught.value.location, caught.value.name) == ("body", "data.last_modified")
    assert "253370764800000" in caught.value.description


@pytest.mark.parametrize("value", ["12", 12.0, True, None, [], {}])
def test_what_is_no_integer_is_refused_unless_the_schema_says_otherwise(value):  # P11.3
    check_timestamp(value, "last_modified", Stamped())
    with pytest.raises(InvalidParameter):
        check_timestamp(value, "last_modified", Free())


# URLs.

URLS = [
    "http://server/image.jpg",
    "https://user:pass@host:9999/p?q#a",
    "http2://x",
    "www.example.com",
    "http://é.example/ü",
    "ftp://a",
    "a.bc/de",
]


@pytest.mark.parametrize("url", URLS)
def test_urls_are_what_servers_of_old_accepted(url):
    assert URL().deserialize(url) == url


def test_blanks_around_a_url_are_stripped():
    assert URL().deserialize(" \t http://a.b/ \n") == "http://a.b/"


@pytest.mark.parametrize("url", ["", "   ", "abc", "http:", "//a.b", "é", "http:// a"])
def test_other_texts_are_no_urls(url):
    with pytest.raises(colander.Invalid):
        URL().deserialize(url)


@pytest.mark.parametrize("value", [12, True, [], {}])
def test_other_values_are_no_urls(value):
    with pytest.raises(colander.Invalid):
        URL().deserialize(value)


@pytest.mark.parametrize(("length", "is_accepted"), [(2048, True), (2049, False)])
def test_a_url_has_at_most_2048_characters(length, is_accepted):
    url = "http://a.b/".ljust(length, "x")
    if is_accepted:
        assert URL().deserialize(url) == url
        return
    with pytest.raises(colander.Invalid):
        URL().deserialize(url)


def test_a_url_may_be_missing():
    assert URL(missing=None).deserialize(colander.null) is None
    assert URL(missing=None).deserialize("") is None


@pytest.mark.parametrize(
    "text", ["http://" + "a" * 5000, "http://" + "(" * 5000, "www" + "." * 5000, "a." * 3000]
)
def test_hostile_urls_are_refused_in_time(text):  # P11.2
    with pytest.raises(colander.Invalid):
        URL().deserialize(text)


# Permissions.

permissions = PermissionsSchema(permissions=("read", "write"))


def test_permissions_are_lists_of_principals():  # P7.3
    given = {"read": ["a", "b"], "write": []}
    assert permissions.deserialize(given) == given
    assert permissions.deserialize({}) == {}


def test_an_unknown_permission_is_refused():  # P7.3
    with pytest.raises(colander.Invalid) as caught:
        permissions.deserialize({"read": [], "own": []})
    assert list(caught.value.asdict().values()) == ['"own" is not one of read, write']


@pytest.mark.parametrize("value", ["a", 1, [1], [None], {"a": 1}, [["a"]]])
def test_principals_are_texts_in_a_list(value):  # P7.3
    with pytest.raises(colander.Invalid):
        permissions.deserialize({"read": value})


@pytest.mark.parametrize("value", [[], "a", 1])
def test_permissions_are_a_mapping(value):  # P7.3
    with pytest.raises(colander.Invalid):
        permissions.deserialize(value)
