"""How the command ``cliquet`` ends when its output is not taken, or nobody waits for it."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

import readinglist
from cliquet.scripts.output import written

#: As the installation of the package makes it.
SCRIPT = "import sys; from cliquet.scripts.cliquet import main; sys.exit(main())"
INI = "[app:main]\nuse = call:readinglist:main\nstorage_backend = cliquet.storage.memory\n"


@pytest.fixture
def ini(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """A configuration."""
    folder = str(Path(readinglist.__file__).parent)
    monkeypatch.setenv("PYTHONPATH", folder, prepend=os.pathsep)
    path = tmp_path / "application.ini"
    path.write_text(INI)
    return str(path)


def ended(*words: str, **options: object) -> tuple[int, str]:
    """Run the console script; return its status, and what it says of errors."""
    command = [sys.executable, "-c", SCRIPT, *words]
    process = subprocess.run(command, stderr=subprocess.PIPE, text=True, check=False, **options)
    return process.returncode, process.stderr


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs a device that is full")
def test_an_output_that_cannot_be_written_is_one_line(ini):
    with open("/dev/full", "w") as full:
        status, error = ended("settings", "--ini", ini, stdout=full)
    assert status == 1
    assert error == "cliquet: the output cannot be written: No space left on device\n"


@pytest.mark.parametrize("words", [["doctor"], ["settings"], ["start", "--port", "0"], ["--help"]])
def test_a_reader_who_has_seen_enough_is_no_failure_to_tell_of(ini, words):
    with subprocess.Popen("true", stdin=subprocess.PIPE) as reader:
        reader.wait()
        status, error = ended("--ini", ini, *words, stdout=reader.stdin)
    assert status == 141
    assert "Error" not in error


def test_a_command_whose_output_is_closed_does_its_work(ini):
    assert ended("routes", "--ini", ini, preexec_fn=lambda: os.close(1)) == (0, "")


def test_errors_of_files_that_are_not_the_output_are_raised():
    with pytest.raises(FileNotFoundError, match="elsewhere"):
        written(lambda: len(Path("elsewhere").read_text()))
