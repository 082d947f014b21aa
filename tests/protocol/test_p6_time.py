"""P6.3: filters on the time of changes, and what tombstones have to do with them."""

from __future__ import annotations

import json

import pytest

from tests.protocol.client import Client, details_of


@pytest.fixture
def notes() -> Client:
    return Client("notes", {"paginate_by": 100})


@pytest.fixture
def history(notes) -> list[int]:
    """Return the timestamps of two records, of a tombstone and of a third record."""
    first = notes.create(name="a")
    second = notes.create(name="b")
    gone = notes.remove(name="gone")
    last = notes.create(name="c")
    return [entry["last_modified"] for entry in (first, second, gone, last)]


def stamps(notes, query: str) -> list[int]:
    return [record["last_modified"] for record in notes.get(query).json["data"]]


@pytest.mark.parametrize("form", ["{}", '"{}"', "%22{}%22"])
@pytest.mark.parametrize(
    ("parameter", "expected"),
    [
        ("_since", [3, 2]),
        ("gt_last_modified", [3, 2]),
        ("_before", [0]),
        ("_to", [0]),
        ("lt_last_modified", [0]),
        ("min_last_modified", [3, 2, 1]),
        ("max_last_modified", [1, 0]),
        ("last_modified", [1]),
        ("in_last_modified", [1]),
        ("not_last_modified", [3, 2, 0]),
        ("exclude_last_modified", [3, 2, 0]),
    ],
)
def test_filters_on_time_take_bare_and_quoted_integers(
    notes, history, parameter, expected, form
):  # P6.3
    found = stamps(notes, f"?{parameter}={form.format(history[1])}")
    assert found == [history[index] for index in expected]


def test_a_range_of_time_is_open_on_both_sides(notes, history):  # P6.3
    assert stamps(notes, f"?_since={history[0]}&_before={history[3]}") == [history[2], history[1]]


def test_several_timestamps_in_a_list(notes, history):  # P6.3
    found = stamps(notes, f"?in_last_modified={history[0]},{history[2]}")
    assert found == [history[2], history[0]]


@pytest.mark.parametrize("parameter", ["_since", "_before", "_to"])
@pytest.mark.parametrize(
    "text",
    [
        "abc",
        "",
        "true",
        "null",
        "12.5",
        "'12'",
        '"abc"',
        '"12',
        "1e3",
        "[1]",
        "{}",
        "١٢",
        '""',
        "--1",
    ],
)
def test_what_is_no_integer_is_told_by_the_parameter(notes, parameter, text):  # P6.3
    answer = notes.get(f"?{parameter}={text}")
    assert details_of(answer) == [("querystring", parameter, f"Invalid value for {parameter}")]


@pytest.mark.parametrize("text", [str(2**63), str(-(2**63) - 1), "9" * 5000, f'"{2**64}"'])
@pytest.mark.parametrize("parameter", ["_since", "_before", "last_modified", "in_last_modified"])
def test_timestamps_beyond_64_bits_are_400(notes, parameter, text):  # P11.2
    assert notes.get(f"?{parameter}={text}").status_code == 400


@pytest.mark.parametrize("text", ["0", "-1", str(2**63 - 1), str(-(2**63)), "9007199254740993"])
def test_any_integer_of_64_bits_is_accepted(notes, history, text):  # P6.3
    expected = 4 if int(text) <= 0 else 0
    assert len(stamps(notes, f"?_since={text}")) == expected


@pytest.mark.parametrize("text", ["1.5", "abc", "1,abc", "true", "null", "[1]", "1,2.0", ""])
def test_in_last_modified_takes_integers_only(notes, text):  # P6.3
    answer = notes.get(f"?in_last_modified={text}")
    assert [entry[:2] for entry in details_of(answer)] == [("querystring", "in_last_modified")]


@pytest.mark.parametrize("text", ["1", "1,2", "abc,1", "true", "null", "[1]", "{}", "1.5"])
def test_in_id_takes_strings_only(notes, text):  # P6.3
    answer = notes.get(f"?in_id={text}")
    assert details_of(answer) == [("querystring", "in_id", "Invalid value for in_id")]


def test_in_id_selects(notes):  # P6.3
    ids = [notes.create(name=name)["id"] for name in "abc"]
    assert notes.names(f"?in_id={ids[0]},{ids[2]}&_sort=name") == ["a", "c"]
    assert notes.names(f'?in_id="{ids[1]}"') == ["b"]


@pytest.mark.parametrize("query", ["id=1", "not_id=1", "min_id=1"])
def test_ids_may_be_compared_with_other_values(notes, query):  # P6.4
    assert notes.get(f"?{query}").status_code == 200


@pytest.mark.parametrize("text", ["abc", "1.5", "true", "null"])
def test_a_timestamp_that_is_none_is_400(notes, text):  # P11.2
    assert notes.get(f"?last_modified={text}").status_code == 400


# -- Tombstones


@pytest.mark.parametrize(
    "query", ["", "?name=gone", "?not_name=a", "?_sort=deleted", "?_fields=deleted"]
)
def test_lists_hold_no_tombstones_of_themselves(notes, history, query):  # P6.3
    assert all("deleted" not in record for record in notes.get(query).json["data"])


def test_a_filter_on_time_includes_tombstones(notes, history):  # P6.3
    listed = notes.get("?_since=1").json["data"]
    assert [record.get("deleted") for record in listed] == [None, True, None, None]


def test_tombstones_are_filtered_too(notes, history):  # P6.3
    assert notes.names("?_since=1&name=gone") == []
    assert len(stamps(notes, "?_since=1&not_name=a")) == 3
    assert len(stamps(notes, "?_since=1&has_name=false")) == 1


@pytest.mark.parametrize(
    "query", ["deleted=true", "not_deleted=false&has_deleted=true", "in_deleted=true"]
)
def test_a_filter_on_deleted_selects_tombstones_with_a_filter_on_time(
    notes, history, query
):  # P6.3
    assert stamps(notes, f"?_since=1&{query}") == [history[2]]


def test_a_filter_on_deleted_leaves_tombstones_out(notes, history):  # P6.3
    assert stamps(notes, "?_since=1&not_deleted=true") == [history[3], history[1], history[0]]


@pytest.mark.parametrize("path", ["notes", "articles"])
def test_a_filter_on_deleted_alone_finds_no_tombstone(notes, path):  # P6.3
    client = notes.at(path)
    client.remove(title="a")
    client.create(title="b")
    answer = client.get("?deleted=true")
    assert (answer.json["data"], answer.headers["Total-Records"]) == ([], "0")


def test_filter_and_sort_on_deleted(notes, history):  # P6.5
    listed = notes.get("?_since=1&_sort=deleted,last_modified").json["data"]
    assert [record.get("deleted") for record in listed] == [True, None, None, None]
    listed = notes.get("?_since=1&_sort=-deleted,last_modified").json["data"]
    assert [record.get("deleted") for record in listed] == [None, None, None, True]


def test_to_is_told_to_be_deprecated(notes):  # P6.3
    alert = json.loads(notes.get("?_to=12").headers["Alert"])
    assert alert["code"] == "soft-eol"
    assert alert["message"] == "_to is now deprecated, you should use _before instead"
    assert "Alert" not in notes.get("?_before=12").headers


def test_polling_from_the_last_etag_finds_what_changed(notes, history):  # P5.7
    etag = notes.get().headers["ETag"]
    assert notes.get(f"?_since={etag}").json["data"] == []
    changed = notes.create(name="d")
    assert notes.get(f"?_since={etag}").json["data"] == [changed]
