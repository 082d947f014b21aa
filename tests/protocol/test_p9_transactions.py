"""P9 on databases: what subscribers do is part of the transaction, or comes after it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import psycopg2
import pytest
from pyramid import httpexceptions

from cliquet.drivers.databases import _open_scope
from cliquet.events import AfterResourceChanged, ResourceChanged, ResourceRead
from cliquet.permission import Share
from tests.protocol.sharing import ONE_ID, TWO_ID, headers_of, url_of
from tests.protocol.telling import DATABASES, Telling, log, put

ONE, TWO = f"/toadstools/{ONE_ID}", f"/toadstools/{TWO_ID}"
READABLE = Share(frozenset(["system.Everyone"]), frozenset(["read"]), "/psilos/")


@pytest.fixture(params=DATABASES)
def database(request: pytest.FixtureRequest) -> str:
    name: str = request.param
    return name


def told(heard: list[Any]) -> list[tuple[str, str]]:
    """Return the classes of events that were heard of, with the names of their resources."""
    return [(type(event).__name__, event.payload["resource_name"]) for event in heard]


def of_psilos(subscriber: Callable[[Any], Any]) -> Callable[[Any], Any]:
    """Return a subscriber that only hears of what the request itself did."""
    return lambda event: event.payload["resource_name"] == "psilo" and subscriber(event)


# Within the transaction.


def test_what_a_subscriber_writes_is_kept_with_the_request(database: str) -> None:  # P9.1
    app = Telling(database, (log, ResourceChanged))
    app.post()
    assert (app.stored(), app.stored("log")) == (1, 1)


@pytest.mark.parametrize(
    ("error", "status"),
    [
        (httpexceptions.HTTPFound("/elsewhere"), 302),
        (httpexceptions.HTTPForbidden(), 403),
        (httpexceptions.HTTPConflict(), 409),
        (httpexceptions.HTTPServiceUnavailable(), 503),
        (ValueError("wrong"), 500),
    ],
    ids=lambda value: type(value).__name__,
)
def test_the_exception_of_a_subscriber_answers_and_nothing_is_kept(  # P9.1, lesson 10
    database: str, error: Exception, status: int
) -> None:
    def write_and_raise(event: Any) -> None:
        log(event)
        raise error

    heard: list[Any] = []
    app = Telling(
        database, (write_and_raise, ResourceChanged), (heard.append, AfterResourceChanged)
    )
    answer = app.post(status=status)
    assert status == 302 or answer.json["code"] == status
    assert (app.stored(), app.stored("log"), heard) == (0, 0, [])
    assert app.permission.accessible_ids(READABLE) == set()


def test_the_exception_of_a_subscriber_of_reads_undoes_what_it_wrote(database: str) -> None:  # P9.1
    def write_and_raise(event: Any) -> None:
        log(event)
        raise httpexceptions.HTTPConflict

    app = Telling(database, (write_and_raise, ResourceRead))
    app.get(status=409)
    assert app.stored("log") == 0


def test_what_a_subscriber_of_reads_writes_is_kept(database: str) -> None:  # P9.1
    app = Telling(database, (log, ResourceRead))
    app.get()
    assert app.stored("log") == 1


@pytest.mark.parametrize("use_tweens", [False, True])
def test_what_subscribers_cause_is_in_the_transaction_and_announced(  # P9.2
    database: str, use_tweens: bool
) -> None:
    heard: list[Any] = []
    cause = of_psilos(lambda event: put(event, ONE, use_tweens))
    subscriptions = [(heard.append, one) for one in (ResourceChanged, AfterResourceChanged)]
    app = Telling(database, (cause, ResourceChanged), *subscriptions)
    app.post()
    assert (app.stored(), app.stored("toadstool")) == (1, 1)
    assert told(heard) == [
        *(("ResourceChanged", "psilo"), ("ResourceChanged", "toadstool")),
        *(("AfterResourceChanged", "psilo"), ("AfterResourceChanged", "toadstool")),
    ]


@pytest.mark.parametrize("use_tweens", [False, True])
def test_what_subscribers_cause_is_undone_with_the_request(  # P9.1
    database: str, use_tweens: bool
) -> None:
    def cause(event: Any) -> None:
        if event.payload["resource_name"] == "toadstool":
            raise httpexceptions.HTTPConflict
        assert put(event, ONE, use_tweens).status_code == 201

    app = Telling(database, (cause, ResourceChanged))
    app.post(status=409)
    assert (app.stored(), app.stored("toadstool")) == (0, 0)


@pytest.mark.parametrize(("error", "kept"), [(None, 1), (httpexceptions.HTTPConflict(), 0)])
def test_a_request_that_is_tied_to_no_other_is_one_of_its_own(  # P9.1
    error: Exception | None, kept: int
) -> None:
    def ask(event: Any) -> None:
        # SQLite has one writer at a time: it would wait for itself.
        options = {"method": "PUT", "json": {"data": {}}, "headers": headers_of("alice")}
        wanted = type(event.request).blank(f"/v1{ONE}", **options)
        assert event.request.invoke_subrequest(wanted, use_tweens=True).status_code == 201
        if error is not None:
            raise error

    heard: list[Any] = []
    app = Telling(
        "postgresql", (of_psilos(ask), ResourceChanged), (heard.append, AfterResourceChanged)
    )
    app.post(status=201 if kept else 409)
    assert (app.stored("toadstool"), app.stored()) == (1, kept)
    assert len(heard) == 1 + kept


def test_rounds_without_end_are_a_500_and_nothing_is_kept(database: str) -> None:  # P9.2
    rounds: list[Any] = []

    def cause(event: Any) -> None:
        rounds.append(put(event, ONE, n=len(rounds)))

    app = Telling(database, (cause, ResourceChanged))
    assert app.post(status=500).json["errno"] == 999
    assert len(rounds) == 11
    assert (app.stored(), app.stored("toadstool")) == (0, 0)


def test_users_with_records_of_their_own_are_events_of_their_own(database: str) -> None:  # P11.7
    heard: list[Any] = []

    def cause(event: Any) -> None:
        heard.append(event)
        for record_id, user in ((ONE_ID, "alice"), (TWO_ID, "bob"), (TWO_ID, "alice")):
            if event.payload["resource_name"] == "psilo":
                put(event, f"/notes/{record_id}", user=user)

    Telling(database, (cause, ResourceChanged)).post()
    assert [len(event.impacted_records) for event in heard] == [1, 2, 1]
    assert len({event.payload["user_id"] for event in heard[1:]}) == 2


# After the commit.


def test_after_the_commit_others_see_what_is_told(database: str) -> None:  # P9.1
    seen: list[int] = []

    def look(event: Any) -> None:
        seen.append(app.stored())

    app = Telling(database, (look, ResourceChanged), (look, AfterResourceChanged))
    app.post()
    assert seen == [0, 1]


def test_a_failure_after_the_commit_is_logged_and_changes_nothing(  # P9.1
    database: str, caplog: pytest.LogCaptureFixture
) -> None:
    def fail(event: Any) -> None:
        raise httpexceptions.HTTPConflict("too late")

    heard: list[Any] = []
    app = Telling(database, (fail, AfterResourceChanged), (heard.append, AfterResourceChanged))
    app.post(status=201)
    assert (app.stored(), len(heard)) == (1, 1)
    assert [one for one in caplog.messages if "AfterResourceChanged" in one and "too late" in one]


def test_what_is_written_after_the_commit_is_kept_whatever_follows(database: str) -> None:
    def write_and_fail(event: Any) -> None:
        log(event)
        raise ValueError

    app = Telling(database, (write_and_fail, AfterResourceChanged))
    app.post()
    assert (app.stored(), app.stored("log")) == (1, 1)


def test_a_request_made_after_the_commit_is_one_of_its_own(database: str) -> None:  # P9.1
    def refuse(event: Any) -> None:
        heard.append(event)
        if event.payload["uri"] == TWO:
            log(event)
            raise httpexceptions.HTTPConflict

    heard: list[Any] = []
    answers: list[int] = []
    ask = of_psilos(
        lambda event: answers.extend(put(event, one, True).status_code for one in (ONE, TWO))
    )
    app = Telling(database, (refuse, ResourceChanged), (ask, AfterResourceChanged))
    app.post()
    assert answers == [201, 409]
    assert (app.stored("toadstool"), app.stored("log")) == (1, 0)
    assert [event.payload["uri"] for event in heard] == ["/psilos", ONE, TWO]


# Commits that fail.


def doomed(event: Any) -> None:
    """Say that the transaction is not to be committed, and nothing else."""
    event.request.tm.doom()


def refused_by_another(event: Any) -> None:
    """Let another part of the transaction refuse the commit."""

    class Refusing:
        transaction_manager = None

        def sortKey(self) -> str:  # noqa: N802
            return "~"

        def tpc_vote(self, transaction: Any) -> None:
            raise ValueError("refused")

        def _nothing(self, transaction: Any) -> None: ...

        abort = tpc_begin = commit = tpc_finish = tpc_abort = _nothing

    event.request.tm.get().join(Refusing())


def connection_lost(event: Any) -> None:
    """Take the connection away from the transaction."""
    storage = event.request.registry.storage
    scope = _open_scope()
    assert scope is not None
    writer = scope.writer_of(storage._database)
    assert writer is not None
    connection = writer._connection.driver_connection
    if isinstance(connection, psycopg2.extensions.connection):
        with psycopg2.connect(url_of("postgresql")) as other, other.cursor() as cursor:
            cursor.execute("SELECT pg_terminate_backend(%s)", (connection.info.backend_pid,))
    else:
        connection.close()


@pytest.mark.parametrize(
    ("break_commit", "status"),
    [(doomed, 201), (refused_by_another, 500), (connection_lost, 503)],
)
def test_nothing_is_told_when_the_commit_fails(  # P9.1
    database: str, break_commit: Callable[[Any], None], status: int
) -> None:
    heard: list[Any] = []
    app = Telling(database, (break_commit, ResourceChanged), (heard.append, AfterResourceChanged))
    app.post(status=status)
    assert (app.stored(), heard) == (0, [])


@contextmanager
def late_constraint() -> Iterator[None]:
    """Let PostgreSQL refuse each new record, at the commit."""
    connection = psycopg2.connect(url_of("postgresql"))
    connection.autocommit = True
    cursor = connection.cursor()
    cursor.execute(
        "CREATE CONSTRAINT TRIGGER late AFTER INSERT ON records INITIALLY DEFERRED"
        " FOR EACH ROW EXECUTE FUNCTION suppress_redundant_updates_trigger()"
    )
    try:
        yield
    finally:
        cursor.execute("DROP TRIGGER late ON records")
        connection.close()


def test_nothing_is_told_when_a_constraint_fails_at_the_commit() -> None:  # P9.1
    heard: list[Any] = []
    app = Telling("postgresql", (log, ResourceChanged), (heard.append, AfterResourceChanged))
    with late_constraint():
        app.post(status=503)
    assert (app.stored(), app.stored("log"), heard) == (0, 0, [])
