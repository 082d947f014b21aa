"""Settings: reading, forms, and the order of sources."""

from __future__ import annotations

import string
import tempfile
from datetime import UTC, date, datetime, timedelta, timezone

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cliquet.settings import (
    DEFAULT_SETTINGS,
    aslist,
    checked,
    environment_name,
    is_secret,
    load,
    read_date,
    read_native,
    read_setting,
    shown,
    with_defaults,
)

NAMES = st.text(string.ascii_lowercase + "_", min_size=1, max_size=12).map("zz_{}".format)
VALUES = st.text(string.ascii_letters + string.digits + " .-", max_size=12)


def from_file(**values: object) -> dict[str, object]:
    """Return the settings of an application whose file has *values* under ``cliquet.``."""
    return load({f"cliquet.{name}": value for name, value in values.items()}, environ={})


# Native reading.


@pytest.mark.parametrize("text", ["true", "True", "TRUE", "yes", "on", " true\n"])
def test_words_for_true_are_read_in_any_case(text: str) -> None:
    assert read_native(text) is True


@pytest.mark.parametrize("text", ["false", "False", "FALSE", "no", "Off"])
def test_words_for_false_are_read_in_any_case(text: str) -> None:
    assert read_native(text) is False


@pytest.mark.parametrize("text", ["none", "None", "null", "NULL"])
def test_words_for_nothing_are_read_as_none(text: str) -> None:
    assert read_native(text) is None


@pytest.mark.parametrize(
    ("text", "number"),
    [("0", 0), ("42", 42), ("-1", -1), (" 7 ", 7), ("3.14", 3.14), ("-0.5", -0.5), (".5", 0.5)],
)
def test_integers_and_plain_decimals_are_read_as_numbers(text: str, number: float) -> None:
    read = read_native(text)

    assert read == number
    assert type(read) is type(number)


@pytest.mark.parametrize(
    "text",
    [
        *("", " ", "2026-11-26", "1.2.3", "cliquet.storage.memory", "a b", "007", "+5", "1_000"),
        *("1e999", "1e5", "nan", "inf", "0x10", "1.", "-", "١", '"false"', "[1]", "{}"),
        *("1" + "0" * 5000, "0." + "0" * 500),
    ],
)
def test_everything_else_stays_text(text: str) -> None:
    assert read_native(text) == text


@pytest.mark.parametrize("value", [None, True, 3, 1.5, ["1"], ("true",), {"a": "1"}, b"1"])
def test_what_is_no_text_is_kept(value: object) -> None:
    assert read_native(value) is value


@given(st.text() | st.from_regex(r"[-+]?[0-9]*\.?[0-9]*([eE][0-9]+)?", fullmatch=True))
@settings(max_examples=500)
def test_native_reading_never_raises_and_changes_only_words_and_numbers(text: str) -> None:
    read = read_native(text)

    assert read == text or read is None or isinstance(read, bool | int | float)
    assert read_native(read) == read


@given(st.integers(-(10**60), 10**60))
def test_integers_are_read_exactly(number: int) -> None:
    assert read_native(str(number)) == number


# Settings that are text.


@pytest.mark.parametrize(
    "name",
    [
        *("http_api_version", "project_version", "userid_hmac_secret", "eos", "eos_message"),
        *("project_name", "cache_prefix", "storage_url", "cors_origins", "statsd_url"),
        *("storage_poolclass", "article_create_principals"),
    ],
)
def test_a_number_stays_text_where_the_setting_is_text(name: str) -> None:
    assert read_setting(name, "1.20", DEFAULT_SETTINGS.get(name)) == "1.20"


def test_an_api_version_with_a_final_zero_is_kept() -> None:  # lesson 44
    assert from_file(http_api_version="1.20")["http_api_version"] == "1.20"


