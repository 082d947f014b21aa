"""``cliquet doctor`` on what is written: names, policies, and sections of server and logs."""

from __future__ import annotations

from importlib.resources import files
from pathlib import Path

import pytest

from tests.clinic import Clinic


@pytest.fixture
def clinic(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Clinic:
    """An application on memory."""
    backends = {
        f"{family}_backend": f"cliquet.{family}.memory"
        for family in ("storage", "permission", "cache")
    }
    return Clinic(tmp_path, backends, capsys)


def test_nothing_is_said_of_an_application_with_nothing_wrong(clinic):
    assert clinic.faults() == []


def test_settings_of_policies_listeners_resources_and_others_are_no_faults(clinic):
    settings = {
        "multiauth.policies": "basicauth remote",
        "multiauth.policy.remote.use": "pyramid.authentication.RemoteUserAuthenticationPolicy",
        "multiauth.policy.remote.environ_key": "REMOTE_USER",
        "cors_origins": "https://example.com",
        "article_write_principals": "system.Authenticated",
        "collection_article_delete_enabled": "false",
        "jinja2.directories": "templates",
        "pyramid.includes": "",
        "tm.manager_hook": "pyramid_tm.explicit_manager",
    }
    assert clinic.faults(**settings) == []


MISSPELT = {
    "readinglist.paginate_bi": "paginate_by",
    "cliquet.storage_pool_sise": "storage_pool_size",
    "storage_max_overflw": "storage_max_overflow",
    "article_reed_principals": "article_read_principals",
    "cliquet.PAGINATE_BY": "paginate_by",
    "record_artikle_put_enabled": "record_article_put_enabled",
    "multiauth.policy.basicauht.use": "multiauth.policy.basicauth.use",
    "cliquet.trailing_slash_redirect": "trailing_slash_redirect_enabled",
}


def test_a_setting_that_is_misspelt_is_named_with_the_right_one(clinic):
    fault = clinic.fault(storage_max_overflw=1)
    assert fault["what"] == "storage_max_overflw is no setting that is known"
    assert fault["where"].endswith("articles.ini")
    assert fault["remedy"] == "did you mean storage_max_overflow?"
    faults = clinic.faults(**dict.fromkeys(MISSPELT, "true"))
    assert {fault["what"].split()[0]: fault["remedy"] for fault in faults} == {
        name: f"did you mean {likely}?" for name, likely in MISSPELT.items()
    }


def test_settings_that_nothing_reads_are_named(clinic):
    names = ["colour", "cliquet.colour.scheme", "readinglist.colour.scheme"]
    faults = clinic.faults(**dict.fromkeys(names, "blue"))
    assert [fault["what"].split()[0] for fault in faults] == names
    assert all("default_settings" in fault["remedy"] for fault in faults)


@pytest.mark.parametrize(
    ("name", "remedy"),
    [
        ("event_listeners.log.use", "name log in event_listeners"),
        ("multiauth.policy.bearer.use", "name bearer in multiauth.policies"),
    ],
)
def test_a_listener_or_policy_that_is_not_listed_is_to_be_listed(clinic, name, remedy):
    assert clinic.fault(**{name: "cliquet.nothing"})["remedy"] == remedy


@pytest.mark.parametrize("prefix", ["CLIQUET", "READINGLIST"])
@pytest.mark.parametrize(
    ("name", "meant"),
    [
        ("PAGINATE_BI", "PAGINATE_BY"),
        ("STORAGE_BACKAND", "STORAGE_BACKEND"),
        ("ARTICLE_REED_PRINCIPALS", "ARTICLE_READ_PRINCIPALS"),
        ("MULTIAUTH_POLICIE", "MULTIAUTH_POLICIES"),
    ],
)
def test_a_variable_that_is_misspelt_is_named(clinic, monkeypatch, prefix, name, meant):
    monkeypatch.setenv(f"{prefix}_{name}", "10")
    fault = clinic.fault()
    assert fault["what"] == f"{prefix}_{name} is no setting that is known"
    assert fault["remedy"] == f"did you mean {prefix}_{meant}?"


def test_variables_of_other_programs_are_no_faults(clinic, monkeypatch):
    for name in ("ENV", "FOO", "URL", "USER", "INI", "HOME", "LOG_LEVEL", "PORT", "DEBUG"):
        monkeypatch.setenv(f"CLIQUET_{name}", "x")
    assert clinic.faults() == []


def test_permissions_of_ones_own_are_no_faults(clinic):
    assert clinic.faults(article_publish_principals="system.Everyone") == []


# -- An application that cannot be made


@pytest.mark.parametrize("prefix", ["", "cliquet.", "readinglist."])
def test_a_misspelt_name_is_told_where_it_keeps_the_application_from_being_made(
    tmp_path, capsys, prefix
):
    clinic = Clinic(tmp_path, {f"{prefix}storage_backand": "cliquet.storage.memory"}, capsys)
    fault = clinic.fault(status=2)
    assert fault["what"] == f"{prefix}storage_backand is no setting that is known"
    assert fault["remedy"] == "did you mean storage_backend?"


def test_so_is_a_variable(tmp_path, capsys, monkeypatch):
    monkeypatch.setenv("CLIQUET_STORAGE_BACKAND", "cliquet.storage.memory")
    assert "STORAGE_BACKEND" in Clinic(tmp_path, {}, capsys).fault(status=2)["remedy"]


@pytest.mark.parametrize(
    ("name", "remedy"),
    [
        ("basicauth.uze", "did you mean multiauth.policy.basicauth.use?"),
        ("basicauth.realn", "did you mean multiauth.policy.basicauth.realm?"),
        ("basicauth.colour", "remove it; there are: check, realm, debug"),
    ],
)
def test_an_argument_that_a_policy_does_not_take_is_told(clinic, name, remedy):
    fault = clinic.fault(status=2, **{f"multiauth.policy.{name}": "x"})
    assert fault["where"].endswith(f"multiauth.policy.{name}")
    assert fault["remedy"] == remedy


# -- Sections of others


SERVER = "[server:main]\nuse = egg:waitress\nport = 0\n{} = 4\n"


@pytest.mark.parametrize(
    ("name", "remedy"), [("thread", "did you mean threads?"), ("colour", "remove it")]
)
def test_an_argument_that_the_server_does_not_take_is_told(clinic, name, remedy):
    assert clinic.faults(SERVER.format("threads")) == []
    fault = clinic.fault(SERVER.format(name))
    assert fault["where"] == f"{clinic.path} [server:main]"
    assert fault["remedy"] == remedy


LOGGING = (files("cliquet.scripts") / "templates/cliquet.ini.template").read_text()
LOGGING = LOGGING[LOGGING.index("[loggers]") :]


@pytest.mark.parametrize(
    ("old", "new", "where", "remedy"),
    [
        ("level = WARNING", "level = WARNIN", "logger_root", "did you mean WARNING?"),
        ("level = INFO", "level = LOUD", "logger_cliquet", "use one of CRITICAL"),
        ("handlers = console", "handlers = consol", "logger_root", "did you mean console?"),
        ("qualname = cliquet", "", "logger_cliquet", "add qualname = cliquet"),
        ("handlers =\n", "", "logger_cliquet", "add handlers"),
        ("keys = root, cliquet", "keys = cliquet", "loggers", "add root"),
        ("[handlers]\nkeys = console", "[handlers]", "handlers", "name its handlers"),
        ("[logger_cliquet]", "[logger_clicket]", "logger_cliquet", "write it, or remove cliquet"),
        ("StreamHandler", "StreemHandler", "handler_console", "did you mean StreamHandler?"),
        ("StreamHandler", "nowhere.Handler", "handler_console", "install it"),
        ("class = StreamHandler", "", "handler_console", "add class"),
        ("(sys.stderr,)", "(sys.stderr,", "handler_console", "write them like"),
        ("formatter = plain", "formatter = plane", "handler_console", "did you mean plain?"),
        ("[formatter_plain]", "[formatter_plain]\nclass = no.Where", "formatter_plain", "install"),
        ("level = INFO", "level = %(loud)s", "logger_cliquet", "name it in [DEFAULT]"),
    ],
)
def test_a_section_of_logging_that_is_broken_is_told(clinic, old, new, where, remedy):
    assert LOGGING.count(old) >= 1
    fault = clinic.fault(LOGGING.replace(old, new, 1))
    assert fault["where"] == f"{clinic.path} [{where}]"
    assert fault["remedy"].startswith(remedy)


def test_logging_that_is_sound_is_no_fault(clinic):
    handler = "class = handlers.RotatingFileHandler\nargs = ('%(here)s/x.log', 'a', 100, 2)"
    text = LOGGING.replace("class = StreamHandler\nargs = (sys.stderr,)", handler)
    text = text.replace("level = INFO", "level = %(loud)s\nloud = DEBUG")
    assert text != LOGGING
    assert clinic.faults(LOGGING) == clinic.faults(text) == []
    assert not clinic.path.with_name("x.log").exists()


# -- Policies


def test_an_empty_secret_is_named(clinic):
    fault = clinic.fault(userid_hmac_secret="")
    assert fault["where"] == "userid_hmac_secret"
    assert "openssl rand -hex 32" in fault["remedy"]


BASIC = "cliquet.authentication.BasicAuthAuthenticationPolicy"


@pytest.mark.parametrize("secret", ["", "   "])
def test_an_empty_secret_is_named_whatever_the_name_of_the_policy(clinic, secret):
    policy = {"multiauth__policies": "mine", "multiauth__policy__mine__use": BASIC}
    assert clinic.fault(userid_hmac_secret=secret, **policy)["where"] == "userid_hmac_secret"
    assert clinic.faults(**policy) == []


def test_without_basic_auth_no_secret_is_missed(clinic):
    remote = "pyramid.authentication.RemoteUserAuthenticationPolicy"
    policy = {"multiauth__policies": "mine", "multiauth__policy__mine__use": remote}
    origins = {"cors_origins": "https://example.com"}
    assert clinic.faults(userid_hmac_secret="", **policy, **origins) == []


def test_open_origins_with_credentials_of_browsers_are_named(clinic):
    policy = {
        "multiauth__policies": "session",
        "multiauth__policy__session__use": "pyramid.authentication.SessionAuthenticationPolicy",
    }
    fault = clinic.fault(**policy)
    assert fault["where"] == "cors_origins"
    assert "session" in fault["what"]
    assert "https://example.com" in fault["remedy"]
    assert clinic.faults(**policy, cors_origins="https://example.com") == []
