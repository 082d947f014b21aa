"""Timestamps of resources whose schema declares ``last_modified``."""

from __future__ import annotations

import pytest
import webtest
from pyramid.config import Configurator

import cliquet
from cliquet import resource
from cliquet.resource.registration import add_resource
from cliquet.resource.schema import TimeStamp
from tests.support import ALICE, SETTINGS


class StampedSchema(resource.ResourceSchema):
    last_modified = TimeStamp()


class Stamped(resource.BaseResource):
    mapping = StampedSchema()


@pytest.fixture
def app():
    config = Configurator(settings=SETTINGS)
    cliquet.initialize(config)
    add_resource(config, Stamped, Stamped.default_viewset())
    app = webtest.TestApp(config.make_wsgi_app())
    app.extra_environ["HTTP_AUTHORIZATION"] = ALICE["Authorization"]
    return app


def test_a_poll_misses_no_record_that_its_schema_stamped(app):  # P5.7
    for _ in range(50):
        etag = app.get("/v1/stampeds").headers["ETag"]
        created = app.post_json("/v1/stampeds", {"data": {}}).json["data"]
        polled = app.get("/v1/stampeds", {"_since": etag}).json["data"]
        assert [record["id"] for record in polled] == [created["id"]]


def test_stamps_of_a_schema_never_repeat(app):  # P5.1
    created = [app.post_json("/v1/stampeds", {"data": {}}).json["data"] for _ in range(50)]
    assert len({record["last_modified"] for record in created}) == 50


def test_a_timestamp_that_is_sent_is_still_forced(app):  # P4.12
    body = {"data": {"last_modified": 1234567890123}}
    assert app.post_json("/v1/stampeds", body).json["data"]["last_modified"] == 1234567890123
