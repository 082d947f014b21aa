"""The server that is measured: an application of one resource, strict."""

from __future__ import annotations

import logging
import os
from collections.abc import Mapping
from wsgiref.types import WSGIApplication

import colander
from pyramid.config import Configurator

import cliquet
from cliquet import resource
from cliquet.resource.schema import URL

SETTINGS = {
    "project_name": "benchmark",
    "userid_hmac_secret": "not a secret: everything here is thrown away",
}


class ArticleSchema(resource.ResourceSchema):
    """An article; fields that are not named here are dropped."""

    title = colander.SchemaNode(colander.String(), validator=colander.Length(min=1, max=1024))
    url = URL()
    added_by = colander.SchemaNode(colander.String(), validator=colander.Length(min=1, max=1024))
    added_on = colander.SchemaNode(colander.Integer())
    favorite = colander.SchemaNode(colander.Boolean(), missing=False)
    archived = colander.SchemaNode(colander.Boolean(), missing=False)
    unread = colander.SchemaNode(colander.Boolean(), missing=True)
    read_position = colander.SchemaNode(
        colander.Integer(), validator=colander.Range(min=0), missing=0
    )


@resource.register()
class Article(resource.BaseResource):
    """The articles of a user, at /articles."""

    mapping = ArticleSchema()


def make_app(
    backends: Mapping[str, str], *, module: str = __name__, logs_requests: bool = False
) -> WSGIApplication:
    """
    Return the application.

    Args:
        backends: The settings of its storage, and of what else it has.
        module: That has the resource.
        logs_requests: Whether a line is written of each request, in JSON, to nowhere. Else the
            standard library's default holds: warnings alone.
    """
    renderer = "MozillaHekaRenderer" if logs_requests else "ClassicLogRenderer"
    if logs_requests:
        _log_to_nowhere()
    settings = {**SETTINGS, **backends, "logging_renderer": f"cliquet.logs.{renderer}"}
    config = Configurator(settings=settings)
    cliquet.initialize(config, version="1.0.0")
    config.scan(module)
    app: WSGIApplication = config.make_wsgi_app()
    return app


def _log_to_nowhere() -> None:
    logger = logging.getLogger("cliquet")
    logger.handlers = [logging.FileHandler(os.devnull)]
    logger.propagate = False
    logger.setLevel(logging.INFO)
