"""The small helpers."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cliquet import utils


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("12", 12),
        ("-1.5e2", -150.0),
        ('"12"', "12"),
        ("'12'", "12"),
        ("TRUE", True),
        ("yes", True),
        ("oN", True),
        ("No", False),
        ("off", False),
        ("None", None),
        ("null", None),
        ('[1,"a"]', [1, "a"]),
        ('{"a":null}', {"a": None}),
        ("", ""),
        ("'", "'"),
        ("''", ""),
        ("01", "01"),
        ("1٢", "1٢"),
        ("1 2", "1 2"),
        ("12-06-2015", "12-06-2015"),
        ("[1", "[1"),
        ("nan", "nan"),
        (" 1", " 1"),
        (str(2**63 - 1), 2**63 - 1),
        (str(-(2**63)), -(2**63)),
    ],
)
def test_literals_stand_for_values(text, value):  # P6.2
    assert repr(utils.native_value(text)) == repr(value)


@pytest.mark.parametrize(
    "text",
    [
        "NaN",
        "Infinity",
        "-Infinity",
        "[NaN]",
        '"\\ud800"',
        "a\0",
        '"\\u0000"',
        '{"\\u0000":1}',
        str(2**63),
        "1e999",
        "0.1e999",
        "9" * 5000,
        "x" * (utils.MAX_LITERAL_LENGTH + 1),
        "[" * 65 + "]" * 65,
    ],
)
def test_hostile_literals_are_refused(text):  # P6.2
    with pytest.raises(ValueError):  # noqa: PT011 (any reason will do)
        utils.native_value(text)


@pytest.mark.parametrize("value", [None, 1, True, ["1"], b"1"])
def test_what_is_no_text_is_its_own_value(value):
    assert utils.native_value(value) is value


@settings(max_examples=500, deadline=None, print_blob=True)
@given(st.text(st.sampled_from("[]{}\",:01.eE+-\\u'naft \0٢")) | st.text())
def test_literals_have_a_value_or_a_value_error(text):  # P11.2
    try:
        value = utils.native_value(text)
    except ValueError:
        return
    assert utils.is_storable(value)


@pytest.mark.parametrize(
    ("paths", "subset"),
    [
        (["a"], {"a": {"x": 1, "y": {"p": 2, "q": 3}}}),
        (["a.x"], {"a": {"x": 1}}),
        (["a.x", "a.y.p"], {"a": {"x": 1, "y": {"p": 2}}}),
        (["a.y.p", "a.y"], {"a": {"y": {"p": 2, "q": 3}}}),
        (["a.y", "a.y.p"], {"a": {"y": {"p": 2, "q": 3}}}),
        (["a.nowhere"], {"a": {}}),
        (["nowhere", "nowhere.x"], {}),
        (["b.c"], {"b.c": 4}),
        (["n.x"], {"n": None}),
        ([], {}),
    ],
)
def test_paths_into_one_object_add_up(paths, subset):  # P6.7
    record = {"a": {"x": 1, "y": {"p": 2, "q": 3}}, "b": {"c": 0}, "b.c": 4, "n": None}
    assert utils.dict_subset(record, paths) == subset
    assert record["a"] == {"x": 1, "y": {"p": 2, "q": 3}}


def test_defaults_are_added_deeply_and_win_over_nothing():
    target = {"a": {"x": 1}, "b": 2}
    utils.merge_dicts(target, {"a": {"x": 9, "y": 3}, "b": {"z": 1}, "c": 4})
    assert target == {"a": {"x": 1, "y": 3}, "b": 2, "c": 4}


@pytest.mark.parametrize(
    ("path", "stripped"),
    [("/v1/a/42", "/a/42"), ("/v12", ""), ("/v2things/1", "/v2things/1"), ("/a/v1/b", "/a/v1/b")],
)
def test_a_whole_first_segment_is_the_version(path, stripped):
    assert utils.strip_uri_prefix(path) == stripped


@settings(max_examples=500, deadline=None, print_blob=True)
@given(st.text())
def test_headers_hold_latin_text_without_control_characters(text):  # P1.7
    encoded = utils.encode_header(text)
    assert encoded.encode("latin-1") or not text
    assert not any(char < " " or char == "\x7f" for char in encoded)


def test_headers_are_decoded_again():  # P1.7
    assert utils.decode_header(utils.encode_header("é\U0001f600\r\n")) == "é\U0001f600\r\n"


@given(st.text(st.characters(exclude_categories=["Cs"])))
def test_base64_is_decoded_again(text):
    assert utils.decode64(utils.encode64(text)) == text


def test_text_that_is_no_base64_is_refused():
    for text in ("é", "a", utils.encode64("é", "latin-1")):
        with pytest.raises(ValueError):  # noqa: PT011 (any reason will do)
            utils.decode64(text)


def test_digests_are_hmac_sha256():
    expected = "f7bc83f430538424b13298e6aa6fb143ef4d59a14946175997479dbc2d1a3cd8"
    assert utils.hmac_digest("key", "The quick brown fox jumps over the lazy dog") == expected


def test_settings_are_overridden_by_the_environment(monkeypatch):
    monkeypatch.setenv("CLIQUET_A_B", "12")
    assert utils.read_env("cliquet.a-b", 1) == 12
    assert utils.read_env("cliquet.other", "1") == 1


def test_the_present_time_is_in_milliseconds(monkeypatch):
    monkeypatch.setattr(utils.time, "time_ns", lambda: 1_234_567_899_999)
    assert utils.msec_time() == 1_234_567
