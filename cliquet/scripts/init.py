"""The command ``cliquet init``: a configuration to begin with, and an application for it."""

from __future__ import annotations

import os
import secrets
from importlib.resources import files
from pathlib import Path
from string import Template

from cliquet.scripts.loading import CommandRefused

_APPLICATION = "app.py"
#: Bytes of randomness in the secret of user ids.
_SECRET_BYTES = 32
# The one begins a variable, the other what follows the path in a URL.
_UNUSABLE = frozenset("%?")


def write(ini: str) -> bool:
    """
    Write a configuration, and the application that it names, unless the file exists.

    Nothing is ever overwritten: an application that is there already is kept too.

    Returns:
        Whether the configuration was written.

    Raises:
        CommandRefused: They cannot be written.
    """
    path = Path(ini)
    if path.exists():
        return False
    if path.suffix != ".ini":
        raise CommandRefused(f"{ini} should end with .ini: that is how files are told apart")
    folder = str(path.resolve().parent)
    if strange := _UNUSABLE & set(folder):
        raise CommandRefused(
            f"{folder} has {' and '.join(sorted(strange))} in its name, which paths in an INI file"
            f" and in the URL of a database cannot have: choose another folder"
        )
    values = {"name": path.stem.replace("%", "%%"), "secret": secrets.token_hex(_SECRET_BYTES)}
    try:
        is_ours = _create(path.with_name(_APPLICATION), _template("app.py"), 0o666)
        # It holds a secret: nobody else may read it, not even for a moment.
        _create(path, Template(_template("cliquet.ini")).substitute(values), 0o600)
    except OSError as error:
        raise CommandRefused(f"{ini} cannot be written: {error.strerror}") from error
    print(f"{ini} is written. It holds a secret, and can be read by nobody but you.")
    print(f"{path.with_name(_APPLICATION)} {'is written' if is_ours else 'is left as it was'}.")
    return True


def _template(name: str) -> str:
    folder = files("cliquet.scripts") / "templates"
    return (folder / f"{name}.template").read_text(encoding="utf-8")


def _create(path: Path, text: str, mode: int) -> bool:
    """Write a new file; return whether there was none."""
    try:
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode)
    except FileExistsError:
        return False
    with open(descriptor, "w", encoding="utf-8") as file:
        file.write(text)
    return True
