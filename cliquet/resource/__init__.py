"""
Resources: collections of records served over HTTP.

A subclass of :class:`BaseResource` with a schema, decorated by :func:`register`, is all that an
application needs.
"""

from __future__ import annotations

from cliquet.query import COMPARISON, Filter, Sort
from cliquet.resource.base import BaseResource, UserResource
from cliquet.resource.model import Model
from cliquet.resource.registration import register, register_resource
from cliquet.resource.schema import ResourceSchema
from cliquet.resource.shareable import ProtectedResource, ShareableResource
from cliquet.resource.sharing import ProtectedModel, ShareableModel
from cliquet.resource.viewset import ProtectedViewSet, ShareableViewSet, ViewSet

__all__ = [
    "COMPARISON",
    "BaseResource",
    "Filter",
    "Model",
    "ProtectedModel",
    "ProtectedResource",
    "ProtectedViewSet",
    "ResourceSchema",
    "ShareableModel",
    "ShareableResource",
    "ShareableViewSet",
    "Sort",
    "UserResource",
    "ViewSet",
    "register",
    "register_resource",
]
