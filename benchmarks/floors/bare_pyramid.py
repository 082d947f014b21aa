"""The middle floor: views of Pyramid, as its documentation writes them."""

from __future__ import annotations

from wsgiref.types import WSGIApplication

from benchmarks.floors.views import VIEWS, make_config
from benchmarks.floors.work import Store


def make_app(store: Store) -> WSGIApplication:
    """Return the floor."""
    config = make_config(store)
    for path, views in VIEWS.items():
        config.add_route(path, path)
        for method, view in views.items():
            config.add_view(view, route_name=path, request_method=method, renderer="json")
    app: WSGIApplication = config.make_wsgi_app()
    return app
