"""P11.2: what clients send in a body is kept exactly, or refused; it never is a server error."""

from __future__ import annotations

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.protocol.client import ONE_ID, Client, make_resources_app


@pytest.fixture(scope="module")
def notes() -> Client:
    return Client("notes", app=make_resources_app())


def stored(notes: Client, text: str) -> object:
    """Return field ``a`` of the record that is stored when *text* is its JSON."""
    body = b'{"data": {"a": %s}}' % text.encode()
    answer = notes.call("PUT", f"/{ONE_ID}", body)
    assert answer.status_code in (200, 201), answer.text
    assert (
        json.loads(answer.text)["data"]["a"]
        == json.loads(notes.get(f"/{ONE_ID}").text)["data"]["a"]
    )
    return json.loads(notes.get(f"/{ONE_ID}").text)["data"]["a"]


@pytest.mark.parametrize("power", [53, 63, 64, 65, 200, 1000])
@pytest.mark.parametrize("sign", [1, -1])
@pytest.mark.parametrize("delta", [-1, 0, 1])
def test_integers_of_any_size_are_returned_exactly(notes, power, sign, delta):  # P11.2
    number = sign * (2**power + delta)
    assert stored(notes, str(number)) == number


def test_integers_of_any_size_are_listed_exactly(notes):  # P11.2
    counters = notes.at("counters")
    counters.create(n=2**70 + 1, deep=[{"n": -(2**65)}])
    [listed] = json.loads(counters.get().text)["data"]
    assert (listed["n"], listed["deep"]) == (2**70 + 1, [{"n": -(2**65)}])


def test_integers_of_any_size_are_sorted_by_value():  # P6.4
    notes = Client("notes", {"paginate_by": 1000})
    numbers = [2**70, 2**64, 2**63, 1e20, 2**64 + 1, -(2**70), 0]
    for number in numbers:
        notes.create(name=number)
    assert notes.names("?_sort=name") == sorted(numbers)
    assert notes.names("?_sort=-name") == sorted(numbers, reverse=True)


def test_pages_pass_over_integers_of_any_size():  # P6.6
    notes = Client("notes", {"paginate_by": 1000})
    for power in range(60, 70):
        notes.create(name=2**power)
    found: list[int] = []
    page = notes.get("?_sort=name&_limit=3")
    while True:
        found += [record["name"] for record in json.loads(page.text)["data"]]
        if "Next-Page" not in page.headers:
            break
        page = notes.get(page.headers["Next-Page"].partition("/notes")[2])
    assert found == [2**power for power in range(60, 70)]


def test_an_integer_of_thousands_of_digits_is_kept_or_refused(notes):  # P11.2
    answer = notes.call("PUT", f"/{ONE_ID}", b'{"data": {"a": %s}}' % (b"9" * 5000))
    assert answer.status_code in (200, 201, 400)
    if answer.status_code != 400:
        assert b"9" * 5000 in notes.get(f"/{ONE_ID}").body


@pytest.mark.parametrize(
    "text", ["0.1", "1e300", "-0.0", "5e-324", "1.7976931348623157e308", "1E2"]
)
def test_floats_are_returned_exactly(notes, text):  # P11.2
    assert repr(stored(notes, text)) == repr(json.loads(text))


@pytest.mark.parametrize(
    "text", ['"\\u20ac"', '"\\ud83c\\udf44"', '"/"', '""', '"\\u2028"', '"\\r\\n\\t"']
)
def test_strings_are_returned_exactly(notes, text):  # P11.2
    assert stored(notes, text) == json.loads(text)


REFUSED = ["NaN", "Infinity", "-Infinity", "1e999", "-1e999", "[1e999]", '"\\ud800"', '"\\u0000"']
REFUSED += [
    "[" * 5000 + "]" * 5000,
    '{"a":' * 5000 + "1" + "}" * 5000,
    "[" * 100000,
    "01",
    "+1",
    "'a'",
]
REFUSED += ['{"\\u0000": 1}', "123456789012345678901234567890.5e400", '"\x01"']


