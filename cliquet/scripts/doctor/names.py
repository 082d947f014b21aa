"""Checks of names: settings that nothing reads, in the file and in the environment."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from difflib import get_close_matches
from typing import Any, NamedTuple

from pyramid.config.settings import Settings

from cliquet.http.service import resource_name_of
from cliquet.scripts.doctor.faults import OWN_NAMESPACES, Fault, Patient
from cliquet.settings import (
    DEFAULT_SETTINGS,
    NAMES_WITHOUT_DEFAULT,
    aslist,
    bare_name,
    environment_name,
)
from cliquet.settings.defaults import is_of_resource

#: How much of a name must be alike for it to be another one that was misspelt.
_ALIKE = 0.8
#: Of a permission, a short word.
_ALIKE_PERMISSIONS = 0.7
_METHODS = ("get", "put", "post", "patch", "delete", "head", "options")
_PERMISSIONS = ("read", "write", "create")
#: What begins the names of settings that go on with a name in a list, and that list.
_NAMESPACES = {"multiauth.policy": "multiauth.policies", "event_listeners": "event_listeners"}
_OF_LOADERS = ("use", "here", "__file__")
#: What pyramid_tm reads, beside what has a default here.
_OF_TM = ("tm.activate_hook", "tm.commit_veto", "tm.manager_hook")


class Known(NamedTuple):
    """
    The names of settings that something reads.

    Attributes:
        names: Without prefix.
        spaces: What begins the names of those of policies and listeners that are used.
        resources: Names of resources; none where the application could not be made.
        permissions: Names of permissions, which may be others than ours.
    """

    names: frozenset[str]
    spaces: tuple[str, ...]
    resources: frozenset[str] = frozenset()
    permissions: frozenset[str] = frozenset(_PERMISSIONS)

    @classmethod
    def of(cls, patient: Patient) -> Known:
        """Return those of an application; of one that cannot be made, those of all."""
        ours = {*DEFAULT_SETTINGS, *NAMES_WITHOUT_DEFAULT, *Settings(), *_OF_TM}
        spaces = tuple(
            f"{start}.{str(one).rpartition('.')[2]}."
            for start, names in _NAMESPACES.items()
            for one in aslist(patient.settings[names])
        )
        registry = patient.registry
        if registry is None:
            return cls(frozenset(ours), spaces)
        declared = {bare_name(key, patient.prefixes) for key in registry.settings_sources.defaults}
        found = (resource_name_of(service) for service in registry.cornice_services.values())
        resources = frozenset(name for name in found if name is not None)
        theirs = {name for one in resources for name in _settings_of_resource(one)}
        permissions = frozenset({*_PERMISSIONS, *_permissions(registry)})
        return cls(frozenset(ours | declared | theirs), spaces, resources, permissions)

    def has(self, name: str) -> bool:
        """Tell whether something reads a setting; permissions may have any name of their own."""
        if name in self.names or name.startswith(self.spaces):
            return True
        owners = tuple(f"{resource}_" for resource in self.resources)
        is_theirs = not owners or name.startswith(owners)
        return is_of_resource(name) and is_theirs and self._with_permission(name) is None

    def likeliest(self, name: str) -> str | None:
        """Return the name that was meant by one that is not known, if there is one like it."""
        # What names of a space have in common does not make them alike.
        start = next((f"{one}." for one in _NAMESPACES if name.startswith(f"{one}.")), "")
        rests = [one.removeprefix(start) for one in self.names if one.startswith(start)]
        likely = likeliest(name.removeprefix(start).lower(), rests)
        return self._with_permission(name) or (likely and start + likely)

    def _with_permission(self, name: str) -> str | None:
        """Return the setting of principals that was meant, where its permission is misspelt."""
        for resource in self.resources:
            match = re.fullmatch(rf"{re.escape(resource)}_(.+)_principals", name)
            if match and match[1] not in self.permissions:
                meant = likeliest(match[1], self.permissions, alike=_ALIKE_PERMISSIONS)
                if meant:
                    return f"{resource}_{meant}_principals"
        return None


def _permissions(registry: Any) -> Iterator[str]:
    for item in registry.introspector.get_category("permissions", ()):
        yield str(item["introspectable"]["value"])
    for service in registry.cornice_services.values():
        yield from getattr(getattr(service, "resource", None), "permissions", ())


def _settings_of_resource(name: str) -> Iterator[str]:
    yield f"{name}_cache_expires_seconds"
    for permission in _PERMISSIONS:
        yield f"{name}_{permission}_principals"
    for endpoint in ("collection", "record"):
        for method in _METHODS:
            yield f"{endpoint}_{name}_{method}_enabled"


def likeliest(name: str, names: Iterable[str], *, alike: float = _ALIKE) -> str | None:
    """Return the one of *names* that is most like *name*, if any is like it at all."""
    return next(iter(get_close_matches(name, names, n=1, cutoff=alike)), None)


def unknown_settings(patient: Patient) -> Iterator[Fault]:
    """Settings that nothing reads; those with a prefix of others are theirs, unless misspelt."""
    known = Known.of(patient)
    for key in patient.written:
        name = bare_name(key, patient.prefixes)
        if _is_of_loader(key, patient) or known.has(name):
            continue
        likely = known.likeliest(name)
        # Where there is no application, nobody knows what it would have read.
        if likely or not (patient.registry is None or _is_of_others(key, name)):
            remedy = _did_you_mean(likely) if likely else _remedy(name)
            yield Fault(f"{key} is no setting that is known", patient.file, remedy)
    yield from _unknown_variables(known, patient)


def _is_of_loader(key: str, patient: Patient) -> bool:
    """Tell whether a setting is PasteDeploy's, and nothing is left of it in the application."""
    registry = patient.registry
    return key in _OF_LOADERS if registry is None else key not in registry.settings_sources.given


def _is_of_others(key: str, name: str) -> bool:
    """Tell whether a setting has a prefix that is neither ours nor one of ours' namespaces."""
    first, dot, _ = name.partition(".")
    return bool(dot) and first not in OWN_NAMESPACES and key == name


def _unknown_variables(known: Known, patient: Patient) -> Iterator[Fault]:
    """Variables that are like one of ours: other programs have variables too."""
    variables = set(map(environment_name, known.names))
    for start in (f"{environment_name(prefix)}_" for prefix in patient.prefixes):
        for variable in patient.environ:
            name = variable.removeprefix(start)
            if name == variable or name in variables or _is_spelt(name.lower(), known):
                continue
            likely = known.likeliest(name.lower())
            if likely:
                what = f"{variable} is no setting that is known"
                remedy = _did_you_mean(start + environment_name(likely))
                yield Fault(what, "environment", remedy)


def _is_spelt(name: str, known: Known) -> bool:
    return name.startswith(("multiauth_policy_", "event_listeners_")) or known.has(name)


def _did_you_mean(likely: str) -> str:
    return f"did you mean {likely}?"


def _remedy(name: str) -> str:
    for start, names in _NAMESPACES.items():
        if name.startswith(f"{start}."):
            return f"name {name.removeprefix(f'{start}.').partition('.')[0]} in {names}"
    return "remove it, or name it in the default_settings of cliquet.initialize() if it is yours"
