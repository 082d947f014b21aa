"""Resources that bend what can be bent: names, methods, models, view sets."""

import colander
from pyramid.response import Response

from cliquet import resource
from cliquet.storage.generators import Generator


class FreeSchema(resource.ResourceSchema):
    """Anything."""

    class Options:
        preserve_unknown = True


class StampModel(resource.Model):
    """A model with names of its own."""

    id_field = "stamp_id"
    modified_field = "age"
    deleted_field = "gone"


@resource.register(record_methods=("GET", "DELETE"))
class Stamp(resource.BaseResource):
    """Stamps."""

    default_model = StampModel


class CoinSchema(resource.ResourceSchema):
    """A coin."""

    value = colander.SchemaNode(colander.Integer())


@resource.register(name="coin")
@resource.register(name="ancient", collection_path="/old/coins", record_path="/old/coins/{{id}}")
class Coin(resource.BaseResource):
    """Coins, under two names; their values add up."""

    mapping = CoinSchema()

    def apply_changes(self, record, changes):
        summed = {**changes, "value": record["value"] + changes["value"]}
        return super().apply_changes(record, changes=summed)


class LoggedModel(resource.Model):
    """Remembers what it was given to create, and hides what has the value 1."""

    created = []

    def create_record(self, record, parent_id=None, unique_fields=None):
        self.created.append(record)
        return super().create_record(record, parent_id=parent_id, unique_fields=unique_fields)

    def get_records(
        self,
        filters=None,
        sorting=None,
        pagination_rules=None,
        limit=None,
        include_deleted=False,
        parent_id=None,
    ):
        hidden = resource.Filter("value", 1, resource.COMPARISON.NOT)
        return super().get_records(
            [*(filters or ()), hidden],
            sorting,
            pagination_rules,
            limit,
            include_deleted,
            parent_id,
        )


@resource.register(collection_path="/logged", record_path="/logged/{{id}}")
class Logged(resource.BaseResource):
    """Records of that model."""

    mapping = FreeSchema()
    default_model = LoggedModel


class MedalViewSet(resource.ViewSet):
    """Names its services otherwise, and never deletes a list."""

    service_name = "{resource_name}:{endpoint_type}"

    def is_endpoint_enabled(self, endpoint_type, resource_name, method, settings):
        is_enabled = super().is_endpoint_enabled(endpoint_type, resource_name, method, settings)
        return is_enabled and (endpoint_type, method) != ("collection", "DELETE")


class WordGenerator(Generator):
    """Ids are words."""

    regexp = r"^[a-z]+$"

    def __call__(self):
        return "word"


@resource.register()
class HonourMedal(resource.BaseResource):
    """Named by an attribute; one medal is a text."""

    name = "medal"
    default_viewset = MedalViewSet

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self.model.id_generator = WordGenerator()

    def get(self):
        if self.record_id == "gold":
            return Response("gold", content_type="text/plain", charset="utf-8")
        return {"data": self._get_record_or_404(self.record_id)}


class Called(resource.BaseResource):
    """Registered by a call."""


resource.register_resource(
    Called, viewset=resource.ViewSet(collection_path="/called"), record_path="/called/{{id}}"
)
