"""Exchanges recorded with a server of version 3.1 are answered as they were, save as told here."""

from __future__ import annotations

import copy
import re

import pytest
import webtest

from tests.protocol.ahead import AHEAD, ALICE_ID, Gone, Granted
from tests.protocol.departures import DEPARTURES, LEFT_OUT, RULES
from tests.protocol.recorded import (
    SHARED,
    Comparison,
    Response,
    Translation,
    http_date,
    read_exchanges,
)
from tests.protocol.shareable import SETTINGS as SHAREABLE
from tests.support import make_config

EXCHANGES = read_exchanges()
REPLAYED = [exchange for exchange in EXCHANGES if exchange.id not in LEFT_OUT]
SETTINGS = {
    "cache_backend": "cliquet.cache.memory",
    **SHAREABLE,
    # The recorded server stood behind this limit.
    "max_body_bytes": 262144,
}
#: A timestamp that a request forces on a record.
FORCED = re.compile(r"last_modified(?:=%22|=|\": )(\d+)")
CLASSES = {
    "mushrooms": "mushroom",
    "articles": "article",
    "psilos": "psilo",
    "moistures": "moisture",
}


def make_app():
    """Return the application of the recordings."""
    config = make_config(SETTINGS)
    config.scan("tests.protocol.shareable")
    config.registry.public_settings.add("cliquet.retry_after_seconds")
    config.add_api_capability(
        "attachments",
        description="File attachments",
        url="http://example.com/attachments",
        limits={"max": 3},
    )
    return webtest.TestApp(config.make_wsgi_app(), extra_environ={"HTTP_HOST": "127.0.0.1:8101"})


def send(app, request, translation):
    """Send a recorded request with the values of today, and return the response."""
    for recorded in FORCED.findall(request.path + request.body):
        translation.forced(int(recorded), request)
    body = translation.sent(request.body, request)
    missing = int(request.headers.get("Content-Length", 0)) - len(request.body.encode())
    if missing > 0:
        # The recording shortens a body that is too large, and says how large it was.
        body += body[-1] * missing
    headers = {
        name: translation.sent(text, request)
        for name, text in request.headers.items()
        if name != "Content-Length"
    }
    path, _, query = translation.sent(request.path, request).partition("?")
    sent = webtest.TestRequest.blank(path, method=request.method, headers=headers)
    sent.environ["QUERY_STRING"] = query
    sent.environ.update(app.extra_environ | {"HTTP_HOST": headers.get("Host", "127.0.0.1:8101")})
    sent.body = body.encode()
    response = sent.get_response(app.app)
    assert request.method == "HEAD" or response.content_length in {None, len(response.body)}
    return response


def restore(app, step, request, translation):
    """Do to the storage what a step left out of the recordings did."""
    if isinstance(step, Granted):
        uri = f"/psilos/{translation.sent(step.id, request)}"
        app.app.registry.permission.replace_object_permissions(uri, step.permissions)
        return
    parent_id = "" if request.collection in SHARED else ALICE_ID
    place = {"collection_id": CLASSES[request.collection], "parent_id": parent_id}
    storage = app.app.registry.storage
    if isinstance(step, Gone):
        timestamp = translation.forced(step.last_modified, request)
        record_id = translation.sent(step.id, request)
        storage.delete(**place, object_id=record_id, last_modified=timestamp)
        return
    times = {
        name: translation.forced(step[name], request, name)
        for name in ("stored_on", "last_modified")
        if name in step
    }
    record = {**step, **times, "id": translation.sent(step["id"], request)}
    storage.update(**place, object_id=record["id"], record=record)


def expected_now(exchange, answer):
    """Return the recorded response, changed by the rules and the departure that concern it."""
    expected = copy.deepcopy(exchange.response)
    departure = DEPARTURES.get(exchange.id)
    if departure is not None:
        expected = departure.applied(expected)
    change(exchange.request, expected, answer)
    return expected


def change(request, expected, answer):
    """Change a recorded response, and those inside, by the rules."""
    for rule in RULES:
        rule.apply(request, expected)
    # The date is that of the tag beside it.
    if "etag" in answer.headers and "last-modified" in expected.headers:
        expected.headers["last-modified"] = http_date(answer.headers["etag"])
    if expected.parts:
        for inside in zip(request.parts, expected.parts, answer.parts, strict=False):
            change(*inside)


def answered(response):
    """Return what is compared of a response of today."""
    return Response.read(response.status_code, response.headers.items(), response.text)


@pytest.fixture(scope="module")
def differences():
    """Replay the exchanges in their order; return what differs from the recordings by id."""
    app, translation, found = make_app(), Translation(), {}
    for exchange in REPLAYED:
        for step in AHEAD.get(exchange.id, ()):
            restore(app, step, exchange.request, translation)
        response = send(app, exchange.request, translation)
        answer = answered(response)
        comparison = Comparison(exchange.request, translation)
        comparison.compare(expected_now(exchange, answer), answer)
        found[exchange.id] = comparison.differences
    return found


@pytest.mark.parametrize("exchange_id", [exchange.id for exchange in REPLAYED])
def test_an_exchange_is_answered_as_recorded(differences, exchange_id):  # P1 to P11
    assert differences[exchange_id] == []


def test_every_departure_is_about_an_exchange_and_names_a_clause():  # P11
    ids = {exchange.id for exchange in EXCHANGES}
    assert DEPARTURES.keys() | LEFT_OUT.keys() | AHEAD.keys() <= ids
    assert not DEPARTURES.keys() & LEFT_OUT.keys()
    clauses = [departure.clause for departure in DEPARTURES.values()]
    clauses += [*LEFT_OUT.values(), *(rule.clause for rule in RULES)]
    assert all(clause.startswith(("P", "RFC", "README")) for clause in clauses)


def test_every_departure_changes_what_was_recorded():  # P11
    for exchange in EXCHANGES:
        departure = DEPARTURES.get(exchange.id)
        if departure is not None:
            assert departure.applied(copy.deepcopy(exchange.response)) != exchange.response


def test_every_rule_changes_what_was_recorded():  # P11
    for rule in RULES:
        assert any(rule_changes(rule, exchange) for exchange in REPLAYED), rule.clause


def rule_changes(rule, exchange):
    """Tell whether *rule* changes the response that is expected of an exchange."""
    before = copy.deepcopy(exchange.response)
    if exchange.id in DEPARTURES:
        before = DEPARTURES[exchange.id].applied(before)
    after = copy.deepcopy(before)
    rule.apply(exchange.request, after)
    return after != before
