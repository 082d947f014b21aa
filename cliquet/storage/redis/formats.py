"""What is in the database: records in the form known here, in another one, or none yet."""

from __future__ import annotations

import re
from typing import Final

from cliquet.drivers.redis import Script, Server
from cliquet.exceptions import CliquetError
from cliquet.logs import logger
from cliquet.storage.exceptions import BackendError
from cliquet.storage.redis.keys import FORMAT_KEY

#: The form of :mod:`cliquet.storage.redis.scripts`.
FORMAT: Final = b"1"

# Version 3.1 joined names by dots: <collection>.<parent>.…
_OLD_KEY: Final = re.compile(rb"(?!cliquet:).+\..*\.(records|deleted|timestamp)", re.DOTALL)
_OLD_PATTERN: Final = "*.*.*"

_POLICY: Final = Script(
    "return redis.call('INFO', 'memory'):match('maxmemory_policy:([%w-]+)') or ''"
)
# Keys of records never expire, and so are none of those that these policies evict.
_SAFE_POLICIES: Final = (b"", b"noeviction")


class UnknownFormat(CliquetError):
    """The database holds records in a form that this version cannot use."""


def check_format(server: Server, readonly: bool) -> None:
    """
    Check that the database has records of the present format, or none.

    All keys are looked at once; what was found is noted in the database.

    Raises:
        UnknownFormat: It has others; the message says what to do.
    """
    found = server.read("GET", FORMAT_KEY)
    if found == FORMAT:
        return
    if found is not None:
        raise UnknownFormat(
            f"Redis holds records in format {found.decode()}; {FORMAT.decode()} is the one known "
            "here: upgrade cliquet"
        )
    for key in server.scan(_OLD_PATTERN):
        if _OLD_KEY.fullmatch(key):
            raise UnknownFormat(
                f"Redis holds keys such as {key.decode(errors='replace')!r}, as cliquet 3.1 made "
                "them, whose records would not be seen. Copy them from a server of 3.1 to one of "
                "this version over HTTP, and let storage_url name an empty database. If these keys "
                f'are none of cliquet\'s, say so by "SET {FORMAT_KEY} {FORMAT.decode()}".'
            )
    if not readonly:
        server.write("SET", FORMAT_KEY, FORMAT)


def warn_of_eviction(server: Server) -> None:
    """Warn when the server throws records away for want of memory."""
    try:
        policy = server.ask(_POLICY, (FORMAT_KEY,))
    except BackendError:
        # Not every user may ask.
        return
    if not policy.startswith(b"volatile") and policy not in _SAFE_POLICIES:
        logger.warning(
            "Redis forgets records when memory is short (maxmemory-policy %s): set noeviction",
            policy.decode(),
        )
