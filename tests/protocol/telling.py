"""An application on a database, whose subscribers do what each test of P9 wants."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from cliquet.http.subrequests import build_request
from tests.protocol.shareable import SETTINGS as SHAREABLE
from tests.protocol.sharing import headers_of, migrated, settings_of
from tests.support import make_config

#: Databases that have transactions.
DATABASES = ("sqlite", "postgresql")


class Telling:
    """
    The application, empty, as alice asks it.

    Args:
        backends: Name of a pair of backends.
        subscriptions: Subscribers, each with the class of its events.
    """

    def __init__(self, backends: str, *subscriptions: tuple[Callable[[Any], Any], type]) -> None:
        config = make_config({**SHAREABLE, **settings_of(backends)})
        config.scan("tests.protocol.shareable")
        for subscriber, event_class in subscriptions:
            config.add_subscriber(subscriber, event_class)
        self._app = migrated(config)
        registry = self._app.app.registry
        self.storage, self.permission = registry.storage, registry.permission
        self.storage.flush()
        self.permission.flush()

    def post(self, status: int = 201) -> Any:
        """Create a mushroom that everybody may read: a record, and permissions on it."""
        body = {"data": {"name": "Amanita"}, "permissions": {"read": ["system.Everyone"]}}
        path, headers = "/v1/psilos", headers_of("alice")
        return self._app.post_json(path, body, headers=headers, status=status)

    def get(self, status: int = 200) -> Any:
        """Read what alice has."""
        return self._app.get("/v1/articles", headers=headers_of("alice"), status=status)

    def stored(self, collection_id: str = "psilo") -> int:
        """Count the records that everybody sees now, whatever this request has written."""
        with ThreadPoolExecutor(1) as pool:
            query = pool.submit(self.storage.get_all, collection_id, "")
            return len(query.result()[0])


def log(event: Any) -> Any:
    """Write into the storage, past all resources."""
    return event.request.registry.storage.create("log", "", {"what": event.payload["action"]})


def put(event: Any, path: str, use_tweens: bool = False, user: str = "alice", **data: Any) -> Any:
    """Write a record by a sub-request of the request that an event is about."""
    described = {"method": "PUT", "path": path, "headers": headers_of(user), "body": {"data": data}}
    subrequest = build_request(event.request, described)
    return event.request.invoke_subrequest(subrequest, use_tweens=use_tweens)
