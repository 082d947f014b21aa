"""What the lines of a request carry, and applications side by side."""

from __future__ import annotations

import threading
from typing import Any

import pytest

from cliquet import logs
from cliquet.logs import ClassicLogRenderer, logger
from tests.unit.logs.lines import Fixed, events

# Bound fields.


def test_a_bound_logger_adds_its_fields_outside_requests(caplog: pytest.LogCaptureFixture) -> None:
    bound = logger.bind(x=1).bind(y=2)
    bound.info("one", z=3)
    logger.info("two")
    assert caplog.messages == ["one x=1 y=2 z=3", "two"]


def test_new_forgets_fields_outside_requests_and_leaves_the_old_logger_alone(
    caplog: pytest.LogCaptureFixture,
) -> None:
    bound = logger.bind(x=1)
    bound.new(y=2).info("one")
    bound.info("two")
    assert caplog.messages == ["one y=2", "two x=1"]


def test_bind_adds_to_the_summary_and_to_every_later_line(app: logs.AppLogger) -> None:
    with logs.request_context({}, app):
        logger.info("before")
        logger.bind(x=1)
        logger.info("after")
        logs.summary({"code": 200})
    assert events(app) == [
        {"event": "before"},
        {"event": "after", "x": 1},
        {"event": "request.summary", "x": 1, "code": 200},
    ]


def test_a_logger_bound_in_a_request_keeps_its_fields_after_it(app: logs.AppLogger) -> None:
    with logs.request_context({}, app):
        bound = logger.bind(x=1)
    bound.info("after")
    assert events(app) == [{"event": "after", "x": 1}]


def test_the_logger_of_the_application_binds_to_the_request_too(app: logs.AppLogger) -> None:
    with logs.request_context({}, app):
        app.bind(x=1)
        logger.info("event")
    assert events(app) == [{"event": "event", "x": 1}]


def test_new_in_a_request_forgets_what_was_bound_and_keeps_the_facts(app: logs.AppLogger) -> None:
    with logs.request_context({"path": "/"}, app):
        logger.bind(x=1)
        logger.new(y=2)
        logs.summary({})
    assert events(app) == [{"event": "request.summary", "path": "/", "y": 2}]


def test_unbind_in_a_request_takes_a_field_from_its_later_lines(app: logs.AppLogger) -> None:
    with logs.request_context({}, app):
        logger.bind(x=1, y=2)
        logger.unbind("x").info("event")
    assert events(app) == [{"event": "event", "y": 2}]


def test_unbind_takes_a_field_from_a_bound_logger(app: logs.AppLogger) -> None:
    app.bind(x=1, y=2).unbind("x").info("event")
    assert events(app) == [{"event": "event", "y": 2}]


def test_unbind_of_a_field_that_was_not_bound_is_an_error_that_changes_nothing(
    app: logs.AppLogger,
) -> None:
    with logs.request_context({}, app):
        logger.bind(x=1)
        with pytest.raises(KeyError, match="nothing"):
            logger.unbind("x", "nothing")
        logger.try_unbind("nothing").info("event")
    assert events(app) == [{"event": "event", "x": 1}]


def test_the_nearest_of_several_fields_of_one_name_wins(app: logs.AppLogger) -> None:
    bound = app.bind(c="logger", d="logger")
    with logs.request_context(dict.fromkeys("abcd", "fact"), app):
        logger.bind(b="request", c="request", d="request")
        bound.info("event", d="call")
    assert events(app) == [
        {"event": "event", "a": "fact", "b": "request", "c": "logger", "d": "call"}
    ]


def test_facts_may_grow_while_the_request_is_served(app: logs.AppLogger) -> None:
    facts: dict[str, Any] = {}
    with logs.request_context(facts, app):
        facts["errno"] = 104
        logs.summary({})
    assert events(app) == [{"event": "request.summary", "errno": 104}]


def test_the_fields_of_a_summary_win_and_are_left_alone(app: logs.AppLogger) -> None:
    fields = {"code": 200}
    with logs.request_context({"code": None}, app):
        logger.bind(code=500)
        logs.summary(fields)
    assert events(app) == [{"event": "request.summary", "code": 200}]
    assert fields == {"code": 200}


# Requests and applications.


def test_what_is_bound_in_a_request_is_gone_with_it(app: logs.AppLogger) -> None:
    with logs.request_context({"path": "/"}, app):
        logger.bind(x=1)
    logger.info("outside")
    with logs.request_context({}, app):
        logger.info("inside")
    assert events(app) == [{"event": "outside"}, {"event": "inside"}]


def test_a_request_ends_when_its_block_raises(app: logs.AppLogger) -> None:
    with pytest.raises(ValueError, match="boom"), logs.request_context({"path": "/"}, app):
        raise ValueError("boom")
    logger.info("outside")
    assert events(app) == [{"event": "outside"}]


def test_a_subrequest_has_fields_of_its_own(app: logs.AppLogger) -> None:
    outer = logs.start_request({"path": "/batch"}, app)
    logger.bind(x=1)
    inner = logs.start_request({"path": "/one"}, app)
    logger.bind(y=2)
    logs.summary({})
    logs.end_request(inner)
    logs.summary({})
    logs.end_request(outer)
    assert events(app) == [
        {"event": "request.summary", "path": "/one", "y": 2},
        {"event": "request.summary", "path": "/batch", "x": 1},
    ]


def test_a_request_cannot_be_ended_twice(app: logs.AppLogger) -> None:
    token = logs.start_request({}, app)
    logs.end_request(token)
    with pytest.raises(RuntimeError):
        logs.end_request(token)


def test_requests_of_two_threads_do_not_see_each_other(app: logs.AppLogger) -> None:
    both_bound = threading.Barrier(2, timeout=10)

    def serve(name: str) -> None:
        with logs.request_context({"path": name}, app):
            logger.bind(**{name: True})
            both_bound.wait()
            logs.summary({})

    threads = [threading.Thread(target=serve, args=[name]) for name in ("a", "b")]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(events(app), key=lambda event: event["path"]) == [
        {"event": "request.summary", "path": "a", "a": True},
        {"event": "request.summary", "path": "b", "b": True},
    ]


def test_each_application_writes_with_its_own_renderer(caplog: pytest.LogCaptureFixture) -> None:
    one, two = (logs.setup({"project_name": name}, Fixed) for name in ("one", "two"))
    one.info("start")
    two.info("start")
    assert caplog.messages == ["one start", "two start"]


def test_the_module_logger_writes_as_the_application_that_serves(
    caplog: pytest.LogCaptureFixture,
) -> None:
    one = logs.setup({"project_name": "one"}, Fixed)
    two = logs.setup({"project_name": "two"}, Fixed)
    with logs.request_context({}, one):
        logger.info("outer")
        with logs.request_context({}, two):
            logs.summary({})
        logger.bind(x=1).info("outer again")
    assert caplog.messages == ["one outer", "two request.summary", "one outer again"]


def test_outside_requests_the_module_logger_writes_as_the_latest_application(
    caplog: pytest.LogCaptureFixture,
) -> None:
    logs.setup({"project_name": "one"}, Fixed)
    logs.setup({"project_name": "two"}, Fixed)
    logger.info("event")
    assert caplog.messages == ["two event"]


def test_a_request_may_be_served_with_the_module_logger(app: logs.AppLogger) -> None:
    with logs.request_context({"x": 1}, logger):
        logger.info("event")
    assert events(app) == [{"event": "event", "x": 1}]


def test_the_renderer_of_an_application_is_classic_unless_told() -> None:
    assert isinstance(logs.setup({}).renderer, ClassicLogRenderer)
