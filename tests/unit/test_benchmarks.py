"""The benchmarks: what they compare is comparable, and they print what they promise."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from benchmarks import __main__ as command
from benchmarks import load, profile, report, startup, wrk
from benchmarks.inprocess import Driver
from benchmarks.kinds import KINDS, PAGE, TOTAL, Share, WrongAnswerError
from benchmarks.measure import Options, Sample
from benchmarks.messages import Request, Response
from benchmarks.server import FLOORS, NAMES, OURS, build

OF_SUBSTANCE = ("etag", "last-modified", "cache-control", "total-records", "next-page")
TINY = ["--rounds", "1", "--seconds", "0.02", "--connections", "2"]


class Servers:
    """
    Every server, in this process, with the records in it.

    POST has servers of its own, for it changes how many records there are.
    """

    def __init__(self) -> None:
        self.stable = {name: Driver(build(name)) for name in NAMES}
        self.growing = {name: Driver(build(name)) for name in NAMES}
        for driver in self.stable.values():
            driver.seed()

    def answers(self, server: str, kind: str, count: int = 1) -> list[Response]:
        """Return the answers to some requests of a kind."""
        driver = (self.growing if kind == "post" else self.stable)[server]
        return [driver(request) for request in driver.requests(KINDS[kind], count)]

    def right_answer(self, kind: str) -> Response:
        """Return one that is right."""
        (answer,) = self.answers("wsgi", kind)
        KINDS[kind].verify(answer)
        return answer


@pytest.fixture(scope="module")
def servers() -> Servers:
    """Return the servers, made once: no test changes what another one relies on."""
    return Servers()


def headers_of_substance(response: Response) -> set[str]:
    """Return the names of the headers that a bare service sends too."""
    return {name for name in OF_SUBSTANCE if response.has(name)}


def sample(requests_per_second: float, cpu_ms: float) -> Sample:
    """Return a sample, measured at leisure."""
    return Sample(requests_per_second, cpu_ms, load_busy=0.25)


# -- What is compared


@pytest.mark.parametrize("server", NAMES)
@pytest.mark.parametrize("kind", KINDS)
def test_every_server_answers_every_kind_rightly(kind: str, server: str, servers: Servers) -> None:
    for answer in servers.answers(server, kind, 3):
        KINDS[kind].verify(answer)


@pytest.mark.parametrize("floor", FLOORS)
@pytest.mark.parametrize("kind", KINDS)
def test_floors_send_the_headers_of_substance_that_the_server_sends(
    kind: str, floor: str, servers: Servers
) -> None:
    (ours,), (theirs,) = servers.answers(OURS, kind), servers.answers(floor, kind)
    assert headers_of_substance(theirs) == headers_of_substance(ours)


@pytest.mark.parametrize("floor", FLOORS)
def test_floors_describe_the_service_in_the_words_of_the_server(
    floor: str, servers: Servers
) -> None:
    (ours,), (theirs,) = servers.answers(OURS, "hello"), servers.answers(floor, "hello")
    assert json.loads(theirs.body) == json.loads(ours.body)


@pytest.mark.parametrize("server", NAMES)
def test_pages_begin_with_the_record_written_last(server: str, servers: Servers) -> None:
    (written,) = servers.answers(server, "patch")
    (page,) = servers.answers(server, "list")
    records = json.loads(page.body)["data"]
    assert records[0] == json.loads(written.body)["data"]
    assert len({record["id"] for record in records}) == PAGE


def test_no_two_writes_store_the_same_values() -> None:
    streams = [KINDS["put"].requests(Share(worker, 2)) for worker in (0, 1, 0)]
    bodies = [next(stream).body for stream in streams for _ in range(TOTAL)]
    assert len(set(bodies)) == len(bodies)


def test_connections_write_records_of_their_own() -> None:
    paths = [set(Share(worker, 8).paths) for worker in range(8)]
    assert len(set.union(*paths)) == sum(map(len, paths)) == TOTAL


@pytest.mark.parametrize("kind", KINDS)
def test_another_status_ends_the_measuring(kind: str, servers: Servers) -> None:
    right = servers.right_answer(kind)
    with pytest.raises(WrongAnswerError, match=re.escape(KINDS[kind].title)):
        KINDS[kind].verify(right._replace(status=299))


@pytest.mark.parametrize(
    ("kind", "header"),
    [
        *(("list", header) for header in OF_SUBSTANCE),
        *(("record-get", header) for header in ("etag", "last-modified", "cache-control")),
        *(("put", "etag"), ("patch", "etag"), ("post", "etag"), ("304", "etag")),
    ],
)
def test_a_missing_header_ends_the_measuring(kind: str, header: str, servers: Servers) -> None:
    right = servers.right_answer(kind)
    without = right._replace(head=right.head.replace(f"\n{header}:".encode(), b"\nx-other:"))
    with pytest.raises(WrongAnswerError):
        KINDS[kind].verify(without)


@pytest.mark.parametrize(
    ("kind", "body"),
    [
        ("hello", b"{}"),
        ("record-get", b'{"data":{"id":"x"}}'),
        ("put", b'{"data":{}}'),
        ("list", b'{"data":[]}'),
        ("304", b"{}"),
    ],
)
def test_another_body_ends_the_measuring(kind: str, body: bytes, servers: Servers) -> None:
    right = servers.right_answer(kind)
    with pytest.raises(WrongAnswerError):
        KINDS[kind].verify(right._replace(body=body))


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
    samples = {OURS: [ours], **{floor: [sample(1000, 0.6)] for floor in FLOORS}}
    table = report.table({"hello": samples}, Options())
    verdicts = [line for line in table.splitlines() if line.endswith(verdict)]
    assert [line.split()[0] for line in verdicts] == ["cornice"]


def test_a_generator_that_was_too_busy_is_told() -> None:
    samples = {name: [Sample(9000, 0.1, load_busy=0.97)] for name in NAMES}
    assert "97% of the time at most: requests/s" in report.table({"put": samples}, Options())


def test_programs_get_every_sample_and_the_ratios() -> None:
    samples = {name: [sample(100, 1.0), sample(200, 2.0)] for name in NAMES}
    told = report.as_json({"list": samples}, Options())["kinds"]["list"]
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
    assert [len(row[:9]) for row in rows] == [5, 9, 9, 9]
    assert all(float(row[1]) > 0 and 0 < float(row[3]) < 1000 for row in rows)
    assert json.loads((tmp_path / "result.json").read_bytes())["kinds"].keys() == {"hello"}


def test_the_kinds_asked_for_are_measured_in_the_order_that_they_need() -> None:
    options, path = command.read_options(["--only", "post", "--only", "list"])
    assert (options.kinds, path) == (("list", "post"), None)


def test_all_kinds_are_measured_in_five_rounds_unless_told_otherwise() -> None:
    options, _ = command.read_options([])
    assert (options.kinds, options.rounds) == (tuple(KINDS), 5)


def test_a_profile_names_what_costs_most(capsys: pytest.CaptureFixture[str]) -> None:
    profile.main(["record-get", "--requests", "20", "--top", "5"])
    text = capsys.readouterr().out
    assert text.startswith("cliquet, record GET: ")
    titles = [line for line in text.splitlines() if line.endswith("per request")]
    assert titles == ["Own time, per request", "Cumulative time, per request"]
    assert text.count("pyramid/router.py") >= 1


@pytest.mark.slow
def test_a_start_is_timed_in_a_fresh_interpreter() -> None:
    start = startup.start_up()
    assert 0 < start.import_seconds < start.total_seconds < 60
