"""Checks of policies: their arguments, the secret of user ids, and who may call from browsers."""

from __future__ import annotations

import inspect
import re
from collections.abc import Iterator
from typing import Any

from pyramid.authentication import (
    AuthTktAuthenticationPolicy,
    RemoteUserAuthenticationPolicy,
    SessionAuthenticationPolicy,
)
from pyramid.path import DottedNameResolver

from cliquet.authentication import BasicAuthAuthenticationPolicy
from cliquet.http.service import Service
from cliquet.scripts.doctor.faults import Fault, Patient
from cliquet.scripts.doctor.names import likeliest
from cliquet.settings import aslist, bare_name

#: What browsers send along without being asked, and so on behalf of any site.
_AMBIENT = (
    AuthTktAuthenticationPolicy,
    RemoteUserAuthenticationPolicy,
    SessionAuthenticationPolicy,
)
_OF_POLICY = re.compile(r"multiauth\.policy\.([^.]+)\.(.+)")
_NAMED = (inspect.Parameter.POSITIONAL_OR_KEYWORD, inspect.Parameter.KEYWORD_ONLY)


def policy_arguments(patient: Patient) -> Iterator[Fault]:
    """Arguments that a policy does not take keep the application from being made."""
    for key in patient.written:
        match = _OF_POLICY.fullmatch(bare_name(key, patient.prefixes))
        use = match and patient.settings.get(f"multiauth.policy.{match[1]}.use")
        taken = _arguments(use) if use else None
        if match is None or taken is None or match[2] in ("use", *taken):
            continue
        likely = likeliest(match[2], ("use", *taken), alike=0.6)
        remedy = f"did you mean multiauth.policy.{match[1]}.{likely}?"
        otherwise = f"remove it; there are: {', '.join(taken)}"
        what = f"{use} takes no argument {match[2]}"
        yield Fault(what, f"{patient.file}: {key}", remedy if likely else otherwise)


def _arguments(use: str) -> list[str] | None:
    """Return the names of the arguments that a policy takes; ``None`` for any, or nobody knows."""
    try:
        factory = DottedNameResolver().maybe_resolve(use)
        is_class = isinstance(factory, type)
        makers = [vars(one).get("__init__") for one in factory.__mro__] if is_class else [factory]
        signatures = [inspect.signature(maker) for maker in makers if maker is not None]
    except (AttributeError, ImportError, TypeError, ValueError):
        return None
    names: list[str] = []
    # Where a class takes any, it hands on what it does not know.
    for signature in signatures:
        parameters = signature.parameters.values()
        names += [one.name for one in parameters if one.kind in _NAMED and one.name != "self"]
        if all(one.kind is not inspect.Parameter.VAR_KEYWORD for one in parameters):
            return names
    return None


def empty_secret(patient: Patient) -> Iterator[Fault]:
    """User ids that are made of passwords alone can be guessed as passwords are."""
    is_used = any(_policies(patient.registry, BasicAuthAuthenticationPolicy))
    if is_used and not str(patient.settings["userid_hmac_secret"] or "").strip():
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
        for name in _policies(patient.registry, _AMBIENT):
            what = (
                f"{' '.join(origins)} lets scripts of any site act as the user of the browser,"
                f" whom the policy {name} knows by what browsers send unasked"
            )
            yield Fault(what, "cors_origins", remedy)
    for service in patient.registry.cornice_services.values():
        if _takes_credentials_from_anywhere(service):
            what = "it takes credentials (cors_credentials) from any origin"
            yield Fault(what, f"service {service.name}", "name the origins in its cors_origins")


def _policies(registry: Any, kinds: type | tuple[type, ...]) -> Iterator[str]:
    """Iterate over the names of the policies of some kinds."""
    policy = registry.authentication_policy
    for one in policy.get_policies() if policy is not None else ():
        name, implementation = one if isinstance(one, tuple) else (type(one).__name__, one)
        if isinstance(implementation, kinds):
            yield name


def _takes_credentials_from_anywhere(service: Any) -> bool:
    # Ours never allow credentials.
    if isinstance(service, Service):
        return False
    return any(
        service.cors_support_credentials_for(method) and "*" in service.cors_origins_for(method)
        for method in service.defined_methods
    )
