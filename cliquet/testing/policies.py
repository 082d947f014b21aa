"""Authorization in tests: everything is allowed, or nothing is, for as long as a test says."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from typing import Any
from unittest import mock

from pyramid.path import DottedNameResolver

from cliquet.authorization import PRIVATE, AuthorizationPolicy


class AllowAuthorizationPolicy(AuthorizationPolicy):
    """
    A policy that allows everything to everyone, but for private views, which need a user.

    It may be the setting ``multiauth.authorization_policy`` of a test's application.
    """

    def permits(self, context: Any, principals: Any, permission: str) -> bool:
        """Allow; ``PRIVATE`` is decided as ever."""
        if permission == PRIVATE:
            return super().permits(context, principals, permission)
        return True


@contextmanager
def authorize(permits: bool = True, authz_class: Any = None) -> Iterator[None]:
    """
    Decide every question of permission alike, while a decorated test or a ``with`` block runs.

    Args:
        permits: The answer.
        authz_class: The policy of the application, a class or its dotted name. Unless given,
            :class:`cliquet.authorization.AuthorizationPolicy` and
            :class:`AllowAuthorizationPolicy` answer so, whichever is in use.
    """
    given = (
        [AuthorizationPolicy, AllowAuthorizationPolicy] if authz_class is None else [authz_class]
    )
    with ExitStack() as stack:
        for one in map(DottedNameResolver(None).maybe_resolve, given):
            stack.enter_context(mock.patch.object(one, "permits", return_value=permits))
        yield
