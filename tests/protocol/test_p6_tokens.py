"""P6.6: the links from page to page, and tokens that no page has made."""

from __future__ import annotations

import base64
import json
from typing import Any
from urllib.parse import parse_qsl, quote, urlsplit

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.protocol.client import Client, details_of, make_resources_app
from tests.support import BOB

INVALID = [("querystring", None, "_token has invalid content")]


@pytest.fixture(scope="module")
def notes() -> Client:
    client = Client("notes", app=make_resources_app())
    for number in range(4):
        client.create(name=number, v=number, place={"city": f"c{number}"})
    return client


def next_of(answer: Any) -> list[tuple[str, str]]:
    """Return the parameters of the link to the next page."""
    return parse_qsl(urlsplit(answer.headers["Next-Page"]).query, keep_blank_values=True)


def content_of(notes: Client, sort: str) -> dict[str, Any]:
    """Return what the token behind the first note is made of."""
    token = dict(next_of(notes.get(f"?_limit=1&_sort={sort}")))["_token"]
    return json.loads(base64.urlsafe_b64decode(token))


def ask(notes: Client, sort: str, content: Any) -> Any:
    """Ask for the page that a token of *content* begins."""
    raw = content if isinstance(content, bytes) else json.dumps(content).encode()
    token = quote(base64.urlsafe_b64encode(raw))
    return notes.get(f"?_limit=1&_sort={sort}&_token={token}")


# Links.


def test_the_link_is_an_absolute_url_with_a_limit_and_a_token(notes):  # P6.6
    answer = notes.get("?_limit=2")
    assert answer.headers["Next-Page"].startswith("http://localhost/v1/notes?")
    assert [name for name, _ in next_of(answer)] == ["_limit", "_token"]
    assert dict(next_of(answer))["_limit"] == "2"


def test_the_link_has_the_limit_that_was_used(notes):  # P6.6
    few = Client("notes", {"paginate_by": 1})
    few.create()
    few.create()
    assert dict(next_of(few.get()))["_limit"] == "1"
    assert dict(next_of(few.get("?_limit=50")))["_limit"] == "1"


def test_the_link_keeps_every_other_parameter(notes):  # P6.6
    query = "?not_v=é %26&not_v=a%2Bb&_sort=-v,name&_fields=v&_unknown=&_limit=1&in_name=0,1,2"
    kept = [item for item in next_of(notes.get(query)) if item[0] not in ("_limit", "_token")]
    expected = [("not_v", "é &"), ("not_v", "a+b"), ("_sort", "-v,name"), ("_fields", "v")]
    assert kept == [*expected, ("_unknown", ""), ("in_name", "0,1,2")]


def test_the_link_of_a_later_page_has_one_token(notes):  # P6.6
    second = notes.get(notes.get("?_limit=1").headers["Next-Page"].partition("/notes")[2])
    assert [name for name, _ in next_of(second)].count("_token") == 1
    assert [name for name, _ in next_of(second)].count("_limit") == 1


def test_the_link_names_the_host_that_was_asked(notes):  # P6.6
    answer = notes.get("?_limit=1", Host="api.example:8443")
    assert answer.headers["Next-Page"].startswith("http://api.example:8443/v1/notes?")


def test_the_limit_may_change_from_page_to_page(notes):  # P6.6
    token = dict(next_of(notes.get("?_limit=1&_sort=v")))["_token"]
    assert notes.names(f"?_sort=v&_limit=2&_token={quote(token)}") == [1, 2]
    assert notes.names(f"?_sort=v&_token={quote(token)}") == [1, 2, 3]


def test_an_empty_token_is_the_first_page(notes):  # P6.6
    assert notes.names("?_sort=v&_limit=1&_token=") == [0]


@pytest.mark.parametrize("sort", ["place.city", "-place.city,v", "place", "none.x.y", "a b,c"])
def test_tokens_hold_paths_and_odd_names(notes, sort):  # P6.6
    page, found = notes.get(f"?_limit=1&_sort={sort}"), []
    while "Next-Page" in page.headers:
        found += page.json["data"]
        page = notes.get(page.headers["Next-Page"].partition("/notes")[2])
    assert sorted(record["v"] for record in [*found, *page.json["data"]]) == [0, 1, 2, 3]


# Tokens that no page has made.

NO_TOKENS = ["abc", "é", "=", "====", "e30", "e30=", "bnVsbA==", "%00", "W10=", "MTI=", "a" * 20000]
NO_TOKENS += [
    "eyJsYXN0X3JlY29yZCI6IHt9fQ==",
    "IiI=",
    "eyJsYXN0Ijp7fX0=",
    "%FF",
    " ",
    "-",
    "_",
    "AA",
]


