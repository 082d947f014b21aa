"""A small application on the storage under test: several writes in one request."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import webtest
from pyramid.config import Configurator

import cliquet
from cliquet import resource
from cliquet.events import ResourceChanged

_SETTINGS = {
    "project_name": "storage-suite",
    "project_version": "1.0",
    "userid_hmac_secret": "storage-suite",
}


class EntrySchema(resource.ResourceSchema):
    """Anything."""

    class Options:
        preserve_unknown = True


@resource.register(name="entry", collection_path="/entries", record_path="/entries/{{id}}")
class Entry(resource.BaseResource):
    """Entries of a user."""

    mapping = EntrySchema()


class Application:
    """
    The application, for one user.

    Args:
        settings: Those of the storage.
        storage: What is served instead of the storage that these settings would make.
        on_change: Called within each request that writes, once its own write is done.
        user: Name of the user; entries of others are not seen.
    """

    def __init__(
        self,
        settings: Mapping[str, Any],
        storage: Any,
        on_change: Callable[[Any], Any],
        user: str = "alice",
    ) -> None:
        config = Configurator(settings={**_SETTINGS, **settings})
        cliquet.initialize(config)
        config.registry.storage = storage
        config.scan(__name__)
        config.add_subscriber(on_change, ResourceChanged)
        self._app = webtest.TestApp(config.make_wsgi_app())
        self._app.authorization = ("Basic", (user, "secret"))

    def post(self, status: int = 201, **fields: Any) -> Any:
        """Create an entry; *status* is the one that is expected."""
        return self._app.post_json("/v1/entries", {"data": fields}, status=status)

    def entries(self) -> list[dict[str, Any]]:
        """Return the entries of the user."""
        entries: list[dict[str, Any]] = self._app.get("/v1/entries").json["data"]
        return entries
