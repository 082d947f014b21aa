"""The conformance suite of permission backends finds what is broken, and nothing else."""

from __future__ import annotations

import pytest

from cliquet.testing.permission import PermissionSuite
from tests.backends.brokenpermission import FAULTS
from tests.backends.kits import ROOT, assert_each_is_caught, run_example, told

SUITES = "tests/backends/brokenpermission/suites.py"
CAUGHT = [(fault, test) for fault, broken in FAULTS.items() for test in broken.caught_by]


@pytest.mark.slow
def test_each_fault_is_caught_and_a_sound_backend_passes(tmp_path):
    assert_each_is_caught(SUITES, CAUGHT, tmp_path / "report.xml")


def test_each_test_of_the_suite_can_fail():
    tests = {name for name in dir(PermissionSuite) if name.startswith("test_")}
    assert tests == {test for _, test in CAUGHT}


def test_capabilities_are_spelled_right():
    with pytest.raises(ValueError, match="tress"):
        type("TestMisspelled", (PermissionSuite,), {"lacks": {"tress"}})


@pytest.mark.slow
def test_the_backend_of_the_page_keeps_the_contract_and_its_run_is_as_shown(tmp_path):
    said = run_example("test_filepermission.py", tmp_path)
    page = (ROOT / "docs/permission-backends.rst").read_text(encoding="utf-8")
    assert told(said) == told(page)
