"""What checks look at, and what they find."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any, NamedTuple

import plaster

from cliquet.drivers.servers import Server, server_of
from cliquet.scripts.loading import settings_of
from cliquet.scripts.remedies import command_line
from cliquet.settings import DEFAULT_SETTINGS, PREFIX, bare_name

FAMILIES = ("storage", "permission", "cache")
#: What begins names of ours that have dots, and is the prefix of no project.
OWN_NAMESPACES = ("multiauth", "event_listeners", "tm")


class Fault(NamedTuple):
    """
    Something that is wrong.

    Attributes:
        what: What it is, and what comes of it.
        where: The setting, the file or the server.
        remedy: What to do about it.
    """

    what: str
    where: str
    remedy: str

    def __str__(self) -> str:
        return f"{self.where}: {self.what}. Remedy: {self.remedy}"


@dataclass(frozen=True)
class Patient:
    """
    An application, as checks look at it.

    Attributes:
        ini: Path of its configuration.
        environ: The environment.
        registry: Of the application; its databases may be in any state. ``None`` when it cannot
            even be made: only what is written can be looked at then.
    """

    ini: str
    environ: Mapping[str, str]
    registry: Any = None

    @property
    def file(self) -> str:
        """Path of the configuration, without the name of a section."""
        return str(plaster.parse_uri(self.ini).path)

    @cached_property
    def written(self) -> Mapping[str, str]:
        """What the section of the application says, name by name as written."""
        return settings_of(self.ini)

    @property
    def prefixes(self) -> tuple[str, ...]:
        """The prefixes of settings; any where nobody knows how the application calls itself."""
        if self.registry is None:
            firsts = (key.partition(".")[0] for key in self.written if "." in key)
            found = (one for one in firsts if one not in OWN_NAMESPACES)
            return tuple(dict.fromkeys([PREFIX, *found]))
        prefixes: tuple[str, ...] = self.registry.settings_sources.prefixes(self.environ)
        return prefixes

    @property
    def migrate(self) -> str:
        """The remedy of a schema."""
        # Where nothing may be written, nothing is migrated.
        variable = "CLIQUET_READONLY=false " if self.settings["readonly"] else ""
        return f'run "{variable}{command_line("migrate", self.ini)}"'

    @property
    def settings(self) -> Mapping[str, Any]:
        """The values in use, without prefixes; as they are written, where nothing uses them."""
        if self.registry is None:
            return {
                **DEFAULT_SETTINGS,
                **{bare_name(key, self.prefixes): value for key, value in self.written.items()},
            }
        settings: Mapping[str, Any] = self.registry.settings
        return settings

    @cached_property
    def servers(self) -> dict[str, Server]:
        """The servers of its backends, by family; files and memory have none."""
        found = {family: server_of(self.settings, family) for family in FAMILIES}
        return {family: server for family, server in found.items() if server is not None}
