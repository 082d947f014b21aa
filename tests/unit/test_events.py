"""Events: what they say, how they are merged, who hears of them."""

from __future__ import annotations

import gc
import weakref
from typing import Any

import pytest
import webtest
from pyramid.events import NewResponse

from cliquet import events
from cliquet.events import (
    ACTIONS,
    AfterResourceChanged,
    AfterResourceRead,
    ResourceChanged,
    ResourceRead,
)
from tests.unit.events_app import NEW, OLD, TOMBSTONE, Heard, make_app, make_config, serve

ALICE = {"X-User": "basicauth:alice"}


def heard_of(url: str, event_class: type = ResourceChanged, **kwargs: Any) -> Heard:
    """Return what a subscriber to *event_class* hears of a request for *url*."""
    heard = Heard()
    make_app((heard, event_class)).get(url, **kwargs)
    return heard


def heard_of_batch(*paths: str, event_class: type = ResourceChanged) -> Heard:
    """Return what a subscriber to *event_class* hears of a batch of requests for *paths*."""
    heard = Heard()
    make_app((heard, event_class)).post_json("/v1/batch", list(paths))
    return heard


# The names of actions.


def test_names_become_actions_in_their_order() -> None:
    actions = ACTIONS.from_string_list(["read", "create", ACTIONS.DELETE])
    assert actions == (ACTIONS.READ, ACTIONS.CREATE, ACTIONS.DELETE)


def test_the_name_of_no_action_is_refused_by_name() -> None:
    with pytest.raises(ValueError, match=r"'destroy'.*create, delete, read, update"):
        ACTIONS.from_string_list(["create", "destroy"])


# What events say of records.


@pytest.mark.parametrize(
    ("what", "impacted"),
    [
        ("create", [{"new": NEW}]),
        ("update", [{"new": NEW, "old": OLD}]),
        ("delete", [{"old": TOMBSTONE, "previous": OLD}]),
        (
            "delete_list",
            [{"old": TOMBSTONE, "previous": OLD}, {"old": TOMBSTONE, "previous": NEW}],
        ),
        ("delete_blind", [{"old": TOMBSTONE}, {"old": TOMBSTONE}]),
    ],
)
@pytest.mark.parametrize("event_class", [ResourceChanged, AfterResourceChanged])
def test_each_change_says_what_records_are_and_were(  # P9.2
    what: str, impacted: list[Any], event_class: type
) -> None:
    (event,) = heard_of(f"/v1/articles/a?do={what}", event_class)
    assert event.impacted_records == impacted


@pytest.mark.parametrize(
    ("what", "records"), [("read", [NEW]), ("read_list", [NEW, OLD]), ("read_none", [])]
)
@pytest.mark.parametrize("event_class", [ResourceRead, AfterResourceRead])
def test_reads_say_which_records_were_read(  # P9.2
    what: str, records: list[Any], event_class: type
) -> None:
    (event,) = heard_of(f"/v1/articles?do={what}", event_class)
    assert event.read_records == records


def test_deleting_no_record_is_no_change() -> None:
    assert heard_of("/v1/articles?do=delete_none") == []


def test_as_many_old_records_as_new_ones_must_be_given() -> None:
    def view(request: Any) -> None:
        with pytest.raises(ValueError, match="1 records, but 0 old ones"):
            request.notify_resource_event(data=[TOMBSTONE], old=[], action="delete")

    serve(view).get("/v1/x")


def test_changing_a_list_after_it_was_noted_changes_no_event() -> None:
    heard, tombstones = Heard(), [TOMBSTONE]

    def view(request: Any) -> Any:
        request.notify_resource_event(data=tombstones, old=[OLD], action=ACTIONS.DELETE)
        tombstones.clear()
        return request.response

    serve(view, (heard, ResourceChanged)).get("/v1/x")
    assert heard[0].impacted_records == [{"old": TOMBSTONE, "previous": OLD}]


