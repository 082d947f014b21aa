"""Input that became a fault of the server once, each kind by its name (lessons 23 to 28)."""

from __future__ import annotations

import base64
import json

import pytest

from tests.protocol.hostile import ONE_ID, Server, fault_of, quoted

INJECTIONS = ["' OR '1'='1", "'; DROP TABLE records; --", '") OR 1=1 --', "%' OR '%'='", "\\' OR 1"]
UNDECODABLE = [b"\xff", b"\xc3", b"\xed\xa0\x80", b"\xf4\x90\x80\x80", b"\xc0\xaf"]


@pytest.fixture(scope="module")
def server():
    """Return the server of all tests here."""
    return Server()


@pytest.fixture(autouse=True)
def _records(server):
    server.fill()


def listed(server, query, collection="notes"):
    """Return the status and the names of the records that a query lists."""
    answer = server.call("GET", f"/v1/{collection}".encode(), query)
    assert fault_of(answer) is None
    records = answer.json["data"] if answer.status == 200 else []
    return answer.status, [record.get("name") for record in records]


def put(server, body):
    """Return the answer to a body that replaces a record."""
    raw = body if isinstance(body, bytes) else json.dumps(body).encode()
    answer = server.call("PUT", f"/v1/notes/{ONE_ID}".encode(), body=raw)
    assert fault_of(answer) is None
    return answer


# -- 23: SQL


@pytest.mark.parametrize("text", INJECTIONS)
@pytest.mark.parametrize("method", ["GET", "PUT", "PATCH", "DELETE"])
def test_sql_in_an_id_is_no_id(server, method, text):  # P4.9, lessons 23
    answer = server.call(method, f"/v1/notes/{text}".encode(), body=b'{"data":{}}')
    assert (answer.status, answer.json["message"]) == (400, "path: Invalid record id")


@pytest.mark.parametrize("text", INJECTIONS)
def test_sql_in_a_filter_is_text(server, text):  # P6.2, lessons 23
    put(server, {"data": {"name": text}})
    literal = quoted(json.dumps(text))
    assert listed(server, f"name={literal}") == (200, [text])
    assert listed(server, f"{literal}=1") == (200, [])


@pytest.mark.parametrize("text", INJECTIONS)
def test_sql_in_a_user_name_is_another_user(server, text):  # P7.2, lessons 23
    header = "Basic " + base64.b64encode(f"{text}:secret".encode()).decode()
    answer = server.call("GET", b"/v1/notes", HTTP_AUTHORIZATION=header)
    assert (answer.status, answer.json) == (200, {"data": []})


# -- 24: NUL, surrogates, bad UTF-8, line breaks


@pytest.mark.parametrize("raw", UNDECODABLE)
@pytest.mark.parametrize("start", [b"/v1/notes/", b"/v1/", b"/", b"/v1/unknown/"])
def test_bad_utf_8_in_a_path_is_refused(server, start, raw):  # P11.2, lessons 24
    answer = server.call("GET", start + raw)
    assert fault_of(answer) is None
    assert answer.status == 400
    assert answer.json["details"][0]["location"] == "path"


@pytest.mark.parametrize("raw", ["%FF", "%C3", "%ED%A0%80", "%C0%AF"])
@pytest.mark.parametrize("form", ["a={}", "{}=1", "_sort={}", "_since={}", "_token={}"])
def test_bad_utf_8_in_a_query_is_refused(server, form, raw):  # P11.2, lessons 24
    answer = server.call("GET", b"/v1/notes", form.format(raw))
    assert fault_of(answer) is None
    assert answer.status == 400
    assert answer.json["details"][0]["location"] == "querystring"


@pytest.mark.parametrize("raw", UNDECODABLE)
def test_bad_utf_8_in_a_body_is_refused(server, raw):  # P11.2, lessons 24
    assert put(server, b'{"data":{"name":"' + raw + b'"}}').status == 400


@pytest.mark.parametrize("path", [b"/v1/notes/\0", b"/v1/notes/" + ONE_ID.encode() + b"\0"])
def test_nul_in_an_id_is_refused(server, path):  # P4.9, P11.2, lessons 24
    assert server.call("GET", path).status == 400
    assert server.call("PUT", path, body=b'{"data":{}}').status == 400


