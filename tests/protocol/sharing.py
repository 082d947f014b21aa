"""An application whose users share records, for the tests of P7."""

from __future__ import annotations

import atexit
import base64
import functools
import json
import tempfile
from contextlib import ExitStack
from typing import Any

import webtest
from pyramid.interfaces import IAuthorizationPolicy

from cliquet.scripts.cliquet import init_schema
from cliquet.testing import servers
from cliquet.utils import hmac_digest
from tests.protocol.shareable import SETTINGS as SHAREABLE
from tests.support import SETTINGS, make_config

#: Settings of the pairs of backends that the tests of sharing run on; others join by a line.
BACKENDS = {
    "memory": {
        "storage_backend": "cliquet.storage.memory",
        "permission_backend": "cliquet.permission.memory",
    },
    "older storage": {
        "storage_backend": "tests.backends.oldstorage",
        "permission_backend": "cliquet.permission.memory",
    },
    "sqlite": {
        "storage_backend": "cliquet.storage.sqlite",
        "permission_backend": "cliquet.permission.sqlite",
    },
    "postgresql": {
        "storage_backend": "cliquet.storage.postgresql",
        "permission_backend": "cliquet.permission.postgresql",
    },
    "redis": {
        "storage_backend": "cliquet.storage.redis",
        "permission_backend": "cliquet.permission.redis",
    },
}
#: Those that need a server, and what runs one for the run of tests.
SERVERS = {"postgresql": servers.postgresql, "redis": servers.redis}


@functools.cache
def url_of(backends: str) -> str:
    """Return the URL of the database of a pair of backends, which ends with the run."""
    run = ExitStack()
    atexit.register(run.close)
    if backends in SERVERS:
        return run.enter_context(SERVERS[backends]())
    return f"sqlite:///{run.enter_context(tempfile.TemporaryDirectory())}/sharing.sqlite"


def settings_of(backends: str) -> dict[str, str]:
    """Return the settings of a pair of backends, with the URL of their database."""
    if backends not in ("sqlite", *SERVERS):
        return BACKENDS[backends]
    url = url_of(backends)
    return {**BACKENDS[backends], "storage_url": url, "permission_url": url}


def migrated(config: Any) -> Any:
    """Return the application of *config*, whose databases are ready."""
    config.commit()
    init_schema({"registry": config.registry})
    return webtest.TestApp(config.make_wsgi_app())


EVERYONE = "system.Everyone"
ONE_ID = "11111111-1111-4111-8111-111111111111"
TWO_ID = "22222222-2222-4222-8222-222222222222"
UNKNOWN_ID = "ffffffff-ffff-4fff-8fff-ffffffffffff"


def headers_of(user: str | None) -> dict[str, str]:
    """Return the credentials of a user; ``None`` is nobody."""
    if user is None:
        return {}
    return {"Authorization": "Basic " + base64.b64encode(f"{user}:secret".encode()).decode()}


def user_id(user: str) -> str:
    """Return the prefixed id of a user."""
    return "basicauth:" + hmac_digest(SETTINGS["userid_hmac_secret"], f"{user}:secret")


@functools.cache
def _made(settings: tuple[tuple[str, Any], ...]) -> webtest.TestApp:
    config = make_config({**SHAREABLE, **dict(settings)})
    config.scan("tests.protocol.shareable")
    return migrated(config)


class Sharing:
    """
    The application, empty: users ask it, and rights are granted behind its back.

    Those of the same *settings* share one application.
    """

    def __init__(self, backends: str = "memory", **settings: Any) -> None:
        self._app = _made(tuple(sorted({**settings_of(backends), **settings}.items())))
        self.registry = self._app.app.registry
        self.permission, self.storage = self.registry.permission, self.registry.storage
        self.permission.flush()
        self.storage.flush()

    @property
    def policy(self) -> Any:
        """The policy of authorization."""
        return self.registry.queryUtility(IAuthorizationPolicy)

    def call(
        self, user: str | None, method: str, uri: str, body: Any = None, **headers: str
    ) -> Any:
        """Send a request as a user; *headers* have underscores for dashes."""
        sent = {name.replace("_", "-"): text for name, text in headers.items()}
        options: dict[str, Any] = {}
        if body is not None:
            options = {"body": json.dumps(body).encode(), "content_type": "application/json"}
        return self._app.request(
            f"/v1{uri}",
            method=method,
            headers={**headers_of(user), **sent},
            expect_errors=True,
            **options,
        )

    def grant(self, uri: str, permission: str, *users: str) -> None:
        """Give users, or principals where there is a colon or a dot, a permission."""
        for user in users:
            principal = user if {":", "."} & set(user) else user_id(user)
            self.permission.add_principal_to_ace(uri, permission, principal)

    def create(self, user: str, uri: str = "/psilos", **body: Any) -> str:
        """Create a record as a user, and return its URI."""
        answer = self.call(user, "POST", uri, {"data": {}, **body})
        assert answer.status_code == 201, answer.text
        return f"{uri}/{answer.json['data']['id']}"

    def permissions(self, uri: str) -> dict[str, list[str]]:
        """Return what is stored of the permissions of an object."""
        found = self.permission.object_permissions(uri)
        return {name: sorted(principals) for name, principals in found.items()}
