"""Resources that only the tests of P4, P5, P6 and P11 need."""

from __future__ import annotations

from typing import Any

import colander

from cliquet import resource
from cliquet.resource.schema import TimeStamp
from cliquet.storage.generators import Generator


class Free(resource.ResourceSchema):
    """Anything at all."""

    class Options:
        preserve_unknown = True


class ThingModel(resource.Model):
    """Fields under names of its own."""

    id_field = "key"
    modified_field = "stamp"
    deleted_field = "gone"


@resource.register()
class Thing(resource.BaseResource):
    """Records whose model names the fields."""

    default_model = ThingModel
    mapping = Free()


class MemberSchema(resource.ResourceSchema):
    """Fields that look like filters, like paths, and ordinary ones."""

    name = colander.SchemaNode(colander.String(), missing=colander.drop)
    age = colander.SchemaNode(colander.Integer(), missing=colander.drop)
    min_age = colander.SchemaNode(colander.Integer(), missing=colander.drop)
    not_here = colander.SchemaNode(colander.Boolean(), missing=colander.drop)
    contains_any = colander.SchemaNode(colander.String(), missing=colander.drop)
    address = colander.SchemaNode(colander.Mapping(unknown="preserve"), missing=colander.drop)


@resource.register()
class Member(resource.BaseResource):
    """Strict records."""

    mapping = MemberSchema()


class StampedSchema(resource.ResourceSchema):
    """A strict schema that declares the timestamp."""

    name = colander.SchemaNode(colander.String(), missing="")
    last_modified = TimeStamp()


@resource.register()
class Stamped(resource.BaseResource):
    """Records whose schema declares ``last_modified``."""

    mapping = StampedSchema()


class PairSchema(resource.ResourceSchema):
    """Anything at all, with two unique fields."""

    class Options:
        preserve_unknown = True
        unique_fields = ("one", "two")


@resource.register()
class Pair(resource.BaseResource):
    """Records with two unique fields."""

    mapping = PairSchema()


@resource.register()
class Blank(resource.BaseResource):
    """Records without any field."""


class Numbers(Generator):
    """Ids ``n1``, ``n2`` …, of the pattern that all generators share."""

    count = 0

    def __call__(self) -> str:
        self.count += 1
        return f"n{self.count}"


@resource.register()
class Ticket(resource.BaseResource):
    """Records with ids of another generator."""

    mapping = Free()

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.model.id_generator = Numbers()


@resource.register()
class Counter(resource.BaseResource):
    """
    Records that another writer changes at the worst moment.

    ``registry.meanwhile`` holds functions; each write takes one and calls it between the reading
    of the record and the writing of it.
    """

    mapping = PairSchema()

    def process_record(self, new: dict[str, Any], old: dict[str, Any] | None = None) -> Any:
        """Let the others write first."""
        waiting = getattr(self.request.registry, "meanwhile", [])
        if waiting:
            waiting.pop(0)()
        return new


@resource.register()
class Visit(resource.BaseResource):
    """Records that count, past the model, how often the others are read."""

    mapping = Free()

    def get(self) -> Any:
        """Read, and count in the record that this one names."""
        answer = super().get()
        place = {"collection_id": self.model.collection_id, "parent_id": self.model.parent_id}
        other = answer["data"].get("counted_in")
        if other:
            self.model.storage.update(**place, object_id=other, record={"visits": 1})
        return answer
