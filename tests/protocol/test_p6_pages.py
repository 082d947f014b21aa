"""P6.6 and P6.8: pages, their tokens and totals."""

from __future__ import annotations

import base64
import json
import random
from collections.abc import Iterator
from typing import Any
from urllib.parse import parse_qsl, quote, urlsplit

import pytest
import webtest
from hypothesis import given, settings
from hypothesis import strategies as st

from cliquet.query import Sort, sort_records
from tests.protocol.client import PAST, Client, details_of
from tests.support import ALICE

SIZE = 10_000
MISSING = object()
VALUES = (
    MISSING,
    None,
    "",
    "a",
    "é",
    "\U0001f600",
    0,
    1,
    1.0,
    -2.5,
    2**70,
    True,
    False,
    [1],
    {"x": 1},
)


@pytest.fixture(scope="module")
def client() -> Client:
    return Client("notes", {"paginate_by": 1000})


@pytest.fixture
def notes(client: Client) -> Client:
    client.registry.storage.flush()
    return client


def store(client: Client, records: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Put *records* into the storage, as Alice's notes, and return them as stored."""
    hello = webtest.TestApp(client.wsgi).get("/v1/", headers=ALICE).json
    storage, parent_id = client.registry.storage, hello["user"]["id"]
    return [storage.create("note", parent_id, record) for record in records]


def token_of(content: Any) -> str:
    """Return a token that holds *content*."""
    return base64.urlsafe_b64encode(json.dumps(content).encode()).decode()


def next_query(answer: Any) -> str:
    """Return the query string of the next page."""
    return "?" + urlsplit(answer.headers["Next-Page"]).query


def token_in(answer: Any) -> str:
    """Return the token of the next page."""
    return dict(parse_qsl(next_query(answer)[1:]))["_token"]


def pages(client: Client, query: str) -> Iterator[Any]:
    """Iterate over the answers, from the first page to the last."""
    answer = client.get(query)
    yield answer
    while "Next-Page" in answer.headers:
        answer = webtest.TestApp(client.wsgi).get(answer.headers["Next-Page"], headers=ALICE)
        yield answer


def walked(client: Client, query: str) -> list[str]:
    """Return the ids of the records of all pages, in their order."""
    return [record["id"] for answer in pages(client, query) for record in answer.json["data"]]


def in_order(records: list[dict[str, Any]], keys: list[tuple[str, int]]) -> list[str]:
    """Return the ids of *records*, sorted by *keys* and what P6.5 adds to them."""
    directions = dict(keys)
    directions.setdefault("last_modified", -1)
    directions.setdefault("id", list(directions.values())[-1])
    ordered = list(records)
    sort_records(ordered, [Sort(field, direction) for field, direction in directions.items()])
    return [record["id"] for record in ordered]


def sort_text(keys: list[tuple[str, int]]) -> str:
    """Return *keys* as the value of ``_sort``."""
    return quote(",".join(("-" if direction < 0 else "") + field for field, direction in keys))


# Ten thousand records.


def odd_record(chance: random.Random) -> dict[str, Any]:
    """Return a record with fields of any type, some of them missing, and maybe a forced time."""
    fields = {name: chance.choice(VALUES) for name in ("a", "b")}
    record = {name: value for name, value in fields.items() if value is not MISSING}
    record["o"] = chance.choice(({"x": chance.randrange(5)}, {}, None, "text", {"x": "text"}))
    if chance.random() < 0.6:
        record["last_modified"] = PAST + chance.randrange(20)
    return record


@pytest.fixture(scope="module")
def crowd() -> tuple[Client, list[dict[str, Any]]]:
    other = Client("notes", {"paginate_by": 1000, "project_docs": "https://crowd.example/"})
    chance = random.Random(6)
    return other, store(other, [odd_record(chance) for _ in range(SIZE)])


@pytest.mark.parametrize(
    "keys",
    [
        [],
        [("last_modified", 1)],
        [("a", 1)],
        [("o.x", -1), ("b", 1)],
    ],
    ids=["default", "oldest first", "mixed types", "dotted and two ways"],
)
def test_a_walk_of_ten_thousand_gives_each_record_once_in_order(crowd, keys):  # P6.6
    client, records = crowd
    assert walked(client, f"?_limit=1000&_sort={sort_text(keys)}") == in_order(records, keys)


def test_a_page_among_equal_timestamps_goes_on_where_the_last_one_ended(crowd):  # P6.6
    client, records = crowd
    forced = [record for record in records if record["last_modified"] == PAST + 7]
    query = f"?_limit=50&_sort=last_modified&last_modified={PAST + 7}"
    assert walked(client, query) == in_order(forced, [("last_modified", 1)])


# Any sort.

SMALL = st.sampled_from(VALUES)
RECORDS = st.lists(
    st.fixed_dictionaries(
        {"a": SMALL, "b": SMALL, "x": SMALL, "o.x": st.sampled_from([MISSING] * 4 + [0, "z"])},
        optional={"last_modified": st.integers(PAST, PAST + 2)},
    ),
    max_size=9,
)
KEYS = st.lists(
    st.tuples(
        st.sampled_from(["a", "b", "o.x", "a.x", "nowhere", "last_modified", "id"]),
        st.sampled_from([1, -1]),
    ),
    max_size=4,
    unique_by=lambda key: key[0],
)


def shaped(drawn: dict[str, Any]) -> dict[str, Any]:
    """Return a drawn record without what is missing, ``x`` within an object."""
    record = {field: value for field, value in drawn.items() if value is not MISSING}
    if "x" in record:
        record["o"] = {"x": record.pop("x")}
    return record


@settings(max_examples=150, deadline=None, print_blob=True)
@given(drawn=RECORDS, keys=KEYS, limit=st.integers(1, 4))
def test_any_walk_gives_each_record_once_in_order(client, drawn, keys, limit):  # P6.6
    client.registry.storage.flush()
    records = store(client, [shaped(record) for record in drawn])
    query = f"?_limit={limit}&_sort={sort_text(keys)}"
    assert walked(client, query) == in_order(records, keys)


@settings(max_examples=100, deadline=None, print_blob=True)
@given(drawn=RECORDS, keys=KEYS, data=st.data())
def test_unchanged_records_come_once_while_others_change(client, drawn, keys, data):  # P6.6
    client.registry.storage.flush()
    ids = [record["id"] for record in store(client, [shaped(record) for record in drawn])]
    stable = ids[::2]
    found: list[str] = []
    for answer in pages(client, f"?_limit=2&_sort={sort_text(keys)}"):
        found += [record["id"] for record in answer.json["data"]]
        changed = data.draw(st.sampled_from(ids[1::2] or [""]))
        if changed and data.draw(st.booleans()):
            client.put(changed, {"a": data.draw(st.sampled_from(["", 3, None]))})
        elif changed:
            client.delete(f"/{changed}")
        if len(found) < 20:
            client.post({"a": 1})
    assert sorted(id_ for id_ in found if id_ in stable) == sorted(stable)


# Next-Page.


def test_the_last_page_names_no_other(notes):  # P6.6
    store(notes, [{} for _ in range(4)])
    lengths = [len(answer.json["data"]) for answer in pages(notes, "?_limit=2")]
    assert lengths == [2, 2]


def test_pages_behind_a_record_deleted_meanwhile_go_on(notes):  # P6.6
    records = store(notes, [{"n": n} for n in range(4)])
    answer = notes.get("?_limit=2&_sort=n")
    for record in records[1:3]:
        notes.delete(f"/{record['id']}")
    assert notes.names(next_query(answer)) == [None]
    assert notes.get(next_query(answer)).json["data"][0]["n"] == 3


def test_a_token_past_the_last_record_gives_an_empty_page(notes):  # P6.6 P6.8
    store(notes, [{"n": n} for n in range(3)])
    second = next_query(notes.get("?_limit=2&_sort=n"))
    notes.delete("?n=2")
    answer = notes.get(second)
    assert answer.json["data"] == []
    assert answer.headers["Total-Records"] == "2"
    assert "Next-Page" not in answer.headers


def test_next_page_keeps_the_other_parameters(notes):  # P6.6
    store(notes, [{"n": n, "t": "é&="} for n in range(3)])
    query = f"?_limit=1&_sort=n&t={quote('é&=')}&min_n=0&min_n=1&_fields=n&_odd=+"
    answer = notes.get(query)
    kept = parse_qsl(next_query(answer)[1:])[:-2]
    assert kept == [pair for pair in parse_qsl(query[1:]) if pair[0] != "_limit"]


def test_next_page_is_absolute_and_has_one_limit_and_one_token(notes):  # P6.6
    store(notes, [{} for _ in range(5)])
    second = notes.get("?_limit=1")
    third = notes.get(next_query(second))
    url = urlsplit(third.headers["Next-Page"])
    assert (url.scheme, url.path) == ("http", "/v1/notes")
    assert [name for name, _ in parse_qsl(url.query)] == ["_limit", "_token"]


def test_the_next_page_has_the_size_that_was_applied(notes):  # P6.6
    small = Client("notes", {"paginate_by": 2})
    store(small, [{} for _ in range(5)])
    lengths = [len(answer.json["data"]) for answer in pages(small, "?_limit=1000")]
    assert lengths == [2, 2, 1]
    assert "_limit=2&" in next_query(small.get())


def test_filters_hold_on_every_page(notes):  # P6.6
    store(notes, [{"n": n % 3, "i": n} for n in range(12)])
    found = [r["i"] for p in pages(notes, "?n=1&_limit=2&_sort=i") for r in p.json["data"]]
    assert found == [1, 4, 7, 10]


def test_tombstones_are_walked_with_the_records(notes):  # P6.3 P6.6
    records = store(notes, [{"n": n} for n in range(6)])
    for record in records[::2]:
        notes.delete(f"/{record['id']}")
    listed = walked(notes, "?_since=0&_limit=2")
    assert sorted(listed) == sorted(record["id"] for record in records)


# Totals.


def test_the_total_is_that_of_the_filters_on_every_page(notes):  # P6.8
    store(notes, [{"n": n % 2} for n in range(7)])
    totals = [answer.headers["Total-Records"] for answer in pages(notes, "?n=0&_limit=1")]
    assert totals == ["4"] * 4


def test_the_total_does_not_count_tombstones(notes):  # P6.8
    records = store(notes, [{"n": 1}, {"n": 1}])
    notes.delete(f"/{records[0]['id']}")
    assert notes.get("?_since=0").headers["Total-Records"] == "1"
    assert notes.get("?_since=0&deleted=true").headers["Total-Records"] == "0"


# Tokens that clients change.

GOOD = {"id": ["x"], "last_modified": [5], "n": [1]}


@pytest.mark.parametrize(
    "content",
    [
        None,
        [],
        {},
        {"last": []},
        {"last": {}},
        GOOD,
        {"last": {**GOOD, "other": [1]}},
        {"last": {"id": ["x"], "last_modified": [5]}},
        {"last": {**GOOD, "n": 1}},
        {"last": {**GOOD, "n": [1, 2]}},
        {"last": {**GOOD, "n": [[1]]}},
        {"last": {**GOOD, "n": [{"x": 1}]}},
        {"last": {**GOOD, "n": ["\0"]}},
        {"last": {**GOOD, "n": [float("nan")]}},
        {"last": {**GOOD, "id": [1]}},
        {"last": {**GOOD, "id": []}},
        {"last": {**GOOD, "last_modified": ["5"]}},
        {"last": {**GOOD, "last_modified": [5.0]}},
        {"last": {**GOOD, "last_modified": [True]}},
        {"last": {**GOOD, "last_modified": []}},
    ],
    ids=repr,
)
def test_a_token_of_other_content_is_400(notes, content):  # P6.6
    answer = notes.get(f"?_sort=n&_token={token_of(content)}")
    (error,) = details_of(answer)
    assert "_token has invalid content" in error[2]
    assert error[0] == "querystring"


@pytest.mark.parametrize(
    "value", [[], [None], [2**80], ["é"], [[]], [{}], [False], [1.5]], ids=repr
)
def test_a_token_of_any_value_of_the_field_is_good(notes, value):  # P6.6
    token = token_of({"last": {**GOOD, "n": value}})
    assert notes.get(f"?_sort=n&_token={token}").status_code == 200


@pytest.mark.parametrize("token", ["x", "é", "%00", "%ff", "====", "a" * 5000, "[]", "e30"])
def test_a_token_that_is_none_is_400(notes, token):  # P6.6 P11.2
    assert notes.get(f"?_token={token}").status_code == 400


def test_the_token_of_another_sort_is_400(notes):  # P6.6
    store(notes, [{"n": n} for n in range(3)])
    token = token_in(notes.get("?_sort=n&_limit=1"))
    assert notes.get(f"?_token={token}").status_code == 400
    assert notes.get(f"?_sort=m&_token={token}").status_code == 400


JSON_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.text(), inner, max_size=2),
    max_leaves=4,
)
CONTENTS = JSON_VALUES | st.fixed_dictionaries(
    {"last": st.dictionaries(st.sampled_from(["n", "id", "last_modified", "o"]), JSON_VALUES)}
)


@settings(max_examples=500, deadline=None, print_blob=True)
@given(token=st.text(max_size=20) | CONTENTS.map(token_of))
def test_no_token_is_a_server_error(client, token):  # P11.2
    answer = client.get(f"?_sort=n&_token={quote(token, errors='surrogatepass')}")
    assert answer.status_code in (200, 400)


@settings(max_examples=500, deadline=None, print_blob=True)
@given(value=JSON_VALUES, record_id=JSON_VALUES, timestamp=JSON_VALUES, packed=st.booleans())
def test_no_token_of_the_right_fields_is_a_server_error(
    client, value, record_id, timestamp, packed
):  # P11.2
    fields = {"n": value, "id": record_id, "last_modified": timestamp}
    last = {name: [item] if packed else item for name, item in fields.items()}
    answer = client.get(f"?_sort=n&_token={token_of({'last': last})}")
    assert answer.status_code in (200, 400)
