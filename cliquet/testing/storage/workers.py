"""What the workers of a crew do, in threads of the test run or in processes of their own."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Mapping
from typing import Any
from uuid import uuid4

from cliquet.storage import ABSENT
from cliquet.storage.exceptions import ModifiedError, RecordNotFoundError, UnicityError
from cliquet.testing.storage.application import Application
from cliquet.testing.storage.places import Place

#: Where pollers look.
LOG = "log"

#: How many records a request logs.
WRITES_PER_REQUEST = 3


class Worker:
    """One worker of a crew, with a storage and the settings that it was made from."""

    def __init__(self, storage: Any, settings: Mapping[str, Any]) -> None:
        self.storage = storage
        self.settings = settings

    def do(self, task: str, arguments: Mapping[str, Any]) -> Any:
        """Do a task of :data:`TASKS`, and return what it returns: a JSON value."""
        return TASKS[task](self, **arguments)


def increment(worker: Worker, times: int) -> int:
    """Add to a field, each time on what was read; read again after a lost race."""
    place, done = Place(worker.storage), 0
    while done < times:
        seen = place.get(object_id="one")
        expected, record = seen["last_modified"], {"n": seen["n"] + 1}
        try:
            place.update(object_id="one", record=record, expected=expected)
            done += 1
        except ModifiedError:
            continue
    return done


def increment_locked(worker: Worker, times: int) -> int:
    """Add to a field while the collection is held, for long enough to be disturbed."""
    place = Place(worker.storage)
    for _ in range(times):
        with place.locked():
            seen = place.get(object_id="one")["n"]
            time.sleep(0.001)
            place.put("one", n=seen + 1)
    return times


def compete(worker: Worker, write: str, places: Iterable[tuple[str, str]]) -> int:
    """Do one write of :data:`WRITES` in each place, and return how often it was done."""
    done = 0
    for parent_id, collection_id in places:
        try:
            WRITES[write](Place(worker.storage, parent_id, collection_id))
            done += 1
        except (ModifiedError, RecordNotFoundError, UnicityError):
            continue
    return done


def first_timestamps(worker: Worker, places: Iterable[tuple[str, str]]) -> list[int]:
    """Read the timestamp of each place."""
    return [Place(worker.storage, *names).timestamp for names in places]


def delete_lists(worker: Worker, places: Iterable[tuple[str, str]]) -> list[int]:
    """Delete all that each place holds, and return how many records that were."""
    return [len(Place(worker.storage, *names).delete_all()) for names in places]


def log(worker: Worker, seconds: float) -> list[tuple[str, int]]:
    """Create records for some time, and return the id and timestamp of each."""
    place = Place(worker.storage, collection_id=LOG)
    made: list[tuple[str, int]] = []
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        record = place.add(n=len(made))
        made.append((record["id"], record["last_modified"]))
    return made


def log_by_requests(worker: Worker, seconds: float) -> list[tuple[str, int]]:
    """Likewise, by requests that create several records each."""
    place = Place(worker.storage, collection_id=LOG)
    made: list[tuple[str, int]] = []

    def log_more(event: Any) -> None:
        records = [place.add(n=n) for n in range(WRITES_PER_REQUEST)]
        made.extend((record["id"], record["last_modified"]) for record in records)

    # Users of their own: their entries are in other collections, and nobody waits for another.
    app = Application(worker.settings, worker.storage, log_more, user=uuid4().hex)
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        app.post()
    return made


def churn(worker: Worker, seconds: float) -> int:
    """Create, replace and delete few records for some time, and return how many writes."""
    place, count = Place(worker.storage, collection_id=LOG), 0
    own = place.add()["id"]
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        record_id = str(count * 7 % 5)
        try:
            if count % 3:
                place.put(record_id, n=count)
            else:
                place.delete(object_id=record_id)
        except RecordNotFoundError:
            pass
        count += 1
    # Whatever became of the others, one was made and deleted.
    place.delete(object_id=own)
    return count


#: Writes of which one is to be done, when several workers do them at once.
WRITES: dict[str, Callable[[Place], Any]] = {
    "create an id": lambda place: place.add(id="x"),
    "create a value": lambda place: place.create(record={"u": "x"}, unique_fields=["u"]),
    "put a value": lambda place: place.update(
        object_id=uuid4().hex, record={"u": "x"}, unique_fields=["u"]
    ),
    "put what is absent": lambda place: place.update(object_id="x", record={}, expected=ABSENT),
    "delete": lambda place: place.delete(object_id="x"),
    "put": lambda place: place.put("x"),
}

#: What a crew can be asked for.
TASKS: dict[str, Callable[..., Any]] = {
    task.__name__: task
    for task in (
        increment,
        increment_locked,
        compete,
        first_timestamps,
        delete_lists,
        log,
        log_by_requests,
        churn,
    )
}