@pytest.mark.parametrize(
    "name", ["userid_hmac_secret", "cache_prefix", "project_name", "sentry_env"]
)
def test_any_word_is_a_secret_a_name_or_a_prefix(name: str) -> None:
    assert from_file(**{name: "no"})[name] == "no"


def test_off_is_a_mode_of_sqlite_and_no_boolean() -> None:
    assert from_file(storage_synchronous="off")["storage_synchronous"] == "OFF"


def test_false_turns_off_a_setting_that_is_text() -> None:
    assert from_file(storage_backend="false")["storage_backend"] is False


def test_a_default_of_the_application_that_is_text_keeps_text_that_looks_like_a_number() -> None:
    loaded = load({"app.build": "1.20"}, {"app.build": "1.0"}, project_name="app", environ={})

    assert loaded["build"] == "1.20"


# Lists and dates.


@pytest.mark.parametrize("text", ["a b", "a, b", "a,b", "\n  a\n  b\n", " a ,, b "])
def test_items_are_separated_by_blanks_newlines_or_commas(text: str) -> None:
    assert aslist(text) == ["a", "b"]


@pytest.mark.parametrize("value", ["", " ", None, False, [], ()])
def test_nothing_is_a_list_without_items(value: object) -> None:
    assert aslist(value) == []


def test_items_of_a_list_are_taken_as_they_are() -> None:
    items = ["a b", 1]

    assert aslist(items) == items
    assert aslist(items) is not items
    assert aslist(tuple(items)) == items


def test_a_number_is_a_list_of_its_text() -> None:
    assert aslist(5) == ["5"]


@pytest.mark.parametrize("value", [True, {"a": 1}, object()])
def test_what_is_no_list_is_refused(value: object) -> None:
    with pytest.raises(ValueError, match="is no list"):
        aslist(value)


@pytest.mark.parametrize(
    ("value", "moment"),
    [
        ("2026-11-26", datetime(2026, 11, 26, tzinfo=UTC)),
        ("20261126", datetime(2026, 11, 26, tzinfo=UTC)),
        (" 2026-11-26T10:00:00 ", datetime(2026, 11, 26, 10, tzinfo=UTC)),
        ("2026-11-26T10:00:00Z", datetime(2026, 11, 26, 10, tzinfo=UTC)),
        ("2026-11-26T10+02:00", datetime(2026, 11, 26, 10, tzinfo=timezone(timedelta(hours=2)))),
        (date(2026, 11, 26), datetime(2026, 11, 26, tzinfo=UTC)),
        (datetime(2026, 11, 26, 10, tzinfo=UTC), datetime(2026, 11, 26, 10, tzinfo=UTC)),
    ],
)
def test_dates_are_moments_in_utc_unless_they_say_otherwise(
    value: str | date, moment: datetime
) -> None:
    assert read_date(value) == moment


# Secrets.


@pytest.mark.parametrize(
    "name",
    ["userid_hmac_secret", "storage_url", "sentry_dsn", "app.API_KEY", "db.password", "token"],
)
def test_secrets_are_not_shown(name: str) -> None:
    assert is_secret(name)
    assert "hunter2" not in shown(name, "hunter2")


def test_a_url_is_not_shown_under_any_name() -> None:
    assert "hunter2" not in shown("storage_backend", "redis://me:hunter2@host")


def test_other_values_are_shown_and_shortened() -> None:
    assert shown("paginate_by", "ten") == "'ten'"
    assert len(shown("paginate_by", "x" * 5000)) < 100


# Defaults.


def test_settings_without_any_source_are_the_defaults() -> None:
    assert load({}, environ={}) == DEFAULT_SETTINGS


def test_every_default_has_its_form() -> None:
    assert checked(DEFAULT_SETTINGS) == DEFAULT_SETTINGS


def test_the_profiler_writes_to_the_temporary_folder() -> None:
    assert DEFAULT_SETTINGS["profiler_dir"] == tempfile.gettempdir()


