"""How suites are run on broken backends: each test in it that is named, in one process."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path
from xml.etree import ElementTree

ROOT = Path(__file__).parent.parent.parent

#: A backend, and the name of a test.
Pair = tuple[str, str]


def run(suites: str, pairs: list[Pair], report: Path) -> dict[Pair, set[str]]:
    """Run tests of broken backends, pairs (backend, test), and return how each ended."""
    nodes = [f"{suites}::Test{backend}::{test}" for backend, test in dict.fromkeys(pairs)]
    options = ["-q", "-p", "no:cacheprovider", "-n", "0", f"--junitxml={report}", "--tb=line"]
    arguments = report.with_suffix(".txt")
    arguments.write_text("\n".join(nodes), encoding="utf-8")
    command = [sys.executable, "-m", "pytest", *options, f"@{arguments}"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 1, done.stdout[-3000:] + done.stderr
    ends: dict[Pair, set[str]] = {}
    for case in ElementTree.parse(report).iter("testcase"):
        backend = case.attrib["classname"].rpartition(".Test")[2]
        name = case.attrib["name"].partition("[")[0]
        outcome = next((child.tag for child in case), "passed")
        ends.setdefault((backend, name), set()).add(outcome)
    return ends


def assert_each_is_caught(suites: str, caught: list[Pair], report: Path) -> None:
    """Assert that *caught* fail, and that the backend named ``Sound`` passes the same tests."""
    sound = [("Sound", test) for _, test in caught]
    ends = run(suites, [*caught, *sound], report)
    missed = [pair for pair in caught if "failure" not in ends[pair] or "error" in ends[pair]]
    assert missed == [], missed
    failed = {pair: ends[pair] for pair in sound if not ends[pair] <= {"passed", "skipped"}}
    assert failed == {}, failed


def run_example(name: str, folder: Path) -> str:
    """Run a suite of the documentation's examples, and return what pytest said."""
    command = [sys.executable, "-m", "pytest", "-q", "-n", "0", "-p", "no:cacheprovider"]
    # In *folder*, where examples of hypothesis are kept for the next run.
    done = subprocess.run(
        [*command, str(ROOT / "docs/examples" / name)],
        cwd=folder,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr
    return done.stdout


def told(text: str) -> list[str]:
    """Return what a run of pytest tells at its end, but for the numbers of lines."""
    without_lines = re.sub(r"(\w+\.py):\d+", r"\1", text)
    return re.findall(r"\w+\.py: the [\w ]+ lacks \w+|\d+ passed(?:, \d+ skipped)?", without_lines)
