"""What a cache may lack, by name: tests ask for a capability, never for a backend."""

from __future__ import annotations

from typing import Final

#: A cache whose server is away raises ``BackendError`` in time; the suite is given
#: ``unreachable_settings``.
FAILURES: Final = "failures"

#: Caches of the same settings have the same content, in this process and in others; those of
#: other prefixes share the server, and nothing else.
SHARED: Final = "shared"

#: All of them.
CAPABILITIES: Final = frozenset({FAILURES, SHARED})
