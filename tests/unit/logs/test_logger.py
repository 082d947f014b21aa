"""The logger: levels, events, tracebacks, and where lines go."""

from __future__ import annotations

import json
import logging
import pickle
import threading
from typing import Any

import pytest
import structlog

from cliquet import logs
from cliquet.logs import ClassicLogRenderer, MozillaHekaRenderer, logger
from cliquet.logs.records import unrendered
from tests.unit.logs.lines import SUMMARY, BrokenMapping, Unprintable, events, raised

# Lines and levels.


def test_a_line_goes_to_the_standard_logger_named_cliquet(caplog: pytest.LogCaptureFixture) -> None:
    logger.info("started", port=8888)
    assert caplog.record_tuples == [("cliquet", logging.INFO, "started port=8888")]


@pytest.mark.parametrize(
    ("method", "level"),
    [
        ("debug", logging.DEBUG),
        ("info", logging.INFO),
        ("warning", logging.WARNING),
        ("warn", logging.WARNING),
        ("error", logging.ERROR),
        ("exception", logging.ERROR),
        ("critical", logging.CRITICAL),
        ("fatal", logging.CRITICAL),
    ],
)
def test_a_method_logs_at_the_level_of_its_name(
    method: str, level: int, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG, "cliquet")
    getattr(logger, method)("event")
    assert [(record.levelno, record.msg) for record in caplog.records] == [(level, "event")]


@pytest.mark.parametrize(
    ("method", "severity"),
    [
        ("debug", 7),
        ("info", 6),
        ("warning", 4),
        ("warn", 4),
        ("error", 3),
        ("exception", 2),
        ("critical", 2),
        ("fatal", 2),
    ],
)
def test_a_method_has_the_severity_syslog_gives_it(
    method: str, severity: int, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG, "cliquet")
    getattr(logs.setup({}, MozillaHekaRenderer), method)("event")
    assert json.loads(caplog.messages[0])["Severity"] == severity


@pytest.mark.parametrize("method", ["debug", "info", "warning", "error", "exception", "critical"])
def test_a_level_that_is_off_renders_nothing(
    method: str, app: logs.AppLogger, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.CRITICAL + 1, "cliquet")
    getattr(app, method)("event %s", Unprintable())
    app.log(logging.CRITICAL, "event %s", Unprintable())
    assert events(app) == []


def test_a_summary_that_is_off_reads_no_field(
    app: logs.AppLogger, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.WARNING, "cliquet")
    with logs.request_context({}, app):
        logs.summary(BrokenMapping(path="/"))
    assert events(app) == []


def test_whether_a_level_is_on_can_be_asked() -> None:
    assert logger.is_enabled_for(logging.INFO)
    assert not logger.is_enabled_for(logging.DEBUG)


def test_a_level_can_be_given_as_a_number(caplog: pytest.LogCaptureFixture) -> None:
    logs.setup({}, MozillaHekaRenderer).log(logging.ERROR, "event")
    assert caplog.records[0].levelno == logging.ERROR
    assert json.loads(caplog.messages[0])["Severity"] == 3


def test_a_level_without_a_name_is_informational(caplog: pytest.LogCaptureFixture) -> None:
    logs.setup({}, MozillaHekaRenderer).log(25, "event")
    assert json.loads(caplog.messages[0])["Severity"] == 6


def test_a_record_names_the_code_that_logged(caplog: pytest.LogCaptureFixture) -> None:
    logger.info("event")
    logs.summary({})
    assert {record.funcName for record in caplog.records} == {
        "test_a_record_names_the_code_that_logged"
    }


def test_arguments_are_put_into_the_event(caplog: pytest.LogCaptureFixture) -> None:
    logger.info("%s of %d", "one", 2)
    assert caplog.messages == ["one of 2"]


@pytest.mark.parametrize("event", ["100%", "event", "%s %s %s", "%d %d", "%(a)s"])
def test_arguments_that_do_not_fit_are_put_behind(
    event: str, caplog: pytest.LogCaptureFixture
) -> None:
    logger.info(event, "one", 2)
    assert caplog.messages == [f"{event} one 2"]


def test_a_percent_sign_in_an_event_is_left_alone(caplog: pytest.LogCaptureFixture) -> None:
    logger.info("100% %s", rate="%d")
    assert caplog.messages == ["100% %s rate=%d"]


def test_an_exception_may_be_the_event(caplog: pytest.LogCaptureFixture) -> None:
    logger.error(ValueError("no such thing"))
    assert caplog.messages == ["no such thing"]


def test_fields_may_have_the_names_of_parameters(app: logs.AppLogger) -> None:
    app.info("x", event="y", level=1, name="z", self=2, args=3)
    assert events(app) == [{"event": "x", "level": 1, "name": "z", "self": 2, "args": 3}]


def test_the_event_may_be_given_by_keyword(app: logs.AppLogger) -> None:
    app.info(event="x")
    assert events(app) == [{"event": "x"}]


