"""P6.1, P6.3, P6.4, P6.8 and P6.9: filters on fields and on time."""

from __future__ import annotations

import json

import pytest

from tests.protocol.client import Client, details_of, make_resources_app

VALUES = {
    "null": None,
    "1": 1,
    "2": 2,
    "2.5": 2.5,
    "3": 3,
    "text1": "1",
    "a": "a",
    "b": "b",
    "é": "é",
    "true": True,
    "false": False,
    "list": [1, 2],
    "object": {"x": 1},
}


@pytest.fixture(scope="module")
def values() -> Client:
    """Return a collection with a value of each kind in ``a``, and one record without."""
    notes = Client("notes", app=make_resources_app())
    for name, value in VALUES.items():
        notes.create(name=name, a=value)
    notes.create(name="missing")
    return notes


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("a=1", "1"),
        ("a=2.5", "2.5"),
        ("a=2.0", "2"),
        ('a="1"', "text1"),
        ("a=a", "a"),
        ("a=true", "true"),
        ("a=false", "false"),
        ("a=null", "null"),
        ("a=[1,2]", "list"),
        ("a=[1, 2.0]", "list"),
        ("a=[2,1]", ""),
        ('a={"x":1}', "object"),
        ('a={"x":"1"}', ""),
        ("a=nothing", ""),
        ("a=1&a=2", ""),
        ("a=1&name=1", ""),
        ('a=1&name="1"', "1"),
        ("min_a=2", "2 2.5 3"),
        ("min_a=2&max_a=2.5", "2 2.5"),
        ("max_a=2", "1 2"),
        ("gt_a=2", "2.5 3"),
        ("lt_a=2", "1"),
        ("gt_a=1&lt_a=3", "2 2.5"),
        ("gt_a=1e0", "2 2.5 3"),
        ("min_a=b", "b é"),
        ('max_a="b"', "text1 a b"),
        ("gt_a=b", "é"),
        ("lt_a=a", "text1"),
        ("min_a=false", "false true"),
        ("gt_a=false", "true"),
        ("lt_a=true", "false"),
        ("min_a=[1,2]", ""),
        ("max_a=[1,2]", ""),
        ("min_a={}", ""),
        ("gt_a=[]", ""),
        ("min_a=null", "null"),
        ("gt_a=null", ""),
        ("in_a=1,2,a", "1 2 a"),
        ("in_a=1", "1"),
        ('in_a="1",1', "1 text1"),
        ("in_a=null,true", "null true"),
        ("in_a=[1,2],3", "list 3"),
        ('in_a={"x":1},3', "object 3"),
        ("in_a=1.0,3e0", "1 3"),
        ("in_a=", ""),
    ],
)
def test_filters_select(values, query, expected):  # P6.1 P6.4
    assert set(values.names(f"?{query}")) == set(expected.split())


@pytest.mark.parametrize(
    ("query", "left_out"),
    [
        ("not_a=1", "1"),
        ("not_a=1.0", "1"),
        ('not_a="1"', "text1"),
        ("not_a=null", "null"),
        ("not_a=nothing", ""),
        ("not_a=[1,2]", "list"),
        ('not_a={"x":1}', "object"),
        ("exclude_a=1,2,a", "1 2 a"),
        ("exclude_a=null,false", "null false"),
        ("exclude_a=[1,2]", "list"),
        ("not_a=1&not_a=2", "1 2"),
        ("not_a=1&exclude_a=2,3", "1 2 3"),
    ],
)
def test_negations_leave_out_and_match_a_missing_field(values, query, left_out):  # P6.4
    expected = {*VALUES, "missing"} - set(left_out.split())
    assert set(values.names(f"?{query}")) == expected


@pytest.mark.parametrize(
    "query", ["a=null", "a=missing", "in_a=null", "max_a=9", "min_a=", "lt_a=z"]
)
def test_a_missing_field_is_matched_by_negations_only(values, query):  # P6.4
    assert "missing" not in values.names(f"?{query}")


@pytest.mark.parametrize("operator", ["", "min_", "max_", "lt_", "gt_", "not_", "in_", "exclude_"])
@pytest.mark.parametrize("value", list(VALUES.values()))
def test_filters_never_raise_for_mixed_types(values, operator, value):  # P6.4
    answer = values.get(f"?{operator}a={json.dumps(value)}")
    assert answer.status_code == 200


