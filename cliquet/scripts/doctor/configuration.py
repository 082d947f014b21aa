"""Checks of what is written: names of settings, secrets, and who may call from browsers."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from difflib import get_close_matches
from typing import Any

import plaster
from pyramid.authentication import (
    AuthTktAuthenticationPolicy,
    RemoteUserAuthenticationPolicy,
    SessionAuthenticationPolicy,
)
from pyramid.config.settings import Settings

from cliquet.http.service import Service, resource_name_of
from cliquet.scripts.doctor.faults import Fault, Patient
from cliquet.scripts.loading import settings_of
from cliquet.settings import (
    DEFAULT_SETTINGS,
    NAMES_WITHOUT_DEFAULT,
    PREFIX,
    aslist,
    bare_name,
    environment_name,
)
from cliquet.settings.defaults import is_of_resource

#: How much of a name must be alike for it to be another one that was misspelt.
_ALIKE = 0.8
_METHODS = ("get", "put", "post", "patch", "delete", "head", "options")
#: Of settings whose names go on with a name in a list.
_NAMESPACES = {"multiauth": "multiauth.policies", "event_listeners": "event_listeners"}
#: What browsers send along without being asked, and so on behalf of any site.
_AMBIENT = (
    AuthTktAuthenticationPolicy,
    RemoteUserAuthenticationPolicy,
    SessionAuthenticationPolicy,
)


def unknown_settings(patient: Patient) -> Iterator[Fault]:
    """Settings that nothing reads; those with a prefix of others are theirs, unless misspelt."""
    known = _known(patient)
    prefixes = patient.registry.settings_sources.prefixes(patient.environ)
    file = plaster.parse_uri(patient.ini).path
    given = patient.registry.settings_sources.given
    for key in settings_of(patient.ini):
        name = bare_name(key, prefixes)
        is_read = key not in given or _is_known(name, known, patient)
        likely = None if is_read else _likeliest(name, known)
        if likely or not (is_read or _is_of_others(key, name)):
            yield Fault(f"{key} is no setting that is known", file, _remedy(likely))
    yield from _unknown_variables(known, patient)


def _is_of_others(key: str, name: str) -> bool:
    """Tell whether a setting has a prefix that is neither ours nor one of ours' namespaces."""
    first, dot, _ = name.partition(".")
    return bool(dot) and first not in _NAMESPACES and not key.startswith(f"{PREFIX}.")


def _unknown_variables(known: set[str], patient: Patient) -> Iterator[Fault]:
    # Only what looks like one of ours: other programs have variables too.
    by_variable = {environment_name(PREFIX, name): name for name in known}
    for variable in patient.environ:
        is_ours = variable.startswith("CLIQUET_") and variable not in by_variable
        if is_ours and not _is_of_resource(variable.removeprefix("CLIQUET_").lower()):
            likely = _likeliest(variable, by_variable)
            if likely:
                what = f"{variable} is no setting that is known"
                yield Fault(what, "environment", _remedy(likely))


def _is_of_resource(name: str) -> bool:
    return is_of_resource(name) or name.startswith(("multiauth_policy_", "event_listeners_"))


def _known(patient: Patient) -> set[str]:
    registry = patient.registry
    prefixes = registry.settings_sources.prefixes(patient.environ)
    declared = {bare_name(key, prefixes) for key in registry.settings_sources.defaults}
    of_resources = {name for one in _resources(registry) for name in _settings_of_resource(one)}
    # Without PasteDeploy's own, of which nothing is left by now.
    return {*DEFAULT_SETTINGS, *NAMES_WITHOUT_DEFAULT, *Settings(), *declared, *of_resources}


def _is_known(name: str, known: set[str], patient: Patient) -> bool:
    if name in known:
        return True
    first, _, rest = name.partition(".")
    if first in _NAMESPACES and "." in rest:
        names = _NAMESPACES[first]
        given = rest.removeprefix("policy.").partition(".")[0]
        listed = (str(one).rpartition(".")[2] for one in aslist(patient.settings[names]))
        return given in listed
    # Permissions may have any name.
    owners = (f"{resource}_" for resource in _resources(patient.registry))
    return is_of_resource(name) and name.startswith(tuple(owners))


def _resources(registry: Any) -> set[str]:
    names = (resource_name_of(service) for service in registry.cornice_services.values())
    return {name for name in names if name is not None}


def _settings_of_resource(name: str) -> Iterator[str]:
    yield f"{name}_cache_expires_seconds"
    for permission in ("read", "write", "create"):
        yield f"{name}_{permission}_principals"
    for endpoint in ("collection", "record"):
        for method in _METHODS:
            yield f"{endpoint}_{name}_{method}_enabled"


def _likeliest(name: str, names: Iterable[str]) -> str | None:
    return next(iter(get_close_matches(name, names, n=1, cutoff=_ALIKE)), None)


def _remedy(likely: str | None) -> str:
    if likely:
        return f"did you mean {likely}?"
    return "remove it, or name it in the default_settings of cliquet.initialize() if it is yours"


def empty_secret(patient: Patient) -> Iterator[Fault]:
    """User ids that are made of passwords alone can be guessed as passwords are."""
    settings = patient.settings
    is_used = "basicauth" in aslist(settings["multiauth.policies"])
    if is_used and not settings["userid_hmac_secret"]:
        yield Fault(
            "it is empty: whoever sees a user id can find the password by trying",
            "userid_hmac_secret",
            'set it to what "openssl rand -hex 32" prints; every user then has another id',
        )


def open_origins(patient: Patient) -> Iterator[Fault]:
    """Any site may have browsers send what proves who their user is."""
    origins = aslist(patient.settings["cors_origins"])
    remedy = "name the origins that may: cors_origins = https://example.com"
    if any("*" in origin for origin in origins):
        for name in _ambient_policies(patient.registry):
            what = (
                f"{' '.join(origins)} lets scripts of any site act as the user of the browser,"
                f" whom the policy {name} knows by what browsers send unasked"
            )
            yield Fault(what, "cors_origins", remedy)
    for service in patient.registry.cornice_services.values():
        if _takes_credentials_from_anywhere(service):
            what = "it takes credentials (cors_credentials) from any origin"
            yield Fault(what, f"service {service.name}", "name the origins in its cors_origins")


def _ambient_policies(registry: Any) -> Iterator[str]:
    policy = registry.authentication_policy
    for one in policy.get_policies() if policy is not None else ():
        name, implementation = one if isinstance(one, tuple) else (type(one).__name__, one)
        if isinstance(implementation, _AMBIENT):
            yield name


def _takes_credentials_from_anywhere(service: Any) -> bool:
    # Ours never allow credentials.
    if isinstance(service, Service):
        return False
    return any(
        service.cors_support_credentials_for(method) and "*" in service.cors_origins_for(method)
        for method in service.defined_methods
    )
