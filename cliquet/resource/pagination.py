"""
Tokens of pagination: where a page ended, in terms of the order it was sorted in.

Source: protocol P6.6.
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Mapping, Sequence
from typing import Any

from cliquet import jsonlib
from cliquet.exceptions import InvalidToken
from cliquet.query import MISSING, Filter, Sort, page_after, value_of


def make_token(record: Mapping[str, Any], sorting: Sequence[Sort]) -> str:
    """Return the token of the page that follows *record*, the last of its page."""
    last = {sort.field: _packed(value_of(record, sort.field)) for sort in sorting}
    return base64.urlsafe_b64encode(jsonlib.dumps({"last": last})).decode("ascii")


def read_token(
    token: str, sorting: Sequence[Sort], *, id_field: str, modified_field: str
) -> list[list[Filter]]:
    """
    Return the rules selecting the records behind the page that *token* ends.

    Returns:
        Alternatives (OR) of conjunctions (AND), as :func:`cliquet.query.page_after` makes them.

    Raises:
        InvalidToken: Its structure, fields or types are not those of this sort order.
    """
    packed = _decoded(token)
    if set(packed) != {sort.field for sort in sorting}:
        raise InvalidToken
    last = {field: _unpacked(value) for field, value in packed.items()}
    if not isinstance(last[id_field], str) or type(last[modified_field]) is not int:
        raise InvalidToken
    return page_after(sorting, last, (id_field, modified_field))


def _packed(value: Any) -> list[Any]:
    # A missing field is the empty list. Arrays and objects tie for sorting: their type will do.
    if value is MISSING:
        return []
    if isinstance(value, (list, dict)):
        return [type(value)()]
    return [value]


def _unpacked(packed: object) -> Any:
    if packed == []:
        return MISSING
    if not isinstance(packed, list) or len(packed) != 1:
        raise InvalidToken
    value = packed[0]
    if isinstance(value, (list, dict)) and value:
        raise InvalidToken
    return value


def _decoded(token: str) -> dict[str, Any]:
    try:
        content = jsonlib.loads(base64.urlsafe_b64decode(token.encode("ascii")))
    except (ValueError, UnicodeError, binascii.Error) as error:
        raise InvalidToken from error
    last = content.get("last") if isinstance(content, dict) else None
    if not isinstance(last, dict) or jsonlib.has_nul(last):
        raise InvalidToken
    return last
