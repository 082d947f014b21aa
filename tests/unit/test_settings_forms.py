"""Settings: the forms that are checked at start-up."""

from __future__ import annotations

import traceback
from datetime import date

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cliquet.settings import DEFAULT_SETTINGS, NAMES_WITHOUT_DEFAULT, checked

from .test_settings import from_file


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("retry_after_seconds", "-1"),
        ("retry_after_seconds", "soon"),
        ("retry_after_seconds", "none"),
        ("retry_after_seconds", "true"),
        ("retry_after_seconds", "30.0"),
        ("retry_after_seconds", "9" * 30),
        ("batch_max_requests", "-1"),
        ("paginate_by", "0"),
        ("paginate_by", "ten"),
        ("storage_max_fetch_size", "0"),
        ("backoff", "-1"),
        ("cors_max_age_seconds", "1h"),
        ("max_body_bytes", "0"),
        ("max_body_bytes", "10MB"),
        ("heartbeat_timeout_seconds", "0"),
        ("heartbeat_timeout_seconds", float("nan")),
        ("heartbeat_timeout_seconds", float("inf")),
        ("storage_pool_size", "-1"),
        ("cache_pool_timeout", "-1"),
        ("permission_socket_timeout_seconds", "0"),
        ("readonly", "maybe"),
        ("readonly", "2"),
        ("transaction_per_request", []),
        ("collection_article_post_enabled", "maybe"),
        ("article_cache_expires_seconds", "-1"),
        ("eos", "next year"),
        ("eos", "2026-13-26"),
        ("eos", 20261126),
        ("permissions_visible_to", "none"),
        ("storage_synchronous", "sometimes"),
        ("event_listeners", "true"),
        ("cors_origins", {"*"}),
    ],
)
def test_a_value_that_has_not_its_form_is_refused_by_name(name: str, value: object) -> None:
    with pytest.raises(ValueError, match=rf"^Setting {name}: .+ is not .+"):
        from_file(**{name: value})


def test_the_refusal_shows_the_value_and_the_form() -> None:
    with pytest.raises(ValueError, match="'ten' is not an integer from 1 to 2147483647 or none"):
        from_file(paginate_by="ten")


@pytest.mark.parametrize("name", ["paginate_by", "eos"])
def test_the_refusal_hides_a_url_put_in_the_wrong_place(name: str) -> None:  # lesson 33
    # Put together here, since a traceback quotes the lines of this test.
    password = "".join(["hunter", "2"])

    with pytest.raises(ValueError, match=name) as caught:
        from_file(**{name: f"redis://me:{password}@host"})

    assert password not in "".join(traceback.format_exception(caught.value))


@pytest.mark.parametrize(
    ("name", "value", "kept"),
    [
        ("batch_max_requests", "none", None),
        ("batch_max_requests", "0", 0),
        ("paginate_by", "", None),
        ("backoff", "10", 10),
        ("cors_max_age_seconds", "", None),
        ("heartbeat_timeout_seconds", "0.5", 0.5),
        ("max_body_bytes", str(2**40), 2**40),
        ("storage_pool_recycle", "-1", -1),
        ("cache_max_overflow", "-1", -1),
        ("readonly", "1", True),
        ("readonly", "", False),
        ("readonly", None, False),
        ("record_article_put_enabled", "false", False),
        ("article_cache_expires_seconds", "0", 0),
        ("eos", "", None),
        ("eos", "none", None),
        ("eos", "2026-11-26", "2026-11-26"),
        ("eos", date(2026, 11, 26), date(2026, 11, 26)),
        ("permissions_visible_to", "Writers", "writers"),
        ("vary", ["Authorization", "Accept"], ["Authorization", "Accept"]),
    ],
)
def test_a_value_is_kept_in_its_form(name: str, value: object, kept: object) -> None:
    read = from_file(**{name: value})[name]

    assert read == kept
    assert type(read) is type(kept)


def test_a_setting_of_another_that_ends_in_enabled_is_not_checked() -> None:
    assert from_file(record_sound_enabled="sometimes")["record_sound_enabled"] == "sometimes"


@given(
    st.sampled_from(sorted({*DEFAULT_SETTINGS, *NAMES_WITHOUT_DEFAULT})),
    st.text() | st.integers() | st.floats() | st.none() | st.booleans() | st.binary(),
)
@settings(max_examples=500)
def test_a_check_passes_or_says_which_setting_is_wrong(name: str, value: object) -> None:
    try:
        once = checked({name: value})
    except ValueError as error:
        assert name in str(error)  # noqa: PT017  A check that passes is right as well.
    else:
        assert once == checked(once) or isinstance(value, float)