def test_a_disk_that_cannot_be_written_does_not_prevent_the_import(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def refuse() -> str:
        raise FileNotFoundError

    monkeypatch.setattr(tempfile, "gettempdir", refuse)

    from cliquet.settings import defaults

    assert defaults._temporary_folder() == ""


def test_the_loaded_settings_are_apart_from_the_defaults_and_from_those_given() -> None:
    given_settings: dict[str, object] = {"x": "1"}
    load(given_settings, environ={})["x"] = 2

    assert given_settings == {"x": "1"}
    assert "x" not in DEFAULT_SETTINGS


# Environment variables.


@pytest.mark.parametrize(
    ("parts", "variable"),
    [
        (["cliquet", "paginate_by"], "CLIQUET_PAGINATE_BY"),
        (["reading-list", "x"], "READING_LIST_X"),
        (["Reading List", "x"], "READING_LIST_X"),
        (["fxa-oauth.cache_ttl_seconds"], "FXA_OAUTH_CACHE_TTL_SECONDS"),
    ],
)
def test_dots_and_dashes_become_underscores(parts: list[str], variable: str) -> None:
    assert environment_name(*parts) == variable


# Plugins.

TTL = "fxa-oauth.cache_ttl_seconds"


def plugin(values: dict[str, object], environ: dict[str, str], default: object = 300) -> object:
    """Return the value of a setting of a plugin."""
    return with_defaults(values, {TTL: default}, prefixes=("cliquet", "app"), environ=environ)[TTL]


def test_a_plugin_gets_its_default() -> None:
    assert plugin({}, {}) == 300


@pytest.mark.parametrize("prefix", ["", "cliquet.", "app."])
def test_a_setting_that_exists_wins_over_the_default_of_a_plugin(prefix: str) -> None:
    assert plugin({f"{prefix}{TTL}": "60"}, {}) == 60


@pytest.mark.parametrize("prefix", ["", "CLIQUET_", "APP_"])
def test_the_environment_wins_over_a_setting_of_a_plugin(prefix: str) -> None:
    environ = {f"{prefix}FXA_OAUTH_CACHE_TTL_SECONDS": "12"}

    assert plugin({TTL: "60"}, environ) == 12


def test_a_plugin_gets_the_settings_it_names_and_no_others() -> None:
    values = {"cliquet.x": "1", "x": "2", "fxa-oauth.client_id": "abc"}

    assert with_defaults(values, {TTL: 5}, environ={}) == {TTL: 5}


def test_two_names_with_two_values_are_an_error_for_plugins_too() -> None:
    with pytest.raises(ValueError, match="keep one"):
        plugin({TTL: "60", f"app.{TTL}": "61"}, {})


def test_a_plugin_whose_default_is_text_finds_the_text_that_was_read_as_a_number() -> None:
    written: dict[str, object] = {"plugin.version": "1.20"}
    loaded = load(written, environ={})
    values = with_defaults(loaded, {"plugin.version": "1.0"}, environ={}, given=written)

    assert loaded["plugin.version"] == 1.2
    assert values == {"plugin.version": "1.20"}


def test_a_value_changed_after_loading_wins_over_the_text_that_was_given() -> None:
    values = with_defaults({"p.x": "b"}, {"p.x": "a"}, environ={}, given={"p.x": "1.20"})

    assert values == {"p.x": "b"}


def test_a_value_given_to_a_plugin_for_a_setting_of_ours_is_checked() -> None:
    with pytest.raises(ValueError, match="paginate_by"):
        with_defaults({}, {"cliquet.paginate_by": "ten"}, environ={})


@given(st.dictionaries(NAMES, VALUES), st.dictionaries(NAMES, VALUES))
def test_values_of_a_plugin_are_native_and_its_defaults_come_last(
    values: dict[str, str], defaults: dict[str, str]
) -> None:
    found = with_defaults(values, defaults, environ={})

    assert found == {
        name: read_setting(name, values.get(name, default), default)
        for name, default in defaults.items()
    }
