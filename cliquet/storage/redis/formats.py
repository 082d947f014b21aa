"""The form of records in Redis, and that of version 3.1, which is refused."""

from __future__ import annotations

import re
from typing import Final

from cliquet.drivers.formats import Format
from cliquet.storage.redis.keys import FORMAT_KEY

#: The form of :mod:`cliquet.storage.redis.scripts`.
FORMAT: Final = Format(
    noun="records",
    key=FORMAT_KEY,
    number="1",
    old_patterns=("*.*.*",),
    # Version 3.1 joined names by dots: <collection>.<parent>.…
    old_key=re.compile(rb"(?!cliquet:).+\..*\.(records|deleted|timestamp)", re.DOTALL),
    remedy=(
        "Copy them from a server of 3.1 to one of this version over HTTP, and let storage_url name "
        "an empty database."
    ),
)