def test_a_renderer_may_drop_an_event(caplog: pytest.LogCaptureFixture) -> None:
    def drop(logger: Any, name: str, event_dict: Any) -> str:
        raise structlog.DropEvent

    logs.setup({}, lambda settings: drop).info("event")
    assert caplog.messages == []


def test_structlog_itself_is_left_as_it_was() -> None:
    before = structlog.get_config()
    logs.setup({}, MozillaHekaRenderer)
    assert structlog.get_config() == before


# Tracebacks.


def test_exc_info_adds_the_traceback_of_the_exception_being_handled(app: logs.AppLogger) -> None:
    try:
        raise ValueError("boom")
    except ValueError:
        app.error("failed", exc_info=True)
    (event,) = events(app)
    assert event["exception"].startswith("Traceback (most recent call last):")
    assert event["exception"].endswith("ValueError: boom")


def test_exception_adds_a_traceback_by_itself(app: logs.AppLogger) -> None:
    try:
        raise ValueError("boom")
    except ValueError:
        app.exception("failed")
    assert events(app)[0]["exception"].endswith("ValueError: boom")


def test_exc_info_may_be_an_exception_or_what_sys_gives(app: logs.AppLogger) -> None:
    error = raised()
    app.error("failed", exc_info=error)
    app.error("failed", exc_info=(type(error), error, error.__traceback__))
    first, second = events(app)
    assert first["exception"].endswith("ValueError: boom")
    assert first == second


def test_without_exc_info_there_is_no_traceback(app: logs.AppLogger) -> None:
    try:
        raise ValueError("boom")
    except ValueError:
        app.error("failed", exc_info=False)
        app.error("failed")
    assert events(app) == [{"event": "failed"}] * 2


@pytest.mark.parametrize("exc_info", [True, False, None, (None, None, None), 1])
def test_without_an_exception_there_is_no_traceback(app: logs.AppLogger, exc_info: Any) -> None:
    app.error("failed", exc_info=exc_info)
    assert events(app) == [{"event": "failed"}]


def test_an_exception_without_text_is_logged_all_the_same(app: logs.AppLogger) -> None:
    class SilentError(Exception):
        def __str__(self) -> str:
            raise KeyError

    app.error(SilentError(), exc_info=SilentError())
    assert events(app)[0]["event"] == "<unprintable SilentError>"


@pytest.mark.parametrize("renderer_class", [ClassicLogRenderer, MozillaHekaRenderer])
def test_a_formatter_writes_the_traceback_once(
    caplog: pytest.LogCaptureFixture, renderer_class: Any
) -> None:
    logs.setup({}, renderer_class).error("failed", exc_info=raised())
    (record,) = caplog.records
    assert logging.Formatter().format(record) == record.getMessage()
    assert record.getMessage().count("Traceback") == 1


def test_who_reports_errors_finds_event_and_exception_apart(
    app: logs.AppLogger, caplog: pytest.LogCaptureFixture
) -> None:
    error = raised()
    app.error("%s failed", "it", code=500, exc_info=error)
    (record,) = caplog.records
    bare = unrendered(record)
    assert (bare.getMessage(), bare.lineno) == ("it failed", record.lineno)
    assert bare.exc_info == (type(error), error, error.__traceback__)
    assert record.exc_info is None


def test_a_record_travels_to_another_process(
    app: logs.AppLogger, caplog: pytest.LogCaptureFixture
) -> None:
    app.error("failed", exc_info=ValueError(threading.Lock()))
    (record,) = caplog.records
    there = logging.makeLogRecord(pickle.loads(pickle.dumps(vars(record))))
    assert there.getMessage() == record.getMessage()
    assert (unrendered(there).msg, unrendered(there).exc_info) == ("failed", None)


# Renderers.


@pytest.mark.parametrize("renderer_class", [ClassicLogRenderer, MozillaHekaRenderer])
def test_a_renderer_leaves_the_event_alone(renderer_class: Any) -> None:
    event = {"event": "request.summary", **SUMMARY, "exc_info": True, "list": [{1: b"a"}]}
    before = dict(event)
    renderer_class({})(None, "info", event)
    assert event == before


@pytest.mark.parametrize("renderer_class", [ClassicLogRenderer, MozillaHekaRenderer])
def test_a_hostile_line_reaches_a_utf8_file_whole(renderer_class: Any, tmp_path: Any) -> None:
    handler = logging.FileHandler(tmp_path / "log", encoding="utf-8")
    logging.getLogger("cliquet").addHandler(handler)
    try:
        logs.setup({}, renderer_class).info("x", agent="\ud800\n\x1b[2J\u2028é", path="\udcff")
    finally:
        logging.getLogger("cliquet").removeHandler(handler)
        handler.close()
    written = (tmp_path / "log").read_text(encoding="utf-8")
    assert written.count("\n") == 1
    assert "\\ud800" in written


def test_records_are_read_where_cliquet_is_not(caplog: pytest.LogCaptureFixture) -> None:
    logger.error("late")
    assert b"cliquet.logs.records" not in pickle.dumps(vars(caplog.records[-1]))
