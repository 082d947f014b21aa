"""The conformance suite of caches finds what is broken, and nothing else."""

from __future__ import annotations

import pytest

from cliquet.testing.cache import CacheSuite
from tests.backends.brokencaches import FAULTS
from tests.backends.kits import ROOT, assert_each_is_caught, run_example, told

CAUGHT = [(fault, test) for fault, broken in FAULTS.items() for test in broken.caught_by]


@pytest.mark.slow
def test_each_fault_is_caught_and_a_sound_cache_passes(tmp_path):
    suites = "tests/backends/brokencaches/suites.py"
    assert_each_is_caught(suites, CAUGHT, tmp_path / "report.xml")


def test_each_test_of_the_suite_can_fail():
    tests = {name for name in dir(CacheSuite) if name.startswith("test_")}
    assert tests == {test for _, test in CAUGHT}


def test_capabilities_are_spelled_right():
    with pytest.raises(ValueError, match="sharde"):
        type("TestMisspelled", (CacheSuite,), {"lacks": {"sharde"}})


@pytest.mark.slow
def test_the_cache_of_the_page_keeps_the_contract_and_its_run_is_as_shown(tmp_path):
    said = run_example("test_filecache.py", tmp_path)
    page = (ROOT / "docs/caches.rst").read_text(encoding="utf-8")
    assert told(said) == told(page)
