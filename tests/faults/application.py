"""An application: notes, counters, and a view that writes several times."""

from __future__ import annotations

import time
from typing import Any

from pyramid.config import Configurator

import cliquet
from cliquet import Service, resource

SETTINGS = {
    "project_name": "faults",
    "userid_hmac_secret": "b4c96a8692291d88fe5a97dd91846eb4",
}

#: Notes that one POST on /several makes, in as many statements and one transaction.
SEVERAL = 3


class FreeSchema(resource.ResourceSchema):
    """Anything at all."""

    class Options:
        preserve_unknown = True


@resource.register()
class Note(resource.BaseResource):
    """Notes of a user, at /notes."""

    mapping = FreeSchema()


@resource.register()
class Counter(resource.BaseResource):
    """Counters of a user, at /counters."""

    mapping = FreeSchema()


def add_several(request: Any) -> dict[str, Any]:
    """Create notes in the transaction of the request, which pauses between them."""
    notes = []
    for _ in range(SEVERAL):
        notes.append(request.registry.storage.create("note", request.prefixed_userid, {}))
        time.sleep(float(request.GET.get("pause", 0.002)))
    return {"data": notes}


def make_app(settings: dict[str, Any]) -> Any:
    """Return the application."""
    config = Configurator(settings={**SETTINGS, **settings})
    cliquet.initialize(config, version="1.0")
    config.scan(__name__)
    several = Service("several", "/several")
    several.add_view("POST", add_several, permission="private")
    config.add_cornice_service(several)
    return config.make_wsgi_app()
