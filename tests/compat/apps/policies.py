"""Policies of applications: old and modern ones, for authentication and for authorization."""

from pyramid.authorization import Authenticated, Everyone
from pyramid.httpexceptions import HTTPServiceUnavailable
from pyramid.interfaces import IAuthenticationPolicy, ISecurityPolicy
from zope.interface import implementer

from cliquet.authorization import AuthorizationPolicy


@implementer(IAuthenticationPolicy)
class TokenPolicy:
    """An old policy: a token in a header is the user's id; it has a group for everybody."""

    def __init__(self, header="X-Token", realm="token"):
        self.header = header
        self.realm = realm

    def unauthenticated_userid(self, request):
        return request.headers.get(self.header)

    def authenticated_userid(self, request):
        token = request.headers.get(self.header)
        if token == "overloaded":
            raise HTTPServiceUnavailable
        return token

    def effective_principals(self, request):
        principals = [Everyone]
        if self.authenticated_userid(request):
            principals = principals + [Authenticated]  # noqa: RUF005 - as applications do
        return principals + ["group:visitors"]  # noqa: RUF005 - as applications do

    def remember(self, request, userid, **kwargs):
        return []

    def forget(self, request):
        return [("WWW-Authenticate", f'Token realm="{self.realm}"')]


@implementer(ISecurityPolicy)
class ModernPolicy:
    """A policy as Pyramid 2 has them."""

    def identity(self, request):
        userid = request.headers.get("X-Modern")
        return None if userid is None else {"userid": userid}

    def authenticated_userid(self, request):
        identity = self.identity(request)
        return None if identity is None else identity["userid"]

    def permits(self, request, context, permission):
        return False

    def remember(self, request, userid, **kwargs):
        return []

    def forget(self, request, **kwargs):
        return [("WWW-Authenticate", "Modern")]


class AddingPolicy(AuthorizationPolicy):
    """Adds a principal to those of the request, in the way of lists."""

    seen = []

    def permits(self, context, principals, permission):
        principals = principals + ["added"]  # noqa: RUF005 - as applications do
        self.seen.append(principals)
        return super().permits(context, principals, permission)


def refusing_groupfinder(userid, request):
    """Know nobody."""


def lists_groupfinder(userid, request):
    """Give each user two groups."""
    return ["group:a", "group:b"]
