"""
The policies of an application as one, which Pyramid asks: who is it, and may they.

Source: protocol P7.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache, partial
from typing import Any

from pyramid_multiauth import (
    MultiAuthIdentity,
    MultiAuthPolicySelected,
    MultiAuthSecurityPolicy,
)

from cliquet.authentication import find_userid
from cliquet.authorization import PRIVATE, AuthorizationPolicy, RouteFactory, groupfinder
from cliquet.permission import MAX_PRINCIPAL_BYTES
from cliquet.utils import byte_length, is_storable

_PERMITS = AuthorizationPolicy.permits


class TruthfulGroupfinder:
    """
    The groupfinder of an application, asked so that requests tell the truth.

    Nothing is left of a user that it refuses, or whose id no backend could store. Our own is
    spared where no group can matter: views that any user may call wait for nothing but the user's
    id.
    """

    def __init__(self, find: Callable[[str, Any], Any], policy: Any) -> None:
        self._find = find
        self._may_defer = find is groupfinder and _decides_on_private_as_ours(policy)

    def __call__(self, userid: str, request: Any) -> Any:
        """Return the groups of a user, or ``None`` to refuse it."""
        # Who cannot be stored can have no record, and no permission.
        prefixed = f"{request.selected_policy_name}:{userid}"
        is_known = _is_storable_principal(prefixed)
        context = getattr(request, "context", None)
        is_private = isinstance(context, RouteFactory) and context.is_private
        if self._may_defer and is_private and is_known:
            # Whoever looks at the principals all the same finds the groups among them.
            request.__dict__["deferred_groups"] = partial(self._find, userid, request)
            return [prefixed]
        groups = self._find(userid, request) if is_known else None
        if groups is None:
            request.selected_policy_name = None
            request.selected_userid = None
        return groups


@lru_cache(maxsize=1024)
def _is_storable_principal(name: str) -> bool:
    return is_storable(name) and byte_length(name) <= MAX_PRINCIPAL_BYTES


def _decides_on_private_as_ours(policy: Any) -> bool:
    # By the function that will be called: applications replace it in more than one place.
    permits = getattr(policy, "permits", None)
    return getattr(permits, "__func__", None) is _PERMITS


class SecurityPolicy(MultiAuthSecurityPolicy):
    """
    The policies of the application as one, whose principals are whole and anybody's own.

    Policies of old add lists to what they are handed; the library hands over the set that it
    keeps for the whole request.
    """

    def _compute_identity(self, request: Any) -> MultiAuthIdentity | None:
        # As the library does, but for who is asked: parts of a batch need not ask again.
        for policy in self._policies:
            userid = find_userid(policy, request)
            if userid is None:
                continue
            request.registry.notify(MultiAuthPolicySelected(policy, request, userid))
            groups = [] if self._callback is None else self._callback(userid, request)
            if groups is not None:
                return MultiAuthIdentity(userid, groups)
        return None

    def permits(self, request: Any, context: Any, permission: str) -> Any:
        """Ask the policy of authorization, with a list of principals of its own."""
        if permission == PRIVATE and _decides_on_private_as_ours(self._helper):
            # It asks for one principal, which whoever is recognized has and nobody else.
            return self.identity(request) is not None
        return self._helper.permits(context, list(self.effective_principals(request)), permission)

    def effective_principals(self, request: Any) -> set[str]:
        """Return the principals of the request, groups that nobody needed so far included."""
        principals: set[str] = super().effective_principals(request)
        find_groups = request.__dict__.pop("deferred_groups", None)
        if find_groups is not None:
            principals.update(find_groups())
        return principals
