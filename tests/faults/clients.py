"""Clients: one connection each, and a load of them that remembers what was acknowledged."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Mapping, Sequence
from http.client import HTTPConnection, HTTPException
from threading import Event, Lock, Thread
from typing import Any, NamedTuple
from uuid import uuid4

from tests.support import ALICE

#: Seconds after which a request counts as one that hangs.
PATIENCE_SECONDS = 30

COUNTER = "/counters/00000000-0000-4000-8000-000000000001"


def wait_until(is_so: Callable[[], object], told: Callable[[], object] = lambda: "") -> None:
    """Wait until something is so; a failure says what *told* returns."""
    deadline = time.monotonic() + PATIENCE_SECONDS
    while not is_so():
        assert time.monotonic() < deadline, told()
        time.sleep(0.01)


class NoAnswer(Exception):
    """The connection broke: whether the request was served, nobody knows."""


class Answer(NamedTuple):
    """What a worker said, and after how many seconds."""

    status: int
    body: Any
    headers: Mapping[str, str]
    seconds: float


class Client:
    """A connection to the worker at *port*, kept alive; made anew when it broke."""

    def __init__(self, port: int) -> None:
        self._connection = HTTPConnection("127.0.0.1", port, timeout=PATIENCE_SECONDS)

    def send(self, method: str, path: str, body: Any = None, **headers: str) -> Answer:
        """
        Send a request.

        Args:
            headers: More of them, with ``_`` for ``-``.

        Raises:
            NoAnswer: The connection broke, or could not be made.
        """
        more = {name.replace("_", "-"): text for name, text in headers.items()}
        content = {} if body is None else {"Content-Type": "application/json"}
        text = None if body is None else json.dumps(body)
        begun = time.monotonic()
        try:
            self._connection.request(method, f"/v1{path}", text, {**ALICE, **content, **more})
            response = self._connection.getresponse()
            read = response.read()
        except TimeoutError:
            raise
        except (OSError, HTTPException) as error:
            self._connection.close()
            raise NoAnswer from error
        parsed = json.loads(read) if read else None
        return Answer(response.status, parsed, response.headers, time.monotonic() - begun)

    def __enter__(self) -> Client:
        return self

    def __exit__(self, *error: object) -> None:
        self._connection.close()


class Load:
    """
    Clients that write until the block ends: for each port, two that increment and two that post.

    Attributes:
        created: Ids of the notes whose creation was acknowledged.
        increments: Of the counter, acknowledged.
        doubtful: Increments of which nobody knows: refused, or not answered.
        refusals: Answers other than 2xx and 412.
        seconds: That each answer took.
    """

    def __init__(self, ports: Sequence[int]) -> None:
        self.created: list[str] = []
        self.increments = 0
        self.doubtful = 0
        self.refusals: list[Answer] = []
        self.seconds: list[float] = []
        self.acknowledged = dict.fromkeys(ports, 0)
        self.failures: list[BaseException] = []
        self._lock = Lock()
        self._stop = Event()
        works = [self._post, self._increment] * 2
        self._threads = [
            Thread(target=self._repeat, args=(work, port), daemon=True)
            for port in ports
            for work in works
        ]

    def __enter__(self) -> Load:
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, kind: object, error: BaseException | None, trace: object) -> None:
        self._stop.set()
        for thread in self._threads:
            thread.join(PATIENCE_SECONDS)
        if error is None:
            assert not any(thread.is_alive() for thread in self._threads), "requests hang"
            assert self.failures == []

    def wait_acknowledged(self, count: int, port: int | None = None) -> float:
        """Wait until *count* more writes were acknowledged; return the seconds it took."""
        begun, before = time.monotonic(), self._count(port)
        self._wait(lambda: self._count(port) >= before + count)
        return time.monotonic() - begun

    def wait_refused(self, count: int) -> None:
        """Wait until *count* more requests were refused."""
        before = len(self.refusals)
        self._wait(lambda: len(self.refusals) >= before + count)

    def _count(self, port: int | None) -> int:
        return sum(self.acknowledged.values()) if port is None else self.acknowledged[port]

    def _wait(self, is_so: Callable[[], bool]) -> None:
        wait_until(
            lambda: self.failures or is_so(), lambda: f"{self.acknowledged}, {self.refusals[-3:]}"
        )
        assert self.failures == []

    def _repeat(self, work: Callable[[Client, int], None], port: int) -> None:
        try:
            with Client(port) as client:
                while not self._stop.is_set():
                    work(client, port)
        except BaseException as error:  # noqa: BLE001 - told by the thread of the test.
            self.failures.append(error)

    def _post(self, client: Client, port: int) -> None:
        answer = self._sent(client, "POST", "/notes", {"data": {"mark": uuid4().hex}})
        if answer is not None and answer.status == 201:
            self.created.append(answer.body["data"]["id"])
            self._acknowledge(port)

    def _increment(self, client: Client, port: int) -> None:
        read = self._sent(client, "GET", COUNTER)
        if read is None or read.status not in (200, 404):
            return
        known = {"If_Match": read.headers["ETag"]} if read.status == 200 else {"If_None_Match": "*"}
        value = read.body["data"]["n"] + 1 if read.status == 200 else 1
        answer = self._sent(client, "PUT", COUNTER, {"data": {"n": value}}, **known)
        with self._lock:
            self.increments += answer is not None and answer.status in (200, 201)
            self.doubtful += answer is None or answer.status == 503
        if answer is not None and answer.status in (200, 201):
            self._acknowledge(port)

    def _sent(self, client: Client, *request: Any, **headers: str) -> Answer | None:
        try:
            answer = client.send(*request, **headers)
        except NoAnswer:
            self._stop.wait(0.05)
            return None
        self.seconds.append(answer.seconds)
        if answer.status not in (200, 201, 404, 412):
            self.refusals.append(answer)
            self._stop.wait(0.05)
        return answer

    def _acknowledge(self, port: int) -> None:
        with self._lock:
            self.acknowledged[port] += 1
