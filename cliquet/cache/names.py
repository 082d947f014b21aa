"""Names of keys, as servers take them: short, of a few characters, and never two of one name."""

from __future__ import annotations

import hashlib
from typing import Final
from urllib.parse import quote

#: Length of the digest in a name that stands for a long text.
_DIGEST_LENGTH: Final = 64


def name_of(text: str, longest: int) -> str:
    """
    Return the name of a text: itself, but for characters other than letters, digits, ``_.-~``.

    These are percent-encoded. A name that would be too long is cut, and ends with a digest of the
    whole: ``%%`` is in no name that was not cut.

    Args:
        text: Any text, lone surrogates too.
        longest: Longest name; above 66.
    """
    raw = text.encode("utf-8", "surrogatepass")
    name = quote(raw, safe="")
    if len(name) <= longest:
        return name
    digest = hashlib.sha256(raw).hexdigest()
    return f"{name[: longest - _DIGEST_LENGTH - 2]}%%{digest}"
