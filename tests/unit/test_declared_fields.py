"""What the schemas of an application ask a storage for: fields, and look-ups by ids."""

from __future__ import annotations

from typing import Any

import pytest

from cliquet import resource
from cliquet.resource.registration import add_resource, declared_fields
from cliquet.storage.postgresql.indexes import FieldIndex, IdIndex, indexes_of
from cliquet.storage.schemas import BY_ID
from cliquet.storage.sqlite.indexes import wanted
from tests.support import make_config


class ShelfSchema(resource.ResourceSchema):
    """A schema that declares the id of one model, and a field of another."""

    class Options:
        preserve_unknown = True
        indexed_fields = ("id", "shelf")


class ByShelf(resource.ShareableModel):
    """A model whose ids have a name of their own."""

    id_field = "shelf"


class Shelf(resource.ShareableResource):
    """Shelves; the field ``id`` is one of the document."""

    mapping = ShelfSchema()
    default_model = ByShelf


class Book(resource.BaseResource):
    """Books; the field ``shelf`` is one of the document."""

    mapping = ShelfSchema()


@pytest.mark.parametrize(
    ("resource_cls", "fields"), [(Shelf, {"id", BY_ID}), (Book, {"shelf", BY_ID})]
)
def test_the_id_is_the_field_that_the_model_says(resource_cls: Any, fields: set[str]) -> None:
    config = make_config({"permission_backend": "cliquet.permission.memory"})
    add_resource(config, resource_cls, resource_cls.default_viewset())
    config.commit()
    name = resource_cls.__name__.lower()
    assert {pair for pair in declared_fields(config.registry).indexed if pair[0] == name} == {
        (name, field) for field in fields
    }


def test_a_field_of_documents_has_its_indexes_whatever_its_name() -> None:
    assert {type(one) for one in indexes_of("shelf", "id")} == {FieldIndex}
    assert {type(one) for one in indexes_of("shelf", BY_ID)} == {IdIndex}
    assert (len(wanted([], [("shelf", "id")])), wanted([], [("shelf", BY_ID)])) == (2, {})
