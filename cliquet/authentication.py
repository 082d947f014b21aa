"""
Who is asking: Basic Auth without accounts, and what is common to all policies.

Source: protocol P7.1, P7.2.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from pyramid.authentication import BasicAuthAuthenticationPolicy as PyramidBasicAuth
from pyramid.authentication import extract_http_basic_credentials
from pyramid.authorization import Authenticated, Everyone

from cliquet.utils import hmac_digest


class BasicAuthAuthenticationPolicy(PyramidBasicAuth):
    """
    Basic Auth where any user name goes with any password, and each pair is a user of its own.

    The user id is the HMAC-SHA256 of ``user:password``, keyed with the setting
    ``userid_hmac_secret``: whoever has the password has the records, and nobody else.
    """

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(_accept_anyone, *args, **kwargs)

    def unauthenticated_userid(self, request: Any) -> str | None:
        """Return the user id that the credentials stand for, computed once a request."""
        known = whose_credentials(request).__dict__
        if "_basicauth_userid" not in known:
            known["_basicauth_userid"] = self._userid(request)
        return known["_basicauth_userid"]

    def authenticated_userid(self, request: Any) -> str | None:
        """Return the same: there is no account that could be missing."""
        return self.unauthenticated_userid(request)

    def effective_principals(self, request: Any) -> list[str]:
        """
        Return the principals that the credentials alone give.

        The id is not among them: of another policy's user it would be one too many.
        """
        is_known = self.unauthenticated_userid(request) is not None
        return [Everyone, Authenticated] if is_known else [Everyone]

    def _userid(self, request: Any) -> str | None:
        if "HTTP_AUTHORIZATION" not in request.environ:
            return None
        credentials = extract_http_basic_credentials(request)
        if credentials is None or not credentials.username:
            return None
        settings = request.registry.settings
        message = f"{credentials.username}:{credentials.password}"
        return hmac_digest(settings["userid_hmac_secret"], message)


def _accept_anyone(username: str, password: str, request: Any) -> list[str]:
    return []


class SecurityPolicyAdapter:
    """A modern security policy of Pyramid 2, for ``pyramid_multiauth``, which asks in old ways."""

    def __init__(self, policy: Any) -> None:
        self._policy = policy
        self._pyramid_multiauth_name = getattr(policy, "_pyramid_multiauth_name", None)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._policy, name)

    def unauthenticated_userid(self, request: Any) -> str | None:
        """Return the user id, which such a policy only knows authenticated."""
        return self.authenticated_userid(request)

    def authenticated_userid(self, request: Any) -> str | None:
        """Return the user id, asked for once a request: a provider may be far away."""
        known = request.__dict__.setdefault("_known_userids", {})
        if self not in known:
            known[self] = self._policy.authenticated_userid(request)
        return known[self]

    def effective_principals(self, request: Any) -> list[str]:
        """Return the principals that being authenticated gives; the policy adds none."""
        is_known = self.authenticated_userid(request) is not None
        return [Everyone, Authenticated] if is_known else [Everyone]

    def remember(self, request: Any, userid: str, **kwargs: Any) -> list[tuple[str, str]]:
        """Return the headers that make a client remember."""
        return list(self._policy.remember(request, userid, **kwargs) or ())

    def forget(self, request: Any) -> list[tuple[str, str]]:
        """Return the headers that make a client forget, or ask it to authenticate."""
        return list(self._policy.forget(request) or ())


def whose_credentials(request: Any) -> Any:
    """
    Return the request that brought the credentials of *request*.

    It is itself, but for the parts of a batch that have nothing of their own to say on it.
    """
    return getattr(request, "acts_for", None) or request


def find_userid(policy: Any, request: Any) -> Any:
    """
    Return the user id that a policy finds, asked for once for all the parts of a batch.

    Query strings are not carried over, and may tell a policy who asks: where there is one, the
    part is asked itself.
    """
    origin = whose_credentials(request)
    if origin is request or request.query_string or origin.query_string:
        return policy.authenticated_userid(request)
    known = origin.__dict__.setdefault("_userids_of_parts", {})
    if policy not in known:
        known[policy] = policy.authenticated_userid(origin)
    return known[policy]


def remember_policy(event: Any) -> None:
    """Note, on the request, which policy recognized the user."""
    event.request.selected_policy_name = event.policy_name
    event.request.selected_userid = event.userid


def prefixed_userid(request: Any) -> str | None:
    """
    Return who is asking, as ``<policy>:<userid>``; ``None`` for anonymous requests.

    Source: protocol P7.1.
    """
    # The policy is selected while the user is looked for; one that was refused left its name.
    userid = request.authenticated_userid
    if userid is None:
        return None
    return f"{request.selected_policy_name}:{userid}"


def effective_principals(request: Any) -> list[str]:
    """
    Return the principals of the request, a new list each time.

    Pyramid's property of this name knows nothing of security policies, and says ``Everyone``.
    """
    policy = request.registry.authentication_policy
    return [Everyone] if policy is None else list(policy.effective_principals(request))


def acting_principals(request: Any, principals: Iterable[str]) -> frozenset[str]:
    """
    Return what ACEs are compared with: *principals*, as those of the user who asks.

    The bare user id, which multiauth adds, says nothing without its policy: a user of one could
    choose an id that is the group, or the prefixed id, of others. The id is there prefixed,
    and in the form that it had in ACEs of old.

    Source: protocol P7.7, P7.10.
    """
    identity = getattr(request, "_multiauth_identity", None)
    groups = set() if identity is None else set(identity.groups)
    acting = set(principals) - (_claimed_ids(request, identity) - groups)
    if identity is not None:
        policy = request.selected_policy_name
        acting.update((f"{policy}:{identity.userid}", f"{policy}_{identity.userid}"))
    return frozenset(acting)


def _claimed_ids(request: Any, identity: Any) -> set[str]:
    policy = request.registry.authentication_policy
    policies = [] if policy is None else [one for _, one in policy.get_policies()]
    if identity is not None and len(policies) == 1:
        return {identity.userid}
    # Policies of old tell their user's id as a principal, whoever is recognized in the end.
    claims = {one.unauthenticated_userid(request) for one in policies}
    return claims if identity is None else {*claims, identity.userid}


def unauthenticated_userid(request: Any) -> str | None:
    """Return the user id that the credentials claim, of the first policy that knows one."""
    policy = request.registry.authentication_policy
    policies = [] if policy is None else [one for _, one in policy.get_policies()]
    claims = (one.unauthenticated_userid(request) for one in policies)
    return next((claim for claim in claims if claim is not None), None)
