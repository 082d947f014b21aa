"""A Redis of the benchmark's own, and the CPU that it uses."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

# Hashes that grow are moved to larger tables bit by bit, whenever something is looked up in them.
_LOOK_UP = """
    local absent = {}
    for number = 1, 1000 do absent[number] = number end
    for _ = 0, redis.call(ARGV[1], KEYS[1]), #absent do
        redis.call(ARGV[2], KEYS[1], unpack(absent))
    end
"""
#: How to count what is in a key, and to look things up in it, by type.
_COMMANDS = {b"hash": ("HLEN", "HMGET"), b"zset": ("ZCARD", "ZMSCORE")}


class Redis:
    """
    A server that runs.

    Args:
        url: Where.
        client: By which it is asked about itself.
    """

    def __init__(self, url: str, client: Any) -> None:
        self.url = url
        self._client = client

    def cpu_seconds(self) -> float:
        """Return the CPU that it used, for whomever."""
        used = self._client.info("cpu")
        return float(used["used_cpu_user"] + used["used_cpu_sys"])

    def populate(self) -> None:
        """Do nothing: what it does for a collection does not depend on others."""

    def settle(self) -> None:
        """Make it end what it began when keys grew, and goes on with at each access."""
        for key in self._client.scan_iter("cliquet:storage:*"):
            commands = _COMMANDS.get(self._client.type(key))
            if commands:
                self._client.eval(_LOOK_UP, 1, key, *commands)


@contextmanager
def running() -> Iterator[Redis]:
    """Run Redis, or use the one that tests are told to use; nothing is written to a disk."""
    # Only those who run it need what runs it, and its driver.
    import redis

    from cliquet.testing import servers

    with servers.redis() as url, redis.Redis.from_url(url) as client:
        yield Redis(url, client)
