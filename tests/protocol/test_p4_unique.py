"""P4.10: fields of which no two records share a value."""

from __future__ import annotations

import pytest

from tests.protocol.client import ONE_ID, TWO_ID, Client, etag_of
from tests.support import BOB

URL = "http://a.b/"


@pytest.fixture
def articles() -> Client:
    return Client("articles")


@pytest.fixture
def pairs() -> Client:
    return Client("pairs")


@pytest.mark.parametrize("method", ["PUT", "PATCH"])
def test_a_value_of_another_record_is_409(articles, method):  # P4.10
    holder = articles.create(title="a", url=URL)
    other = articles.create(title="b", url="http://c.d/")
    answer = articles.call(method, f"/{other['id']}", {"data": {"title": "b", "url": URL}})
    assert answer.status_code == 409
    assert answer.json == {
        "code": 409,
        "errno": 122,
        "error": "Conflict",
        "message": f"Conflict of field url on record {holder['id']}",
        "details": {"field": "url", "existing": holder},
    }


@pytest.mark.parametrize("method", ["PUT", "PATCH"])
def test_a_conflict_writes_nothing(articles, method):  # P4.10
    articles.create(title="a", url=URL)
    other = articles.create(title="b", url="http://c.d/")
    articles.call(method, f"/{other['id']}", {"data": {"title": "c", "url": URL}})
    assert articles.read(other["id"]) == other
    assert articles.timestamp() == other["last_modified"]


def test_a_conflict_refuses_a_put_that_would_create(articles):  # P4.10
    articles.create(title="a", url=URL)
    assert articles.put(ONE_ID, {"title": "b", "url": URL}).status_code == 409
    assert articles.get(f"/{ONE_ID}").status_code == 404


def test_the_values_compared_are_those_of_the_schema(articles):  # P4.10
    articles.create(title="a", url=URL)
    assert articles.put(ONE_ID, {"title": "b", "url": f"  {URL}  "}).status_code == 409


@pytest.mark.parametrize("value", [None, ...])
def test_null_and_missing_values_never_conflict(pairs, value):  # P4.10
    data = {} if value is ... else {"one": value}
    assert [pairs.post(data).status_code for _ in range(3)] == [201, 201, 201]
    assert pairs.put(ONE_ID, data).status_code == 201
    assert pairs.patch(ONE_ID, {**data, "more": 1}).status_code == 200


def test_values_of_tombstones_never_conflict(pairs):  # P4.10
    pairs.remove(one="x")
    assert pairs.post({"one": "x"}).status_code == 201


def test_values_deleted_with_a_list_never_conflict(pairs):  # P4.10
    pairs.create(one="x")
    pairs.delete("?one=x")
    assert pairs.post({"one": "x"}).status_code == 201


def test_values_given_up_never_conflict(pairs):  # P4.10
    first = pairs.create(one="x")
    pairs.patch(first["id"], {"one": "y"})
    assert pairs.post({"one": "x"}).status_code == 201
    assert pairs.put(ONE_ID, {"one": "y"}).status_code == 409


@pytest.mark.parametrize("method", ["PUT", "PATCH"])
def test_a_record_never_conflicts_with_itself(pairs, method):  # P4.10
    pairs.create(id=ONE_ID, one="x")
    answer = pairs.call(method, f"/{ONE_ID}", {"data": {"one": "x", "more": 1}})
    assert answer.status_code == 200


@pytest.mark.parametrize("value", ["x", 12, 12.5, True, False, 0, "", [1, {"a": 2}], {"a": None}])
def test_values_of_every_type_conflict(pairs, value):  # P4.10
    stored = pairs.create(one=value)
    assert pairs.post({"one": value}).json["data"] == stored
    assert pairs.put(ONE_ID, {"one": value}).status_code == 409


@pytest.mark.parametrize(("one", "other"), [(1, "1"), (1, True), (0, False), ("", 0), ([], {})])
def test_values_of_other_types_do_not_conflict(pairs, one, other):  # P4.10
    pairs.create(one=one)
    assert pairs.post({"one": other}).status_code == 201


def test_numbers_conflict_by_value(pairs):  # P4.10
    pairs.create(one=12)
    assert pairs.put(ONE_ID, {"one": 12.0}).status_code == 409


@pytest.mark.parametrize(
    ("data", "field"), [({"one": 1, "two": 9}, "one"), ({"one": 9, "two": 2}, "two")]
)
def test_the_field_told_is_the_guilty_one(pairs, data, field):  # P4.10
    holder = pairs.create(one=1, two=2)
    answer = pairs.put(ONE_ID, data)
    assert answer.json["details"] == {"field": field, "existing": holder}


def test_the_record_told_is_the_guilty_one(pairs):  # P4.10
    pairs.create(one=1, two=1)
    holder = pairs.create(one=2, two=2)
    assert pairs.put(ONE_ID, {"one": 3, "two": 2}).json["details"]["existing"] == holder


def test_users_do_not_conflict_with_one_another(pairs):  # P4.10
    pairs.create(one="x")
    assert pairs.post({"one": "x"}, **BOB).status_code == 201


def test_collections_do_not_conflict_with_one_another(pairs):  # P4.10
    pairs.create(one="x")
    assert pairs.at("counters").post({"one": "x"}).status_code == 201


def test_a_post_that_conflicts_has_the_version_of_the_record(pairs):  # P4.4
    stored = pairs.create(one="x")
    pairs.create(one="y")
    assert etag_of(pairs.post({"one": "x"})) == stored["last_modified"]


def test_a_put_over_a_tombstone_may_conflict(pairs):  # P4.10
    gone = pairs.remove(one="x")
    pairs.create(id=TWO_ID, one="x")
    assert pairs.put(gone["id"], {"one": "x"}).status_code == 409
    assert pairs.get(f"/{gone['id']}").status_code == 404


def test_a_precondition_is_compared_before_a_conflict(pairs):  # P2.9
    pairs.create(one="x")
    pairs.create(id=ONE_ID, one="y")
    assert pairs.put(ONE_ID, {"one": "x"}, If_Match='"12"').status_code == 412
