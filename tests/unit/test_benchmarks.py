"""The benchmarks: loads are driven, and what was measured is told as promised."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from benchmarks import __main__ as command
from benchmarks import load, observing, profile, report, startup, wrk
from benchmarks.batches import EVERY_KIND
from benchmarks.growth import __main__ as growth_command
from benchmarks.growth import report as growth_report
from benchmarks.growth.measure import Sample as GrowthSample
from benchmarks.growth.operations import OPERATIONS, operations_of
from benchmarks.growth.records import middle_title, record, scattered
from benchmarks.kinds import WrongAnswerError
from benchmarks.measure import Options, Sample
from benchmarks.messages import Request
from benchmarks.server import FLOORS, NAMES, OURS, SHAREABLE
from benchmarks.storages import STORAGES

TINY = ["--storage", "memory", "--rounds", "1", "--seconds", "0.02", "--connections", "2"]
TINY_GROWTH = ["--storage", "memory", "--small", "100", "--large", "200", "--rounds", "2"]


def sample(requests_per_second: float, cpu_ms: float) -> Sample:
    """Return a sample, measured at leisure."""
    return Sample(requests_per_second, cpu_ms, load_busy=0.25)


# -- The load


def test_a_response_is_read_when_all_of_it_has_arrived() -> None:
    received = b'HTTP/1.1 200 OK\r\nContent-Length: 4\r\nETag: "5"\r\n\r\nbody'
    assert [load.parse(received[:end]) for end in (10, len(received) - 1)] == [None, None]
    response = load.parse(received)
    assert response is not None
    assert (response.status, response.header("etag"), response.body) == (200, '"5"', b"body")


def test_a_response_without_length_has_no_body() -> None:
    response = load.parse(b"HTTP/1.1 304 Not Modified\r\nConnection: close\r\n\r\n")
    assert response is not None
    assert (response.status, response.header("connection"), response.body) == (304, "close", b"")


def test_a_request_is_written_as_http() -> None:
    request = Request("PUT", "/a?b=c", (("Accept", "*/*"),), b"{}")
    assert request.wire() == (
        b"PUT /a?b=c HTTP/1.1\r\nHost: 127.0.0.1\r\nAccept: */*\r\n"
        b"Content-Type: application/json\r\nContent-Length: 2\r\n\r\n{}"
    )


def test_the_output_of_wrk_is_read() -> None:
    output = "  3020 requests in 1.10s, 1.02MB read\nRequests/sec:   2745.4\n"
    assert wrk.read(output) == load.Load(3020, 1.1, 0)


@pytest.mark.parametrize("line", ["  Non-2xx or 3xx responses: 7", "  Socket errors: connect 1"])
def test_failures_that_wrk_tells_end_the_measuring(line: str) -> None:
    with pytest.raises(WrongAnswerError):
        wrk.read(f"  3020 requests in 1.10s, 1.02MB read\n{line}\n")


# -- The report


def test_ratios_are_of_one_round_and_their_median_is_told() -> None:
    ours = [sample(100, 2.0), sample(50, 4.0), sample(90, 3.0)]
    floor = [sample(200, 1.0), sample(100, 2.0), sample(100, 1.0)]
    compared = report.ratio(ours, floor)
    assert compared.by_requests == report.Spread(0.5, 0.5, 0.9)
    assert compared.by_cpu == report.Spread(0.5, pytest.approx(1 / 3), 0.5)


@pytest.mark.parametrize(
    ("ours", "verdict"),
    [
        (sample(600, 1.0), "0.60 met"),
        (sample(599, 1.1), "0.60 MISSED"),
        (sample(599, 1.0), "0.60 met by CPU only"),
        (sample(600, 1.1), "0.60 met by requests/s only"),
    ],
)
def test_the_gate_of_hello_is_judged_by_both_ratios(ours: Sample, verdict: str) -> None:
    samples = {OURS: [ours], SHAREABLE: [ours], **{one: [sample(1000, 0.6)] for one in FLOORS}}
    table = report.report({"memory": {"hello": samples}}, Options())
    (row,) = [line for line in table.splitlines() if line.split()[:1] == ["cornice"]]
    assert row.endswith(f" {verdict}")


def test_what_may_be_shared_is_judged_by_what_may_not() -> None:
    samples = {name: [sample(1000, 1.0)] for name in NAMES} | {SHAREABLE: [sample(590, 2.0)]}
    table = report.report({"memory": {"list": samples}}, Options())
    (row,) = [line for line in table.splitlines() if line.split()[:1] == [SHAREABLE]]
    assert row.split()[-6:] == ["0.59", "(0.59-0.59)", "0.50", "(0.50-0.50)", "0.60", "MISSED"]


@pytest.mark.parametrize(
    ("batch", "verdict"),
    [
        (sample(126, 7.9), "7.94 7.90 8.00 met"),
        (sample(125, 8.0), "8.00 8.00 8.00 MISSED"),
        (sample(126, 8.0), "7.94 8.00 8.00 met by requests/s only"),
    ],
)
def test_a_batch_is_to_cost_less_than_eight_of_what_is_in_it(batch: Sample, verdict: str) -> None:
    samples = {OURS: [batch], "put": [sample(1000, 1.0)]}
    table = report.report({"postgresql": {"batch-put": samples}}, Options())
    (row,) = [line for line in table.splitlines() if line.startswith("alone")]
    assert " ".join(re.sub(r"\(.*?\)", "", row).split()).endswith(verdict)


def test_the_gate_of_batches_is_about_postgresql() -> None:
    samples = {OURS: [sample(10, 20.0)], "put": [sample(1000, 1.0)]}
    assert "MISSED" not in report.report({"memory": {"batch-put": samples}}, Options())


def test_a_generator_that_was_too_busy_is_told() -> None:
    samples = {name: [Sample(9000, 0.1, load_busy=0.97)] for name in NAMES}
    assert "97% of the time at most: requests/s" in report.report(
        {"memory": {"put": samples}}, Options()
    )


def test_programs_get_every_sample_and_the_ratios() -> None:
    samples = {name: [sample(100, 1.0), sample(200, 2.0)] for name in NAMES}
    results = {"memory": {"list": samples}}
    told = report.as_json(results, Options())["storages"]["memory"]["list"]
    assert told["gate"] == 0.5
    assert [one["cpu_ms"] for one in told["samples"]["wsgi"]] == [1.0, 2.0]
    assert told["ratios"]["cornice"]["by_cpu"] == {"median": 1.0, "least": 1.0, "greatest": 1.0}


# -- The commands


@pytest.mark.slow
def test_a_tiny_round_over_the_network_makes_a_table(
    capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    command.main([*TINY, "--only", "hello", "--json", str(tmp_path / "result.json")])
    lines = capsys.readouterr().out.splitlines()
    start = next(number for number, line in enumerate(lines) if line.startswith("hello "))
    rows = [line.replace("hello", "").split() for line in lines[start : start + len(NAMES)]]
    assert [row[0] for row in rows] == list(NAMES)
    # Each value has its spread beside it; ours has no ratio, and a verdict may follow.
    assert [len(row[:10]) for row in rows] == [6, 10, 10, 10, 10]
    assert all(float(row[1]) > 0 and 0 < float(row[3]) < 1000 for row in rows)
    assert json.loads((tmp_path / "result.json").read_bytes())["storages"]["memory"].keys() == {
        "hello"
    }


def test_the_kinds_asked_for_are_measured_in_the_order_that_they_need() -> None:
    options, path = command.read_options(["--only", "post", "--only", "list"])
    assert (options.kinds, path) == (("list", "post"), None)


def test_all_storages_are_measured_unless_one_is_asked_for() -> None:
    asked = command.read_options(["--storage", "postgresql"])[0].storages
    assert (asked, command.read_options([])[0].storages) == (("postgresql",), tuple(STORAGES))


def test_all_kinds_are_measured_in_five_rounds_unless_told_otherwise() -> None:
    options, _ = command.read_options([])
    assert (options.kinds, options.rounds) == (tuple(EVERY_KIND), 5)


def test_a_profile_names_what_costs_most(capsys: pytest.CaptureFixture[str]) -> None:
    profile.main(["record-get", "--requests", "20", "--top", "5"])
    text = capsys.readouterr().out
    assert text.startswith("cliquet, record GET, memory: ")
    titles = [line for line in text.splitlines() if line.endswith("per request")]
    assert titles == ["Own time, per request", "Cumulative time, per request"]
    assert text.count("pyramid/router.py") >= 1


@pytest.mark.slow
def test_a_start_is_timed_in_a_fresh_interpreter() -> None:
    start = startup.start_up()
    assert 0 < start.import_seconds < start.total_seconds < 60


# -- Growth


def test_ids_and_titles_are_in_other_orders_than_timestamps() -> None:
    records = [record(number) for number in range(100)]
    for field in ("id", "title"):
        values = [one[field] for one in records]
        assert len(set(values)) == 100
        assert values not in (sorted(values), sorted(values, reverse=True))
    assert [one["last_modified"] for one in records] == sorted(
        one["last_modified"] for one in records
    )


def test_the_record_in_the_middle_has_as_many_titles_before_as_behind_it() -> None:
    titles = sorted(record(number)["title"] for number in range(1000))
    assert 450 < titles.index(record(middle_title(1000))["title"]) < 550
    assert scattered(1) != scattered(0) == 0


@pytest.mark.parametrize(
    ("larger_ms", "verdict"), [(1.3, "1.30 (1.30-1.30)  1.30 met"), (1.31, "1.30 MISSED")]
)
def test_growth_beyond_the_gate_is_told(larger_ms: float, verdict: str) -> None:
    results = {"memory": {"count": [GrowthSample(1.0, larger_ms)]}}
    options = growth_command.read_options(["--storage", "memory"])
    (row,) = [
        line
        for line in growth_report.report(results, options).splitlines()
        if line.startswith("count")
    ]
    assert row.endswith(verdict)


def test_a_small_collection_that_would_run_out_of_records_to_delete_is_refused(
    capsys: pytest.CaptureFixture[str],
) -> None:
    with pytest.raises(SystemExit):
        growth_command.read_options(["--small", "100", "--rounds", "5", "--calls", "50"])
    assert "--small should be" in capsys.readouterr().err


def test_sorts_by_fields_are_measured_where_fields_are_indexed() -> None:
    left_out = {*OPERATIONS} - {*operations_of(STORAGES["redis"])}
    assert {*operations_of(STORAGES["sqlite"])} == {*OPERATIONS}
    assert len(left_out) == 8
    assert all(" by " in operation.title for operation in left_out)


def test_every_operation_is_measured_on_both_collections(
    capsys: pytest.CaptureFixture[str],
) -> None:
    growth_command.main([*TINY_GROWTH, "--calls", "3"])
    lines = capsys.readouterr().out.splitlines()
    rows = [line for line in lines if line.endswith(("met", "MISSED"))]
    assert len(rows) == len(operations_of(STORAGES["memory"]))
    assert all(float(row[42:].split()[0]) > 0 for row in rows)


# -- Logs and metrics


def test_what_logs_and_metrics_add_is_told_of_each_way(capsys: pytest.CaptureFixture[str]) -> None:
    observing.main(["--rounds", "1", "--requests", "2"])
    bare, *others = capsys.readouterr().out.splitlines()
    assert re.fullmatch(r"bare: \d+ µs", bare)
    assert [re.sub(r": [+-]\d+\.\d%$", "", line) for line in others] == [
        *("metrics = prometheus", "metrics = statsd", "metrics = prometheus statsd"),
        "logging at WARNING",
    ]
