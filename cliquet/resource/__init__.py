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
from cliquet.resource.viewset import ViewSet

__all__ = [
    "COMPARISON",
    "BaseResource",
    "Filter",
    "Model",
    "ResourceSchema",
    "Sort",
    "UserResource",
    "ViewSet",
    "register",
    "register_resource",
]