# What events say of the request.


def test_the_payload_has_the_keys_of_the_protocol() -> None:  # P9.2
    (event,) = heard_of("/v1/articles/b/pages/a?do=create", headers=ALICE)
    assert event.payload == {
        "timestamp": 7,
        "action": "create",
        "uri": "/articles/b/pages/a",
        "user_id": "basicauth:alice",
        "resource_name": "page",
        "page_id": "a",
        "article_id": "b",
        "id": "a",
    }


def test_the_user_of_an_anonymous_request_is_none() -> None:  # P9.2
    (event,) = heard_of("/v1/articles/a?do=create")
    assert event.payload["user_id"] is None


def test_the_id_of_a_record_made_in_a_collection_is_told() -> None:  # P9.2
    (event,) = heard_of("/v1/articles?do=create")
    assert event.payload["article_id"] == NEW["id"]


def test_an_id_in_the_url_of_a_collection_is_not_that_of_its_records() -> None:  # P9.2
    (event,) = heard_of("/v1/articles/b/pages?do=delete_list")
    assert "page_id" not in event.payload
    assert event.payload["id"] == "b"


def test_a_placeholder_in_the_url_does_not_hide_a_key_of_the_protocol() -> None:  # P9.2
    (event,) = heard_of("/v1/odd/x/y/a?do=create")
    assert (event.payload["action"], event.payload["uri"]) == ("create", "/odd/x/y/a")


def test_a_resource_name_that_was_assigned_is_told() -> None:
    def rename(request: Any) -> Any:
        request.current_resource_name = "bucket"
        request.notify_resource_event(data=NEW, action="create")
        return request.response

    heard = Heard()
    serve(rename, (heard, ResourceChanged)).get("/v1/x")
    assert heard[0].payload["bucket_id"] == "a"


def test_without_resource_name_no_id_is_told() -> None:
    def nameless(request: Any) -> Any:
        request.current_resource_name = None
        request.notify_resource_event(data=NEW, action="create")
        return request.response

    heard = Heard()
    serve(nameless, (heard, ResourceChanged)).get("/v1/x")
    assert [key for key in heard[0].payload if key.endswith("_id")] == ["user_id"]


# How they are merged.


def test_changes_of_one_kind_are_one_event() -> None:  # P9.2
    heard = heard_of_batch("/articles/a?do=create&do=update", "/articles/b?do=create")
    assert heard.told == [("create", 2), ("update", 1)]


def test_the_payload_is_that_of_the_first_request() -> None:  # P9.2
    (event,) = heard_of_batch("/articles/a?do=create", "/articles/b?do=create")
    assert event.payload["uri"] == event.request.path.removeprefix("/v1") == "/articles/a"


def test_the_timestamp_is_that_before_the_first_write() -> None:  # P9.2
    heard = heard_of_batch("/articles/a?do=create&at=7", "/articles/a?do=update&at=9")
    assert [event.payload["timestamp"] for event in heard] == [7, 7]


def test_a_read_has_its_own_timestamp_where_nothing_is_written() -> None:  # P9.2
    (event,) = heard_of("/v1/articles/a?do=read&at=6", ResourceRead)
    assert event.payload["timestamp"] == 6


def test_the_timestamp_of_a_read_is_not_that_of_a_write() -> None:  # P9.2
    (event,) = heard_of_batch("/articles/a?do=read&at=6", "/articles/a?do=create&at=8")
    assert event.payload["timestamp"] == 8


def test_events_of_resources_are_kept_apart() -> None:  # P9.2
    heard = heard_of_batch("/articles/a?do=create", "/articles/a/pages/b?do=create")
    assert [event.payload["resource_name"] for event in heard] == ["article", "page"]


def test_events_of_parents_are_kept_apart() -> None:  # P11.7
    heard = Heard()

    def view(request: Any) -> Any:
        for parent in ("alice", "bob", "alice"):
            request.notify_resource_event(data=NEW, action="create", parent_id=parent)
        return request.response

    serve(view, (heard, ResourceChanged)).get("/v1/x")
    assert heard.told == [("create", 2), ("create", 1)]


