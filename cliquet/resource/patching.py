"""
What PATCH changes, and what it answers with.

Source: protocol P4.6.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from cliquet.exceptions import InvalidParameter
from cliquet.query import MISSING, equality_key

JSONRecord = dict[str, Any]


def refuse_readonly(
    record: Mapping[str, Any], changes: Mapping[str, Any], is_readonly: Callable[[str], bool]
) -> None:
    """
    Check that *changes* leave the read-only fields of *record* as they are.

    Raises:
        InvalidParameter: One that is set would change; it may be set where it is missing.
    """
    for field, value in changes.items():
        if field in record and is_readonly(field) and not _is_same(record[field], value):
            raise InvalidParameter(f"Cannot modify {field}", location="body", name=field)


def changed_fields(old: Mapping[str, Any], new: Mapping[str, Any]) -> set[str]:
    """Return the names of the fields that differ between two versions of a record."""
    return {
        field
        for field in old.keys() | new.keys()
        if not _is_same(old.get(field, MISSING), new.get(field, MISSING))
    }


def light_response(old: JSONRecord, new: JSONRecord, modified_field: str) -> JSONRecord:
    """Return the fields of *new* whose value changed, but for the timestamp."""
    names = changed_fields(old, new) - {modified_field}
    return {field: value for field, value in new.items() if field in names}


def diff_response(
    old: JSONRecord, new: JSONRecord, sent: Mapping[str, Any], modified_field: str
) -> JSONRecord:
    """Return the fields of *new* that the client does not know from what it sent."""
    names = (changed_fields(old, new) | sent.keys()) - {modified_field}
    return {
        field: value
        for field, value in new.items()
        if field in names and not _is_same(sent.get(field, MISSING), value)
    }


def _is_same(one: Any, other: Any) -> bool:
    return equality_key(one) == equality_key(other)
