"""Schemas with parts that are only made for a request (``colander.deferred``)."""

from __future__ import annotations

import colander
import pytest
import webtest
from pyramid.config import Configurator

import cliquet
from cliquet import resource
from cliquet.resource.registration import add_resource
from tests.support import ALICE, SETTINGS


@colander.deferred
def no_longer_than_the_host(node, bindings):
    return colander.Length(max=len(bindings["request"].host))


@colander.deferred
def host_after(node, bindings):
    return lambda value: value and f"{value} at {bindings['request'].host}"


class DeferredSchema(resource.ResourceSchema):
    title = colander.SchemaNode(colander.String(), validator=no_longer_than_the_host)
    place = colander.SchemaNode(colander.String(), preparer=host_after, missing=None)


class Deferred(resource.BaseResource):
    mapping = DeferredSchema()


@pytest.fixture
def app():
    config = Configurator(settings=SETTINGS)
    cliquet.initialize(config)
    add_resource(config, Deferred, Deferred.default_viewset())
    return webtest.TestApp(config.make_wsgi_app())


def test_deferred_validators_are_bound_when_a_record_is_created(app):  # P2.4
    body = {"data": {"title": "x" * 200}}
    app.post_json("/v1/deferreds", body, headers=ALICE, status=400)


def test_deferred_validators_are_bound_when_a_record_is_changed(app):  # P4.6
    record = app.post_json("/v1/deferreds", {"data": {"title": "x"}}, headers=ALICE).json["data"]
    path = f"/v1/deferreds/{record['id']}"
    app.patch_json(path, {"data": {"title": "y"}}, headers=ALICE, status=200)
    app.patch_json(path, {"data": {"title": "x" * 200}}, headers=ALICE, status=400)


def test_deferred_preparers_are_bound(app):  # P2.4
    body = {"data": {"title": "x", "place": "home"}}
    record = app.post_json("/v1/deferreds", body, headers=ALICE).json["data"]
    assert record["place"] == "home at localhost:80"
