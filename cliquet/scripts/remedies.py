"""What mends a backend that does not answer, and how the commands in a remedy are typed."""

from __future__ import annotations

import shlex

from cliquet.exceptions import BackendError
from cliquet.storage.schemas import MIGRATE, MIGRATE_COMMAND

#: The file that commands read, and ``init`` writes, where none is named.
DEFAULT_INI = "cliquet.ini"

_UNDEFINED_TABLE = "42P01"
# By how the code of an error begins: of PostgreSQL its five letters, of SQLite a name.
_REMEDIES = {
    "42501": "grant the user in its URL what is denied",
    "53100": "make room on the disk of the server",
    "55P03": "try again when other transactions have ended",
    "57014": "try again, or give it more time by storage_statement_timeout_ms",
    "SQLITE_BUSY": "try again when other programs have ended their transactions",
    "SQLITE_CANTOPEN": "see that its folder is there, and let this user write to both",
    "SQLITE_CORRUPT": "restore the file from a backup",
    "SQLITE_FULL": "make room on the disk",
    "SQLITE_NOTADB": "name another file, for this one is none of SQLite",
    "SQLITE_READONLY": "let this user write to the file, to those beside it, and to the folder",
}
_ELSE = "see that the server runs, and that its URL is the right one"


def remedy_of(error: BackendError) -> str:
    """Return what to do about the failure of a backend."""
    if lacks_table(error):
        return MIGRATE
    code = _code(error)
    found = (remedy for start, remedy in _REMEDIES.items() if code.startswith(start))
    return next(found, _ELSE)


def lacks_table(error: BackendError) -> bool:
    """Tell whether a table is not there; SQLite has no code of its own for that."""
    is_sqlite = _code(error) == "SQLITE_ERROR"
    return _code(error) == _UNDEFINED_TABLE or (is_sqlite and "no such table" in str(error))


def _code(error: BackendError) -> str:
    codes = (getattr(error.original, name, None) for name in ("pgcode", "sqlite_errorname"))
    return next(filter(None, codes), "")


def command_line(name: str, ini: str) -> str:
    """Return a command as it is typed for a configuration."""
    return f"cliquet {name}" if ini == DEFAULT_INI else f"cliquet {name} --ini {shlex.quote(ini)}"


def as_typed(text: str, ini: str) -> str:
    """Return *text* with the path of the configuration in the commands that are to be run."""
    return text.replace(MIGRATE_COMMAND, command_line("migrate", ini))
