"""The conformance suite of storages finds what is broken, and nothing else."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path
from xml.etree import ElementTree

import pytest

from cliquet.testing.storage import StorageSuite
from tests.backends.broken import FAULTS

SUITES = Path("tests/backends/broken/suites.py")
ROOT = Path(__file__).parent.parent.parent

CAUGHT = [(fault, test) for fault, broken in FAULTS.items() for test in broken.caught_by]


def run(tests: list[tuple[str, str]], report: Path) -> dict[tuple[str, str], set[str]]:
    """Run tests of broken storages, pairs (storage, test), and return how each ended."""
    nodes = [f"{SUITES}::Test{storage}::{test}" for storage, test in dict.fromkeys(tests)]
    options = ["-q", "-p", "no:cacheprovider", "-n", "0", f"--junitxml={report}", "--tb=line"]
    arguments = report.with_suffix(".txt")
    arguments.write_text("\n".join(nodes), encoding="utf-8")
    command = [sys.executable, "-m", "pytest", *options, f"@{arguments}"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 1, done.stdout[-3000:] + done.stderr
    ends: dict[tuple[str, str], set[str]] = {}
    for case in ElementTree.parse(report).iter("testcase"):
        storage = case.attrib["classname"].rpartition(".Test")[2]
        name = case.attrib["name"].partition("[")[0]
        outcome = next((child.tag for child in case), "passed")
        ends.setdefault((storage, name), set()).add(outcome)
    return ends


@pytest.mark.slow
def test_each_fault_is_caught_and_a_sound_storage_passes(tmp_path):
    sound = [("Sound", test) for _, test in CAUGHT]
    ends = run([*CAUGHT, *sound], tmp_path / "report.xml")
    assert [pair for pair in CAUGHT if "failure" not in ends[pair]] == []
    assert {pair: ends[pair] for pair in sound if not ends[pair] <= {"passed", "skipped"}} == {}
    assert [pair for pair in CAUGHT if "error" in ends[pair]] == []


def test_each_test_of_the_suite_can_fail():
    tests = {name for name in dir(StorageSuite) if name.startswith("test_")}
    assert tests == {test for _, test in CAUGHT}


def test_capabilities_are_spelled_right():
    with pytest.raises(ValueError, match="procesess"):
        type("TestMisspelled", (StorageSuite,), {"lacks": {"procesess"}})


@pytest.mark.slow
def test_the_storage_of_the_page_keeps_the_contract_and_its_run_is_as_shown(tmp_path):
    suite = str(ROOT / "docs/examples/test_filestorage.py")
    command = [sys.executable, "-m", "pytest", "-q", "-n", "0", "-p", "no:cacheprovider", suite]
    # Where examples of hypothesis are kept for the next run.
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr
    page = (ROOT / "docs/storages.rst").read_text(encoding="utf-8")
    assert told(done.stdout) == told(page)


def told(text: str) -> list[str]:
    """Return what a run of pytest tells at its end, but for the numbers of lines."""
    without_lines = re.sub(r"(\w+\.py):\d+", r"\1", text)
    return re.findall(r"\w+\.py: the storage lacks \w+|\d+ passed, \d+ skipped", without_lines)
