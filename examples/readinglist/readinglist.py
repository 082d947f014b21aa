"""A reading list: articles to read later, on every device of their reader."""

import colander
from pyramid.config import Configurator

import cliquet
from cliquet import resource
from cliquet.resource.schema import URL, TimeStamp


class ArticleSchema(resource.ResourceSchema):
    """An article, and how far it was read."""

    url = URL()
    title = colander.SchemaNode(colander.String(), validator=colander.Length(min=1, max=1024))
    added_by = colander.SchemaNode(colander.String(), validator=colander.Length(min=1, max=1024))
    added_on = TimeStamp()
    favorite = colander.SchemaNode(colander.Boolean(), missing=False)
    archived = colander.SchemaNode(colander.Boolean(), missing=False)
    unread = colander.SchemaNode(colander.Boolean(), missing=True)
    read_position = colander.SchemaNode(
        colander.Integer(), validator=colander.Range(min=0), missing=0
    )

    class Options:
        unique_fields = ("url",)
        readonly_fields = ("added_by", "added_on")
        indexed_fields = ("title", "unread")


@resource.register()
class Article(resource.BaseResource):
    """The articles of a user, at /articles."""

    mapping = ArticleSchema()

    def process_record(self, new, old=None):
        """Keep the furthest position: a device that lags behind does not set it back."""
        if old is not None:
            new["read_position"] = max(new["read_position"], old["read_position"])
        return new


def main(global_config, **settings):
    """Return the WSGI application, as readinglist.ini says it."""
    config = Configurator(settings=settings)
    cliquet.initialize(config, version="1.0.0", project_name="readinglist")
    config.scan(__name__)
    return cliquet.install_middlewares(config.make_wsgi_app(), config.get_settings())
