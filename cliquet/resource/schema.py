"""
Schemas of records: colander mappings with the options that the protocol gives them.

Source: protocol P2.4, P4.8, P4.10, P4.12.
"""

from __future__ import annotations

import re
from typing import Any

import colander

from cliquet.exceptions import InvalidParameter
from cliquet.jsonlib import is_finite
from cliquet.permission import MAX_PRINCIPAL_BYTES
from cliquet.utils import byte_length, msec_time, strip_whitespace

# Classes of values that are neither NaN nor infinite, nor hold any that is: most are of these.
_FINITE = frozenset({str, int, bool, type(None)})

#: Range of the timestamps that a client may force, in milliseconds (protocol P4.12).
MIN_TIMESTAMP = 1
MAX_TIMESTAMP = 253370764800000

# What colander 1.2 took for a URL, without the nested repetitions that let a text of a hundred
# characters keep the processor busy for years.
_URL = re.compile(
    r"(?:[a-z][\w-]+:(?:/{1,3}|[a-z0-9%])|www\d{0,3}[.]|[a-z0-9.\-]+[.][a-z]{2,4}/)"
    r"[^\s<>]+[^\s`!()\[\]{};:'\".,<>?«»“”‘’]",
    re.IGNORECASE,
)


class ResourceSchema(colander.MappingSchema):
    """
    Base of the schemas of records.

    Fields that the schema does not know are dropped, unless ``preserve_unknown``.
    """

    class Options:
        """
        What the protocol does with the fields; a subclass may set some of these only.

        Attributes:
            unique_fields: Fields of which no two records of a collection share a value.
            readonly_fields: Fields that PATCH may not change once they are set.
            preserve_unknown: Whether fields unknown to the schema are kept.
            indexed_fields: Fields that clients filter or sort by; storages that can build
                indexes for them do so when they are migrated.
        """

        unique_fields: tuple[str, ...] = ()
        readonly_fields: tuple[str, ...] = ()
        preserve_unknown: bool = False
        indexed_fields: tuple[str, ...] = ()

    @classmethod
    def get_option(cls, attr: str) -> Any:
        """Return the option named *attr*: the schema's own, else the default."""
        return getattr(cls.Options, attr, getattr(ResourceSchema.Options, attr))

    @classmethod
    def is_readonly(cls, field: str) -> bool:
        """Tell whether PATCH may not change *field* once it is set."""
        return field in cls.get_option("readonly_fields")

    @classmethod
    def schema_type(cls) -> colander.Mapping:
        """Return the colander type of the schema: what becomes of unknown fields."""
        return colander.Mapping(
            unknown="preserve" if cls.get_option("preserve_unknown") else "ignore"
        )

    def deserialize(self, cstruct: Any = colander.null) -> Any:
        """
        Return the record that *cstruct* is.

        Raises:
            colander.Invalid: A field is not valid, or text was read as NaN or an infinity, which
                no answer could show.
        """
        record = super().deserialize(cstruct)
        if isinstance(record, dict):
            for node in self.children:
                value = record.get(node.name)
                if value.__class__ not in _FINITE:
                    _check_finite(node, value, self)
        return record

    def knows(self, field: str) -> bool:
        """Tell whether the schema declares *field*."""
        return any(node.name == field for node in self.children)


def _check_finite(node: colander.SchemaNode, value: Any, schema: colander.SchemaNode) -> None:
    if not is_finite(value):
        error = colander.Invalid(schema)
        error.add(colander.Invalid(node, f'"{value}" is not a number'))
        raise error


class Principal(colander.String):
    """A principal: text that backends can store, and no number that would be read as one."""

    def deserialize(self, node: colander.SchemaNode, cstruct: Any) -> Any:
        """Return the principal."""
        if cstruct is not colander.null and not isinstance(cstruct, str):
            raise colander.Invalid(node, f"{cstruct!r} is not a string")
        if isinstance(cstruct, str) and byte_length(cstruct) > MAX_PRINCIPAL_BYTES:
            raise colander.Invalid(node, f"Longer than {MAX_PRINCIPAL_BYTES} bytes")
        return super().deserialize(node, cstruct)


class PermissionsSchema(colander.SchemaNode):
    """
    Schema of ``permissions``: lists of principals by the name of the permission.

    Args:
        permissions: The names allowed; any other is refused.

    Source: protocol P7.3.
    """

    schema_type = colander.Mapping

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        self.known_perms = tuple(kwargs.pop("permissions", ()))
        super().__init__(*args, **kwargs)
        for permission in self.known_perms:
            principals = colander.SchemaNode(
                colander.Sequence(),
                colander.SchemaNode(Principal()),
                name=permission,
                missing=colander.drop,
            )
            self.add(principals)

    def deserialize(self, cstruct: Any = colander.null) -> Any:
        """Return the permissions; an unknown name raises ``colander.Invalid``."""
        if isinstance(cstruct, dict):
            for name in cstruct:
                if name not in self.known_perms:
                    allowed = ", ".join(self.known_perms)
                    raise colander.Invalid(self, f'"{name}" is not one of {allowed}')
        return super().deserialize(cstruct)


class TimeStamp(colander.SchemaNode):
    """
    An integer of milliseconds since the epoch: now, where none is given.

    Attributes:
        auto_now: Whether the present time stands in for a missing value; else ``None`` does.
    """

    schema_type = colander.Integer
    title = "Epoch timestamp"
    auto_now = True
    missing = None

    def deserialize(self, cstruct: Any = colander.null) -> Any:
        """Return the timestamp, in milliseconds."""
        if cstruct in (colander.null, None) and self.auto_now:
            cstruct = msec_time()
        return super().deserialize(cstruct)


def check_timestamp(value: object, field: str, schema: ResourceSchema) -> None:
    """
    Check a timestamp that a client forces on a record.

    What the schema itself lets through and is no integer is ignored by storages; a schema that
    does not declare the field leaves the check to this function.

    Raises:
        InvalidParameter: It is out of range, or no integer on a schemaless resource.

    Source: protocol P4.12, P11.3.
    """
    if type(value) is not int and schema.knows(field):
        return
    if type(value) is not int or not MIN_TIMESTAMP <= value <= MAX_TIMESTAMP:
        raise InvalidParameter(
            f"Invalid value for {field}: should be an integer of milliseconds "
            f"from {MIN_TIMESTAMP} to {MAX_TIMESTAMP}",
            location="body",
            name=f"data.{field}",
        )


def _url(node: colander.SchemaNode, value: str) -> None:
    if _URL.match(value) is None:
        raise colander.Invalid(node, "Must be a URL")


class URL(colander.SchemaNode):
    """A URL of at most 2048 characters; blanks around it are stripped."""

    schema_type = colander.String
    validator = colander.All(_url, colander.Length(min=1, max=2048))

    def preparer(self, appstruct: Any) -> Any:
        """Return the value without the blanks around it."""
        return strip_whitespace(appstruct)
