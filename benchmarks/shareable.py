"""The server that is measured, with records that users may share."""

from __future__ import annotations

from collections.abc import Mapping
from wsgiref.types import WSGIApplication

from benchmarks import application
from cliquet import resource

SETTINGS = {"article_create_principals": "system.Authenticated"}


@resource.register()
class Article(resource.ShareableResource):
    """The articles that a user made, or that others shared, at /articles."""

    mapping = application.ArticleSchema()


def make_app(backends: Mapping[str, str], *, logs_requests: bool = False) -> WSGIApplication:
    """Return the application; see :func:`benchmarks.application.make_app`."""
    settings = {**SETTINGS, **backends}
    return application.make_app(settings, module=__name__, logs_requests=logs_requests)
