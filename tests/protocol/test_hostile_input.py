"""Whatever a client sends, it gets an error in the one form, and the server goes on (P11.2)."""

from __future__ import annotations

import base64
import json
from urllib.parse import parse_qs, urlsplit

import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from tests.protocol.hostile import (
    CREDENTIALS,
    DEEP,
    HEADERS,
    JSON,
    LITERALS,
    ODD_NUMBERS,
    ODD_STRINGS,
    ONE_ID,
    QUERIES,
    RECORDS,
    TAGS,
    VALUES,
    Server,
    fault_of,
    quoted,
)

pytestmark = pytest.mark.slow

hostile = settings(
    max_examples=500,
    deadline=None,
    print_blob=True,
    derandomize=False,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
METHODS = st.sampled_from(["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE"])
COLLECTIONS = st.sampled_from(["mushrooms", "articles", "notes"])


@pytest.fixture(scope="module")
def server():
    """Return the server of all examples."""
    return Server()


def expect_sane(server, answer):
    """Check an answer, and that the next request is answered."""
    assert fault_of(answer) is None
    assert server.works()


# -- Query strings


@hostile
@given(COLLECTIONS, st.sampled_from(["GET", "HEAD", "DELETE"]), QUERIES)
def test_any_query_of_a_list_is_answered(server, collection, method, query):  # P11.2
    expect_sane(server, server.call(method, f"/v1/{collection}".encode(), query))
    if method == "DELETE":
        server.fill()


@hostile
@given(st.sampled_from(["GET", "DELETE"]), QUERIES)
def test_any_query_of_a_record_is_answered(server, method, query):  # P11.2
    expect_sane(server, server.call(method, f"/v1/notes/{ONE_ID}".encode(), query))
    if method == "DELETE":
        server.fill()


@hostile
@given(
    st.sampled_from(
        ["min_", "max_", "lt_", "gt_", "not_", "in_", "exclude_", "like_", "contains_"]
    ),
    st.sampled_from(["id", "last_modified", "name", "n", "tags", "place.town", "big"]),
    LITERALS,
    st.sampled_from(["", "n", "-n", "name,-tags", "place.town"]),
)
def test_any_literal_of_a_filter_is_answered(server, prefix, field, literal, sort):  # P6.2, P6.4
    query = f"{prefix}{field}={quoted(literal)}&_sort={sort}"
    answer = server.call("GET", b"/v1/mushrooms", query)
    assert answer.status in {200, 400}
    expect_sane(server, answer)


@hostile
@given(st.sampled_from(["_since", "_before", "_to", "_limit", "_sort", "_fields"]), LITERALS)
def test_any_value_of_a_control_is_answered(server, name, literal):  # P6.3, P6.5 to P6.7
    answer = server.call("GET", b"/v1/mushrooms", f"{name}={quoted(literal)}")
    assert answer.status in {200, 400}
    expect_sane(server, answer)


@hostile
@given(st.text(min_size=1, max_size=8), JSON, QUERIES)
def test_a_next_page_can_be_followed_whatever_the_query(server, field, value, query):  # P6.6, P1.7
    query = f"not_{quoted(field)}={quoted(json.dumps(value))}&_limit=1&{query}"
    answer = server.call("GET", b"/v1/notes", query)
    assume(answer.header("Next-Page"))
    parts = urlsplit(answer.header("Next-Page"))
    following = server.call("GET", b"/v1/notes", parts.query)
    assert following.status == 200
    assert following.json["data"] != answer.json["data"]


# -- Tokens


def token_of(server, sort):
    """Return what a real token of a sort order says."""
    answer = server.call("GET", b"/v1/mushrooms", f"_limit=2&_sort={sort}")
    query = parse_qs(urlsplit(answer.header("Next-Page")).query)
    return json.loads(base64.urlsafe_b64decode(query["_token"][0]))


def encoded(content):
    """Return a token that says *content*."""
    raw = content if isinstance(content, bytes) else json.dumps(content).encode()
    return base64.urlsafe_b64encode(raw).decode()


ODD_NUMBERS_READ = st.sampled_from([0, -1, 1.0, 1e300, 2**53, 2**63, -(2**64), True, None, {}, []])


def mutations(value):
    """Return strategies for values that are *value* but for a part of it."""
    if isinstance(value, dict):
        parts = [
            mutations(part).map(lambda new, name=name: {**value, name: new})
            for name, part in value.items()
        ]
        lacking = st.sampled_from(sorted(value)).map(
            lambda gone: {name: part for name, part in value.items() if name != gone}
        )
        added = st.tuples(st.text(max_size=5), JSON).map(lambda pair: {**value, pair[0]: pair[1]})
        return st.one_of(*parts, lacking, added, JSON)
    # The form of a token: a value of one sort key is alone in its array.
    packed = (ODD_NUMBERS_READ | JSON).map(lambda new: [new])
    return JSON | packed | packed


@hostile
@given(st.data(), st.sampled_from(["", "n", "-name,n", "place.town,-tags", "id", "-deleted"]))
def test_any_change_of_a_token_is_answered(server, data, sort):  # P6.6, lessons 18
    token = encoded(data.draw(mutations(token_of(server, sort))))
    answer = server.call("GET", b"/v1/mushrooms", f"_limit=2&_sort={sort}&_token={token}")
    assert answer.status in {200, 400}
    expect_sane(server, answer)


@hostile
@given(
    st.binary(max_size=40).map(encoded)
    | st.text(max_size=20).map(quoted)
    | LITERALS.map(lambda text: encoded(text.encode("utf-8", "surrogatepass")))
    | LITERALS.map(
        lambda text: encoded(b'{"last":{"id":' + text.encode("utf-8", "replace") + b"}}")
    )
)
def test_anything_for_a_token_is_refused(server, token):  # P6.6
    answer = server.call("GET", b"/v1/mushrooms", f"_token={token}")
    assert answer.status == (400 if token else 200)
    expect_sane(server, answer)


SORTS = ("", "n", "-name,n", "place.town", "name", "tags,n,name")


@pytest.mark.parametrize("one", SORTS)
@pytest.mark.parametrize("other", SORTS)
def test_a_token_of_another_sort_order_is_refused(server, one, other):  # P6.6, lessons 18
    token = encoded(token_of(server, one))
    answer = server.call("GET", b"/v1/mushrooms", f"_sort={other}&_token={token}")
    assert answer.status == (200 if one == other else 400)


# -- Headers


@hostile
@given(
    METHODS,
    st.sampled_from([b"/v1/", b"/v1/notes", f"/v1/notes/{ONE_ID}".encode(), b"/v1/x", b"/notes"]),
    HEADERS,
)
def test_any_headers_are_answered(server, method, path, headers):  # P1.7, P5.5, P11.2
    expect_sane(server, server.call(method, path, body=b'{"data":{}}', **headers))


@hostile
@given(
    st.sampled_from(["GET", "PUT", "PATCH", "DELETE", "POST"]),
    st.booleans(),
    TAGS | VALUES,
    TAGS | VALUES,
)
def test_any_precondition_is_answered(server, method, on_list, match, none_match):  # P5.3, P5.5
    path = b"/v1/notes" if on_list else f"/v1/notes/{ONE_ID}".encode()
    headers = {"HTTP_IF_MATCH": match, "HTTP_IF_NONE_MATCH": none_match}
    answer = server.call(method, path, body=b'{"data":{"a":1}}', **headers)
    assert answer.status in {400, 404, 405, 412}
    expect_sane(server, answer)


@hostile
@given(CREDENTIALS | VALUES)
def test_any_credentials_are_answered(server, header):  # P7.2
    for path in (b"/v1/", b"/v1/notes"):
        answer = server.call("GET", path, HTTP_AUTHORIZATION=header)
        assert answer.status in {200, 401}
        expect_sane(server, answer)


@hostile
@given(
    st.sampled_from([b"/notes", b"/v1/notes/", b"/v1/", b"/v1/notes"]),
    st.text(st.characters(min_codepoint=33, max_codepoint=126), max_size=20),
)
def test_any_host_is_answered(server, path, host):  # P1.7, P3.4
    expect_sane(server, server.call("GET", path, "_limit=1", HTTP_HOST=host))


@hostile
@given(VALUES | st.sampled_from(["-1", "abc", "", "1e3", "9" * 30, "１２", " 11 ", "+5", "0x5"]))
def test_any_content_length_is_answered(server, length):  # P2.5
    answer = server.call("POST", b"/v1/notes", body=b'{"data":{}}', CONTENT_LENGTH=length)
    expect_sane(server, answer)


@hostile
@given(VALUES | st.sampled_from(["application/json;charset=", 'application/json;charset="\xff"']))
def test_any_content_type_is_answered(server, content_type):  # P2.8
    answer = server.call("POST", b"/v1/notes", body=b'{"data":{}}', CONTENT_TYPE=content_type)
    assert answer.status in {201, 400, 415}
    expect_sane(server, answer)


# -- Paths


@hostile
@given(
    METHODS,
    st.sampled_from(
        [b"", b"/", b"/v1", b"/v1/", b"/v9", b"/v1/notes", *[b"/v1/notes/", b"/v1/articles/"] * 3]
    ),
    st.binary(max_size=30)
    | ODD_STRINGS.map(lambda text: text.encode("utf-8", "surrogatepass"))
    | st.text(max_size=20).map(str.encode),
    st.sampled_from([b"", b"/", b"//"]),
)
def test_any_path_is_answered(server, method, start, middle, end):  # P3.4, P3.5, P4.9, P11.2
    answer = server.call(method, start + middle + end, body=b'{"data":{}}')
    expect_sane(server, answer)
    server.fill()


@hostile
@given(st.binary(max_size=20), QUERIES)
def test_any_redirection_stays_on_the_server(server, path, query):  # P1.7, P3.4
    answer = server.call("GET", b"/" + path, query, HTTP_HOST="localhost")
    expect_sane(server, answer)
    location = answer.header("Location")
    assert location is None or location.startswith("http://localhost/v1/")


# -- Bodies

SPECIAL = st.sampled_from(["id", "last_modified", "deleted", "name", "title", "url", "stored_on"])
VALUES_OF_FIELDS = JSON | st.sampled_from([0, -1, 1.5, 2**64, "x" * 3000, ONE_ID, None, True, []])
DATA = st.dictionaries(SPECIAL | st.text(max_size=5), VALUES_OF_FIELDS, max_size=5)
RAW_VALUES = ODD_NUMBERS | DEEP | ODD_STRINGS | JSON.map(json.dumps)
BODIES = (
    DATA.map(lambda data: json.dumps({"data": data}))
    | st.builds('{{"data":{{"{}":{}}}}}'.format, SPECIAL, RAW_VALUES)
    | st.builds('{{"data":{}}}'.format, RAW_VALUES)
    | st.builds('{{"data":{{"name":"x","v":{}}},"v":1}}'.format, RAW_VALUES)
    | RAW_VALUES
).map(lambda text: text.encode("utf-8", "surrogatepass")) | st.binary(max_size=40)


@hostile
@given(
    COLLECTIONS,
    st.sampled_from(["POST", "PUT", "PATCH", "DELETE"]),
    BODIES,
    st.sampled_from(["full", "light", "diff"]),
)
def test_any_body_is_answered(server, collection, method, body, behavior):  # P2.4, P11.2
    path = f"/v1/{collection}" + ("" if method == "POST" else f"/{ONE_ID}")
    answer = server.call(method, path.encode(), body=body, HTTP_RESPONSE_BEHAVIOR=behavior)
    expect_sane(server, answer)
    listed = server.call("GET", f"/v1/{collection}".encode(), "_sort=name&_since=0")
    assert fault_of(listed) is None


@hostile
@given(st.sampled_from(["POST", "PUT", "PATCH"]), DATA)
def test_what_is_accepted_is_stored_exactly_or_refused(server, method, data):  # P11.2
    server.fill()
    path = "/v1/notes" if method == "POST" else f"/v1/notes/{ONE_ID}"
    sent = {name: value for name, value in data.items() if name not in {"id", "last_modified"}}
    answer = server.call(method, path.encode(), body=json.dumps({"data": sent}).encode())
    has_nul = "\\u0000" in json.dumps(sent)
    assert answer.status == 400 if has_nul else answer.status in {200, 201}
    if not has_nul:
        stored = server.call("GET", f"/v1/notes/{answer.json['data']['id']}".encode())
        expected = json.dumps({**(RECORDS[1] if method == "PATCH" else {}), **sent}, sort_keys=True)
        kept = {k: v for k, v in stored.json["data"].items() if k not in {"id", "last_modified"}}
        assert json.dumps(kept, sort_keys=True) == expected


@hostile
@given(RAW_VALUES)
def test_a_value_that_is_accepted_is_read_back_as_it_was_sent(server, raw):  # P11.2
    body = b'{"data":{"v":' + raw.encode("utf-8", "surrogatepass") + b"}}"
    answer = server.call("POST", b"/v1/notes", body=body)
    assert answer.status in {201, 400}
    if answer.status == 201:
        assert answer.json["data"]["v"] == json.loads(body)["data"]["v"]
    expect_sane(server, answer)