def test_a_line_break_after_an_id_is_refused(server):  # P4.9, lessons 24
    path = f"/v1/notes/{ONE_ID}\n".encode()
    assert server.call("GET", path).status == 400


@pytest.mark.parametrize(
    "query", ["a=%00", "%00=1", "a=x%00y", 'a="%5Cu0000"', "in_a=b,%00", "_sort=%00", "_since=%00"]
)
def test_nul_in_a_query_is_refused(server, query):  # P6.2, P11.2, lessons 24
    assert listed(server, query)[0] == 400


@pytest.mark.parametrize(
    "body",
    [
        b'{"data":{"a":"\\u0000"}}',
        b'{"data":{"\\u0000":1}}',
        b'{"data":{"a":[{"b":"x\\u0000"}]}}',
        b'{"data":{"a":"\0"}}',
        b"\0",
    ],
)
def test_nul_in_a_body_is_refused(server, body):  # P11.2, lessons 24
    assert put(server, body).status == 400


@pytest.mark.parametrize(
    "text", ["\\ud800", "\\udc00", "\\ud800x", "\\udc00\\ud800", "\\ud83c\\ud800"]
)
@pytest.mark.parametrize("form", ['{{"data":{{"a":"{}"}}}}', '{{"data":{{"{}":1}}}}', '"{}"'])
@pytest.mark.parametrize("suffix", ["", " " + "1" * 30])
def test_a_lone_surrogate_in_a_body_is_refused(server, form, text, suffix):  # P11.2, lessons 24
    # A number of many digits, even out of place, is read by another parser.
    assert put(server, (form.format(text) + suffix).encode()).status == 400


def test_a_lone_surrogate_beside_a_big_number_is_refused(server):  # P11.2, lessons 24
    body = b'{"data":{"n":' + b"9" * 30 + b',"a":"\\ud800"}}'
    assert put(server, body).status == 400


def test_a_pair_of_surrogates_is_a_character(server):  # P11.2, lessons 24
    answer = put(server, b'{"data":{"a":"\\ud83c\\udf44"}}')
    assert answer.json["data"]["a"] == "🍄"


@pytest.mark.parametrize("path", [b"/notes\r\nX-Evil: 1", b"/v1/notes\r\nX-Evil: 1/", b"/\r\n"])
def test_line_breaks_in_a_redirection_stay_encoded(server, path):  # P1.7, lessons 24
    answer = server.call("GET", path)
    assert answer.status == 307
    assert fault_of(answer) is None
    assert "%0D%0A" in answer.header("Location")


# -- 25: numbers


@pytest.mark.parametrize("power", [53, 63, 64, 80, 1000])
@pytest.mark.parametrize("sign", [1, -1])
def test_an_integer_of_any_size_is_returned_exactly(server, sign, power):  # P11.2, lessons 25
    for number in (sign * 2**power - 1, sign * 2**power, sign * 2**power + 1):
        answer = put(server, {"data": {"v": number, "w": [{"x": number}]}})
        assert answer.json["data"]["v"] == number
        assert answer.json["data"]["w"] == [{"x": number}]
        stored = server.call("GET", f"/v1/notes/{ONE_ID}".encode())
        assert stored.json["data"]["v"] == number


def test_an_integer_of_thousands_of_digits_is_kept_or_refused(server):  # P11.2, lessons 25
    answer = put(server, b'{"data":{"v":' + b"9" * 5000 + b"}}")
    assert answer.status == 400 or b"9" * 5000 in answer.body


@pytest.mark.parametrize("number", [2**63, -(2**63) - 1, 2**64, 10**400])
@pytest.mark.parametrize("prefix", ["", "min_", "gt_", "not_", "in_", "exclude_", "contains_"])
def test_an_integer_beyond_64_bits_in_a_filter_is_refused(server, prefix, number):  # P11.2
    assert listed(server, f"{prefix}n={number}")[0] == 400


@pytest.mark.parametrize("word", ["NaN", "Infinity", "-Infinity", "1e999", "-1e999"])
def test_nan_is_refused_everywhere(server, word):  # P6.2, P11.2, lessons 25
    assert put(server, b'{"data":{"v":' + word.encode() + b"}}").status == 400
    assert listed(server, f"v={word}")[0] == 400
    assert listed(server, f"in_v=1,{word}")[0] == 400


