"""What the tests of Redis share: a storage of a URL, and crashes."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any

from cliquet.drivers.redis import server_from
from cliquet.storage.exceptions import BackendError
from cliquet.storage.redis import Storage
from cliquet.testing.servers import RedisServer
from tests.backends.conftest import Notes
from tests.support import run_together


def storage_at(url: str, **settings: Any) -> Storage:
    """Return the storage at *url*, with settings named without their prefix."""
    given = {"storage_url": url, **{f"storage_{name}": value for name, value in settings.items()}}
    return Storage(server_from(given, "storage"), lock_timeout_ms=500)


def crashed(
    servers: list[RedisServer], places: list[Notes], wait: Callable[[], None] = lambda: None
) -> None:
    """
    Kill servers amid writes, start them again, and check that what was acknowledged is there.

    Args:
        places: Collections to write to.
        wait: Waits for the servers to serve.
    """
    acknowledged: list[tuple[Notes, str]] = []
    has_failed = threading.Event()

    def work(number: int) -> None:
        while number and not has_failed.is_set():
            notes = places[len(acknowledged) % len(places)]
            try:
                acknowledged.append((notes, notes.add()["id"]))
            except BackendError:
                has_failed.set()
        while not number and len(acknowledged) < 200:
            pass
        for server in [] if number else servers:
            server.kill()

    run_together(work, 4)
    for server in servers:
        server.start()
    wait()
    stored = {(notes, record["id"]) for notes in places for record in notes.all()}
    assert set(acknowledged) <= stored
