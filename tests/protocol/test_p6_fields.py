"""P6.7: parts of records; P6.6: limits."""

from __future__ import annotations

import pytest

from tests.protocol.client import Client, details_of, make_resources_app

RECORD = {
    "name": "a",
    "size": 3,
    "tags": ["x"],
    "place": {"city": {"name": "Lyon", "zip": 69000}, "country": "FR"},
    "x.y": 1,
    "x": {"y": 2, "z": 3},
}


@pytest.fixture(scope="module")
def notes() -> Client:
    client = Client("notes", app=make_resources_app({"paginate_by": 5}))
    client.create(**RECORD)
    return client


@pytest.fixture(scope="module")
def many() -> Client:
    client = Client("notes", app=make_resources_app({"paginate_by": 5}))
    for number in range(8):
        client.create(name=number)
    return client


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ("name", {"name": "a"}),
        ("name,size", {"name": "a", "size": 3}),
        (" name , size ", {"name": "a", "size": 3}),
        ("name,name", {"name": "a"}),
        ("place.country", {"place": {"country": "FR"}}),
        ("place.country,place.city.zip", {"place": {"country": "FR", "city": {"zip": 69000}}}),
        ("place.city.name,place.city.zip", {"place": {"city": RECORD["place"]["city"]}}),
        ("place.city,place.city.zip", {"place": {"city": RECORD["place"]["city"]}}),
        ("place.city.zip,place.city", {"place": {"city": RECORD["place"]["city"]}}),
        ("place,place.country", {"place": RECORD["place"]}),
        ("place.country,place", {"place": RECORD["place"]}),
        ("name.x", {"name": "a"}),
        ("x.y", {"x.y": 1}),
        ("x.z", {"x": {"z": 3}}),
        ("unknown", {}),
        ("id", {}),
        ("", RECORD),
        (",", RECORD),
    ],
)
def test_fields_select_paths_and_keep_the_id_and_the_timestamp(notes, fields, expected):  # P6.7
    [listed] = notes.get(f"?_fields={fields}").json["data"]
    own = {name: listed.pop(name) for name in ("id", "last_modified")}
    assert listed == expected
    assert notes.get(f"/{own['id']}?_fields={fields}").json["data"] == {**expected, **own}


@pytest.mark.parametrize("fields", ["place.unknown", "place.city.name.x.y", "tags.0"])
def test_paths_that_lead_nowhere_are_no_errors(notes, fields):  # P6.7
    assert notes.get(f"?_fields={fields}").status_code == 200


def test_tombstones_stay_known_as_such(notes):  # P6.7
    pairs = notes.at("pairs")
    tombstone = pairs.remove(name="a")
    assert pairs.get("?_since=1&_fields=name").json["data"] == [tombstone]


@pytest.mark.parametrize(
    ("fields", "names"),
    [("unknown", "unknown"), ("title,a,b", "a,b"), ("a.b", "a.b"), ("titl", "titl")],
)
def test_unknown_roots_are_400_on_strict_schemas(notes, fields, names):  # P6.7
    answer = notes.at("articles").get(f"?_fields={fields}")
    assert details_of(answer) == [("querystring", "_fields", f"Fields {names} do not exist")]


def test_unknown_roots_are_400_on_records_too(notes):  # P6.7
    articles = notes.at("articles")
    record = articles.create(title="a")
    assert articles.get(f"/{record['id']}?_fields=unknown").status_code == 400
    assert articles.get(f"/{record['id']}?_fields=title").json["data"] == {
        "title": "a",
        "id": record["id"],
        "last_modified": record["last_modified"],
    }


@pytest.mark.parametrize("fields", ["id", "last_modified", "deleted", "title.x", "url"])
def test_known_roots_are_accepted_by_strict_schemas(notes, fields):  # P6.7
    assert notes.at("articles").get(f"?_fields={fields}").status_code == 200


def test_a_404_comes_before_the_fields(notes):  # P2.9
    articles = notes.at("articles")
    gone = articles.remove(title="a")
    assert articles.get(f"/{gone['id']}?_fields=unknown").status_code == 404


def test_fields_do_not_change_what_is_filtered_and_sorted(many):  # P6.7
    listed = many.get("?_fields=other&_sort=name&min_name=6").json["data"]
    assert [set(record) for record in listed] == [{"id", "last_modified"}] * 2


# -- Limits


@pytest.mark.parametrize(
    ("limit", "count"), [("3", 3), ("5", 5), ("1", 1), ("+3", 3), ("003", 3), (" 3 ", 3)]
)
def test_a_limit_sets_the_size_of_the_page(many, limit, count):  # P6.6
    assert len(many.get(f"?_limit={limit}").json["data"]) == count


@pytest.mark.parametrize("limit", ["6", "8", "1000", "9" * 30, "9" * 5000])
def test_a_limit_is_capped_by_the_setting(many, limit):  # P6.6
    answer = many.get(f"?_limit={limit}")
    assert len(answer.json["data"]) == 5
    assert "_limit=5&" in answer.headers["Next-Page"]


@pytest.mark.parametrize("limit", ["", "0", "00", " ", "-0"])
def test_no_limit_is_the_size_of_the_setting(many, limit):  # P6.6
    assert len(many.get(f"?_limit={limit}").json["data"]) == 5


@pytest.mark.parametrize(
    "limit", ["abc", "1.5", "1e1", "true", "[1]", "١", "'1'", "1,2", "--1", "0x1", "NaN"]
)
def test_a_limit_that_is_no_integer_is_400(many, limit):  # P6.6
    answer = many.get(f"?_limit={limit}")
    assert details_of(answer) == [("querystring", None, "_limit should be an integer")]
    assert answer.json["message"] == "querystring: _limit should be an integer"


@pytest.mark.parametrize("limit", ["-1", "-3", "-" + "9" * 30, "-" + "9" * 5000])
def test_a_negative_limit_is_400(many, limit):  # P6.6
    assert many.get(f"?_limit={limit}").status_code == 400


def test_without_paginate_by_the_largest_fetch_caps():  # P6.6
    client = Client("notes", {"paginate_by": None, "storage_max_fetch_size": 3})
    for number in range(5):
        client.create(name=number)
    answer = client.get("?_limit=4")
    assert len(answer.json["data"]) == 3
    assert "Next-Page" in answer.headers


def test_the_largest_fetch_caps_paginate_by_too():  # P6.6
    client = Client("notes", {"paginate_by": 4, "storage_max_fetch_size": 2})
    for number in range(3):
        client.create(name=number)
    answer = client.get()
    assert len(answer.json["data"]) == 2
    assert "Next-Page" in answer.headers


def test_a_last_page_that_is_full_has_no_next_page(many):  # P6.6
    assert "Next-Page" not in many.get("?_limit=4&min_name=4").headers
    assert "Next-Page" in many.get("?_limit=3&min_name=4").headers
