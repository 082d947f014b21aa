"""Tests of a whole application through WSGI, without a socket."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import cached_property
from typing import Any

from pyramid.path import DottedNameResolver

from cliquet.scripts.cliquet import init_schema
from cliquet.storage import schemas
from cliquet.utils import encode64, hmac_digest

try:
    import webtest
except ImportError as error:
    raise ImportError('cliquet.testing needs: pip install "cliquet[testing]"') from error


def get_request_class(prefix: str) -> type[webtest.TestRequest]:
    """
    Return the class of requests whose path begins with a version prefix, given or not.

    It may be the ``RequestClass`` of a :class:`webtest.TestApp`.

    Args:
        prefix: ``v1``, or an empty text for none. It is put before paths; URLs with a scheme
            and a host are left as they are.
    """
    root = f"/{prefix.strip('/')}" if prefix.strip("/") else ""

    class PrefixedRequest(webtest.TestRequest):
        """A request below the prefix."""

        @classmethod
        def blank(cls, path: str, *args: Any, **kwargs: Any) -> Any:
            """Return a request for *path*."""
            is_there = path == root or path.startswith((f"{root}/", f"{root}?"))
            is_whole = "://" in path.partition("?")[0]
            return super().blank(path if is_there or is_whole else root + path, *args, **kwargs)

    return PrefixedRequest


class BaseWebTest:
    """
    A mixin for the web tests of an application, with what they always need.

    .. code-block:: python

        class ArticleTest(BaseWebTest, unittest.TestCase):
            api_prefix = "v1"
            entry_point = main

            def test_list_is_empty(self):
                response = self.app.get("/articles", headers=self.headers)
                self.assertEqual(response.json["data"], [])

    The application is made when :attr:`app` is first asked for, so that a test may still change
    how. Backends are emptied when the test is over.
    """

    #: Prefix of the URLs of the application; paths in tests go without.
    api_prefix: str = "v0"
    #: What makes the application, ``main(global_config, **settings)``, a function or its dotted
    #: name.
    entry_point: Callable[..., Any] | str | None = None
    #: User and password that :attr:`headers` send.
    credentials: str = "mat:1"
    #: Dotted name of a policy in place of the application's own, such as
    #: ``cliquet.testing.AllowAuthorizationPolicy``.
    authorization_policy: str | None = None

    @cached_property
    def app(self) -> webtest.TestApp:
        """The application under test."""
        return self.make_app()

    def make_app(self, settings: Mapping[str, Any] | None = None) -> webtest.TestApp:
        """
        Return an application made anew, its backends ready, as ``cliquet migrate`` leaves them.

        Args:
            settings: Given to :meth:`get_app_settings`.
        """
        # Of the class, since a function found on the instance would be given the test.
        entry_point = DottedNameResolver(None).maybe_resolve(self.__class__.entry_point)
        if entry_point is None:
            raise NotImplementedError("entry_point: say what makes the application")
        # The database of a test run is empty: its schema is made once the resources are known.
        with schemas.unchecked():
            app = webtest.TestApp(entry_point({}, **self.get_app_settings(settings)))
        app.RequestClass = get_request_class(self.api_prefix)
        init_schema({"registry": app.app.registry})
        return app

    def get_app_settings(self, extras: Mapping[str, Any] | None = None) -> dict[str, Any]:
        """
        Return the settings of the application: backends in memory, and *extras*.

        Args:
            extras: Settings under any of their names: ``paginate_by``, ``cliquet.paginate_by``
                and ``<project>.paginate_by`` all win over the same setting here.
        """
        settings: dict[str, Any] = {
            "storage_backend": "cliquet.storage.memory",
            "cache_backend": "cliquet.cache.memory",
            "permission_backend": "cliquet.permission.memory",
            "userid_hmac_secret": "b4c96a8692291d88fe5a97dd91846eb4",
        }
        if self.authorization_policy is not None:
            settings["multiauth.authorization_policy"] = self.authorization_policy
        given = dict(extras or {})
        for name in list(settings):
            if any(other == name or other.endswith(f".{name}") for other in given):
                del settings[name]
        return settings | given

    @cached_property
    def headers(self) -> dict[str, str]:
        """Headers of the user's requests, ``Authorization`` and JSON as ``Content-Type``."""
        authorization = f"Basic {encode64(self.credentials)}"
        return {"Content-Type": "application/json", "Authorization": authorization}

    @cached_property
    def principal(self) -> str:
        """The prefixed id of the user of :attr:`headers`, under Basic Auth."""
        secret = self.app.app.registry.settings["userid_hmac_secret"]
        return f"basicauth:{hmac_digest(secret, self.credentials)}"

    @property
    def storage(self) -> Any:
        """The storage of the application, or ``None``."""
        return getattr(self.app.app.registry, "storage", None)

    @property
    def cache(self) -> Any:
        """The cache of the application, or ``None``."""
        return getattr(self.app.app.registry, "cache", None)

    @property
    def permission(self) -> Any:
        """The permission backend of the application, or ``None``."""
        return getattr(self.app.app.registry, "permission", None)

    def tearDown(self) -> None:
        """Empty the backends, if the application was made."""
        if "app" in self.__dict__:
            for backend in _backends(self.app):
                backend.flush()
        super().tearDown()  # type: ignore[misc]


def _backends(app: webtest.TestApp) -> list[Any]:
    registry = app.app.registry
    families = ("storage", "cache", "permission")
    return [getattr(registry, name) for name in families if hasattr(registry, name)]