@pytest.mark.parametrize(
    "prefix",
    [
        "",
        "min_",
        "max_",
        "lt_",
        "gt_",
        "not_",
        "in_",
        "exclude_",
        "has_",
        "like_",
        "contains_",
        "contains_any_",
    ],
)
def test_an_unknown_field_is_told_by_the_parameter(values, prefix):  # P6.1
    name = f"{prefix}unknown"
    answer = values.at("articles").get(f"?{name}=1")
    assert details_of(answer) == [("querystring", name, f"Unknown filter field '{name}'")]
    assert answer.json["message"] == f"Unknown filter field '{name}'"


@pytest.mark.parametrize("name", ["unknown", "min_unknown", "x.y.z", "é", "min_", "in_"])
def test_every_name_is_known_where_unknown_fields_are_preserved(values, name):  # P6.1
    for path in ("notes", "mushrooms"):
        assert values.at(path).get("?" + name + "=1").status_code == 200


@pytest.mark.parametrize("name", ["_unknown", "_", "__token", "_min_title", "_SINCE"])
def test_other_parameters_that_begin_with_an_underscore_are_ignored(values, name):  # P6.9
    for path in ("articles", "notes"):
        client = values.at(path)
        assert client.get(f"?{name}=abc").json == client.get().json


# -- Names of declared fields


@pytest.fixture(scope="module")
def members() -> Client:
    client = Client("members", app=make_resources_app())
    client.create(name="a", age=10, min_age=1, address={"city": "Paris", "zip": 1})
    client.create(name="b", age=20, min_age=15, not_here=True, contains_any="x")
    return client


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("min_age=15", ["b"]),
        ("min_age=10", []),
        ("min_min_age=10", ["b"]),
        ("max_age=10", ["a"]),
        ("not_here=true", ["b"]),
        ("not_not_here=true", ["a"]),
        ("contains_any=x", ["b"]),
        ("address.city=Paris", ["a"]),
        ("like_address.city=par", ["a"]),
        ("not_address.city=Paris", ["b"]),
    ],
)
def test_a_declared_name_is_equality_whatever_its_prefix(members, query, expected):  # P6.4
    assert members.names(f"?{query}") == expected


@pytest.mark.parametrize("name", ["nobody.city", "min_nobody.city", "name_", "addres"])
def test_paths_into_unknown_fields_are_unknown(members, name):  # P6.1
    assert members.get(f"?{name}=1").status_code == 400


# -- Dots


@pytest.fixture(scope="module")
def places() -> Client:
    client = Client("notes", app=make_resources_app())
    client.create(name="paris", address={"city": "Paris", "geo": {"lat": 48}})
    client.create(name="lyon", address={"city": "Lyon", "geo": {"lat": 45}})
    client.create(name="flat", **{"address.city": "Paris", "address": {"city": "Lyon"}})
    client.create(name="text", address="Paris")
    client.create(name="list", address=[{"city": "Paris"}])
    client.create(name="null", address={"city": None})
    return client


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("address.city=Paris", "paris flat"),
        ("address.city=Lyon", "lyon"),
        ("address.city=null", "null"),
        ("address.geo.lat=48", "paris"),
        ("min_address.geo.lat=46", "paris"),
        ("in_address.city=Lyon,Nice", "lyon"),
        ("has_address.geo=true", "paris lyon"),
        ("has_address.city=false", "text list"),
        ("address.0.city=Paris", ""),
        ("address.=1", ""),
        (".=1", ""),
        ("not_address.city=Paris", "lyon text list null"),
    ],
)
def test_dots_reach_into_objects_and_whole_names_win(places, query, expected):  # P6.4
    assert set(places.names(f"?{query}")) == set(expected.split())


# -- Counts


def test_total_records_counts_what_meets_the_filters_whatever_the_page(values):  # P6.8
    assert values.get("?min_a=1&_limit=1").headers["Total-Records"] == "4"
    assert values.get("?min_a=1").headers["Total-Records"] == "4"
    assert values.get("?a=nothing").headers["Total-Records"] == "0"
    assert values.call("HEAD", "?_limit=1").headers["Total-Records"] == str(len(VALUES) + 1)


def test_total_records_counts_live_records_only():  # P6.8
    notes = Client("notes")
    notes.remove(name="a")
    notes.create(name="b")
    answer = notes.get("?_since=1")
    assert len(answer.json["data"]) == 2
    assert answer.headers["Total-Records"] == "1"


def test_total_records_of_a_later_page_is_the_same(values):  # P6.8
    first = values.get("?_limit=5&_sort=name")
    later = values.get(first.headers["Next-Page"].partition("/notes")[2])
    assert later.headers["Total-Records"] == first.headers["Total-Records"]
