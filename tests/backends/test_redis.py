"""Redis: round trips, costs, keys, unique fields, locks. Needs a real server."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from typing import Any

import pytest
import redis
import webtest

from cliquet.drivers import redis as driver
from cliquet.query import COMPARISON, Filter, Sort, page_after
from cliquet.storage.exceptions import BackendError, UnicityError
from cliquet.storage.redis import Storage, lists
from cliquet.storage.redis.keys import Place as Key
from cliquet.testing.servers.process import wait_for
from tests.backends.conftest import Notes
from tests.backends.redisstorage import storage_at
from tests.support import ALICE, make_config, run_together

NEWEST_FIRST = [Sort("last_modified", -1), Sort("id", -1)]


@pytest.fixture
def storage(cliquet_redis: str) -> Storage:
    storage = storage_at(cliquet_redis)
    storage.flush()
    return storage


@pytest.fixture
def client(cliquet_redis: str) -> Iterator[redis.Redis]:
    with redis.Redis.from_url(cliquet_redis) as client:
        yield client


@pytest.fixture
def sent(monkeypatch: pytest.MonkeyPatch) -> list[tuple[Any, ...]]:
    """What travels to the server: a command a round trip."""
    commands: list[tuple[Any, ...]] = []
    execute = driver._Node.execute

    def counting(self: Any, *command: Any) -> Any:
        commands.append(command)
        return execute(self, *command)

    monkeypatch.setattr(driver._Node, "execute", counting)
    return commands


# Round trips.


@pytest.fixture
def app(cliquet_redis: str, storage: Storage) -> webtest.TestApp:
    settings = {"storage_backend": "cliquet.storage.redis", "storage_url": cliquet_redis}
    app = webtest.TestApp(make_config(settings).make_wsgi_app())
    app.extra_environ["HTTP_AUTHORIZATION"] = ALICE["Authorization"]
    return app


def test_requests_cost_a_round_trip_for_what_they_read_and_one_for_what_they_write(app, sent):
    def post(number: int) -> str:
        body = {"data": {"title": "x", "url": f"http://{number}.example/"}}
        return f"/v1/articles/{app.post_json('/v1/articles', body).json['data']['id']}"

    path = post(1)
    costs = {
        1: [
            lambda: post(2),
            lambda: app.get(path),
            lambda: app.get("/v1/articles"),
            lambda: app.get("/v1/articles?_since=12&_limit=1"),
        ],
        2: [
            lambda: app.put_json(path, {"data": {"title": "y"}}),
            lambda: app.patch_json(path, {"data": {"title": "z"}}),
            lambda: app.delete(path),
            lambda: app.delete("/v1/articles"),
        ],
    }
    for trips, requests in costs.items():
        for request in requests:
            sent.clear()
            request()
            # EVAL: the first time that this server sees a script.
            assert len([command for command in sent if command[0] != "EVAL"]) == trips


def test_a_script_that_the_server_forgot_is_sent_again(storage, client, sent):
    record = Notes(storage).add(n=1)
    client.script_flush()
    sent.clear()
    assert Notes(storage).put(record["id"], n=2)["n"] == 2
    assert [command[0] for command in sent] == ["EVALSHA", "EVAL"]


# Costs, in commands of the server: scripts cannot hide what they run.


@pytest.fixture(scope="module")
def sizes(cliquet_redis: str) -> list[Notes]:
    """Return a collection of 500 records and one of 20,000, of which half share a time."""
    made = []
    for size in (500, 20_000):
        notes = Notes(storage_at(cliquet_redis), parent_id=f"of {size}")
        notes.create(record={"id": "first", "u": "first"}, unique_fields=["u"])

        def fill(number: int, notes: Notes = notes, size: int = size) -> None:
            for place in range(number, size, 8):
                forced = {} if place % 2 else {"last_modified": 12}
                notes.create(record={"id": f"{place:06}", "u": place, **forced})

        run_together(fill)
        made.append(notes)
    return made


def middle_page(notes: Notes) -> Any:
    half = {"last_modified": 12, "id": f"{notes.count(limit=1) // 2:06}"}
    rules = page_after(NEWEST_FIRST, half, ["last_modified", "id"])
    return notes.get_page(limit=10, sorting=NEWEST_FIRST, pagination_rules=rules)


def poll(notes: Notes) -> Any:
    since = [Filter("last_modified", notes.timestamp - 3, COMPARISON.GT)]
    return notes.get_page(limit=100, filters=since, sorting=NEWEST_FIRST, include_deleted=True)


CHEAP: dict[str, Callable[[Notes], Any]] = {
    "the first page": lambda notes: notes.get_page(limit=10, sorting=NEWEST_FIRST),
    "a page in the middle of one time": middle_page,
    "a poll": poll,
    "the version": lambda notes: notes.get_page(limit=10, known=notes.timestamp),
    "records by id": lambda notes: notes.all(filters=[Filter("id", ["000001"], COMPARISON.IN)]),
    "a creation": lambda notes: notes.create(record={"u": "x"}, unique_fields=["u"]),
    "an update": lambda notes: notes.update(object_id="000001", record={}, unique_fields=["u"]),
    "a deletion": lambda notes: notes.delete(object_id="000003"),
}


@pytest.mark.slow
@pytest.mark.parametrize("action", CHEAP.values(), ids=CHEAP)
def test_the_cost_does_not_grow_with_the_collection(sizes, client, action):  # P6.6
    costs = []
    for notes in sizes:
        client.config_resetstat()
        action(notes)
        stats = client.info("commandstats")
        costs.append(sum(stat["calls"] for stat in stats.values()))
    small, large = costs
    # Each of both ends of a stretch is found by a search that halves.
    assert large <= small + 2 * 6


# Keys.


def test_keys_of_a_collection_are_in_one_slot_of_a_cluster(client):
    names = ["{", "}", "{}", "a{b}c", "/", "", "é", "*", "basicauth:alice"]
    for place in (Key(one, other) for one in names for other in names):
        tags = {key.partition("{")[2].partition("}")[0] for key in place.keys}
        assert len(tags) == 1
        assert Key.of_key(place.keys[0].encode()) == place


def test_flush_leaves_the_keys_of_others(storage, client):
    client.set("other", "x")
    client.set("cliquet:cache:x", "x")
    notes = Notes(storage)
    notes.create(record={"u": 1}, unique_fields=["u"])
    notes.bury(u=2)
    storage.flush()
    assert client.keys("cliquet:storage:{*") == []
    assert client.delete("other", "cliquet:cache:x") == 2


def test_tombstones_of_all_collections_are_purged_in_portions(storage):  # P4.11
    for parent_id in ("alice", "bob"):
        for collection_id in ("note", "other"):
            notes = Notes(storage, parent_id, collection_id)
            notes.add(id="kept")
            for _ in range(3):
                notes.bury()
    assert list(storage.purge_tombstones(2**53, "note", batch=2)) == [2, 1] * 2
    assert list(storage.purge_tombstones(notes.timestamp + 1)) == [3, 3]
    assert Notes(storage).all(include_deleted=True) == [Notes(storage).get(object_id="kept")]


# Unique fields.


def test_a_field_declared_later_is_indexed_while_others_write(storage, cliquet_redis):  # P4.10
    notes = Notes(storage)
    for number in range(3 * lists.PORTION):
        notes.add(id=str(number), u=number)
    stop = threading.Event()

    def declare(number: int) -> None:
        mine = Notes(storage_at(cliquet_redis))
        for value in range(number, 3 * lists.PORTION, 50):
            with pytest.raises(UnicityError):
                mine.create(record={"u": value}, unique_fields=["u"])

    def work(number: int) -> None:
        try:
            while not number and not stop.is_set():
                for value in range(0, 3 * lists.PORTION, 7):
                    notes.put(str(value), u=value, again=True)
            if number:
                declare(number)
        finally:
            stop.set()

    run_together(work, 4)
    assert notes.count() == 3 * lists.PORTION


def test_fields_that_others_declare_are_learned(cliquet_redis, storage):  # P4.10
    one, other = Notes(storage), Notes(storage_at(cliquet_redis, pool_size=3))
    one.create(record={"a": 1, "b": 1}, unique_fields=["a"])
    other.create(record={"a": 2, "b": 2}, unique_fields=["b"])
    one.add(a=3, b=3)
    for notes in (one, other):
        for field in ("a", "b"):
            with pytest.raises(UnicityError):
                notes.create(record={field: 3}, unique_fields=["a", "b"])


# Snapshots.


def test_a_list_read_in_portions_is_of_one_moment(storage, monkeypatch):  # P6.8
    monkeypatch.setattr(lists, "_ATTEMPTS", (7, 7, 2**53))
    notes = Notes(storage)
    for number in range(50):
        notes.add(id=str(number), n=0)
    stop = threading.Event()

    def work(number: int) -> None:
        while number and not stop.is_set():
            for record_id in range(50):
                notes.put(str(record_id), n=number)
        try:
            for _ in range(0 if number else 50):
                found, total = notes.get_all(filters=[Filter("n", -1, COMPARISON.NOT)])
                assert len({record["id"] for record in found}) == len(found) == total == 50
        finally:
            stop.set()

    run_together(work, 2)


def test_a_list_deletion_spares_what_changed_after_it_was_found(storage, monkeypatch):  # P5.6
    notes = Notes(storage)
    notes.add(id="a")
    notes.add(id="b")
    read = lists.Reader.read

    def overtaken(*arguments: Any, **more: Any) -> Any:
        monkeypatch.setattr(lists.Reader, "read", read)
        found = read(*arguments, **more)
        notes.put("a", kept=True)
        return found

    monkeypatch.setattr(lists.Reader, "read", overtaken)
    gone = notes.delete_all(filters=[Filter("kept", False, COMPARISON.HAS)])
    assert [record["id"] for record in gone] == ["b"]


def test_a_list_deletion_that_loses_its_races_locks_the_others_out(storage):  # P4.3
    notes = Notes(storage)
    for number in range(300):
        notes.add(id=str(number))
    stop = threading.Event()

    def work(number: int) -> int:
        while number and not stop.is_set():
            notes.put("busy", kept=True)
        if number:
            return 0
        try:
            return len(notes.delete_all(filters=[Filter("kept", True, COMPARISON.NOT)]))
        finally:
            stop.set()

    assert sum(run_together(work, 4)) == 300
    assert [record["id"] for record in notes.all()] == ["busy"]


# Locks.


def commands(client: redis.Redis, name: str) -> int:
    """Return how often the server ran a command since it last forgot."""
    calls: int = client.info("commandstats").get(f"cmdstat_{name}", {}).get("calls", 0)
    return calls


def test_who_locks_a_collection_is_its_only_writer(storage, client):
    notes = Notes(storage)
    with notes.locked():
        notes.add(id="abc")
        writer = threading.Thread(target=lambda: notes.put("abc", later=True))
        writer.start()
        client.config_resetstat()
        # It has been refused twice: it is waiting.
        wait_for(lambda: commands(client, "evalsha") > 1, lambda: "nobody waits")
        assert "later" not in notes.put("abc")
    writer.join(10)
    assert notes.get(object_id="abc")["later"] is True


def test_a_lock_that_is_held_for_too_long_is_a_failure(storage, client):
    key = Key("note", "alice").keys[-1]
    client.set(key, "somebody")
    with pytest.raises(BackendError, match="locked"):
        Notes(storage).add()
    with pytest.raises(BackendError, match="locked"), Notes(storage).locked():
        pass
    client.delete(key)
    assert Notes(storage).all() == []


def test_a_lock_that_is_never_given_back_expires(storage, client):
    with Notes(storage).locked():
        assert 0 < client.pttl(Key("note", "alice").keys[-1]) <= 500
