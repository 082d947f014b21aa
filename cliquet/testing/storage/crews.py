"""Crews: workers that begin a task at one moment, in threads or in processes of their own."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from threading import Barrier
from typing import Any

from cliquet.testing.storage.workers import Worker

#: Seconds that a worker has to begin, and a process to end.
TIMEOUT_SECONDS = 60

Member = Callable[[str, Mapping[str, Any]], Any]


class Crew:
    """
    Workers that do the same task at the same time.

    Args:
        members: Called with the name of a task and its arguments, each in a thread of its own.
        pool: Has a thread for each.
    """

    def __init__(self, members: list[Member], pool: ThreadPoolExecutor) -> None:
        self._members = members
        self._pool = pool

    def __len__(self) -> int:
        return len(self._members)

    def start(self, task: str, **arguments: Any) -> list[Future[Any]]:
        """Let all begin *task*, when all are ready to."""
        start = Barrier(len(self))

        def begin(member: Member) -> Any:
            start.wait(TIMEOUT_SECONDS)
            return member(task, arguments)

        return [self._pool.submit(begin, member) for member in self._members]

    def run(self, task: str, **arguments: Any) -> list[Any]:
        """Let all do *task*, and return what each returned."""
        return [future.result() for future in self.start(task, **arguments)]


class Process:
    """A worker in a process of its own."""

    def __init__(self, settings: Mapping[str, Any]) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-m", "cliquet.testing.storage.serving"],
            # What can be imported here can be imported there.
            env={**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        self._tell(settings)

    def do(self, task: str, arguments: Mapping[str, Any]) -> Any:
        """Let the process do a task, and return its result."""
        self._tell([task, arguments])
        assert self._process.stdout is not None
        line = self._process.stdout.readline()
        answer = json.loads(line) if line else {"error": "the process of the worker has ended"}
        assert "error" not in answer, answer["error"]
        return answer["result"]

    def dismiss(self) -> None:
        """Let the process end: it gets nothing more to do."""
        assert self._process.stdin is not None
        self._process.stdin.close()

    def wait(self) -> None:
        """Wait until the process has ended."""
        with self._process:
            self._process.wait(TIMEOUT_SECONDS)

    def _tell(self, value: Any) -> None:
        assert self._process.stdin is not None
        self._process.stdin.write(json.dumps(value) + "\n")
        self._process.stdin.flush()


@contextmanager
def threads(count: int, storage: Any, settings: Mapping[str, Any]) -> Iterator[Crew]:
    """Lend a crew of threads, which share *storage*."""
    with ThreadPoolExecutor(count) as pool:
        yield Crew([Worker(storage, settings).do for _ in range(count)], pool)


@contextmanager
def processes(count: int, settings: Mapping[str, Any]) -> Iterator[Crew]:
    """Lend a crew of processes, each with a storage made from *settings*."""
    workers = [Process(settings) for _ in range(count)]
    try:
        with ThreadPoolExecutor(count) as pool:
            yield Crew([worker.do for worker in workers], pool)
    finally:
        for worker in workers:
            worker.dismiss()
        for worker in workers:
            worker.wait()