def test_the_merged_events_of_a_request_can_be_asked_for() -> None:
    found: list[Any] = []

    def ask(event: NewResponse) -> None:
        for after_commit in (False, True):
            found.extend(event.request.get_resource_events(after_commit=after_commit))

    make_app((ask, NewResponse)).get("/v1/articles/a?do=create&do=create")
    assert [type(event) for event in found] == [ResourceChanged, AfterResourceChanged]
    assert [len(event.impacted_records) for event in found] == [2, 2]


# Who hears of them.


@pytest.mark.parametrize(
    ("wanted", "told"),
    [
        ((ACTIONS.DELETE,), ["delete"]),
        (ACTIONS.UPDATE, ["update"]),
        (("create", "update"), ["create", "update"]),
    ],
)
def test_a_subscriber_may_want_some_actions(wanted: Any, told: list[str]) -> None:  # P9.3
    heard, config = Heard(), make_config()
    config.add_subscriber(heard, ResourceChanged, for_actions=wanted)
    app = webtest.TestApp(config.make_wsgi_app())
    app.get("/v1/articles/a?do=create&do=update&do=delete")
    assert [action for action, _ in heard.told] == told


@pytest.mark.parametrize("wanted", ["page", ("page",), ["page", "book"]])
def test_a_subscriber_may_want_some_resources(wanted: Any) -> None:  # P9.3
    heard, config = Heard(), make_config()
    config.add_subscriber(heard, ResourceChanged, for_resources=wanted)
    app = webtest.TestApp(config.make_wsgi_app())
    app.post_json("/v1/batch", ["/articles/a?do=create", "/articles/a/pages/b?do=create"])
    assert [event.payload["resource_name"] for event in heard] == ["page"]


def test_a_subscriber_to_an_unknown_action_fails_at_start_up() -> None:  # P9.3
    config = make_config()
    config.add_subscriber(Heard(), ResourceChanged, for_actions=("destroy",))
    with pytest.raises(Exception, match="Unknown action 'destroy'"):
        config.make_wsgi_app()


class Weak(dict[str, Any]):
    """A record that tells when nobody keeps it any more."""


@pytest.mark.parametrize(("is_subscribed", "is_kept"), [(False, False), (True, True)])
def test_records_that_were_read_are_kept_only_for_a_subscriber(
    is_subscribed: bool, is_kept: bool
) -> None:
    def view(request: Any) -> Any:
        record = Weak(NEW)
        request.notify_resource_event(data=[record], action="read")
        reference = weakref.ref(record)
        del record
        gc.collect()
        return reference() is not None

    subscriptions = [(Heard(), ResourceRead)] if is_subscribed else []
    assert serve(view, *subscriptions).get("/v1/x").json is is_kept


@pytest.mark.parametrize(
    ("event_class", "read", "create"),
    [
        (ResourceRead, True, False),
        (AfterResourceRead, True, False),
        (ResourceChanged, False, True),
        (AfterResourceChanged, False, True),
        (NewResponse, False, False),
    ],
)
def test_it_is_known_whether_anybody_subscribes(
    event_class: type, read: bool, create: bool
) -> None:
    registry = make_app((Heard(), event_class)).app.registry
    assert events.has_subscribers(registry, ACTIONS.READ) is read
    assert events.has_subscribers(registry, ACTIONS.CREATE) is create


def test_a_subscriber_that_comes_later_is_heard_of() -> None:
    heard, config = Heard(), make_config()
    app = webtest.TestApp(config.make_wsgi_app())
    app.get("/v1/articles?do=read")
    config.add_subscriber(heard, ResourceRead)
    config.commit()
    app.get("/v1/articles?do=read")
    assert heard.told == [("read", 1)]
