"""
What the tests of an application need: a web test, a request without a server, mixins.

It comes with the extra ``testing``: ``pip install "cliquet[testing]"``.
"""

from __future__ import annotations

from cliquet.testing.dummy import DummyRequest, dummy_registry
from cliquet.testing.mixins import FormattedErrorMixin, ThreadMixin
from cliquet.testing.policies import AllowAuthorizationPolicy, authorize
from cliquet.testing.web import BaseWebTest, get_request_class

__all__ = [
    "AllowAuthorizationPolicy",
    "BaseWebTest",
    "DummyRequest",
    "FormattedErrorMixin",
    "ThreadMixin",
    "authorize",
    "dummy_registry",
    "get_request_class",
]
