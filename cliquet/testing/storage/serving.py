"""
A worker in a process of its own: ``python -m cliquet.testing.storage.serving``.

It reads a line with the settings as JSON, then a line a task, and answers each by a line.
"""

from __future__ import annotations

import json
import sys
import traceback
from typing import TextIO

from cliquet.testing.storage.base import load_storage
from cliquet.testing.storage.workers import Worker


def serve(lines: TextIO, answers: TextIO) -> None:
    """Do the tasks that *lines* ask for, and write an answer to each."""
    settings = json.loads(lines.readline())
    worker = Worker(load_storage(settings), settings)
    for line in lines:
        try:
            answer = {"result": worker.do(*json.loads(line))}
        except Exception:  # noqa: BLE001 - the test that asked tells it
            answer = {"error": traceback.format_exc()}
        answers.write(json.dumps(answer) + "\n")
        answers.flush()


if __name__ == "__main__":
    # What the storage prints is no answer.
    answers, sys.stdout = sys.stdout, sys.stderr
    serve(sys.stdin, answers)
