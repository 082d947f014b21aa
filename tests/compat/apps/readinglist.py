"""An application like a reading list of 2015: a schema with rules, one resource, one INI file."""

import colander
from pyramid.config import Configurator

import cliquet
from cliquet import resource
from cliquet.errors import raise_invalid
from cliquet.resource import schema
from cliquet.utils import strip_whitespace

DEFAULT_SETTINGS = {"cliquet.paginate_by": 100, "readinglist.retention_days": 30}


class DeviceName(colander.SchemaNode):
    """The name of a device, without blanks around it."""

    schema_type = colander.String
    validator = colander.Length(min=1, max=128)

    def preparer(self, appstruct):
        return strip_whitespace(appstruct)


class Status(colander.Integer):
    """A status, which clients may also send by name."""

    def deserialize(self, node, cstruct):
        return super().deserialize(node, {"read": 1, "unread": 0}.get(cstruct, cstruct))


class ArticleSchema(schema.ResourceSchema):
    """An article."""

    url = schema.URL()
    preview = schema.URL(missing=None)
    title = colander.SchemaNode(
        colander.String(), preparer=strip_whitespace, validator=colander.Length(min=1, max=1024)
    )
    added_by = DeviceName()
    added_on = schema.TimeStamp()
    stored_on = schema.TimeStamp()
    marked_read_on = schema.TimeStamp(auto_now=False)
    status = colander.SchemaNode(Status(), missing=0, location="body")
    unread = colander.SchemaNode(colander.Boolean(), missing=True)
    read_position = colander.SchemaNode(
        colander.Integer(), validator=colander.Range(min=0), missing=0
    )

    class Options:
        readonly_fields = ("url", "stored_on", *schema.ResourceSchema.Options.readonly_fields)
        unique_fields = ("url", *schema.ResourceSchema.Options.unique_fields)


@resource.register()
class Article(resource.BaseResource):
    """The articles of a user."""

    mapping = ArticleSchema()

    def process_record(self, new, old=None):
        """Keep what goes together consistent."""
        new = super().process_record(new, old)
        if old is None and new["marked_read_on"] is not None:
            raise_invalid(self.request, name="marked_read_on", description="marked_read_on is new")
        if not new["unread"] and new["marked_read_on"] is None:
            new["marked_read_on"] = new["stored_on"]
        return new


def main(global_config, **settings):
    """Return the WSGI application."""
    config = Configurator(settings=settings)
    cliquet.initialize(
        config,
        version="2.0.1",
        project_name="readinglist",
        default_settings=DEFAULT_SETTINGS,
    )
    config.scan(__name__)
    app = config.make_wsgi_app()
    return cliquet.install_middlewares(app, settings)
