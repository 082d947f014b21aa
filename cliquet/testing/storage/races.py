"""Races: writers at one moment, in threads and in processes, and pollers beside them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from threading import Barrier
from typing import Any, ClassVar
from uuid import uuid4

import pytest

from cliquet.query import COMPARISON, Filter
from cliquet.storage import Page
from cliquet.testing.kit import needs
from cliquet.testing.storage.base import GUARDED, StorageTests
from cliquet.testing.storage.capabilities import ATOMIC, LOCKS, PROCESSES
from cliquet.testing.storage.crews import Crew, processes, threads
from cliquet.testing.storage.places import OLDEST_FIRST, Place, Record, fresh
from cliquet.testing.storage.workers import LOG, WRITES_PER_REQUEST


class CrewTests(StorageTests):
    """
    Base of tests that several workers run at once.

    Attributes:
        threads: How many there are in a crew of threads; without any, such crews are left out.
        processes: Likewise, in a crew of processes.
        increments: How often each worker increments.
        rounds: How many races are run for one prize each.
        poll_seconds: How long a poller looks on.
        first_pages: How many new collections are read while they are first written to.
    """

    threads: ClassVar[int] = 8
    processes: ClassVar[int] = 4
    increments: ClassVar[int] = 20
    rounds: ClassVar[int] = 20
    poll_seconds: ClassVar[float] = 1.0
    first_pages: ClassVar[int] = 200

    @pytest.fixture(scope="class")
    @classmethod
    def process_crew(
        cls, initialized_storage: Any, storage_settings: Mapping[str, Any]
    ) -> Iterator[Crew]:
        """Processes that serve the whole class."""
        with processes(cls.processes, storage_settings) as crew:
            yield crew

    @pytest.fixture(params=["threads", "processes"])
    def crew(
        self, request: pytest.FixtureRequest, storage: Any, storage_settings: Mapping[str, Any]
    ) -> Iterator[Crew]:
        """Workers on the storage."""
        if not getattr(self, request.param):
            pytest.skip(f"{request.param} are left out")
        if request.param == "processes":
            self.skip_without(PROCESSES)
            yield request.getfixturevalue("process_crew")
            return
        with threads(self.threads, storage, storage_settings) as crew:
            yield crew

    def places(self, storage: Any, collection_id: str = "note") -> list[Place]:
        """Return places that were never written: what a first write makes is raced for too."""
        return [Place(storage, uuid4().hex, collection_id) for _ in range(self.rounds)]


def _names(places: list[Place]) -> list[tuple[str, str]]:
    return [(place.parent_id, place.collection_id) for place in places]


class RaceTests(CrewTests):
    """Writes of which one is to be done, or all, but nothing in between."""

    @needs(ATOMIC)
    def test_increments_of_what_was_read_are_never_lost(self, storage: Any, crew: Crew) -> None:
        """N increments, each on what was read and again after a lost race, add up to N (P5.6)."""
        place = Place(storage)
        place.add(id="one", n=0)
        crew.run("increment", times=self.increments)
        assert place.get(object_id="one")["n"] == len(crew) * self.increments

    @needs(LOCKS)
    def test_a_collection_that_is_held_keeps_other_writers_out(
        self, storage: Any, crew: Crew
    ) -> None:
        """Who holds it reads and writes as if alone (P5.6)."""
        place = Place(storage)
        place.add(id="one", n=0)
        crew.run("increment_locked", times=self.increments)
        assert place.get(object_id="one")["n"] == len(crew) * self.increments

    @pytest.mark.parametrize("collection_id", ["note", GUARDED])
    @pytest.mark.parametrize(
        "write", ["create an id", "create a value", "put a value", "put what is absent"]
    )
    @needs(ATOMIC)
    def test_of_racing_writes_of_one_thing_one_is_done(
        self, storage: Any, crew: Crew, write: str, collection_id: str
    ) -> None:
        """There is one record of an id or a value, and one writer was told so (P4.10, P5.6)."""
        places = self.places(storage, collection_id)
        done = crew.run("compete", write=write, places=_names(places))
        assert sum(done) == len(places)
        assert [(len(place.all()), place.count()) for place in places] == [(1, 1)] * len(places)

    @needs(ATOMIC)
    def test_of_racing_deletions_one_is_done(self, storage: Any, crew: Crew) -> None:
        """The others find nothing, and the count is right (P4.4, P6.8)."""
        places = self.places(storage)
        for place in places:
            place.add(id="x")
        done = crew.run("compete", write="delete", places=_names(places))
        assert sum(done) == len(places)
        for place in places:
            assert (len(place.all(include_deleted=True)), place.count()) == (1, 0)

    @needs(ATOMIC)
    def test_racing_list_deletions_delete_each_record_once(self, storage: Any, crew: Crew) -> None:
        """What two of them delete is told by one (P4.3)."""
        places = self.places(storage)
        for place in places:
            place.add()
            place.add()
        done = crew.run("delete_lists", places=_names(places))
        assert [sum(counts) for counts in zip(*done, strict=True)] == [2] * len(places)
        assert [place.count() for place in places] == [0] * len(places)

    @needs(ATOMIC)
    def test_racing_replacements_make_one_record(self, storage: Any, crew: Crew) -> None:
        """All are done, one after the other; none inserts a second record (P4.5)."""
        places = self.places(storage)
        done = crew.run("compete", write="put", places=_names(places))
        assert done == [len(places)] * len(crew)
        assert [(len(place.all()), place.count()) for place in places] == [(1, 1)] * len(places)

    @needs(ATOMIC)
    def test_racing_readers_of_a_new_collection_see_one_timestamp(
        self, storage: Any, crew: Crew
    ) -> None:
        """The first of them fixes it (P5.1)."""
        places = self.places(storage)
        seen = crew.run("first_timestamps", places=_names(places))
        assert seen == [[place.timestamp for place in places]] * len(crew)


class PollTests(CrewTests):
    """A client that polls while others write."""

    @pytest.mark.parametrize("task", ["log", "log_by_requests"])
    @needs(ATOMIC)
    def test_a_poller_misses_no_change_and_sees_no_equal_timestamps(
        self, storage: Any, crew: Crew, task: str
    ) -> None:
        """Whatever the order of commits, of one write or several (P5.1, P5.7)."""
        place = Place(storage, collection_id=LOG)
        since = place.timestamp
        seen = _poll(place, since, crew.start(task, seconds=self.poll_seconds))
        written = {(made[0], made[1]) for makes in seen.results for made in makes}
        assert len(written) >= len(crew) * (WRITES_PER_REQUEST if task != "log" else 1)
        # What changed while a page was made may be shown by the next one again.
        shown = {(record["id"], record["last_modified"]) for record in seen.records}
        assert shown == written
        assert len({stamp for _, stamp in shown}) == len(shown)

    @needs(ATOMIC)
    def test_a_copy_kept_by_polling_becomes_what_is_stored(self, storage: Any, crew: Crew) -> None:
        """Whatever is made, replaced and deleted meanwhile (P5.7)."""
        place = Place(storage, collection_id=LOG)
        since = place.timestamp
        seen = _poll(place, since, crew.start("churn", seconds=self.poll_seconds))
        assert min(seen.results) > 0
        copy = {record["id"]: record for record in seen.records}
        stored = place.all(include_deleted=True)
        assert copy == {record["id"]: record for record in stored}
        assert place.count() == sum("deleted" not in record for record in stored)

    @needs(ATOMIC)
    def test_the_first_page_of_a_collection_misses_no_write(self, storage: Any) -> None:
        """Who reads it while it is first written to sees the record, or an older time (P5.7)."""
        places = [fresh(storage, LOG) for _ in range(self.first_pages)]
        barrier = Barrier(2)

        def write(place: Place) -> Record:
            barrier.wait()
            return place.add()

        def read(place: Place) -> Page:
            barrier.wait()
            page: Page = place.get_page(limit=10, sorting=OLDEST_FIRST)
            return page

        with ThreadPoolExecutor(2) as pool:
            for place in places:
                written, page = pool.submit(write, place), pool.submit(read, place)
                record = written.result()
                is_seen = record in page.result().records
                assert is_seen or page.result().timestamp < record["last_modified"]


class _Seen:
    """What a poller saw, and what the writers returned."""

    def __init__(self, records: list[Record], results: list[Any]) -> None:
        self.records = records
        self.results = results


def _poll(place: Place, since: int, writers: list[Future[Any]]) -> _Seen:
    """Poll from *since* on until all writers are done, and once more."""
    records: list[Record] = []
    is_running = True
    while is_running:
        is_running = not all(writer.done() for writer in writers)
        newer = [Filter("last_modified", since, COMPARISON.GT)]
        page = place.get_page(
            limit=10_000, filters=newer, sorting=OLDEST_FIRST, include_deleted=True
        )
        records += page.records
        since = page.records[-1]["last_modified"] if page.more else page.timestamp
        is_running = is_running or page.more
    return _Seen(records, [writer.result() for writer in writers])
