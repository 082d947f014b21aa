"""URLs of databases, as settings have them."""

from __future__ import annotations

from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import ArgumentError


def parsed_url(text: str) -> URL:
    """
    Return the parts of the URL of a database.

    Raises:
        ValueError: It is none. The message holds nothing of it: what is taken for a port may be
            a part of the password.
    """
    try:
        return make_url(text)
    except (ArgumentError, ValueError):
        raise ValueError(
            "The URL of a database cannot be read: it should be like"
            " postgresql://user:password@host:5432/name, user and password percent-encoded, or"
            " sqlite:///file"
        ) from None