@pytest.mark.parametrize("value", [1.5, "12", True, None, 0, -1, 2**53, 2**64, [], {}, 1e3])
def test_an_odd_timestamp_is_refused_on_schemaless_resources(server, value):  # P11.3, lessons 25
    answer = put(server, {"data": {"last_modified": value}})
    assert answer.status == 400
    assert answer.json["details"][0]["name"] == "data.last_modified"


@pytest.mark.parametrize("value", [1.5, "12", True, None, 0, -1, 2**64, [], {}])
def test_an_odd_timestamp_is_ignored_where_the_schema_knows_none(server, value):  # P4.8, lessons 25
    body = {"data": {"title": "x", "last_modified": value}}
    answer = server.call("POST", b"/v1/articles", body=json.dumps(body).encode())
    assert answer.status == 201
    assert answer.json["data"]["last_modified"] > 1_700_000_000_000


@pytest.mark.parametrize("name", ["_since", "_before", "_to", "last_modified", "min_last_modified"])
@pytest.mark.parametrize(
    "value",
    ["null", "true", "1.5", "1e3", "", "%22", "%22%22", "'12'", "[]", str(2**63), "9" * 5000],
)
def test_an_odd_time_in_a_query_is_refused(server, name, value):  # P6.3, P11.2, lessons 25
    assert listed(server, f"{name}={value}")[0] == 400


@pytest.mark.parametrize("value", ["", "0", "%20", "+", "00"])
def test_a_limit_of_nothing_is_none(server, value):  # P6.6, lessons 25
    status, names = listed(server, f"_limit={value}")
    assert (status, len(names)) == (200, 3)


@pytest.mark.parametrize("value", ["-1", "-99999999999999999999", "1.5", "abc", "NaN", "1e3", "[]"])
def test_an_odd_limit_is_refused(server, value):  # P6.6, lessons 25
    assert listed(server, f"_limit={value}")[0] == 400


@pytest.mark.parametrize("value", [str(2**63), "9" * 5000, "0" * 5000 + "1"])
def test_a_huge_limit_is_as_the_largest(server, value):  # P6.6, lessons 25
    assert listed(server, f"_limit={value}")[0] == 200


# -- 26: deep and long


@pytest.mark.parametrize(
    "literal", ["[" * 4000, "[" * 2000 + "]" * 2000, '{"a":' * 1000 + "1" + "}" * 1000, "-" * 4000]
)
@pytest.mark.parametrize("prefix", ["", "in_", "not_", "contains_", "like_", "has_"])
def test_a_literal_of_4000_characters_is_answered(server, prefix, literal):  # P6.2, lessons 26
    assert listed(server, f"{prefix}a={quoted(literal)}")[0] in {200, 400}
    assert server.works()


@pytest.mark.parametrize("literal", ["[" * 2000 + "]" * 2000, '{"a":' * 1000 + "1" + "}" * 1000])
def test_a_literal_that_is_too_deep_is_refused(server, literal):  # P6.2, lessons 26
    assert listed(server, f"a={quoted(literal)}")[0] == 400


def test_a_literal_that_is_too_long_is_refused(server):  # P6.2, lessons 26
    assert listed(server, "a=" + "x" * 100_000)[0] == 400


@pytest.mark.parametrize("depth", [500, 5_000, 100_000])
@pytest.mark.parametrize(("opening", "closing"), [("[", "]"), ('{"a":', "}"), ("[", "")])
def test_deep_json_in_a_body_is_refused(server, opening, closing, depth):  # P11.2, lessons 26
    deep = opening * depth + ("1" if opening != "[" else "") + closing * depth
    assert put(server, ('{"data":{"v":' + deep + "}}").encode()).status == 400


def test_json_of_sixty_levels_is_stored(server):  # P11.2, lessons 26
    deep = "[" * 60 + "]" * 60
    answer = put(server, ('{"data":{"v":' + deep + "}}").encode())
    assert json.dumps(answer.json["data"]["v"]) == deep


def test_brackets_within_strings_are_not_deep(server):  # P11.2, lessons 26
    text = '[{"' * 1000
    assert put(server, {"data": {"v": text}}).json["data"]["v"] == text


