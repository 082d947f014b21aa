"""The form of permissions in Redis, and that of version 3.1, which is refused."""

from __future__ import annotations

import re
from typing import Final

from cliquet.drivers.formats import Format
from cliquet.permission.redis.scripts import FORMAT_KEY

#: The form of :mod:`cliquet.permission.redis.scripts`.
FORMAT: Final = Format(
    noun="permissions",
    key=FORMAT_KEY,
    number="1",
    old_patterns=("permission:*",),
    # Version 3.1 named an ACE permission:<URI>:<name>, and both may have colons.
    old_key=re.compile(rb"permission:/.*:.+", re.DOTALL),
    remedy=(
        "Each is a set of principals: grant these anew, and let permission_url name an empty "
        "database."
    ),
)
