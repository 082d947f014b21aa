"""Processes that write to one collection of PostgreSQL, for test_postgresql_processes."""

from __future__ import annotations

import sys
import time

from cliquet.drivers.postgresql import database_from
from cliquet.storage.exceptions import ModifiedError
from cliquet.storage.postgresql import Storage, statements


def open_storage(url: str) -> Storage:
    """Return the storage at *url*."""
    return Storage(database_from({"storage_url": url}, "storage"), statements())


def increment(url: str, times: str) -> None:
    """Add to a field of one record, each time on what was read; begin again after a lost race."""
    storage = open_storage(url)
    left = int(times)
    while left:
        record = storage.get("counter", "u", "one")
        try:
            storage.update(
                "counter",
                "u",
                "one",
                {"n": record["n"] + 1},
                expected=record["last_modified"],
            )
            left -= 1
        except ModifiedError:
            continue


def create(url: str, seconds: str) -> None:
    """Create records for some time, and print how many."""
    storage = open_storage(url)
    end, count = time.monotonic() + float(seconds), 0
    while time.monotonic() < end:
        storage.create("log", "u", {"n": count})
        count += 1
    print(count)


if __name__ == "__main__":
    {"increment": increment, "create": create}[sys.argv[1]](*sys.argv[2:])
