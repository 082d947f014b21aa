"""The floor that counts: services of Cornice with CORS, and nothing of ours."""

from __future__ import annotations

from wsgiref.types import WSGIApplication

from cornice import Service

from benchmarks.floors.views import VIEWS, make_config
from benchmarks.floors.work import Store

EXPOSED = ("ETag", "Last-Modified", "Cache-Control", "Total-Records", "Next-Page")


def make_app(store: Store) -> WSGIApplication:
    """Return the floor."""
    config = make_config(store)
    config.include("cornice")
    for path, views in VIEWS.items():
        # Cornice's own renderer looks for the best media type each time; the plain one is faster.
        service = Service(path, path, cors_origins=("*",), cors_headers=EXPOSED, renderer="json")
        for method, view in views.items():
            service.add_view(method, view)
        config.add_cornice_service(service)
    app: WSGIApplication = config.make_wsgi_app()
    return app