@pytest.mark.parametrize("text", REFUSED, ids=lambda text: text[:12])
@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH"])
def test_what_cannot_be_stored_is_400(notes, method, text):  # P11.2
    notes.put(ONE_ID, {"name": "a"})
    suffix = "" if method == "POST" else f"/{ONE_ID}"
    answer = notes.call(method, suffix, b'{"data": {"a": %s}}' % text.encode())
    assert (answer.status_code, answer.json["errno"]) == (400, 107)
    assert notes.read(ONE_ID)["name"] == "a"


@pytest.mark.parametrize(
    "body", [b'{"data": {"a": "\xff"}}', b"\xff\xfe", b"\x00", b'{"data": {"a": "\xed\xa0\x80"}}']
)
def test_bytes_that_are_no_utf_8_are_400(notes, body):  # P11.2
    assert notes.call("POST", "", body).status_code == 400


def test_a_byte_order_mark_is_accepted(notes):  # P2.4
    assert notes.call("POST", "", b'\xef\xbb\xbf{"data": {"a": 1}}').status_code == 201


@pytest.mark.parametrize("value", ["nan", "NaN", "inf", "-Infinity", "1e999", 10**400])
@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH"])
def test_no_schema_makes_infinities_of_what_is_sent(notes, method, value):  # P11.2
    articles = notes.at("articles")
    articles.put(ONE_ID, {"title": "a", "rating": 1})
    suffix = "" if method == "POST" else f"/{ONE_ID}"
    answer = articles.call(method, suffix, {"data": {"title": "a", "rating": value}})
    assert answer.status_code == 400, answer.text
    assert articles.read(ONE_ID)["rating"] == 1


@pytest.mark.parametrize("value", ["9" * 5000, "1e999", "nan", [], {}, "", 10**40])
def test_odd_values_of_declared_fields_are_no_server_errors(notes, value):  # P11.2
    articles = notes.at("articles")
    for field in ("position", "rating", "archived", "stored_on", "url", "added_by", "title"):
        answer = articles.post({"title": "a", field: value})
        assert answer.status_code in (200, 201, 400)


values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=8) | st.floats(),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3)
    ),
    max_leaves=8,
)
FIELDS = [
    "id",
    "last_modified",
    "deleted",
    "title",
    "url",
    "position",
    "rating",
    "stored_on",
    "one",
]
datas = st.dictionaries(st.sampled_from(FIELDS) | st.text(max_size=5), values, max_size=5)


@settings(deadline=None, print_blob=True, max_examples=500)
@given(
    path=st.sampled_from(["notes", "articles", "mushrooms", "pairs", "stampeds", "blanks"]),
    method=st.sampled_from(["POST", "PUT", "PATCH"]),
    data=values | datas,
)
def test_no_body_is_a_server_error_and_what_is_stored_can_be_listed(
    notes, path, method, data
):  # P11.2
    client = notes.at(path)
    client.put(ONE_ID, {"title": "a", "name": "a"})
    answer = client.call(method, "" if method == "POST" else f"/{ONE_ID}", {"data": data})
    assert answer.status_code in (200, 201, 400, 409)
    assert client.get().status_code == 200
    client.delete()


@settings(deadline=None, print_blob=True, max_examples=500)
@given(
    body=st.binary(max_size=60)
    | st.text(max_size=60).map(str.encode)
    | values.map(lambda v: json.dumps(v).encode())
)
def test_no_bytes_are_a_server_error(notes, body):  # P11.2
    for method, suffix in (("POST", ""), ("PUT", f"/{ONE_ID}"), ("DELETE", "")):
        assert notes.call(method, suffix, body).status_code in (200, 201, 400)


exact = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]), max_size=8)
    | st.floats(allow_nan=False, allow_infinity=False),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]), max_size=5),
            inner,
            max_size=3,
        )
    ),
    max_leaves=8,
)


@settings(deadline=None, print_blob=True, max_examples=500)
@given(value=exact)
def test_any_json_value_is_returned_as_it_was_sent(notes, value):  # P11.2
    assert repr(stored(notes, json.dumps(value))) == repr(value)
