"""Events: when they are sent, and what failures of requests and of subscribers do to them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
import webtest
from pyramid import httpexceptions
from pyramid.request import Request as PyramidRequest
from pyramid.tweens import EXCVIEW

from cliquet import errors, events
from cliquet.events import AfterResourceChanged, AfterResourceRead, ResourceChanged, ResourceRead
from cliquet.exceptions import InvalidParameter
from cliquet.storage.exceptions import BackendError, RecordNotFoundError
from tests.unit.events_app import NEW, Heard, make_app, make_config, note, serve

CREATE = "/v1/articles/a?do=create"
CHANGES = (ResourceChanged, AfterResourceChanged)
NO_TWEENS = {"pyramid.tweens": EXCVIEW}


def raising(error: Exception) -> Callable[[Any], None]:
    """Return a subscriber that raises *error*."""

    def subscriber(event: Any) -> None:
        raise error

    return subscriber


# When they are sent.


def test_events_after_the_commit_come_after_those_before_it() -> None:  # P9.1
    heard = Heard()
    classes = (AfterResourceChanged, AfterResourceRead, ResourceChanged, ResourceRead)
    app = make_app(*((heard, event_class) for event_class in classes))
    app.get(f"{CREATE}&do=read")
    assert [type(event) for event in heard] == [
        *(ResourceChanged, ResourceRead),
        *(AfterResourceChanged, AfterResourceRead),
    ]


def tween_over_all(config: Any, factory: Callable[[Any, Any], Any]) -> None:
    """Put a tween where that of a transaction is: over the exception views."""
    name = f"{__name__}.{factory.__name__}"
    config.add_tween(name, over=EXCVIEW)


def remembering_tween(handler: Any, registry: Any) -> Any:
    """Return a tween that keeps what was heard of when it has the response."""

    def tween(request: Any) -> Any:
        response = handler(request)
        registry.heard_of_before = [type(event) for event in registry.heard]
        return response

    return tween


def test_a_commit_would_be_between_the_two() -> None:  # P9.1
    config = make_config()
    heard = config.registry.heard = Heard()
    tween_over_all(config, remembering_tween)
    for event_class in CHANGES:
        config.add_subscriber(heard, event_class)
    webtest.TestApp(config.make_wsgi_app()).get(CREATE)
    assert config.registry.heard_of_before == [ResourceChanged]
    assert [type(event) for event in heard] == list(CHANGES)


# Requests that fail.


@pytest.mark.parametrize("event_class", CHANGES)
@pytest.mark.parametrize("end", ["raise 404", "raise 500", "raise 302", "return 503"])
def test_a_request_that_failed_is_not_told_of(end: str, event_class: type) -> None:  # P9.2
    heard = Heard()
    make_app((heard, event_class)).get(f"{CREATE}&end={end}", status="*")
    assert heard == []


@pytest.mark.parametrize("event_class", CHANGES)
@pytest.mark.parametrize("end", ["return 404", "return 302", "return 200"])
def test_an_error_that_is_returned_keeps_the_events(  # P8.4 P9.2
    end: str, event_class: type
) -> None:
    heard = Heard()
    make_app((heard, event_class)).get(f"{CREATE}&end={end}", status="*")
    assert heard.told == [("create", 1)]


def unavailable_tween(handler: Any, registry: Any) -> Any:
    """Return a tween whose commit fails."""

    def tween(request: Any) -> Any:
        handler(request)
        return httpexceptions.HTTPServiceUnavailable()

    return tween


def conflict_tween(handler: Any, registry: Any) -> Any:
    """Return a tween whose commit raises, which an exception view answers, as pyramid_tm does."""

    def tween(request: Any) -> Any:
        handler(request)
        try:
            raise httpexceptions.HTTPConflict()
        except httpexceptions.HTTPConflict:
            return request.invoke_exception_view()

    return tween


def rollback_tween(handler: Any, registry: Any) -> Any:
    """Return a tween that rolls back although the response is no failure."""

    def tween(request: Any) -> Any:
        response = handler(request)
        events.drop_resource_events(request)
        return response

    return tween


@pytest.mark.parametrize("factory", [unavailable_tween, conflict_tween, rollback_tween])
def test_what_was_not_committed_is_not_told_of_afterwards(factory: Any) -> None:  # P9.1
    heard, config = Heard(), make_config()
    tween_over_all(config, factory)
    for event_class in CHANGES:
        config.add_subscriber(heard, event_class)
    webtest.TestApp(config.make_wsgi_app()).get(CREATE, status="*")
    assert [type(event) for event in heard] == [ResourceChanged]


# Subscribers that fail.


@pytest.mark.parametrize(
    ("error", "status"),
    [
        (httpexceptions.HTTPForbidden(json_body={"code": 403}), 403),
        (httpexceptions.HTTPConflict(), 409),
        (errors.http_error(httpexceptions.HTTPNotFound(), errno=110), 404),
        (ValueError("wrong"), 500),
        (RecordNotFoundError("a"), 500),
        (InvalidParameter("wrong"), 500),
        (BackendError(OSError("down")), 503),
    ],
)
def test_the_error_of_a_subscriber_is_the_answer(error: Exception, status: int) -> None:  # P9.1
    config = make_config()
    config.add_subscriber(raising(error), ResourceChanged)
    # A 403 to an anonymous user would be a 401.
    config.add_request_method(lambda request: "alice", "authenticated_userid", property=True)
    response = webtest.TestApp(config.make_wsgi_app()).get(CREATE, status="*")
    assert (response.status_code, response.json["code"]) == (status, status)


def test_after_the_error_of_a_subscriber_nothing_is_told_of() -> None:  # P9.1
    heard = Heard()
    app = make_app(
        (raising(httpexceptions.HTTPConflict()), ResourceChanged), (heard, AfterResourceChanged)
    )
    app.get(CREATE, status=409)
    assert heard == []


def test_errors_after_the_commit_are_logged_only(  # P9.1
    caplog: pytest.LogCaptureFixture,
) -> None:
    heard = Heard()
    app = make_app((raising(ValueError("wrong")), AfterResourceChanged))
    app.app.registry.registerHandler(heard, (AfterResourceChanged,))
    app.get(CREATE, status=200)
    (message,) = caplog.messages
    assert "AfterResourceChanged" in message
    assert "ValueError: wrong" in message
    assert "resource_name=article" in message
    assert heard.told == [("create", 1)]


def test_what_is_noted_after_the_commit_is_told_to_nobody() -> None:  # P9.2
    heard = Heard()
    app = make_app((Chain(3), AfterResourceChanged), *((heard, one) for one in CHANGES))
    app.get(CREATE, status=200)
    assert heard.told == [("create", 1)] * 2


# Sub-requests.


@pytest.mark.parametrize("tweens", ["tweens=0", "tweens=1"])
def test_sub_requests_are_told_of_once_by_the_outermost(tweens: str) -> None:  # P9.2
    heard = Heard()
    app = make_app(*((heard, event_class) for event_class in CHANGES))
    app.post_json("/v1/batch", [f"/articles/a?do=create&{tweens}"] * 2)
    assert [type(event) for event in heard] == list(CHANGES)
    assert heard.told == [("create", 2)] * 2


@pytest.mark.parametrize("tweens", ["tweens=0", "tweens=1"])
@pytest.mark.parametrize(("end", "count"), [("raise 409", 2), ("return 409", 3)])
def test_a_sub_request_that_raises_loses_its_own_events_only(  # P8.4 P9.2
    end: str, count: int, tweens: str
) -> None:
    heard = Heard()
    path = f"/articles/a?do=create&{tweens}"
    app = make_app((heard, ResourceChanged))
    response = app.post_json("/v1/batch", [path, f"{path}&end={end}", path])
    assert response.json == [200, 409, 200]
    assert heard.told == [("create", count)]


def test_a_failure_within_tweens_of_a_sub_request_drops_its_events() -> None:  # P9.2
    heard = Heard()
    path = "/articles/a?do=create&tweens=1"
    make_app((heard, ResourceChanged)).post_json("/v1/batch", [path, f"{path}&end=return 503"])
    assert heard.told == [("create", 1)]


@pytest.mark.parametrize("use_tweens", [False, True])
def test_a_sub_request_that_is_tied_to_no_other_is_told_of(use_tweens: bool) -> None:
    def view(request: Any) -> str:
        request.invoke_subrequest(PyramidRequest.blank(CREATE), use_tweens=use_tweens)
        return ",".join(type(event).__name__ for event in heard)

    heard = Heard()
    app = serve(view, *((heard, event_class) for event_class in CHANGES))
    assert app.get("/v1/x").json == "ResourceChanged,AfterResourceChanged"


@pytest.mark.parametrize(
    ("end", "told"), [("return 200", ["create"]), ("raise 404", []), ("return 500", [])]
)
def test_events_are_sent_where_the_application_lists_other_tweens(
    end: str, told: list[str]
) -> None:
    heard = Heard()
    app = make_app((heard, ResourceChanged), settings=NO_TWEENS)
    app.get(f"{CREATE}&end={end}", status="*")
    assert [action for action, _ in heard.told] == told


def test_a_batch_is_told_of_once_where_the_application_lists_other_tweens() -> None:
    heard = Heard()
    app = make_app((heard, AfterResourceChanged), settings=NO_TWEENS)
    app.post_json("/v1/batch", ["/articles/a?do=create", "/articles/b?do=create"])
    assert heard.told == [("create", 2)]


# What subscribers cause.


class Chain:
    """A subscriber that causes another event each time, *length* times."""

    def __init__(self, length: int) -> None:
        self.length = length
        self.calls = 0

    def __call__(self, event: Any) -> None:
        self.calls += 1
        if self.calls <= self.length:
            note(event.request, "create")


def test_what_subscribers_cause_is_told_in_a_further_round() -> None:  # P9.2
    heard = Heard()
    make_app((Chain(1), ResourceChanged), (heard, ResourceChanged)).get(f"{CREATE}&do=create")
    assert heard.told == [("create", 2), ("create", 1)]


def test_ten_further_rounds_are_announced() -> None:  # P9.2
    chain = Chain(10)
    make_app((chain, ResourceChanged)).get(CREATE)
    assert chain.calls == 11


def test_an_eleventh_further_round_is_a_failure() -> None:  # P9.2
    chain, heard = Chain(11), Heard()
    app = make_app((chain, ResourceChanged), (heard, AfterResourceChanged))
    assert app.get(CREATE, status=500).json["errno"] == 999
    assert (chain.calls, heard) == (11, [])


def test_after_the_commit_the_rounds_are_one_event() -> None:  # P9.2
    heard = Heard()
    make_app((Chain(2), ResourceChanged), (heard, AfterResourceChanged)).get(CREATE)
    assert heard.told == [("create", 3)]


def test_the_timestamp_of_a_further_round_is_that_before_the_first_write() -> None:  # P9.2
    def write(event: Any) -> None:
        if event.payload["action"] == "create":
            event.request.notify_resource_event(data=NEW, action="update", timestamp=9)

    heard = Heard()
    make_app((write, ResourceChanged), (heard, ResourceChanged)).get(CREATE)
    assert [event.payload["timestamp"] for event in heard] == [7, 7]
