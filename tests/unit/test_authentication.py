"""Who is asking, beyond what the protocol's tests see."""

from __future__ import annotations

from typing import Any

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
