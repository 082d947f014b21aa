"""
The storages that are measured, and the servers that they need: a storage joins by a line here.

What it needs beside is a module of :mod:`benchmarks.floors` that does the same work by hand.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass
from importlib import import_module
from typing import Any, Protocol

from benchmarks import postgresql, redis, sqlite
from benchmarks.floors import work


class Server(Protocol):
    """What a storage keeps its records in."""

    #: That the storage is given.
    url: str

    def cpu_seconds(self) -> float:
        """Return the CPU that it used for its clients so far, or 0 where nobody knows."""

    def populate(self) -> None:
        """Make it as full as one that has been in use."""

    def settle(self) -> None:
        """Make it do at once, after many writes, what it would do by itself in a while."""


class NoServer:
    """What storages within the process need."""

    url = ""

    def cpu_seconds(self) -> float:
        """Return 0: it is the process's own."""
        return 0

    def populate(self) -> None:
        """Do nothing: each process has its own."""

    def settle(self) -> None:
        """Do nothing: it does nothing by itself."""


@dataclass(frozen=True)
class Storage:
    """
    A storage.

    Attributes:
        title: In tables.
        backend: Its module.
        floor: The module that has the ``Store`` of floors.
        server: Runs the server for the length of a block.
        has_indexes: Whether lists sorted by declared fields read no more than a page.
        permission: The module of the permission backend beside it.
    """

    title: str
    backend: str
    floor: str
    server: Callable[[], AbstractContextManager[Server]] = lambda: nullcontext(NoServer())
    has_indexes: bool = True
    permission: str = "cliquet.permission.memory"

    def settings(self, url: str) -> dict[str, str]:
        """Return the settings of an application that has its records there."""
        return {"storage_backend": self.backend, **({"storage_url": url} if url else {})}

    def permission_settings(self, url: str) -> dict[str, str]:
        """Return the settings of an application that has its permissions there, if they can be."""
        return {"permission_backend": self.permission, **({"permission_url": url} if url else {})}

    def store(self, url: str) -> work.Store:
        """Return the records of a floor."""
        store: work.Store = import_module(self.floor).Store(url)
        return store

    def connected(self, url: str) -> Any:
        """Return the storage itself, as an application has it."""
        # Processes of floors do without.
        from pyramid.config import Configurator

        config = Configurator(settings=self.settings(url))
        return import_module(self.backend).load_from_config(config)

    def prepare(self, url: str) -> None:
        """Make the schemas, as the command does for records that users may share."""
        from pyramid.config import Configurator

        from cliquet.storage import schemas

        declared = schemas.Declared(indexed=[("article", schemas.BY_ID)])
        schemas.initialize(self.connected(url), declared, lambda line: None)
        config = Configurator(settings=self.permission_settings(url))
        import_module(self.permission).load_from_config(config).initialize_schema()

    @contextmanager
    def running(self) -> Iterator[Server]:
        """Run a server that is ready for use, for the length of a block."""
        with self.server() as server:
            self.prepare(server.url)
            server.populate()
            yield server


#: By name on the command line.
STORAGES = {
    "memory": Storage(
        "memory", "cliquet.storage.memory", "benchmarks.floors.memory", has_indexes=False
    ),
    "sqlite": Storage(
        "SQLite",
        "cliquet.storage.sqlite",
        "benchmarks.floors.sqlite",
        sqlite.running,
        permission="cliquet.permission.sqlite",
    ),
    "postgresql": Storage(
        "PostgreSQL",
        "cliquet.storage.postgresql",
        "benchmarks.floors.postgresql",
        postgresql.running,
        permission="cliquet.permission.postgresql",
    ),
    "redis": Storage(
        "Redis",
        "cliquet.storage.redis",
        "benchmarks.floors.redis",
        redis.running,
        has_indexes=False,
    ),
}
