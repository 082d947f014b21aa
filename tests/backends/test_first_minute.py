"""``cliquet init && cliquet start`` in an empty folder, as the two processes that they are."""

from __future__ import annotations

import os
import re
import signal
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import requests

from cliquet.scripts.cliquet import main
from cliquet.scripts.output import READER_GONE
from tests.pages import ROOT

TIMEOUT_SECONDS = 60
AUTH = ("alice", "secret")
CLIQUET = (sys.executable, "-m", "cliquet.scripts.cliquet")

Start = Callable[..., tuple[subprocess.Popen[str], str]]


def environ() -> dict[str, str]:
    """Return the environment of a terminal, without settings of the tests."""
    kept = {key: value for key, value in os.environ.items() if not key.startswith("CLIQUET_")}
    return {**kept, "PYTHONPATH": str(ROOT)}


def cliquet(folder: Path, *words: str) -> subprocess.CompletedProcess[str]:
    """Run the command in a folder until it ends."""
    return subprocess.run(
        [*CLIQUET, *words],
        cwd=folder,
        env=environ(),
        check=False,
        capture_output=True,
        text=True,
        timeout=TIMEOUT_SECONDS,
    )


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder that was empty before ``cliquet init``."""
    folder = tmp_path_factory.mktemp("empty")
    done = cliquet(folder, "init")
    (folder / "printed").write_text(done.stdout)
    assert (done.returncode, done.stderr) == (0, "")
    return folder


@pytest.fixture
def start(folder: Path) -> Iterator[Start]:
    """Start the command, and give its process and the address that it printed."""
    processes: list[subprocess.Popen[str]] = []

    def start_it(*words: str) -> tuple[subprocess.Popen[str], str]:
        process = subprocess.Popen(
            [*CLIQUET, "start", *words],
            cwd=folder,
            env=environ(),
            stdout=subprocess.PIPE,
            text=True,
        )
        processes.append(process)
        assert process.stdout is not None
        found = re.search(r"Serving on (\S+/v1/)", process.stdout.readline())
        assert found is not None
        return process, found[1]

    yield start_it
    for process in processes:
        process.kill()
        process.communicate()


@pytest.fixture
def alone(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[Path]:
    """An empty folder, where this process is until the end of the test."""
    monkeypatch.chdir(tmp_path)
    # The handlers of an INI file would outlive the stream that this test prints to.
    monkeypatch.setattr("cliquet.scripts.loading.setup_logging", lambda ini: None)
    monkeypatch.setattr(sys, "path", sys.path[:])
    monkeypatch.delitem(sys.modules, "app", raising=False)
    yield tmp_path
    sys.modules.pop("app", None)


def test_what_init_made_answers_and_ends_when_it_is_told_to(start: Start) -> None:
    process, url = start("--port", "0")
    hello = requests.get(url, auth=AUTH, timeout=TIMEOUT_SECONDS).json()
    assert hello["project_name"] == "notes"
    body = {"data": {"title": "Milk", "shop": "Dairy"}}
    note = requests.post(f"{url}notes", auth=AUTH, json=body, timeout=TIMEOUT_SECONDS)
    assert note.status_code == 201
    process.send_signal(signal.SIGTERM)
    assert process.wait(TIMEOUT_SECONDS) == 0

    process, url = start("--port", "0", "--host", "localhost")
    listed = requests.get(f"{url}notes", auth=AUTH, timeout=TIMEOUT_SECONDS).json()
    assert listed["data"] == [note.json()["data"]]
    process.send_signal(signal.SIGINT)
    assert process.wait(TIMEOUT_SECONDS) == 0


def test_init_says_what_it_made_and_what_comes_next(folder: Path) -> None:
    assert (folder / "printed").read_text().splitlines() == [
        "cliquet.ini is written. It holds a secret, and can be read by nobody but you.",
        "app.py is written.",
        "storage: Making schema 12.",
        "permission: cliquet.permission.sqlite is ready.",
        "cache: cliquet.cache.memory is ready.",
        "Now serve it: cliquet start",
    ]


def test_nobody_else_can_read_the_secret(folder: Path) -> None:
    assert (folder / "cliquet.ini").stat().st_mode & 0o777 == 0o600


def test_each_secret_is_fresh(alone: Path) -> None:
    secrets = set()
    for name in ("one.ini", "two.ini"):
        assert main(["init", "--ini", name]) == 0
        secrets |= set(re.findall(r"hmac_secret = ([0-9a-f]{64})\n", (alone / name).read_text()))
    assert len(secrets) == 2


def test_init_overwrites_nothing(alone: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (alone / "app.py").write_text("from readinglist import main as main\n")
    assert main(["init"]) == 0
    assert "app.py is left as it was." in capsys.readouterr().out
    written = (alone / "cliquet.ini").read_bytes()
    assert main(["init"]) == 0
    assert (alone / "cliquet.ini").read_bytes() == written
    assert (alone / "app.py").read_text() == "from readinglist import main as main\n"


def test_nothing_is_wrong_with_what_init_made(
    alone: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["init"]) == 0
    capsys.readouterr()
    assert main(["doctor"]) == 0
    printed = capsys.readouterr()
    assert printed.out.startswith("Nothing is wrong")
    assert printed.err == ""


def test_a_port_that_is_taken_is_told_with_the_way_out(folder: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        done = cliquet(folder, "start", "--port", port)
    assert done.returncode == 1
    line = done.stderr.splitlines()[-1]
    assert line.startswith(f"cliquet: host 127.0.0.1, port {port}: ")
    assert line.endswith(": is it served already? Name another port by --port")


def test_a_server_that_is_not_waitress_is_left_to_pserve(
    alone: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["init"]) == 0
    text = (alone / "cliquet.ini").read_text().replace("egg:waitress#main", "egg:other#main")
    (alone / "cliquet.ini").write_text(text)
    assert main(["start"]) == 1
    assert 'serve it by "pserve cliquet.ini"' in capsys.readouterr().err


def test_output_that_nobody_reads_to_its_end_is_no_error(
    alone: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["init"]) == 0
    capsys.readouterr()
    reading, writing = os.pipe()
    os.close(reading)
    with os.fdopen(writing, "w") as output:
        monkeypatch.setattr(sys, "stdout", output)
        assert main(["settings"]) == READER_GONE
    assert capsys.readouterr().err == ""
