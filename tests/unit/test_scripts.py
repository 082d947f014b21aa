"""The command ``cliquet``: its arguments, its exit status, and what it says."""

from __future__ import annotations

import logging
from collections.abc import Callable
from pathlib import Path

import pytest

import cliquet
from cliquet.scripts.cliquet import main
from cliquet.scripts.purge import _timestamp_of_age

INI = """
[app:main]
use = call:readinglist:main
storage_backend = {storage}
cache_backend = cliquet.cache.memory
permission_backend = cliquet.permission.memory
userid_hmac_secret = x
readonly = {readonly}
"""
MEMORY, OLD = "cliquet.storage.memory", "tests.backends.oldstorage"
PURGE = ("purge-tombstones", "--older-than", "30d")


@pytest.fixture
def run(tmp_path: Path) -> Callable[..., int]:
    """Run the command on a configuration."""

    def run_on(*arguments: str, storage: str = MEMORY, readonly: bool = False) -> int:
        path = tmp_path / "application.ini"
        path.write_text(INI.format(storage=storage, readonly=readonly))
        return main(["--ini", str(path), *arguments])

    return run_on


@pytest.mark.parametrize("option", ["-v", "--version"])
def test_the_version_is_printed(option, capsys):
    with pytest.raises(SystemExit) as caught:
        main([option])
    assert caught.value.code == 0
    assert capsys.readouterr().out == f"cliquet {cliquet.__version__}\n"


def test_migrate_reaches_every_family(run, capsys):
    assert run("migrate") == 0
    assert capsys.readouterr().out == (
        "storage: cliquet.storage.memory is ready.\n"
        "permission: cliquet.permission.memory is ready.\n"
        "cache: cliquet.cache.memory is ready.\n"
    )


def test_a_dry_run_tells_of_every_family(run, capsys):
    assert run("migrate", "--dry-run") == 0
    lines = capsys.readouterr().out.splitlines()
    assert [line.partition(":")[0] for line in lines] == ["storage", "permission", "cache"]


def test_storages_of_old_are_initialized(run, capsys):
    assert run("migrate", storage=OLD) == 0
    assert "storage: tests.backends.oldstorage is ready." in capsys.readouterr().out


@pytest.mark.parametrize("arguments", [["migrate"], ["migrate", "--dry-run"]])
def test_in_read_only_mode_storage_and_permission_are_skipped_aloud(run, arguments, capsys, caplog):
    with caplog.at_level(logging.WARNING):
        assert run(*arguments, readonly=True) == 0
    assert capsys.readouterr().out.count("\n") == 1
    for family in ("storage", "permission"):
        assert f"{family}: skipped, for the service is read-only" in caplog.text


def test_init_of_a_file_that_exists_migrates_with_a_warning(run, capsys):
    assert run("init") == 0
    printed = capsys.readouterr()
    assert "storage: cliquet.storage.memory is ready." in printed.out
    assert "DeprecationWarning" in printed.err
    assert "migrate" in printed.err


def test_the_file_is_named_before_the_command_or_after_it(run, capsys, tmp_path):
    assert run("migrate") == 0
    path = str(tmp_path / "application.ini")
    before = capsys.readouterr().out
    assert main(["migrate", "--ini", path]) == 0
    assert capsys.readouterr().out == before


def test_a_configuration_that_is_wrong_is_one_line(run, capsys):
    assert run("migrate", storage="cliquet.storage.exceptions") == 1
    error = capsys.readouterr().err
    assert error.startswith("cliquet: ")
    assert "cliquet.storage.exceptions" in error


# -- Arguments of purge-tombstones


@pytest.mark.parametrize(
    "arguments",
    [
        [],
        ["--before", "yesterday"],
        ["--before", "-1"],
        ["--before", "1.5"],
        ["--older-than", "30"],
        ["--older-than", "d"],
        ["--older-than", "30 days"],
        ["--older-than", "-30d"],
        ["--older-than", "٣d"],
        ["--older-than", "30D"],
        ["--before", "1", "--older-than", "1d"],
    ],
)
def test_wrong_arguments_of_a_purge_exit_with_2(run, capsys, arguments):
    with pytest.raises(SystemExit) as caught:
        run("purge-tombstones", *arguments)
    assert caught.value.code == 2
    assert "purge-tombstones: error:" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("age", "seconds"),
    [("90s", 90), ("2m", 120), ("1h", 3600), ("30d", 2_592_000), ("2w", 1_209_600), ("0s", 0)],
)
def test_ages_have_units(age, seconds, monkeypatch):
    monkeypatch.setattr("cliquet.scripts.purge.msec_time", lambda: 10_000_000_000_000)
    assert _timestamp_of_age(age) == 10_000_000_000_000 - seconds * 1000


def test_an_age_before_the_epoch_is_the_epoch():
    assert _timestamp_of_age("99999999999w") == 0


@pytest.mark.parametrize(
    ("storage", "words"), [(MEMORY, "end with their process"), (OLD, f"{OLD} cannot purge")]
)
def test_a_storage_that_cannot_be_purged_says_so(run, capsys, storage, words):
    assert run(*PURGE, storage=storage) == 1
    assert words in capsys.readouterr().err


def test_a_resource_that_is_unknown_is_told_with_those_that_are_known(run, capsys):
    assert run(*PURGE, "--resource", "books") == 1
    assert "There is no resource books; there are: article" in capsys.readouterr().err
