"""P6.4: the filters that servers of version 3.1 did not have."""

from __future__ import annotations

from urllib.parse import quote

import pytest

from tests.protocol.client import Client, details_of, make_resources_app

VALUES = {
    "null": None,
    "hello": "Hello World",
    "stars": "5 * 3",
    "É": "É",
    "é": "é",
    "kelvin": "\u212a",
    "digits": "1234",
    "number": 1234,
    "bool": True,
    "empty": "",
    "12": [1, 2],
    "123": [1, 2, 3],
    "mixed": [1, "1", True, None, [1, 2], {"x": 1}],
    "none": [],
    "object": {"1": 1},
}


@pytest.fixture(scope="module")
def notes() -> Client:
    client = Client("notes", app=make_resources_app({"paginate_by": 100}))
    for name, value in VALUES.items():
        client.create(name=name, a=value)
    client.create(name="missing")
    return client


def test_has_true_finds_the_field_present_null_included(notes):  # P6.4
    assert set(notes.names("?has_a=true")) == set(VALUES)


def test_has_false_finds_the_field_missing(notes):  # P6.4
    assert notes.names("?has_a=false") == ["missing"]


@pytest.mark.parametrize("text", ["yes", "TRUE", "on"])
def test_has_takes_every_word_for_a_boolean(notes, text):  # P6.2
    assert len(notes.names(f"?has_a={text}")) == len(VALUES)


@pytest.mark.parametrize("text", ["", "1", "0", "maybe", "null", '"true"', "[true]"])
def test_has_takes_nothing_else(notes, text):  # P6.4
    answer = notes.get(f"?has_a={text}")
    assert details_of(answer) == [("querystring", "has_a", "Invalid value for has_a")]


@pytest.mark.parametrize("field", ["id", "last_modified"])
def test_every_record_has_an_id_and_a_timestamp(notes, field):  # P6.4
    assert len(notes.names(f"?has_{field}=true")) == len(VALUES) + 1
    assert notes.names(f"?has_{field}=false") == []


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("hello", "hello"),
        ("HELLO", "hello"),
        ("lo wo", "hello"),
        ("h*d", "hello"),
        ("*world*", "hello"),
        ("world*hello", ""),
        ("o*o", "hello"),
        ("o*o*o", ""),
        ("l*l*l", "hello"),
        ("l*l*l*l", ""),
        ("23", "digits"),
        ("'23'", "digits"),
        ('"23"', "digits"),
        ("true", ""),
        ("nothing", ""),
        ("É", "É"),
        ("é", "é"),
        ("k", ""),
        ("\u212a", "kelvin"),
        ("5 * 3", "stars"),
        (".", ""),
        ("h.llo", ""),
        ("%", ""),
        ("_", ""),
        ("(", ""),
    ],
)
def test_like_contains_with_wildcards_and_folds_a_to_z_only(notes, text, expected):  # P6.4
    assert set(notes.names(f"?like_a={quote(text)}")) == set(expected.split())


@pytest.mark.parametrize("text", ["", "*", "***"])
def test_like_of_nothing_finds_every_string(notes, text):  # P6.4
    strings = {name for name, value in VALUES.items() if isinstance(value, str)}
    assert set(notes.names(f"?like_a={text}")) == strings


def test_like_of_many_wildcards_is_answered_in_time(notes):  # P6.2
    notes.at("pairs").create(a="a" * 50000)
    pattern = "a*" * 2000 + "b"
    assert notes.at("pairs").names(f"?like_a={pattern}") == []


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("[1,2]", "12 123"),
        ("[2,1]", "12 123"),
        ("[1]", "12 123 mixed"),
        ("[1.0]", "12 123 mixed"),
        ("[1,1]", "12 123 mixed"),
        ("1", "12 123 mixed"),
        ('["1"]', "mixed"),
        ("[true]", "mixed"),
        ("[null]", "mixed"),
        ("[[1,2]]", "mixed"),
        ('[{"x":1}]', "mixed"),
        ("[]", "12 123 mixed none"),
        ("[9]", ""),
        ("[1,9]", ""),
        ("Hello", ""),
    ],
)
def test_contains_finds_arrays_that_hold_all(notes, text, expected):  # P6.4
    assert set(notes.names(f"?contains_a={text}")) == set(expected.split())


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("[3,9]", "123"),
        ("[1,9]", "12 123 mixed"),
        ('[3,"1"]', "123 mixed"),
        ("3", "123"),
        ("[]", ""),
        ("[9]", ""),
        ("[[1,2],3]", "123 mixed"),
    ],
)
def test_contains_any_finds_arrays_that_hold_one(notes, text, expected):  # P6.4
    assert set(notes.names(f"?contains_any_a={text}")) == set(expected.split())


def test_contains_any_is_no_field_of_contains(notes):  # P6.4
    pairs = notes.at("pairs")
    pairs.create(name="any", any_a=[1], a=[2])
    assert pairs.names("?contains_any_a=[2]") == ["any"]
    assert pairs.names("?contains_any_a=[1]") == []


def test_new_filters_combine_with_the_others(notes):  # P6.1
    assert notes.names("?contains_a=[1]&not_contains_a=x&name=mixed") == ["mixed"]
    assert notes.names("?like_a=o&like_a=w&has_a=true") == ["hello"]


def test_new_filters_select_what_a_list_deletion_deletes(notes):  # P4.3
    counters = notes.at("counters")
    for name in ("Anna", "Hanna", "Otto"):
        counters.create(name=name)
    assert len(counters.delete("?like_name=anna").json["data"]) == 2
    assert counters.names() == ["Otto"]


@pytest.mark.parametrize(
    "query", ["like_title=A", "has_url=false", "contains_title=1", "like_id=-"]
)
def test_new_filters_work_on_strict_schemas(notes, query):  # P6.4
    articles = notes.at("articles")
    articles.delete()
    articles.create(title="a")
    expected = 0 if query.startswith("contains") else 1
    assert len(articles.get(f"?{query}").json["data"]) == expected
