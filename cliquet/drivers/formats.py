"""What is in a database of Redis: data in the form known here, in another one, or none yet."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

from cliquet.drivers.redis import Script, Server
from cliquet.exceptions import BackendError, CliquetError
from cliquet.logs import logger

_POLICY: Final = Script(
    "return redis.call('INFO', 'memory'):match('maxmemory_policy:([%w-]+)') or ''"
)
# Keys of ours never expire, and so are none of those that these policies evict.
_SAFE_POLICIES: Final = (b"", b"noeviction")


class UnknownFormat(CliquetError):
    """The database holds data in a form that this version cannot use."""


@dataclass(frozen=True)
class Format:
    """
    The form in which a family of backends keeps its data.

    Attributes:
        noun: What the data are, for messages.
        key: Where the database says which form it has.
        number: Of the form known here.
        old_patterns: As Redis takes them: match the keys of cliquet 3.1, and maybe others.
        old_key: Tells the keys of cliquet 3.1 from others.
        remedy: What to do when there are such keys.
    """

    noun: str
    key: str
    number: str
    old_patterns: tuple[str, ...]
    old_key: re.Pattern[bytes]
    remedy: str

    def check(self, server: Server, readonly: bool) -> None:
        """
        Check that the database has data of this form, or none.

        All keys are looked at once; what was found is noted in the database.

        Raises:
            UnknownFormat: It has others; the message says what to do.
        """
        found = server.read("GET", self.key)
        if found == self.number.encode():
            return
        if found is not None:
            raise UnknownFormat(
                f"Redis holds {self.noun} in format {found.decode()}; {self.number} is the one "
                "known here: upgrade cliquet"
            )
        for pattern in self.old_patterns:
            for key in server.scan(pattern):
                if self.old_key.fullmatch(key):
                    raise UnknownFormat(self._refusal(key))
        if not readonly:
            server.write("SET", self.key, self.number)

    def warn_of_eviction(self, server: Server) -> None:
        """Warn when the server throws data away for want of memory."""
        try:
            policy = server.ask(_POLICY, (self.key,))
        except BackendError:
            # Not every user may ask.
            return
        if not policy.startswith(b"volatile") and policy not in _SAFE_POLICIES:
            logger.warning(
                "Redis forgets %s when memory is short (maxmemory-policy %s): set noeviction",
                self.noun,
                policy.decode(),
            )

    def _refusal(self, key: bytes) -> str:
        return (
            f"Redis holds keys such as {key.decode(errors='replace')!r}, as cliquet 3.1 made them, "
            f"whose {self.noun} would not be seen. {self.remedy} If these keys are none of "
            f'cliquet\'s, say so by "SET {self.key} {self.number}".'
        )
