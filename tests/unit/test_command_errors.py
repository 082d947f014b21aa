"""What users of the command ``cliquet`` get wrong is told in a line, with what to do."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from cliquet.scripts.cliquet import main

INI = """
[app:main]
use = call:readinglist:main
storage_backend = {storage}
{settings}
"""
LOGGING = """
[app:main]
use = call:readinglist:main
[loggers]
keys = root
[handlers]
keys = file
[formatters]
keys =
[logger_root]
handlers = file
[handler_file]
class = FileHandler
args = {}
"""
COMMANDS = (
    ["start"],
    ["migrate"],
    ["routes"],
    ["settings"],
    ["doctor"],
    ["purge-tombstones", "--before", "1"],
)


@pytest.fixture
def refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Callable[..., str]:
    """Run a command on a file of some text, and return the one line of its refusal."""

    def run_on(text: str, *command: str) -> str:
        path = tmp_path / "application.ini"
        path.write_text(text, encoding="latin-1")
        assert main(["--ini", str(path), *(command or ["migrate"])]) == 1
        printed = capsys.readouterr()
        assert printed.out == ""
        assert printed.err.startswith("cliquet: ")
        assert printed.err.count("\n") == 1
        return printed.err

    return run_on


@pytest.mark.parametrize("command", COMMANDS, ids=lambda words: words[0])
def test_a_file_that_is_missing_is_named_with_the_ways_out(command, capsys, tmp_path):
    path = tmp_path / "missing.ini"
    assert main(["--ini", str(path), *command]) == (2 if command == ["doctor"] else 1)
    words = f'cliquet: There is no file {path}: name another by --ini, or make it by "cliquet init"'
    assert capsys.readouterr().err == f"{words}\n"


@pytest.mark.parametrize("ini", [".", "", os.devnull])
@pytest.mark.parametrize("command", COMMANDS, ids=lambda words: words[0])
def test_what_is_no_ini_file_is_one_line(ini, command, capsys):
    assert main(["--ini", ini, *command]) == (2 if command == ["doctor"] else 1)
    assert capsys.readouterr().err.count("\n") == 1


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
@pytest.mark.parametrize("command", COMMANDS, ids=lambda words: words[0])
def test_a_file_that_may_not_be_read_is_one_line(command, capsys, tmp_path):
    path = tmp_path / "secret.ini"
    path.write_text("", encoding="utf-8")
    path.chmod(0)
    assert main(["--ini", str(path), *command]) == (2 if command == ["doctor"] else 1)
    assert "cannot be read: Permission denied" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("hello", "no section headers"),
        ("[app:main]\nuse = call:readinglist:main\nuse = x\n", "already exists"),
        ("[app:main]\nuse = call:readinglist:main\na = %(nothing)s\n", "nothing"),
        ("[app:main]\na = ÿ\n", "decode"),
        ("[app:other]\n", "No section 'main'"),
        ("[app:main]\na = b\n", "No loader given"),
        ("[app:main]\nuse = call:readinglist\n", "module:function"),
        ("[app:main]\nuse = egg:cliquet#nothing\n", "nothing"),
        ("[app:main]\nuse = call:readinglist:main\n[loggers]\nkeys = root\n", "logging"),
        (LOGGING.format("(sys.stder,)"), "logging cannot be read: module 'sys' has no"),
        (LOGGING.format("('/nowhere/a.log',)"), "logging cannot be read: [Errno 2]"),
    ],
)
def test_a_file_that_is_malformed_is_one_line_with_its_name(refused, text, words):
    line = refused(text)
    assert words in line
    assert "application.ini" in line


@pytest.mark.parametrize(
    ("use", "words"),
    [("call:nowhere:main", "No module named 'nowhere'"), ("call:json:main", "has no attribute")],
)
def test_an_application_that_is_not_there_is_named(refused, use, words):
    assert words in refused(f"[app:main]\nuse = {use}\n")


def test_an_application_without_cliquet_is_told_so(tmp_path, capsys):
    path = tmp_path / "bare.py"
    path.write_text(
        "from pyramid.config import Configurator\n"
        "def main(*args, **settings):\n"
        "    return Configurator(settings=settings).make_wsgi_app()\n"
    )
    path.with_suffix(".ini").write_text("[app:main]\nuse = call:bare:main\n")
    assert main(["routes", "--ini", str(path.with_suffix(".ini"))]) == 1
    assert "is none of cliquet" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ("paginate_by = ten", "Setting paginate_by: 'ten' is not an integer"),
        ("paginate_by = 1\ncliquet.paginate_by = 2", "one setting with two values"),
        ("permission_backend = cliquet.nothing", "cliquet.nothing"),
        ("storage_url = sqlite://", "names no file"),
    ],
)
def test_a_setting_that_is_wrong_is_told(refused, settings, words):
    storage = "cliquet.storage.sqlite" if "sqlite" in settings else "cliquet.storage.memory"
    assert words in refused(INI.format(storage=storage, settings=settings))


@pytest.mark.parametrize("command", [["start"], ["migrate"]])
@pytest.mark.parametrize(
    ("backend", "url"), [("postgresql", "postgresql://x:hush"), ("redis", "redis://:hush")]
)
def test_a_server_that_does_not_answer_is_told_without_its_password(refused, backend, url, command):
    settings = f"storage_url = {url}@127.0.0.1:1/0"
    line = refused(INI.format(storage=f"cliquet.storage.{backend}", settings=settings), *command)
    assert "see that the server runs" in line
    assert "hush" not in line


def test_tables_that_are_not_there_are_to_be_migrated(refused, tmp_path):
    text = INI.format(storage="cliquet.storage.sqlite", settings="storage_url = sqlite:///{}")
    line = refused(text.format(tmp_path / "a.sqlite"), "purge-tombstones", "--before", "1")
    assert line.endswith(f': run "cliquet migrate --ini {tmp_path / "application.ini"}"\n')


def test_a_url_that_cannot_be_read_is_told_without_its_password(refused):
    settings = "storage_url = postgresql://x:hush@host:port:1/db"
    line = refused(INI.format(storage="cliquet.storage.postgresql", settings=settings))
    assert "percent-encoded" in line
    assert "hush" not in line


def test_faults_of_the_application_itself_keep_their_traceback(tmp_path, monkeypatch):
    (tmp_path / "faulty.py").write_text("def main(*args, **settings):\n    return {}['title']\n")
    monkeypatch.delitem(sys.modules, "faulty", raising=False)
    path = tmp_path / "application.ini"
    path.write_text("[app:main]\nuse = call:faulty:main\n")
    with pytest.raises(KeyError):
        main(["migrate", "--ini", str(path)])


@pytest.mark.parametrize("name", ["a%b", "a?b"])
def test_a_folder_whose_name_no_configuration_can_have_is_told_by_init(tmp_path, name, capsys):
    folder = tmp_path / name
    folder.mkdir()
    assert main(["--ini", str(folder / "cliquet.ini"), "init"]) == 1
    assert f"{folder} has {name[1]} in its name" in capsys.readouterr().err
    assert list(folder.iterdir()) == []


@pytest.mark.skipif(not hasattr(os, "geteuid"), reason="POSIX")
def test_a_folder_that_is_not_there_is_told_by_init(tmp_path, capsys):
    assert main(["init", "--ini", str(tmp_path / "nowhere" / "a.ini")]) == 1
    assert "No such file or directory" in capsys.readouterr().err


def test_a_file_that_would_not_be_read_is_not_written(tmp_path, capsys):
    assert main(["init", "--ini", str(tmp_path / "application.conf")]) == 1
    assert "should end with .ini" in capsys.readouterr().err
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("arguments", [[], ["nothing"], ["start", "--port", "x"], ["start", "-1"]])
def test_arguments_that_are_wrong_exit_with_2(arguments, capsys):
    with pytest.raises(SystemExit) as caught:
        main(arguments)
    assert caught.value.code == 2
    assert "usage: cliquet" in capsys.readouterr().err


def test_ctrl_c_ends_a_command_without_a_traceback(tmp_path, monkeypatch):
    (tmp_path / "slow.py").write_text("def main(*args, **settings):\n    raise KeyboardInterrupt\n")
    path = tmp_path / "application.ini"
    path.write_text("[app:main]\nuse = call:slow:main\n")
    assert main(["migrate", "--ini", str(path)]) == 130
