"""P6.5 and the order of P6.4: sorting."""

from __future__ import annotations

import random

import pytest

from tests.protocol.client import PAST, Client, details_of, make_resources_app

ORDERED = [
    ("null", None),
    ("empty", ""),
    ("10", "10"),
    ("9", "9"),
    ("A", "A"),
    ("a", "a"),
    ("é", "é"),
    ("private", "\ue000"),
    ("astral", "🍄"),
    ("-5", -5),
    ("0", 0),
    ("1.5", 1.5),
    ("10n", 10),
    ("big", 2**62),
    ("false", False),
    ("true", True),
    ("array", [9]),
    ("object", {"a": 1}),
    ("missing", ...),
]
NAMES = [name for name, _ in ORDERED]


@pytest.fixture(scope="module")
def notes() -> Client:
    """Return a collection of each kind of value, created in any order."""
    client = Client("notes", app=make_resources_app({"paginate_by": 100}))
    shuffled = random.Random(4).sample(ORDERED, len(ORDERED))
    for name, value in shuffled:
        client.create(
            name=name,
            o={} if value is ... else {"v": value},
            **({} if value is ... else {"v": value}),
        )
    return client


@pytest.mark.parametrize("field", ["v", "o.v"])
def test_one_order_for_all_types_missing_fields_last(notes, field):  # P6.4 P6.5
    assert notes.names(f"?_sort={field}") == NAMES


@pytest.mark.parametrize("field", ["v", "o.v"])
def test_descending_missing_fields_come_first(notes, field):  # P6.5
    assert notes.names(f"?_sort=-{field}") == NAMES[::-1]


@pytest.mark.parametrize("form", ["v", "+v", "%2Bv", " v", "v,", ",v", ",,v,,", " v , "])
def test_forms_of_an_ascending_key(notes, form):  # P6.5
    assert notes.names(f"?_sort={form}") == NAMES


def test_the_default_order_is_the_latest_first(notes):  # P6.5
    stamps = [record["last_modified"] for record in notes.get().json["data"]]
    assert stamps == sorted(stamps, reverse=True)


@pytest.mark.parametrize("query", ["?_sort=", "?_sort=,", "?_sort=-last_modified", "?_sort= "])
def test_an_empty_sort_is_the_default(notes, query):  # P6.5
    assert notes.names(query) == notes.names()


def test_ascending_time_is_the_reverse(notes):  # P6.5
    assert notes.names("?_sort=last_modified") == notes.names()[::-1]


@pytest.fixture
def ties() -> Client:
    """Return records in groups of equal values, all of one timestamp but for two."""
    client = Client("notes", {"paginate_by": 100})
    for number in range(6):
        client.create(name=number, group=number % 2, last_modified=PAST)
    client.create(name=6, group=0, last_modified=PAST + 1)
    client.create(name=7, group=1, last_modified=PAST + 1)
    return client


def keys(client: Client, query: str, *fields: str) -> list[tuple[object, ...]]:
    return [tuple(record[field] for field in fields) for record in client.get(query).json["data"]]


def test_several_keys_the_first_is_the_most_significant(ties):  # P6.5
    found = keys(ties, "?_sort=-group,name", "group", "name")
    assert found == sorted(found, key=lambda key: (-key[0], key[1]))
    assert len(found) == 8


def test_the_latest_first_is_appended(ties):  # P6.5
    found = keys(ties, "?_sort=group", "group", "last_modified")
    assert found == sorted(found, key=lambda key: (key[0], -key[1]))


def test_the_id_is_appended_in_the_direction_of_the_key_before(ties):  # P6.5
    ascending = [record_id for (record_id,) in keys(ties, "?_sort=last_modified", "id")]
    by_default = [record_id for (record_id,) in keys(ties, "", "id")]
    assert by_default == ascending[::-1]
    assert ascending[:6] == sorted(ascending[:6])


def test_the_id_follows_the_last_key_given_when_the_timestamp_is_among_them(ties):  # P6.5
    found = keys(ties, "?_sort=-last_modified,group", "last_modified", "group", "id")
    assert found == sorted(found, key=lambda key: (-key[0], key[1], key[2]))


def test_the_id_may_be_a_key(ties):  # P6.5
    ids = [record_id for (record_id,) in keys(ties, "?_sort=id", "id")]
    assert ids == sorted(ids)
    assert [record_id for (record_id,) in keys(ties, "?_sort=-id", "id")] == ids[::-1]


@pytest.mark.parametrize(
    "sort", ["unknown", "-unknown", "title,unknown", "+unknown,-title", "unknown,title"]
)
def test_an_unknown_sort_field_is_400(notes, sort):  # P6.5
    answer = notes.at("articles").get(f"?_sort={sort}")
    assert details_of(answer) == [("querystring", None, "Unknown sort field 'unknown'")]
    assert answer.json["message"] == "querystring: Unknown sort field 'unknown'"


@pytest.mark.parametrize("field", ["title", "id", "last_modified", "deleted", "url", "title.x"])
def test_known_fields_may_be_sorted_by(notes, field):  # P6.5
    assert notes.at("articles").get(f"?_sort={field}").status_code == 200


def test_a_name_with_a_dot_wins_over_a_path(notes):  # P6.4
    pairs = notes.at("pairs")
    pairs.create(name="b", **{"x.y": 2, "x": {"y": 0}})
    pairs.create(name="a", x={"y": 1})
    assert pairs.names("?_sort=x.y") == ["a", "b"]


@pytest.mark.parametrize(
    "sort",
    ["-", "+", "--name", "a" * 5000, ",".join("abcdefghijklmnopqrstuvwxyz" * 40), "é", "a..b", "."],
)
def test_odd_sorts_are_no_server_errors(notes, sort):  # P11.2
    for path in ("notes", "articles"):
        assert notes.at(path).get(f"?_sort={sort}").status_code in (200, 400)


def test_a_sort_of_a_list_deletion_is_ignored(notes):  # P4.3
    counters = notes.at("counters")
    counters.create(name="a")
    assert len(counters.delete("?_sort=name&_limit=abc&_token=x").json["data"]) == 1