@pytest.mark.parametrize("pair", ["[]", "{}"])
@pytest.mark.parametrize(("depth", "status"), [(198, 200), (199, 400)])
def test_two_hundred_levels_are_stored(server, pair, depth, status):  # P11.2, lessons 26
    # Two levels are the body and its data.
    opening = pair[0] + '"a":' * (pair == "{}")
    deep = opening * (depth - 1) + pair + pair[1] * (depth - 1)
    put(server, {"data": {"v": 1}})
    assert put(server, ('{"data":{"v":' + deep + "}}").encode()).status == status
    assert server.works()


def test_a_large_body_that_is_cut_off_is_told_in_the_words_of_the_parser(server):  # P2.4
    answer = put(server, b'{"data":{"v":[' + b'{"a":[]},' * 1000)
    assert answer.status == 400
    assert "deeper" not in answer.json["message"]


def test_many_shallow_values_are_stored(server):  # P11.2, lessons 26
    value = [[{"a": []}]] * 5000
    assert put(server, {"data": {"v": value}}).json["data"]["v"] == value


# -- 27: wrong types


@pytest.mark.parametrize("data", [None, [], [[]], ["id"], "x", "", 0, 1.5, True, False])
@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH"])
def test_data_that_are_no_object_are_refused(server, method, data):  # P2.4, lessons 27
    path = b"/v1/mushrooms" if method == "POST" else f"/v1/mushrooms/{ONE_ID}".encode()
    answer = server.call(method, path, body=json.dumps({"data": data}).encode())
    assert fault_of(answer) is None
    assert answer.status == 400
    assert answer.json["details"][0]["name"] == "data"


@pytest.mark.parametrize("record_id", [12, True, [], {}, "", "a b", "é", 1.5, "x\n"])
def test_an_id_that_is_no_id_is_refused(server, record_id):  # P4.2, P4.5, lessons 27
    body = json.dumps({"data": {"name": "x", "id": record_id}}).encode()
    for method, path in (("POST", b"/v1/mushrooms"), ("PUT", f"/v1/notes/{ONE_ID}".encode())):
        answer = server.call(method, path, body=body)
        assert fault_of(answer) is None
        assert answer.status == 400


# -- 28: patterns


@pytest.mark.parametrize("text", [".*", "1111.*", "[0-9a-f-]+", "^", "$", "(", "*", "%", "_", "?"])
def test_an_id_is_never_a_pattern(server, text):  # P6.1, lessons 28
    assert server.call("GET", b"/v1/notes/" + text.encode()).status in {400, 404}
    literal = quoted(json.dumps(text))
    assert listed(server, f"id={literal}") == (200, [])
    assert listed(server, f"in_id={literal}") == (200, [])
    assert server.call("DELETE", b"/v1/notes", f"id={literal}").json == {"data": []}


@pytest.mark.parametrize("text", [".", "[a-f]", "(a|b)", "a?", "a+", "^a", "%", "_", "\\"])
def test_like_knows_no_pattern_but_the_star(server, text):  # P6.4, lessons 28
    assert listed(server, f"like_name={quoted(text)}") == (200, [])
    put(server, {"data": {"name": f"x{text}y"}})
    assert listed(server, f"like_name={quoted(text)}") == (200, [f"x{text}y"])


def test_like_does_not_backtrack(server):  # P6.4, lessons 28
    put(server, {"data": {"name": "a" * 5000}})
    assert listed(server, "like_name=" + "a*" * 2000 + "b") == (200, [])


# -- What an error quotes


def test_an_error_does_not_send_a_large_body_back(server):  # P2.3, P2.4
    answer = put(server, b"[" + b"1," * 500_000 + b"1]")
    assert answer.status == 400
    assert answer.json["details"][0]["description"].startswith(
        "Invalid JSON: Should be a JSON object, got [1, 1, 1"
    )
    assert len(answer.body) < 20_000


@pytest.mark.parametrize("path", [b"/notes", b"/v1/notes/", b"/v1/notes"])
def test_line_breaks_in_a_host_stay_encoded(server, path):  # P1.7, lessons 24
    answer = server.call("GET", path, "_limit=1", HTTP_HOST="a.example\r\nX-Evil: 1")
    assert fault_of(answer) is None
    assert "X-Evil" not in dict(answer.headers)
