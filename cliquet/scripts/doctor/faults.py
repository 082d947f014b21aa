"""What checks look at, and what they find."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any, NamedTuple

from cliquet.drivers.servers import Server, server_of

FAMILIES = ("storage", "permission", "cache")


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
        registry: Of the application; its databases may be in any state.
        ini: Path of its configuration.
        environ: The environment.
    """

    registry: Any
    ini: str
    environ: Mapping[str, str]

    @property
    def settings(self) -> Mapping[str, Any]:
        """The values in use, without prefixes."""
        settings: Mapping[str, Any] = self.registry.settings
        return settings

    @cached_property
    def servers(self) -> dict[str, Server]:
        """The servers of its backends, by family; files and memory have none."""
        found = {family: server_of(self.settings, family) for family in FAMILIES}
        return {family: server for family, server in found.items() if server is not None}