@pytest.mark.parametrize("token", NO_TOKENS, ids=lambda token: token[:12])
def test_what_is_no_token_is_400(notes, token):  # P6.6
    answer = notes.get(f"?_limit=1&_token={token}")
    assert answer.status_code == 400
    if token != "%FF":
        assert details_of(answer) == INVALID
        assert answer.json["message"] == "querystring: _token has invalid content"


def test_a_token_of_another_sort_is_400(notes):  # P6.6
    for sort, other in (("v", "name"), ("v", ""), ("", "v"), ("v", "v,name"), ("v,name", "v")):
        assert details_of(ask(notes, other, content_of(notes, sort))) == INVALID


@pytest.mark.parametrize("field", ["v", "last_modified", "id"])
def test_a_token_that_lacks_a_field_is_400(notes, field):  # P6.6
    content = content_of(notes, "v")
    del content["last"][field]
    assert details_of(ask(notes, "v", content)) == INVALID


def test_a_token_with_another_field_is_400(notes):  # P6.6
    content = content_of(notes, "v")
    content["last"]["name"] = content["last"]["v"]
    assert details_of(ask(notes, "v", content)) == INVALID


WRONG_IDS = [1, None, True, [["a"]], {}, 1.5]
WRONG_STAMPS = ["1", None, True, 1.5, [[1]], {"a": 1}, "", 12.0]


@pytest.mark.parametrize(
    ("field", "value"),
    [("id", value) for value in WRONG_IDS] + [("last_modified", value) for value in WRONG_STAMPS],
)
def test_a_token_with_a_value_of_the_wrong_type_is_400(notes, field, value):  # P6.6
    content = content_of(notes, "v")
    for packed in (value, [value], [value, value], []):
        content["last"][field] = packed
        assert details_of(ask(notes, "v", content)) == INVALID


@pytest.mark.parametrize("packed", [1, "a", None, {}, {"a": 1}, [1, 2], [[1]], [{"a": 1}], True])
def test_a_token_with_a_value_of_the_wrong_form_is_400(notes, packed):  # P6.6
    content = content_of(notes, "v")
    content["last"]["v"] = packed
    assert details_of(ask(notes, "v", content)) == INVALID


@pytest.mark.parametrize(
    "content", [[], "a", 1, None, {}, {"last": []}, {"last": None}, {"last": 1}]
)
def test_a_token_of_another_structure_is_400(notes, content):  # P6.6
    assert details_of(ask(notes, "v", content)) == INVALID


@pytest.mark.parametrize("text", [b"NaN", b"1e999", b'"\\u0000"', b'"\\ud800"', b"[" * 5000])
def test_a_token_of_a_value_that_cannot_be_is_400(notes, text):  # P6.6
    content = json.dumps(content_of(notes, "v")).encode()
    tampered = content.replace(b'"v": [0]', b'"v": [%s]' % text)
    assert tampered != content
    assert details_of(ask(notes, "v", tampered)) == INVALID


def test_a_token_of_huge_integers_is_no_server_error(notes):  # P11.2
    content = content_of(notes, "v")
    for field in ("v", "last_modified"):
        content["last"][field] = [10**40]
        assert ask(notes, "v", content).status_code in (200, 400)


def test_a_token_of_another_value_is_answered(notes):  # P6.6
    content = content_of(notes, "v")
    content["last"]["v"] = ["zzz"]
    assert ask(notes, "v", content).status_code == 200


def test_a_token_shows_nothing_of_another_user_s_records(notes):  # P7.1
    token = dict(next_of(notes.get("?_limit=1")))["_token"]
    assert notes.get(f"?_token={quote(token)}", **BOB).json["data"] == []


def test_a_token_never_leads_out_of_the_filters(notes):  # P6.6
    content = content_of(notes, "v")
    content["last"]["v"] = [-1]
    token = quote(base64.urlsafe_b64encode(json.dumps(content).encode()))
    assert notes.names(f"?_sort=v&min_v=2&_token={token}") == [2, 3]


values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=4) | st.floats(),
    lambda inner: (
        st.lists(inner, max_size=2) | st.dictionaries(st.text(max_size=4), inner, max_size=2)
    ),
    max_leaves=4,
)
fields = st.fixed_dictionaries(
    {name: values | st.lists(values, max_size=2) for name in ("v", "last_modified", "id")}
)


@settings(deadline=None, print_blob=True, max_examples=500)
@given(content=values | st.builds(dict, last=values | fields))
def test_no_token_is_a_server_error(notes, content):  # P11.2
    assert ask(notes, "v", content).status_code in (200, 400)


@settings(deadline=None, print_blob=True, max_examples=500)
@given(
    token=st.text(max_size=40)
    | st.binary(max_size=40).map(lambda raw: base64.urlsafe_b64encode(raw).decode())
)
def test_no_text_as_a_token_is_a_server_error(notes, token):  # P11.2
    expected = (200,) if token == "" else (400,)
    assert notes.get(f"?_token={quote(token, errors='replace')}").status_code in expected
