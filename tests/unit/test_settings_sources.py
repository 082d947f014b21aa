"""Settings: the order of sources, prefixes, conflicts and the name of the project."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cliquet.settings import DEFAULT_SETTINGS, load, project_prefixes

from .test_settings import NAMES, VALUES

PREFIXES = ("cliquet.", "reading-list.", "")
VARIABLE_PREFIXES = ("CLIQUET_", "READING_LIST_", "")


def values_of(
    given: dict[str, object],
    environ: dict[str, str] | None = None,
    defaults: dict[str, object] | None = None,
) -> dict[str, object]:
    """Return the settings of the project ``reading-list``."""
    return load(given, defaults, project_name="reading-list", environ=environ or {})


# Names in the file.


@pytest.mark.parametrize("prefix", PREFIXES)
def test_a_setting_is_read_under_each_prefix(prefix: str) -> None:
    assert values_of({f"{prefix}paginate_by": "20"})["paginate_by"] == 20


@pytest.mark.parametrize("prefix", PREFIXES)
def test_an_unknown_setting_is_kept_native_under_its_bare_name(prefix: str) -> None:
    assert values_of({f"{prefix}some_limit": "false"})["some_limit"] is False


@pytest.mark.parametrize("prefix", PREFIXES)
def test_a_setting_with_dots_is_read_under_each_prefix(prefix: str) -> None:
    values = values_of({f"{prefix}event_listeners.redis.use": "cliquet.listeners.redis"})

    assert values["event_listeners.redis.use"] == "cliquet.listeners.redis"


def test_names_with_a_prefix_of_ours_are_left_out() -> None:
    values = values_of({"cliquet.paginate_by": 5, "reading-list.x": 1})

    assert [name for name in values if name.startswith(("cliquet.", "reading-list."))] == []


def test_names_with_the_prefix_of_others_are_kept() -> None:
    values = values_of({"pyramid.reload_templates": "true", "fxa-oauth.ttl": "5"})

    assert values["pyramid.reload_templates"] is True
    assert values["fxa-oauth.ttl"] == 5


def test_a_prefix_alone_is_a_name_as_any_other() -> None:
    assert values_of({"cliquet.": "1"})["cliquet."] == 1


def test_a_prefix_of_another_project_is_no_prefix() -> None:
    values = values_of({"kinto.paginate_by": "20"})

    assert values["paginate_by"] is None
    assert values["kinto.paginate_by"] == 20


def test_a_project_called_like_the_first_part_of_a_setting_does_not_take_it() -> None:
    values = load({"tm.annotate_user": "true"}, project_name="tm", environ={})

    assert values["tm.annotate_user"] is True
    assert "annotate_user" not in values


def test_a_project_called_like_a_part_of_ours_has_its_own_prefix() -> None:
    assert load({"cliquet.demo.x": "1"}, project_name="cliquet.demo", environ={})["x"] == 1


def test_a_project_called_cliquet_has_one_prefix() -> None:
    values = load({"cliquet.x": "1"}, project_name="cliquet", environ={"CLIQUET_READONLY": "yes"})

    assert (values["x"], values["readonly"]) == (1, True)


# Conflicts.


def test_two_names_with_two_values_are_an_error_that_names_both() -> None:
    with pytest.raises(ValueError, match=r"cliquet\.paginate_by = 5 and paginate_by = 6 "):
        values_of({"cliquet.paginate_by": "5", "paginate_by": "6"})


def test_two_variables_with_two_values_are_an_error_that_names_both() -> None:
    environ = {"CLIQUET_PAGINATE_BY": "5", "READING_LIST_PAGINATE_BY": "6"}

    with pytest.raises(ValueError, match="CLIQUET_PAGINATE_BY = 5 and READING_LIST_PAGINATE_BY"):
        values_of({}, environ)


def test_two_names_with_two_values_in_the_application_defaults_are_an_error() -> None:
    with pytest.raises(ValueError, match="keep one"):
        values_of({}, defaults={"cliquet.some_name": "a", "some_name": "b"})


@pytest.mark.parametrize("name", ["storage_url", "userid_hmac_secret", "app_password", "api_key"])
def test_an_error_about_a_secret_shows_neither_value(name: str) -> None:  # lesson 33
    with pytest.raises(ValueError, match=name) as caught:
        values_of({f"cliquet.{name}": "hunter2", f"reading-list.{name}": "correct-horse"})

    assert "hunter2" not in str(caught.value)
    assert "correct-horse" not in str(caught.value)


@pytest.mark.parametrize("other", ["20", 20, " 20 "])
def test_two_names_with_one_value_are_no_conflict(other: object) -> None:
    assert values_of({"cliquet.paginate_by": "20", "paginate_by": other})["paginate_by"] == 20


def test_a_name_in_the_file_and_another_in_the_environment_are_no_conflict() -> None:
    assert values_of({"paginate_by": "5"}, {"CLIQUET_PAGINATE_BY": "6"})["paginate_by"] == 6


# The order of sources.


# A listed setting that is text and has no form, and where each source names it, if it does.
LISTED = st.sampled_from(["error_info_link", "metrics", "sentry_env", "multiauth.groupfinder"])
SOURCE = st.none() | st.tuples(st.sampled_from(range(len(PREFIXES))), VALUES.map("v{}".format))


@given(LISTED, SOURCE, SOURCE, SOURCE)
def test_the_environment_wins_over_the_file_and_the_file_over_defaults(
    name: str,
    variable: tuple[int, str] | None,
    in_file: tuple[int, str] | None,
    in_defaults: tuple[int, str] | None,
) -> None:
    def named(source: tuple[int, str] | None) -> dict[str, object]:
        return {f"{PREFIXES[source[0]]}{name}": source[1]} if source else {}

    suffix = name.upper().replace(".", "_")
    environ = {f"{VARIABLE_PREFIXES[variable[0]]}{suffix}": variable[1]} if variable else {}
    values = values_of(named(in_file), environ, named(in_defaults))

    winner = variable or in_file or in_defaults or (0, DEFAULT_SETTINGS[name])
    assert values[name] == winner[1]


@pytest.mark.parametrize("prefix", VARIABLE_PREFIXES)
def test_a_listed_setting_is_read_from_each_variable(prefix: str) -> None:
    assert values_of({"paginate_by": "5"}, {f"{prefix}PAGINATE_BY": "12"})["paginate_by"] == 12


def test_dots_of_a_listed_setting_are_underscores_in_its_variable() -> None:
    assert values_of({}, {"MULTIAUTH_POLICIES": "fxa"})["multiauth.policies"] == "fxa"


def test_a_pool_option_that_has_no_default_is_read_from_the_environment() -> None:
    assert values_of({}, {"STORAGE_MAX_OVERFLOW": "7"})["storage_max_overflow"] == 7


def test_text_stays_text_from_the_environment_too() -> None:
    values = values_of({}, {"CLIQUET_HTTP_API_VERSION": "1.20", "CLIQUET_READONLY": "false"})

    assert values["http_api_version"] == "1.20"
    assert values["readonly"] is False


def test_an_unlisted_setting_is_read_under_a_prefix_only() -> None:
    environ = {"HOME": "/root", "PATH": "/bin", "CLIQUET_PATH": "/data"}
    values = values_of({"home": "base", "cliquet.path": "x"}, environ)

    assert values["home"] == "base"
    assert values["path"] == "/data"


def test_a_setting_of_the_application_defaults_is_read_from_a_bare_variable() -> None:
    values = values_of({}, {"TOKEN_SERVER": "b"}, {"reading-list.token_server": "a"})

    assert values["token_server"] == "b"


def test_a_setting_with_dots_is_read_from_a_bare_variable() -> None:
    assert values_of({"fxa-oauth.ttl": "5"}, {"FXA_OAUTH_TTL": "6"})["fxa-oauth.ttl"] == 6


def test_variables_that_are_no_settings_are_ignored() -> None:
    values = values_of({}, {"CLIQUET_PORT_8888_TCP": "tcp://x", "PATH": "/bin"})

    assert values.keys() == DEFAULT_SETTINGS.keys()


@pytest.mark.parametrize(
    ("variable", "name", "value"),
    [
        ("CLIQUET_ARTICLE_CREATE_PRINCIPALS", "article_create_principals", "007"),
        ("READING_LIST_COLLECTION_ARTICLE_POST_ENABLED", "collection_article_post_enabled", True),
        ("CLIQUET_ARTICLE_CACHE_EXPIRES_SECONDS", "article_cache_expires_seconds", 7),
    ],
)
def test_settings_of_resources_are_read_from_the_environment_alone(
    variable: str, name: str, value: object
) -> None:
    text = "true" if value is True else f"{value}"

    assert values_of({}, {variable: text})[name] == value


@pytest.mark.parametrize("start", ["CLIQUET_EVENT", "READING_LIST_EVENT", "EVENT"])
def test_options_of_a_listener_are_read_from_the_environment_alone(start: str) -> None:
    environ = {f"{start}_LISTENERS_REDIS_POOL_SIZE": "5", "EVENT_LISTENERS_OTHER_USE": "x"}
    values = values_of({"event_listeners": "cliquet.listeners.redis"}, environ)

    assert values["event_listeners.redis.pool_size"] == 5
    assert "event_listeners.other.use" not in values


def test_options_of_a_policy_are_read_from_the_environment_alone() -> None:
    environ = {"CLIQUET_MULTIAUTH_POLICIES": "fxa", "CLIQUET_MULTIAUTH_POLICY_FXA_USE": "a.b"}

    assert values_of({}, environ)["multiauth.policy.fxa.use"] == "a.b"


def test_a_setting_of_a_resource_in_the_environment_is_checked() -> None:
    with pytest.raises(ValueError, match="article_cache_expires_seconds"):
        values_of({}, {"CLIQUET_ARTICLE_CACHE_EXPIRES_SECONDS": "ten"})


# What code gives.


@pytest.mark.parametrize("prefix", PREFIXES)
def test_application_defaults_may_have_prefixes(prefix: str) -> None:
    values = values_of({}, defaults={f"{prefix}paginate_by": 100})

    assert values["paginate_by"] == 100


@pytest.mark.parametrize("name", ["storage_pool_recycle", "article_cache_expires_seconds"])
def test_a_number_that_application_defaults_give_as_text_is_read(name: str) -> None:
    assert values_of({}, defaults={name: "60"})[name] == 60


def test_a_default_of_none_wins_over_ours() -> None:
    assert values_of({}, defaults={"batch_max_requests": None})["batch_max_requests"] is None


def test_values_that_are_no_text_are_kept() -> None:
    origins, odd = ["http://a.example"], object()
    values = values_of({"cliquet.cors_origins": origins, "cliquet.odd": odd, "x": None})

    assert values["cors_origins"] is origins
    assert values["odd"] is odd
    assert values["x"] is None


# The name and the version of the project.


@pytest.mark.parametrize(
    ("given", "defaults", "argument", "name"),
    [
        ({"cliquet.project_name": "a"}, {"project_name": "b"}, "c", "a"),
        ({"project_name": "a"}, {"project_name": "b"}, "c", "a"),
        ({}, {"cliquet.project_name": "b"}, "c", "b"),
        ({}, {}, "c", "c"),
        ({"project_name": ""}, {}, "c", "c"),
        ({}, {}, None, ""),
    ],
)
def test_the_name_is_that_of_settings_else_the_argument(
    given: dict[str, object], defaults: dict[str, object], argument: str | None, name: str
) -> None:
    values = load({**given, f"{name}.y": "1"}, defaults, project_name=argument, environ={})

    assert values["project_name"] == name
    assert values["y" if name else ".y"] == 1


def test_a_name_from_the_environment_is_shown_and_both_names_are_prefixes() -> None:
    given: dict[str, object] = {"project_name": "kinto", "kinto.x": "1", "staging.y": "2"}
    environ = {"CLIQUET_PROJECT_NAME": "staging", "STAGING_READONLY": "1", "KINTO_BACKOFF": "3"}
    values = load(given, environ=environ)

    assert (values["project_name"], values["x"], values["y"]) == ("staging", 1, 2)
    assert (values["readonly"], values["backoff"]) == (True, 3)


def test_the_prefixes_are_ours_the_name_and_the_name_in_the_environment() -> None:
    given: dict[str, object] = {"project_name": "kinto"}

    assert project_prefixes(given, {}, environ={}) == ("cliquet", "kinto")
    assert project_prefixes({}, {}, environ={}) == ("cliquet",)
    assert project_prefixes(given, {}, environ={"PROJECT_NAME": "b"}) == ("cliquet", "kinto", "b")


def test_a_name_that_is_set_twice_with_different_values_is_an_error() -> None:
    with pytest.raises(ValueError, match=r"cliquet\.project_name = 'a' and a\.project_name"):
        load({"cliquet.project_name": "a", "a.project_name": "b"}, environ={})


@pytest.mark.parametrize(
    ("given", "version"), [({"reading-list.project_version": "1.20"}, "1.20"), ({}, "0.0.1")]
)
def test_the_version_is_that_of_settings_else_the_argument(
    given: dict[str, object], version: str
) -> None:
    values = load(given, project_name="reading-list", version="0.0.1", environ={})

    assert values["project_version"] == version


KEYS = st.builds(
    "{}{}".format,
    st.sampled_from([*PREFIXES, *VARIABLE_PREFIXES]),
    st.sampled_from(["eos", "EOS", "vary", "VARY", "project_name", "PROJECT_NAME"]) | NAMES,
)
TEXTS = st.sampled_from(["true", "none", "1", "a b", ""]) | st.text()


@given(st.dictionaries(KEYS, TEXTS), st.dictionaries(KEYS, TEXTS), st.text())
def test_any_names_and_values_load_or_are_a_value_error(
    given: dict[str, object], environ: dict[str, str], name: str
) -> None:
    try:
        values = load(given, project_name=name, environ=environ)
    except ValueError:
        return
    assert values.keys() >= DEFAULT_SETTINGS.keys()
