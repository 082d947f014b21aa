"""Who is asking, beyond what the protocol's tests see."""

from __future__ import annotations

import logging
from typing import Any

import pytest
import webtest

from cliquet import Service
from tests.support import ALICE, make_config


def claimed(request: Any) -> dict[str, Any]:
    return {"claimed": request.unauthenticated_userid, "known": request.authenticated_userid}


def test_the_user_that_credentials_claim_is_told_without_a_warning():
    config = make_config()
    service = Service("claimed", "/claimed")
    service.add_view("GET", claimed)
    config.add_cornice_service(service)
    app = webtest.TestApp(config.make_wsgi_app())
    told = app.get("/v1/claimed", headers=ALICE).json
    assert told["claimed"] == told["known"] is not None
    assert app.get("/v1/claimed").json == {"claimed": None, "known": None}


@pytest.mark.parametrize("name", ["basicauth", "mine"])
def test_basic_auth_without_a_secret_is_warned_of_whatever_its_name(name, caplog):
    settings = {
        "multiauth.policies": name,
        f"multiauth.policy.{name}.use": "cliquet.authentication.BasicAuthAuthenticationPolicy",
    }
    with caplog.at_level(logging.WARNING):
        make_config({**settings, "userid_hmac_secret": "x"})
        assert "userid_hmac_secret" not in caplog.text
        make_config({**settings, "userid_hmac_secret": ""})
    assert "userid_hmac_secret is empty" in caplog.text
